"""The servers under measurement: how each is started, known to be ready, charged for its CPU time, and ended."""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import enrol

HERE = pathlib.Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    """A server could not be started; the message says why and where its log is."""


def adopt_orphans():
    """What daemonises below this process becomes its child, so that it is charged and ended too (Postgres does)."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def processes():
    """pid -> (parent, name, CPU seconds of it and of its children that ended and were waited for)."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            text = pathlib.Path("/proc", entry, "stat").read_text()
        except OSError:
            continue  # it ended meanwhile
        name = text[text.index("(") + 1 : text.rindex(")")]
        fields = text[text.rindex(")") + 2 :].split()
        found[int(entry)] = (int(fields[1]), name, sum(map(int, fields[11:15])) / TICKS)
    return found


def below(roots, table):
    """The roots and all their descendants that are alive."""
    children = {}
    for pid, (parent, _, _) in table.items():
        children.setdefault(parent, []).append(pid)
    tree, queue = set(), [pid for pid in roots if pid in table]
    while queue:
        pid = queue.pop()
        if pid not in tree:
            tree.add(pid)
            queue.extend(children.get(pid, ()))
    return tree


class Server:
    """One process tree. CPU time is read as {"server": seconds, "postgres": seconds}."""

    started = []  # of all servers: what is not among these was adopted

    def __init__(self, name, port, folder):
        self.name, self.port, self.folder = name, port, pathlib.Path(folder)
        self.log = self.folder / (re.sub(r"\W+", "-", name) + ".log")
        self.process = None

    def launch(self, command, cpus, env=None, cwd=None):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                raise Failed(f"{self.name}: port {self.port} is taken; choose another --port") from None
        pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=cwd, preexec_fn=pin
            )
        Server.started.append(self.process.pid)

    def await_ready(self, seconds, ready):
        end = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} was not ready after {seconds} s:\n{self.tail()}")
            time.sleep(0.1)

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])

    def accepts(self):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def roots(self, table):
        return [self.process.pid]

    def cpu(self):
        table = processes()
        spent = {"server": 0.0, "postgres": 0.0}
        for pid in below(self.roots(table), table):
            spent["postgres" if table[pid][1] == "postgres" else "server"] += table[pid][2]
        return spent

    def stop(self, seconds=20):
        """Asks the server to end, then what it left behind, then ends whatever of its tree is still there."""
        if self.process is None:
            return
        table = processes()
        tree = below(self.roots(table), table)
        left_behind = set(self.roots(table)) - {self.process.pid}
        if self.process.poll() is None:
            self.process.terminate()
        gone({self.process.pid}, seconds)
        if not gone(left_behind, 3):
            # To Postgres this is a fast shutdown, which also gives its shared memory back.
            send(signal.SIGINT, left_behind)
        if not gone(tree, 5):
            send(signal.SIGKILL, tree)
            gone(tree, 5)
        self.process.wait(5)
        self.process = None


def gone(pids, seconds):
    """Waits so long for all of them to have ended."""
    end = time.monotonic() + seconds
    while any([alive(pid) for pid in pids]):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def send(number, pids):
    for pid in filter(alive, pids):
        os.kill(pid, number)


def alive(pid):
    """False for what has ended; reaps it if it was ours to reap."""
    try:
        # The server's own process is left to its Popen, which wants the status for itself.
        if pid not in Server.started and os.waitpid(pid, os.WNOHANG)[0]:
            return False
    except ChildProcessError:
        pass
    try:
        text = pathlib.Path("/proc", str(pid), "stat").read_text()
    except OSError:
        return False
    return text[text.rindex(")") + 2] != "Z"


