#!/usr/bin/env python3
"""Measures joins: what a new mutual TLS connection and one request cost in CPU time, against nginx on the same CPU.

    run.py --jar ../../target/quarkus-app/quarkus-run.jar      Sallyport against nginx
    run.py --long-crl 100001                                   nginx alone, with a short and a long CRL
    run.py --stand-in                                          an nginx in Sallyport's place, to try the plumbing

Starts everything on 127.0.0.1, ends everything, leaves nothing but what --json names. See README.md.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import enrol
import servers

HERE = pathlib.Path(__file__).resolve().parent
BODY = "grant_type=client_credentials"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--jar", help="Sallyport's runnable jar")
    what.add_argument("--stand-in", action="store_true", help="measure a second nginx as if it were Sallyport")
    parser.add_argument("--long-crl", type=int, default=0, metavar="ENTRIES", help="also nginx with such a CRL")
    parser.add_argument("--revoked", type=int, default=0, metavar="N", help="revoke so many in Sallyport first")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=5, help="of each server in each round")
    parser.add_argument("--warm-up", type=float, default=20, help="seconds for Sallyport; nginx needs one")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--certificates", type=int, default=1500)
    parser.add_argument("--mode", choices=("new", "keep"), default="new")
    parser.add_argument("--groups", default="X25519", help="key exchange groups that the client offers")
    parser.add_argument("--method", default="POST")
    parser.add_argument("--path", default="/oauth2/token")
    parser.add_argument("--body", default=BODY)
    parser.add_argument("--header", action="append", help="default: the content type of the body")
    parser.add_argument("--port", type=int, default=18440, help="the first of eight ports in a row")
    parser.add_argument("--client-cpu", type=int, help="default: the first CPU")
    parser.add_argument("--server-cpu", type=int, action="append", help="default: the second CPU; may be repeated")
    parser.add_argument("--no-pin", action="store_true", help="let the kernel place client and servers")
    parser.add_argument("--java", help="default: JAVA_HOME or the usual places")
    parser.add_argument("--java-option", action="append", default=[])
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="setting for Sallyport")
    parser.add_argument("--limit", type=int, default=1800, help="seconds after which everything is ended")
    parser.add_argument("--json", type=pathlib.Path, help="write every figure of every round to this file")
    parser.add_argument("--keep-folder", action="store_true", help="leave logs and data where they are, and say where")
    return parser.parse_args()


def build(folder):
    for name, sources, libraries in (
        ("certificates", ["certificates.c"], ["-lcrypto"]),
        ("joins", ["joins.c", "response.c"], ["-lssl", "-lcrypto"]),
    ):
        command = ["gcc", "-O2", "-std=c11", "-Wall", "-Wextra", "-o", str(folder / name), *sources, *libraries]
        subprocess.run(command, cwd=HERE, check=True)


def cpus(asked):
    """The CPUs of the client and of the servers; None, None if nothing is pinned."""
    allowed = sorted(os.sched_getaffinity(0))
    if asked.no_pin or len(allowed) < 2:
        return None, None
    client = allowed[0] if asked.client_cpu is None else asked.client_cpu
    others = [cpu for cpu in allowed if cpu != client]
    return {client}, set(asked.server_cpu or others[:1])


def load(server, asked, folder, seconds, client_cpus):
    """One run of the client; what it printed, with the server's CPU time added."""
    command = [
        str(folder / "joins"), f"--{asked.mode}", "--port", str(server.port),
        "--certificates", str(folder / "pki" / "clients"), "--connections", str(asked.connections),
        "--seconds", str(seconds), "--groups", asked.groups, "--method", asked.method, "--path", asked.path,
        "--body", asked.body,
    ]  # fmt: skip
    for header in asked.header or ["Content-Type: application/x-www-form-urlencoded"]:
        command += ["--header", header]
    if client_cpus:
        command = ["taskset", "-c", ",".join(map(str, client_cpus)), *command]
    before = server.cpu()
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    time.sleep(0.2)  # what the server still does for the last requests is its cost too
    after = server.cpu()
    if done.returncode:
        raise servers.Failed(f"the client failed against {server.name}: {done.stderr.strip()}")
    measured = json.loads(done.stdout)
    good = measured["status"].get("200", 0)
    measured["good"] = good
    measured["server"] = server.name
    measured["cpuSeconds"] = {part: round(after[part] - before[part], 3) for part in after}
    measured["cpuMicros"] = {
        part: round((after[part] - before[part]) * 1e6 / good, 1) if good else None for part in after
    }
    measured["cpuMicros"]["total"] = round(sum(measured["cpuMicros"].values()), 1) if good else None
    measured["clientShare"] = round(measured["clientCpuMicros"] / 1e6 / measured["seconds"], 2) if good else None
    return measured


def spread(values, digits=0):
    """Median, and the least and the most in brackets."""
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f}-{most:.{digits}f})"


def trouble(measured):
    """What of a run was not a good answer; empty if all were."""
    bad = {f"status {status}": count for status, count in measured["status"].items() if status != "200"}
    return bad | measured["failures"]


