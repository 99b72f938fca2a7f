"""The processes under test: etcd members and `demarc serve` replicas, on loopback ports."""

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


def find_binary():
    """DEMARC_BIN or DEMARC_BINARY, else the newest build in the target directory; None if there is none."""
    named = os.environ.get("DEMARC_BIN") or os.environ.get("DEMARC_BINARY")
    if named:
        return pathlib.Path(named)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / profile / "demarc" for profile in ("release", "debug")]
    built = [path for path in built if path.is_file()]
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


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


class Process:
    """A process that can be killed, frozen and started again. Leaving stops it by its pid."""

    def __init__(self, log):
        self.log = log
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

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
    """One etcd member."""

    def __init__(self, folder, name, port, peer_port, initial):
        super().__init__(folder / f"{name}.log")
        self.folder, self.name, self.port = folder, name, port
        self.peer = f"http://127.0.0.1:{peer_port}"
        self.initial = initial

    def command(self):
        client = f"http://127.0.0.1:{self.port}"
        return [
            "etcd", "--name", self.name, "--data-dir", str(self.folder / self.name),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", self.peer, "--initial-advertise-peer-urls", self.peer,
            "--initial-cluster", self.initial, "--initial-cluster-state", "new",
        ]  # fmt: skip


class Etcd:
    """A cluster. Use as a context manager."""

    def __init__(self, folder, size):
        ports = [(f"m{n}", free_port(), free_port()) for n in range(size)]
        initial = ",".join(f"{name}=http://127.0.0.1:{peer}" for name, _, peer in ports)
        self.members = [Member(folder, *port, initial) for port in ports]

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
        return ",".join(f"127.0.0.1:{member.port}" for member in self.members)

    def control(self, *arguments, member=None):
        """etcdctl."""
        endpoints = f"127.0.0.1:{member.port}" if member else self.hosts
        return subprocess.run(
            ["etcdctl", "--endpoints", endpoints, "--command-timeout", "3s", *arguments],
            env={**os.environ, "ETCDCTL_API": "3"}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def status(self, member):
        shown = self.control("endpoint", "status", "-w", "json", member=member)
        return json.loads(shown.stdout)[0]["Status"] if shown.returncode == 0 else None

    def leader(self):
        for member in self.members:
            status = self.status(member) if member.is_running() else None
            if status and status["header"]["member_id"] == status["leader"]:
                return member
        return None

    def compact(self):
        status = next(filter(None, (self.status(member) for member in self.members)), None)
        if status:
            self.control("compact", str(status["header"]["revision"]))


class Replica(Process):
    """One `demarc serve`."""

    def __init__(self, folder, name, store, *more):
        super().__init__(folder / f"{name}.log")
        self.port = free_port()
        self.store, self.more = store, more

    def command(self):
        return [
            str(find_binary()), "serve", "--listen", f"127.0.0.1:{self.port}",
            "--store", self.store, "--settle", "100ms", *self.more,
        ]  # fmt: skip

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
        except (OSError, http.client.HTTPException) as error:
            return None, {"problem": str(error)}

    def request(self, method, path, body=None, headers=None, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def call(self, operation, timeout=10, **body):
        """An API call; without accounts in the configuration signatures are not verified."""
        scope = "111122223333/20260101/us-east-1/directconnect/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"OvertureService.{operation}",
            "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, "
            f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
        }
        return self.request("POST", "/", json.dumps(body), headers, timeout)

    def insist(self, operation, **body):
        """Until it is answered with 200."""
        answers = []

        def done():
            answers.append(self.call(operation, **body))
            return answers[-1][0] == 200

        try:
            until(done, operation)
        except AssertionError as error:
            raise AssertionError(f"{error}: {answers[-1]}") from None
        return answers[-1][1]


def missing():
    """What is not installed, by name."""
    programs = [name for name in ("etcd", "etcdctl") if shutil.which(name) is None]
    return ", ".join(programs)
