"""A network of namespaces: each process has an address of its own, and links between them can be cut.

    hub (this thread) ── bridge 10.91.0.1 ─┬─ 10.91.0.11 ─ member
                                           └─ 10.91.0.21 ─ replica

Without root, `ip` and `nft` everything runs on loopback addresses instead, and no link can be cut.
"""

import ctypes
import os
import shutil
import subprocess

CLONE_NEWNET = 0x40000000
HUB = "10.91.0.1"

_libc = ctypes.CDLL(None, use_errno=True)


def missing():
    """Why links cannot be cut here; empty when they can."""
    if os.geteuid() != 0:
        return "not root"
    return ", ".join(name for name in ("ip", "nft") if shutil.which(name) is None)


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True)


class Network:
    """Use as a context manager, on the thread that starts all others: they and their processes inherit the hub."""

    def __init__(self):
        self.names = {}
        self.home = None

    def __enter__(self):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        _check(_libc.unshare(CLONE_NEWNET), "unshare")
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "hub", "type", "bridge")
        _run("ip", "address", "add", f"{HUB}/24", "dev", "hub")
        _run("ip", "link", "set", "hub", "up")
        return self

    def __exit__(self, *_):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)
        _check(_libc.setns(self.home, CLONE_NEWNET), "setns")
        os.close(self.home)

    def node(self, number):
        """A namespace with an address; returns the address."""
        address = f"10.91.0.{number}"
        name = self.names[address] = f"demarc-replicas-{os.getpid()}-{number}"
        _run("ip", "netns", "add", name)
        inside = ["ip", "-n", name]
        _run("ip", "link", "add", f"to{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "link", "set", f"to{number}", "master", "hub", "up")
        _run(*inside, "address", "add", f"{address}/24", "dev", "eth0")
        _run(*inside, "link", "set", "lo", "up")
        _run(*inside, "link", "set", "eth0", "up")
        rules = "add table inet cut; add set inet cut peers { type ipv4_addr; }; "
        for hook, side in (("input", "saddr"), ("output", "daddr")):
            rules += f"add chain inet cut {hook} {{ type filter hook {hook} priority 0; }}; "
            rules += f"add rule inet cut {hook} ip {side} @peers drop; "
        self.filter(address, rules)
        return address

    def inside(self, address):
        """What goes before a command that is to run there."""
        return ["ip", "netns", "exec", self.names[address]]

    def filter(self, address, rules):
        _run(*self.inside(address), "nft", rules)

    def cut(self, address, others):
        """No packet passes between this address and the others."""
        self.filter(address, f"add element inet cut peers {{ {', '.join(others)} }}")

    def mend(self, address):
        self.filter(address, "flush set inet cut peers")
