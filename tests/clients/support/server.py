"""A `demarc serve` process under test, and its operator API."""

import json
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[3]
LISTENING = re.compile(r"listening on (https?://[^\s\"]+)")


def find_binary():
    """DEMARC_BIN, else the newest build in the target directory; None if there is none."""
    named = os.environ.get("DEMARC_BIN")
    if named:
        return pathlib.Path(named)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [target / profile / "demarc" for profile in ("release", "debug")]
    built = [path for path in built if path.is_file()]
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


def new_store():
    """Where a server keeps its state: in memory, or in the etcd cluster that DEMARC_CLIENTS_STORE names."""
    etcd = os.environ.get("DEMARC_CLIENTS_STORE")
    return ("--store", f"{etcd.rstrip('/')}/{uuid.uuid4()}") if etcd else ("--ephemeral",)


class OperatorError(Exception):
    """The operator API answered with an error status."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Server:
    """One process. Use as a context manager: leaving stops it by its pid."""

    def __init__(self, *arguments, settle="0", storage=None, environment=None):
        self.arguments = ["--settle", str(settle), *(storage or new_store()), *arguments]
        self.environment = environment or {}
        self.output = []
        self.url = None
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        binary = find_binary()
        if binary is None:
            raise FileNotFoundError("no demarc binary: run `cargo build -p demarc` or set DEMARC_BIN")
        self.url = None
        self.process = subprocess.Popen(
            [str(binary), "serve", "--listen", "127.0.0.1:0", *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **self.environment},
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self._until(lambda: self.url is not None, "did not say where it listens")
        self._until(self._healthy, "did not become healthy")

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self):
        """SIGKILL: no chance to write anything."""
        self.process.kill()
        self.process.wait()

    def log(self):
        return "".join(self.output)

    # ----- operator API -----

    def operator(self, method, path, body=None, timeout=10):
        """A call of the operator API; the parsed answer, or None for an empty one."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=data,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise OperatorError(error.code, error.read().decode(errors="replace")) from None
        return json.loads(text) if text.strip() else None

    def advance(self, seconds):
        """Timers fire as if this many seconds had passed."""
        self.operator("POST", "/_demarc/v1/clock/advance", {"seconds": int(seconds)})

    def link(self, connection_id, state):
        self.operator("POST", f"/_demarc/v1/connections/{connection_id}/link", {"state": state})

    def session(self, bgp_peer_id, state):
        self.operator("POST", f"/_demarc/v1/bgp-peers/{bgp_peer_id}/session", {"state": state})

    # ----- inner -----

    def _read(self, process):
        for line in process.stdout:
            self.output.append(line)
            found = LISTENING.search(line)
            if found and self.url is None:
                self.url = found.group(1).rstrip("/")

    def _healthy(self):
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _until(self, condition, problem, timeout=20):
        # More on a slow machine.
        deadline = time.monotonic() + timeout * float(os.environ.get("DEMARC_PATIENCE", "1"))
        while not condition():
            if self.process.poll() is not None:
                raise RuntimeError(f"demarc ended with {self.process.returncode}:\n{self.log()}")
            if time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"demarc {problem}:\n{self.log()}")
            time.sleep(0.01)