def table(rounds, names):
    """A row per server: medians over the rounds; ratios are taken within each round, since machines drift."""
    rows = [("server", "requests", "rate/s", "CPU µs/join", "of it Postgres", "× nginx", "p50 ms", "p99 ms", "client")]
    for name in names:
        own = [r[name] for r in rounds if r[name]["good"]]
        if not own:
            rows.append((name, "0", *["-"] * 7))
            continue
        ratios = [
            r[name]["cpuMicros"]["total"] / r["nginx"]["cpuMicros"]["total"]
            for r in rounds
            if r[name]["good"] and r["nginx"]["good"] and r["nginx"]["cpuMicros"]["total"]
        ]
        rows.append((
            name,
            str(sum(m["good"] for m in own)),
            spread([m["rate"] for m in own]),
            spread([m["cpuMicros"]["total"] for m in own]),
            f"{statistics.median(m['cpuMicros']['postgres'] for m in own):.0f}",
            spread(ratios, 2) if ratios else "-",
            f"{statistics.median(m['latencyMicros']['p50'] for m in own) / 1000:.1f}",
            f"{statistics.median(m['latencyMicros']['p99'] for m in own) / 1000:.1f}",
            f"{statistics.median(m['clientShare'] for m in own):.0%}",
        ))  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except OSError:
        return None
    return ((done.stdout or done.stderr).splitlines() or [None])[0]


def machine(java):
    models = [
        line.split(":", 1)[1].strip()
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "nginx": first_line("nginx", "-v"),
        "openssl": first_line("openssl", "version"),
        "java": first_line(java, "-version") if java else None,
    }


def started(asked, folder, java, server_cpus, running):
    """Starts the servers one by one; each is in `running` before its start, so that it is ended whatever happens."""

    def begin(server):
        running.append(server)
        server.start(server_cpus)

    pki = folder / "pki"
    begin(servers.Nginx("nginx", asked.port, folder, pki, 1))
    if asked.long_crl:
        begin(servers.Nginx(f"nginx, CRL of {asked.long_crl}", asked.port + 1, folder, pki, asked.long_crl))
    if asked.stand_in:
        begin(servers.Nginx("stand-in", asked.port + 2, folder, pki, 1))
    if asked.jar:
        extra = dict(setting.split("=", 1) for setting in asked.env)
        anchors = pki / "ca.pem"
        sallyport = servers.Sallyport(
            "sallyport", asked.port + 4, folder, asked.jar, java, asked.java_option, anchors, extra
        )
        begin(sallyport)
        admin = sallyport.admin()
        admin.use_token()
        began = time.monotonic()
        done = enrol.enrol(admin, sorted((pki / "clients").glob("*.pem")))
        print(f"enrolled {done} devices in {time.monotonic() - began:.1f} s")
        if asked.revoked:
            began = time.monotonic()
            done = enrol.revoke(admin, (pki / "issuer.txt").read_text().strip(), asked.revoked)
            print(f"revoked {done} certificates in {time.monotonic() - began:.1f} s")


def measure(asked, folder, client_cpus, running):
    for server in running:
        seconds = asked.warm_up if isinstance(server, servers.Sallyport) else 1
        bad = trouble(load(server, asked, folder, seconds, client_cpus)) if seconds else {}
        if bad:
            print(f"warm-up of {server.name}: {bad}", file=sys.stderr)
    rounds = []
    for number in range(asked.rounds):
        measured = {}
        # The order turns with each round: nobody always follows the same neighbour.
        turn = number % len(running)
        for server in running[turn:] + running[:turn]:
            measured[server.name] = load(server, asked, folder, asked.seconds, client_cpus)
            print(f"round {number + 1} {server.name}: {json.dumps(measured[server.name])}", flush=True)
        rounds.append(measured)
    return rounds


def stop_all(running):
    for server in reversed(running):
        try:
            server.stop()
        except OSError as error:
            print(f"bench: {server.name} was not ended: {error}", file=sys.stderr)


def main():
    asked = arguments()
    java = (asked.java or servers.find_java()) if asked.jar else None
    client_cpus, server_cpus = cpus(asked)
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda n, _: sys.exit(f"bench: ended by {signal.Signals(n).name}"))
    signal.alarm(asked.limit)
    servers.adopt_orphans()
    # Not /tmp, which may be memory: a Postgres there has nothing to sync.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    running = []
    try:
        build(folder)
        crls = [argument for entries in {1, asked.long_crl or 1} for argument in ("--crl", str(entries))]
        command = [str(folder / "certificates"), "--out", str(folder / "pki"), "--clients", str(asked.certificates)]
        subprocess.run(command + crls, check=True)
        started(asked, folder, java, server_cpus, running)
        rounds = measure(asked, folder, client_cpus, running)
    finally:
        signal.alarm(0)
        stop_all(running)
        if asked.keep_folder:
            print(f"logs and data: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)

    print()
    print(table(rounds, [server.name for server in running]))
    if asked.json:
        document = {"machine": machine(java), "arguments": {k: str(v) for k, v in vars(asked).items()}, "rounds": rounds}
        asked.json.write_text(json.dumps(document, indent=2) + "\n")
    bad = [(number + 1, name, trouble(m)) for number, r in enumerate(rounds) for name, m in r.items() if trouble(m)]
    for number, name, what in bad:
        print(f"round {number} {name}: not good: {what}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (servers.Failed, enrol.Refused, subprocess.SubprocessError) as failure:
        sys.exit(f"bench: {failure}")
