"""The processes under test: etcd members and `demarc serve` replicas."""

import glob
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN = "nemesis-token"


def find_binary():
    """DEMARC_BIN or DEMARC_BINARY, else the newest build in the target directory; None if there is none."""
    named = os.environ.get("DEMARC_BIN") or os.environ.get("DEMARC_BINARY")
    if named:
        return pathlib.Path(named)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / profile / "demarc" for profile in ("release", "debug")]
    built = [path for path in built if path.is_file()]
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


def find_faketime():
    """The library that shows a process another time; None if it is not installed."""
    return next(iter(sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))), None)


def missing():
    """What is not installed, by name."""
    programs = [name for name in ("etcd", "etcdctl") if shutil.which(name) is None]
    return ", ".join(programs)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def until(condition, what, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} took longer than {timeout} s")
        time.sleep(0.05)


class NotSent(OSError):
    """Nobody took the connection, so nothing was asked."""


class Process:
    """A process that can be killed, frozen and started again. Leaving stops it by its pid."""

    def __init__(self, log, before=()):
        self.log, self.before = log, list(before)
        self.process = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.before, *self.command()], env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def kill(self):
        """SIGKILL: no chance to say anything."""
        self.process.kill()
        self.process.wait()

    def terminate(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def is_running(self):
        return self.process is not None and self.process.poll() is None


class Member(Process):
    """One etcd member, on loopback or in a namespace of its own."""

    def __init__(self, folder, name, network=None, number=0, more=()):
        self.host = network.node(number) if network else "127.0.0.1"
        super().__init__(folder / f"{name}.log", network.inside(self.host) if network else ())
        self.port, peer_port = (2379, 2380) if network else (free_port(), free_port())
        self.folder, self.name, self.more = folder, name, more
        self.peer = f"http://{self.host}:{peer_port}"
        self.initial = None

    def command(self):
        client = f"http://{self.host}:{self.port}"
        return [
            "etcd", "--name", self.name, "--data-dir", str(self.folder / self.name),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", self.peer, "--initial-advertise-peer-urls", self.peer,
            "--initial-cluster", self.initial, "--initial-cluster-state", "new", *self.more,
        ]  # fmt: skip


class Etcd:
    """A cluster. Use as a context manager."""

    def __init__(self, folder, size, network=None, more=()):
        self.members = [Member(folder, f"m{n}", network, 11 + n, more) for n in range(size)]
        initial = ",".join(f"{member.name}={member.peer}" for member in self.members)
        for member in self.members:
            member.initial = initial

    def __enter__(self):
        for member in self.members:
            member.start()
        until(lambda: self.control("endpoint", "health").returncode == 0, "the start of etcd")
        return self

    def __exit__(self, *_):
        for member in self.members:
            if member.is_running():
                member.kill()

    @property
    def hosts(self):
        return ",".join(f"{member.host}:{member.port}" for member in self.members)

    def control(self, *arguments, member=None, stdin=None):
        """etcdctl."""
        endpoints = f"{member.host}:{member.port}" if member else self.hosts
        return subprocess.run(
            ["etcdctl", "--endpoints", endpoints, "--command-timeout", "3s", *arguments],
            env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, text=True, check=False, input=stdin,
        )  # fmt: skip

    def status(self, member):
        shown = self.control("endpoint", "status", "-w", "json", member=member)
        return json.loads(shown.stdout)[0]["Status"] if shown.returncode == 0 else None

    def leader(self):
        for member in self.members:
            status = self.status(member) if member.is_running() else None
            if status and status["header"]["member_id"] == status.get("leader"):
                return member
        return None

    def move_leader(self):
        """Politely: the leader hands over to another member."""
        leader = self.leader()
        others = [self.status(member) for member in self.members if member is not leader]
        others = [status["header"]["member_id"] for status in others if status]
        if leader and others:
            self.control("move-leader", f"{others[0]:x}", member=leader)

    def compact(self):
        status = next(filter(None, (self.status(member) for member in self.members)), None)
        if status:
            self.control("compact", str(status["header"]["revision"]))

    def fill(self):
        """Until nothing more can be written; returns whether that was reached."""
        junk = "x" * 1_000_000
        for number in range(400):
            put = self.control("put", f"junk/{number}", stdin=junk)
            if "space exceeded" in put.stderr:
                return True
        return False

    def empty(self):
        """Room again, as docs/production.md says: less data, compact, defragment, disarm. On a machine that has much
        to do a step may take longer than it is given, so all of it is done until it has helped."""
        for _ in range(20):
            self.control("del", "--prefix", "junk/")
            self.compact()
            for member in self.members:
                self.control("defrag", member=member)
            self.control("alarm", "disarm")
            if self.has_room():
                return
            time.sleep(1)

    def has_room(self):
        shown = self.control("alarm", "list")
        return shown.returncode == 0 and "NOSPACE" not in shown.stdout

    def alarms(self):
        return self.control("alarm", "list").stdout


class Replica(Process):
    """One `demarc serve`. Without keys it is in the open development mode."""

    def __init__(self, folder, name, store, *more, network=None, number=0, config=None):
        self.host = network.node(number) if network else "127.0.0.1"
        super().__init__(folder / f"{name}.log", network.inside(self.host) if network else ())
        self.name, self.store, self.more, self.config = name, store, more, config
        self.port = 4580 if network else free_port()
        self.clock = folder / f"{name}.clock"

    def command(self):
        config = ["--config", str(self.config)] if self.config else []
        return [
            str(find_binary()), "serve", "--listen", f"{self.host}:{self.port}",
            "--store", self.store, "--settle", "100ms", *config, *self.more,
        ]  # fmt: skip

    def environment(self):
        """With a clock that can be put wrong."""
        faketime = find_faketime()
        if not faketime:
            return dict(os.environ)
        if not self.clock.exists():
            self.put_clock(0)
        return {
            **os.environ, "LD_PRELOAD": faketime, "FAKETIME_TIMESTAMP_FILE": str(self.clock),
            "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def put_clock(self, seconds):
        """The replica believes that it is so much later, within a second."""
        new = self.clock.with_suffix(".new")
        new.write_text(f"{seconds:+}\n")
        new.replace(self.clock)

    def __enter__(self):
        self.start()
        until(lambda: self.health()[0] == 200, "the start of a replica")
        return self

    def __exit__(self, *_):
        if self.is_running():
            self.kill()

    def health(self):
        """Status and what /healthz says; (None, …) when nobody answers."""
        try:
            return self.request("GET", "/healthz", timeout=5)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return None, {"problem": str(error)}

    def request(self, method, path, body=None, headers=None, timeout=10):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.connect()
        except OSError as error:
            raise NotSent(str(error)) from error
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def events(self):
        """All state changes that it keeps."""
        found, after = [], 0
        while True:
            path = f"/_demarc/v1/events?after={after}"
            status, page = self.request("GET", path, headers={"authorization": f"Bearer {TOKEN}"}, timeout=30)
            assert status == 200, page
            if not page["events"]:
                return found
            found += page["events"]
            after = page["last"]

    def call(self, operation, timeout=10, key=None, **body):
        """An API call, signed with a key; without one for the open development mode."""
        if key:
            headers, text = key.sign(f"{self.host}:{self.port}", operation, body)
            return self.request("POST", "/", text, headers, timeout)
        scope = "111122223333/20260101/us-east-1/directconnect/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"OvertureService.{operation}",
            "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
            f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
        }
        return self.request("POST", "/", json.dumps(body), headers, timeout)

    def insist(self, operation, key=None, patience=30, **body):
        """Until it is answered with 200."""
        answers = []

        def done():
            try:
                answers.append(self.call(operation, key=key, **body))
            except (OSError, http.client.HTTPException, ValueError) as error:
                answers.append((None, str(error)))
            return answers[-1][0] == 200

        try:
            until(done, operation, patience)
        except AssertionError as error:
            raise AssertionError(f"{error}: {answers[-1]}") from None
        return answers[-1][1]


def verify(store, config):
    """`demarc store verify`: its status and what it says."""
    command = [str(find_binary()), "store", "verify", "--store", store, "--config", str(config)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr
