"""Tests of the benchmark itself: python3 -m unittest -v test_bench (needs gcc, libssl-dev, nginx; about 20 seconds)."""

import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

import enrol
import run

HERE = pathlib.Path(__file__).resolve().parent
PORT = 18480


def setUpModule():
    global folder
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-bench-test-"))
    run.build(folder)
    for name in ("pki", "other"):
        make = [str(folder / "certificates"), "--out", str(folder / name), "--clients", "20", "--crl", "3"]
        subprocess.run(make, check=True)


def tearDownModule():
    shutil.rmtree(folder)


def joins(port, *options):
    command = [str(folder / "joins"), "--port", str(port), "--certificates", str(folder / "pki" / "clients")]
    done = subprocess.run([*command, "--seconds", "5", *options], capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


class Answering:
    """A TLS server that gives each request the same bytes, one at a time, and says how many handshakes it saw."""

    def __init__(self, answer, anchors="pki", keeps=False):
        self.answer, self.keeps, self.handshakes, self.subjects = answer, keeps, 0, []
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / anchors / "ca.pem"))
        self.context.load_cert_chain(folder / "pki" / "server.pem")
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            try:
                plain.settimeout(10)
                with self.context.wrap_socket(plain, server_side=True) as stream:
                    self.handshakes += 1
                    self.subjects.append(stream.getpeercert()["subject"][0][0][1])
                    while stream.recv(65536):
                        for byte in self.answer:
                            stream.send(bytes([byte]))
                        if not self.keeps:
                            stream.unwrap()
                            break
            except OSError:
                plain.close()


class TheClient(unittest.TestCase):
    def reads(self, answer, status, **failures):
        with Answering(answer) as server:
            measured = joins(server.port, "--connections", "2", "--requests", "4")
        self.assertEqual(measured["status"], {status: 4} if status else {})
        self.assertEqual(measured["failures"], failures)

    def test_reads_a_body_of_given_length(self):
        self.reads(b"HTTP/1.1 200 OK\r\ncontent-length:  5\r\n\r\nhello", "200")

    def test_reads_an_empty_body(self):
        self.reads(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403")

    def test_reads_chunks_with_extensions_and_trailers(self):
        self.reads(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"1;a=b\r\nx\r\n00A\r\n0123456789\r\n0\r\nT: v\r\n\r\n",
            "200",
        )

    def test_reads_a_body_up_to_the_end_of_the_stream(self):
        self.reads(b"HTTP/1.1 200 OK\r\n\r\nhello", "200")

    def test_skips_an_interim_response(self):
        self.reads(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "204")

    def test_counts_a_cut_off_body_as_closed(self):
        self.reads(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", None, closed=4)

    def test_counts_what_is_no_response_as_malformed(self):
        self.reads(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", None, malformed=4)

    def test_counts_a_chunk_size_that_is_none_as_malformed(self):
        self.reads(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", None, malformed=4)

    def test_makes_a_handshake_per_join_each_with_the_next_certificate(self):
        with Answering(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
            measured = joins(server.port, "--connections", "1", "--requests", "25")
            self.assertEqual(server.subjects, [f"bench-{1 + i % 20:05d}" for i in range(25)])
        self.assertEqual(measured["handshakes"], 25)

    def test_sends_many_requests_on_a_kept_connection(self):
        with Answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", keeps=True) as server:
            measured = joins(server.port, "--connections", "1", "--requests", "25", "--keep")
            self.assertEqual(server.handshakes, 1)
        self.assertEqual((measured["completed"], measured["handshakes"]), (25, 1))

    def test_names_the_alert_that_refused_it(self):
        with Answering(b"", anchors="other") as server:
            measured = joins(server.port, "--connections", "1", "--requests", "3")
        self.assertEqual(measured["failures"], {"alert 48 unknown CA": 3})

    def test_counts_a_server_that_is_not_there(self):
        measured = joins(PORT, "--connections", "2", "--requests", "4")
        self.assertEqual(measured["failures"], {"connect": 4})

    def test_gives_up_a_server_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            measured = joins(silent.getsockname()[1], "--connections", "2", "--requests", "2", "--timeout", "0.3")
        self.assertEqual(measured["failures"], {"timedOut": 2})

    def test_refuses_any_target_but_this_machine(self):
        for host in ("192.0.2.1", "::ffff:127.0.0.1", "2001:db8::1", "localhost", "0.0.0.0"):
            with self.subTest(host):
                self.assertIn("loopback", joins(PORT, "--host", host))


class Enrolling(unittest.TestCase):
    def test_sends_no_password_unverified_to_another_machine(self):
        with self.assertRaises(ValueError):
            enrol.Admin("https://192.0.2.1:9443", "secret")


class AWholeRun(unittest.TestCase):
    def bench(self, *options):
        self.pid_file = folder / "postgres.pid"
        return subprocess.run(
            [sys.executable, str(HERE / "run.py"), "--jar", "fake.jar", "--java", str(HERE / "fake_sallyport.py"),
             "--env", f"FAKE_POSTGRES_PID={self.pid_file}", "--port", str(PORT), "--rounds", "1", "--seconds", "1",
             "--warm-up", "0.2", "--connections", "4", *options],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    def assert_nothing_is_left(self):
        self.assertFalse(os.path.exists(f"/proc/{self.pid_file.read_text()}"), "postgres still runs")
        for port in range(PORT, PORT + 8):
            with socket.socket() as probe:
                self.assertNotEqual(probe.connect_ex(("127.0.0.1", port)), 0, f"port {port} is still served")

    def test_enrols_measures_charges_postgres_and_ends_everything(self):
        figures = folder / "figures.json"
        done = self.bench("--certificates", "12", "--revoked", "5", "--json", str(figures))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("enrolled 12 devices", done.stdout)
        self.assertIn("revoked 5 certificates", done.stdout)
        measured = json.loads(figures.read_text())["rounds"][0]
        self.assertEqual(measured["sallyport"]["status"].keys(), {"200"})
        self.assertEqual(measured["nginx"]["cpuSeconds"]["postgres"], 0)
        # It left its parent, and it never rests.
        self.assertGreater(measured["sallyport"]["cpuSeconds"]["postgres"], 0.1)
        self.assertGreater(measured["sallyport"]["cpuSeconds"]["server"], 0.05)
        self.assert_nothing_is_left()

    def test_ends_everything_when_a_device_is_refused(self):
        done = self.bench("--certificates", "14")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("an unlucky name", done.stderr)
        self.assert_nothing_is_left()

    def test_ends_everything_when_its_time_is_up(self):
        done = self.bench("--certificates", "5", "--seconds", "60", "--limit", "8")
        self.assertIn("ended by SIGALRM", done.stderr)
        self.assert_nothing_is_left()


if __name__ == "__main__":
    unittest.main()
