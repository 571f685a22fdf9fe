#!/usr/bin/env python3
"""Registers N devices with a running Sallyport, each with a certificate from a folder of PEM files.

    enrol.py --admin https://127.0.0.1:9443 --password-file data/initial-operator-password --certificates pki/clients

The CA of these certificates must be a trust anchor of that Sallyport (SALLYPORT_TRUST_ANCHORS). With --revoke N it
also revokes N certificates that were never seen, by issuer and serial, so that the list of revoked ones is long.
Python's standard library only.
"""

import argparse
import base64
import concurrent.futures
import datetime
import http.client
import ipaddress
import json
import pathlib
import re
import secrets
import ssl
import sys
import threading
import time
import urllib.parse

LEAF = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.S)


class Refused(Exception):
    """An answer that was not a success; says what was asked and what came back."""


class Admin:
    """The admin REST of one Sallyport. Each thread keeps a connection of its own."""

    def __init__(self, url, password, ca=None):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("the admin address must be https://host:port")
        self.host, self.port = parts.hostname, parts.port or 443
        self.tls = ssl.create_default_context(cafile=ca)
        if ca is None:
            # A development server has a certificate of its own making. The password may go to it unverified only
            # if it never leaves this machine.
            if not is_loopback(self.host):
                raise ValueError("--ca is needed for an address that is not a loopback address")
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE
        self.authorization = "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()
        self.own = threading.local()

    def ask(self, method, path, body=None):
        """The status and the JSON of the answer; asks once more if a kept connection had been closed meanwhile."""
        headers = {"Authorization": self.authorization, "Accept": "application/json"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body)
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        for last in (False, True):
            connection = getattr(self.own, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection(self.host, self.port, timeout=30, context=self.tls)
                self.own.connection = connection
            try:
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                text = response.read()
                return response.status, parse(text)
            except (http.client.HTTPException, OSError):
                connection.close()
                self.own.connection = None
                if last:
                    raise

    def post(self, path, body):
        status, answer = self.ask("POST", path, body)
        if not 200 <= status < 300:
            raise Refused(f"POST {path} was answered {status}: {json.dumps(answer)[:500]}")
        return answer

    def use_token(self):
        """Trades the password, which is slow to verify by design, for a token. False if there are none to be had."""
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        body = {
            "name": "benchmark " + secrets.token_hex(4),
            "scopes": ["operator"],
            "expiresAt": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        status, answer = self.ask("POST", "/api/v1/api-tokens", body)
        if not 200 <= status < 300 or not isinstance(answer, dict) or "token" not in answer:
            return False
        self.authorization = "Bearer " + answer["token"]
        return True


def is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse(text):
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text.decode("utf-8", "replace")


def each(action, items, workers):
    """Runs the action on every item; the first failure ends it all and is raised."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(action, item) for item in items]
        try:
            for future in concurrent.futures.as_completed(futures):
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return len(futures)


def enrol(admin, files, segments=("corp",), workers=8):
    """One device per PEM file, active in the segments, its certificate attached. Answers how many."""

    def one(file):
        leaf = LEAF.search(file.read_text())
        if not leaf:
            raise Refused(f"{file} holds no certificate")
        device = admin.post(
            "/api/v1/devices", {"name": "bench-" + file.stem, "kind": "laptop", "segments": list(segments)}
        )
        # The key that follows in the file never leaves it.
        admin.post(f"/api/v1/devices/{device['id']}/certificates", {"pem": leaf.group()})

    return each(one, files, workers)


def revoke(admin, issuer, count, workers=8):
    """Revokes so many certificates of the issuer that nobody holds. Answers how many."""

    def one(_):
        serial = "%032x" % (secrets.randbits(126) | 1 << 126)
        admin.post(
            "/api/v1/revocations", {"issuer": issuer, "serial": serial, "reason": "cessationOfOperation"}
        )

    return each(one, range(count), workers)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--admin", default="https://127.0.0.1:9443")
    arguments.add_argument("--ca", help="PEM file that the admin server's certificate must lead to")
    arguments.add_argument("--password-file", type=pathlib.Path, required=True)
    arguments.add_argument("--certificates", type=pathlib.Path, required=True, help="folder of PEM files")
    arguments.add_argument("--count", type=int, help="so many of them, instead of all")
    arguments.add_argument("--segment", action="append", help="default: corp")
    arguments.add_argument("--workers", type=int, default=8)
    arguments.add_argument("--revoke", type=int, default=0, metavar="N")
    arguments.add_argument("--issuer", help="name of their CA (RFC 4514); default: issuer.txt beside the folder")
    asked = arguments.parse_args()

    files = sorted(asked.certificates.glob("*.pem"))[: asked.count]
    if not files:
        sys.exit(f"enrol: there is no *.pem in {asked.certificates}")
    try:
        admin = Admin(asked.admin, asked.password_file.read_text().strip(), asked.ca)
        if not admin.use_token():
            print("enrol: no API token was given, so each request carries the password", file=sys.stderr)
        began = time.monotonic()
        done = enrol(admin, files, asked.segment or ("corp",), asked.workers)
        print(f"{done} devices in {time.monotonic() - began:.1f} s")
        if asked.revoke:
            began = time.monotonic()
            issuer = asked.issuer or (asked.certificates.parent / "issuer.txt").read_text().strip()
            done = revoke(admin, issuer, asked.revoke, asked.workers)
            print(f"{done} revocations in {time.monotonic() - began:.1f} s")
    except (Refused, OSError, ValueError) as refusal:
        sys.exit(f"enrol: {refusal}")


if __name__ == "__main__":
    main()
