"""`demarc edge` under test: the router of one device, in a process of its own."""

import os
import subprocess
import threading

from lab import until
from support.server import find_binary


class Router:
    """Use as a context manager; `kill` and `start` come and go in between."""

    def __init__(self, lab, server, device, *, state, token=None, before=()):
        self.before = list(before)
        self.arguments = ["--device", device, "--server", server.url, "--bindings", str(lab.bindings),
                          "--state", str(state)]
        self.arguments += ["--token-file", str(token)] if token else []
        self.output = []
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=10)
        print("".join(self.output))

    def start(self):
        command = [*self.before, str(find_binary()), "edge", *self.arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=os.environ)
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ended(self):
        """Its exit status; it has to end by itself."""
        until("the edge ends", lambda: self.process.poll() is not None)
        return self.process.returncode

    def _read(self, process):
        for line in process.stdout:
            self.output.append(line)


def edge(server, device=None):
    """What the operator API says of the edge of a device, or of the only one."""
    found = server.operator("GET", "/_demarc/v1/edges")["edges"]
    found = [one for one in found if device in (None, one["device"])]
    return found[0] if found else {"state": "none", "faults": [], "foreign": []}


def faults(server, device=None):
    return {fault["subject"]: fault["message"] for fault in edge(server, device)["faults"]}


def faults_of(server, subject):
    """What the edges say of one subject, whichever device it is of; nothing: it is well."""
    edges = server.operator("GET", "/_demarc/v1/edges")["edges"]
    found = {fault["message"] for one in edges for fault in one["faults"] if fault["subject"] == subject}
    return "; ".join(sorted(found))