class Nginx(Server):
    """nginx with one worker and a CRL of the given number of entries."""

    def __init__(self, name, port, folder, pki, crl_entries):
        super().__init__(name, port, folder)
        self.pki, self.crl_entries = pathlib.Path(pki), crl_entries

    def start(self, cpus):
        prefix = self.folder / self.log.stem
        (prefix / "temp").mkdir(parents=True)
        crl = self.pki / f"crl-{self.crl_entries}.pem"
        text = (HERE / "nginx.conf").read_text()
        for name, value in {
            "PORT": str(self.port),
            "PKI": str(self.pki),
            "CRL": f"ssl_crl {crl};" if self.crl_entries else "",
            "ROOT_ONLY": "user root;" if os.geteuid() == 0 else "",
        }.items():
            text = text.replace(f"@{name}@", value)
        conf = prefix / "nginx.conf"
        conf.write_text(text)
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if not nginx:
            raise Failed("nginx is not installed")
        self.launch([nginx, "-e", "stderr", "-p", str(prefix), "-c", str(conf)], cpus)
        self.await_ready(20, self.accepts)


class Sallyport(Server):
    """Sallyport from its jar, with its embedded Postgres in a data folder of its own."""

    def __init__(self, name, port, folder, jar, java, java_options, anchors, extra_env):
        super().__init__(name, port, folder)
        self.jar, self.java, self.java_options = pathlib.Path(jar).resolve(), java, java_options
        self.data = self.folder / "data"
        self.admin_port = port + 1
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("SALLYPORT_", "QUARKUS_"))}
        self.env |= {
            "SALLYPORT_DATA": str(self.data),
            "SALLYPORT_TRUST_ANCHORS": str(anchors),
            # Nobody publishes a list for the bench's CA: each decision asks for one and notes that there is none.
            "SALLYPORT_TRUST_MISSING_EVIDENCE": "allow-with-note",
            "SALLYPORT_DOOR_HTTPS_PORT": str(port),
            # A thousand devices make the load of many more here.
            "SALLYPORT_LIMIT_DEVICE_RATE": "1000000",
            "SALLYPORT_LIMIT_DEVICE_BURST": "1000000",
            "QUARKUS_HTTP_SSL_PORT": str(self.admin_port),
            "QUARKUS_HTTP_PORT": str(port + 2),
            "QUARKUS_MANAGEMENT_PORT": str(port + 3),
            "QUARKUS_HTTP_HOST": "127.0.0.1",
            "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
        } | extra_env

    def roots(self, table):
        """The JVM, and what was adopted: its Postgres, which starts in the background."""
        adopted = [pid for pid, row in table.items() if row[0] == os.getpid() and pid not in Server.started]
        return [self.process.pid, *adopted]

    def start(self, cpus):
        self.data.mkdir(mode=0o700)
        self.launch([self.java, *self.java_options, "-jar", str(self.jar)], cpus, env=self.env, cwd=self.folder)
        self.await_ready(180, self.answers)

    def answers(self):
        """Ready means: an operator can sign in, and the door takes connections."""
        try:
            status, _ = self.admin().ask("GET", "/api/v1/devices?limit=1")
        except (OSError, ValueError):
            return False
        return status == 200 and self.accepts()

    def admin(self):
        password = (self.data / "initial-operator-password").read_text().strip()
        return enrol.Admin(f"https://127.0.0.1:{self.admin_port}", password)


def find_java():
    """A java of release 25 or newer: JAVA_HOME, the usual places, then the path."""
    homes = [os.environ.get("JAVA_HOME"), *map(str, pathlib.Path("/usr/lib/jvm").glob("*"))]
    on_path = shutil.which("java")
    if on_path:
        homes.append(str(pathlib.Path(on_path).resolve().parent.parent))
    for home in filter(None, homes):
        try:
            release = re.search(r'JAVA_VERSION="(\d+)', (pathlib.Path(home) / "release").read_text())
        except OSError:
            continue
        if release and int(release.group(1)) >= 25 and (pathlib.Path(home) / "bin/java").exists():
            return str(pathlib.Path(home) / "bin/java")
    raise Failed("no Java 25 or newer was found; set JAVA_HOME or --java")
