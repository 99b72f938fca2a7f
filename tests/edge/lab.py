"""Namespaces, cables and a customer's router around a service that really forwards packets."""

import ctypes
import os
import pathlib
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
CLONE_NEWNET = 0x40000000
PREFIX = "dmctest-"


def missing():
    """Why these tests cannot run here; None when they can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "tc", "nsenter", "bird", "birdc", "clang", "ping"):
        if shutil.which(program) is None:
            return f"needs {program}"
    return None


def run(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


def inside(name, *words, check=True):
    return run("nsenter", f"--net=/run/netns/{PREFIX}{name}", *words, check=check)


def enter(namespace):
    """Moves this thread, and what it starts, into an open namespace."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def namespaces(prefix):
    return sorted(line.split()[0] for line in run("ip", "netns").splitlines() if line.startswith(prefix))


def until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


class Lab:
    """Customer --port0-- edge --uplink-- VPC: three namespaces; the service runs in the second."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.bindings = self.directory / "bindings.toml"
        self.bindings.write_text("")
        self.routers = []

    def __enter__(self):
        self.clear()
        for name in ("customer", "edge", "vpc"):
            run("ip", "netns", "add", PREFIX + name)
            run("ip", "-n", PREFIX + name, "link", "set", "lo", "up")
        run("ip", "link", "add", "cport", "netns", PREFIX + "customer", "type", "veth",
            "peer", "name", "port0", "netns", PREFIX + "edge")
        run("ip", "link", "add", "up0", "netns", PREFIX + "edge", "type", "veth",
            "peer", "name", "vpc0", "netns", PREFIX + "vpc")
        run("ip", "-n", PREFIX + "vpc", "link", "set", "vpc0", "up")
        run("ip", "-n", PREFIX + "vpc", "addr", "add", "10.255.0.2/30", "dev", "vpc0")
        run("ip", "-n", PREFIX + "vpc", "addr", "add", "10.40.1.1/16", "dev", "lo")
        run("ip", "-n", PREFIX + "vpc", "route", "add", "default", "via", "10.255.0.1")
        self.home = open("/proc/thread-self/ns/net")
        with open(f"/run/netns/{PREFIX}edge") as edge:
            enter(edge)
        return self

    def __exit__(self, *_):
        for router in self.routers:
            router.terminate()
            router.wait()
        enter(self.home)
        self.home.close()
        self.clear()

    def clear(self):
        for name in namespaces(PREFIX):
            run("ip", "netns", "del", name)

    def customer_vlan(self, vlan, address):
        """The customer's end of the cable carries one VLAN."""
        include = f"-I/usr/include/{os.uname().machine}-linux-gnu"
        for direction, flags in (("egress", ["-DPUSH"]), ("ingress", [])):
            built = self.directory / f"{direction}.o"
            run("clang", "-O2", "-g", "-target", "bpf", include, f"-DVLAN={vlan}", *flags,
                "-c", str(HERE / "customer.bpf.c"), "-o", str(built))
            if direction == "egress":
                inside("customer", "tc", "qdisc", "add", "dev", "cport", "clsact")
            inside("customer", "tc", "filter", "add", "dev", "cport", direction, "prio", "1", "handle", "1",
                   "bpf", "da", "obj", str(built), "sec", "classifier")
        run("ip", "-n", PREFIX + "customer", "addr", "add", address, "dev", "cport")
        run("ip", "-n", PREFIX + "customer", "link", "set", "cport", "mtu", "1500", "up")
        run("ip", "-n", PREFIX + "customer", "addr", "add", "192.168.77.1/24", "dev", "lo")

    def customer_port(self, up):
        run("ip", "-n", PREFIX + "customer", "link", "set", "cport", "up" if up else "down")

    def router(self, *, own, asn, neighbor, neighbor_asn, key):
        """Starts BIRD as the customer's router, after stopping the one before."""
        for before in self.routers:
            before.terminate()
            before.wait()
        self.routers.clear()
        path = self.directory / "bird.conf"
        path.write_text(f"""
router id {own};
protocol device {{ scan time 1; }}
protocol direct {{ ipv4; interface "lo"; }}
protocol kernel {{ ipv4 {{ export where source = RTS_BGP; }}; }}
protocol bgp aws {{
  local {own} as {asn};
  neighbor {neighbor} as {neighbor_asn};
  password "{key}";
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 {{ import all; export where net = 192.168.77.0/24; }};
}}
""")
        self.control = str(self.directory / "bird.ctl")
        self.routers.append(subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{PREFIX}customer", "bird", "-f", "-c", str(path), "-s", self.control],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def birdc(self, *words):
        return run("birdc", "-s", self.control, *words, check=False)

    def established(self):
        return "Established" in self.birdc("show", "protocols", "aws")

    def ping(self, source, target):
        done = inside("customer", "ping", "-c", "2", "-i", "0.2", "-W", "1", "-I", source, target, check=False)
        return " 0% packet loss" in done
