#!/usr/bin/env python3
"""Plays Sallyport for test_bench.py: started as `java -jar ...`, same settings, same admin REST, a door that is
Python's TLS, and a child named `postgres` that leaves its parent and burns CPU time, as the embedded one does."""

import http.server
import json
import os
import pathlib
import ssl
import sys
import threading
import time

PASSWORD = "first-password"


class Admin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = []

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if self.path == "/asked":
            self.answer(200, Admin.asked)
        else:
            self.answer(200 if self.headers["Authorization"].startswith("Basic ") else 401, {"items": []})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Admin.asked.append([self.path, body])
        if self.path == "/api/v1/api-tokens":
            self.answer(201, {"token": "the-token"})
        elif self.headers["Authorization"] != "Bearer the-token":
            self.answer(401, {"title": "sign in"})
        elif self.path == "/api/v1/devices" and body["name"].endswith("00013"):
            self.answer(400, {"title": "an unlucky name"})
        else:
            self.answer(201, {"id": f"device-{len(Admin.asked)}"})

    def log_message(self, *_):
        pass


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5;x=y\r\nhello\r\n0\r\nTrailer: t\r\n\r\n")

    def log_message(self, *_):
        pass


def serve(port, handler, context):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def be_postgres(pid_file):
    """Forks twice, so that it is nobody's child, and burns until it is told to end."""
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    pathlib.Path("/proc/self/comm").write_text("postgres")
    pid_file.write_text(str(os.getpid()))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass
    os._exit(0)


def main():
    data, anchors = pathlib.Path(os.environ["SALLYPORT_DATA"]), pathlib.Path(os.environ["SALLYPORT_TRUST_ANCHORS"])
    be_postgres(pathlib.Path(os.environ["FAKE_POSTGRES_PID"]))
    certificate = anchors.parent / "server.pem"
    admin = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    admin.load_cert_chain(certificate)
    door = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(anchors))
    door.load_cert_chain(certificate)
    door.verify_mode = ssl.CERT_REQUIRED
    door.num_tickets = 0
    serve(int(os.environ["QUARKUS_HTTP_SSL_PORT"]), Admin, admin)
    serve(int(os.environ["SALLYPORT_DOOR_HTTPS_PORT"]), Door, door)
    (data / "initial-operator-password").write_text(PASSWORD + "\n")
    time.sleep(120)


if __name__ == "__main__":
    sys.exit(main())
