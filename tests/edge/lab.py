"""Namespaces, cables and customers' routers around a service that really forwards packets.

    customer -- VLAN -- cpe --cableN-- edge --uplinkN-- network behind a gateway

`cpe` stands for the customers' switches: cables end there, each VLAN of one goes to a customer's namespace.
The service runs in `edge`; this process's thread moves there, so that it reaches the API on the loopback.
"""

import ctypes
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CLONE_NEWNET = 0x40000000
PREFIX = "dmctest-"
FRR = pathlib.Path("/usr/lib/frr")


def missing():
    """Why these tests cannot run here; None when they can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "tc", "nsenter", "bird", "birdc", "clang", "ping"):
        if shutil.which(program) is None:
            return f"needs {program}"
    return None


def has_macsec():
    """Whether the kernel of this machine can encrypt ports."""
    if missing() is not None:
        return False
    name = f"{PREFIX}probe"
    run("ip", "netns", "add", name, check=False)
    try:
        words = ["ip", "-n", name, "link", "add"]
        made = [[*words, "port", "type", "veth", "peer", "name", "far"],
                [*words, "link", "port", "macsec0", "type", "macsec", "cipher", "gcm-aes-256"]]
        return all(subprocess.run(one, capture_output=True).returncode == 0 for one in made)
    finally:
        run("ip", "netns", "del", name)


def missing_program(name):
    return shutil.which(name) is None


def run(*words, check=True, timeout=60):
    done = subprocess.run(words, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: {done.stderr or done.stdout}")
    return done.stdout


def within(name, *words):
    """A command line that runs in one of our namespaces."""
    return ("nsenter", f"--net=/run/netns/{PREFIX}{name}", *words)


def inside(name, *words, check=True):
    return run(*within(name, *words), check=check)


def ip(name, *words, check=True):
    return run("ip", "-n", PREFIX + name, *words, check=check)


def enter(namespace):
    """Moves this thread, and what it starts, into an open namespace."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def namespaces(prefix):
    return sorted(line.split()[0] for line in run("ip", "netns").splitlines() if line.startswith(prefix))


def until(what, condition, seconds=20, every=0.05):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)


def never(what, condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not condition(), what
        time.sleep(0.1)


def ping(name, target, source=None, count=2, size=None):
    """Whether every packet comes back."""
    words = ["ping", "-c", str(count), "-i", "0.1", "-W", "1"]
    words += ["-I", source] if source else []
    words += ["-M", "do", "-s", str(size)] if size else []
    done = inside(name, *words, target, check=False)
    return ", 0% packet loss" in done


def python(name, script, *arguments):
    """Starts a script of ours in a namespace."""
    return subprocess.Popen(within(name, "python3", str(HERE / script), *map(str, arguments)),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def toml(value):
    """A value on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def received(name, device):
    """Packets that came in by an interface."""
    shown = json.loads(run("ip", "-s", "-j", "-n", PREFIX + name, "link", "show", "dev", device))
    return shown[0]["stats64"]["rx"]["packets"]


class Lab:
    """One edge and what is around it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.bindings = self.directory / "bindings.toml"
        self.ports = {}
        self.uplinks = {}
        self.routers = []
        #: By a customer's interface, what the VLAN is at the switch.
        self.cpe = {}
        self.numbers = itertools.count(1)
        self.write_bindings()

    def __enter__(self):
        self.clear()
        for name in ("edge", "cpe"):
            self.namespace(name)
        self.home = open("/proc/thread-self/ns/net")
        with open(f"/run/netns/{PREFIX}edge") as edge:
            enter(edge)
        return self

    def __exit__(self, *_):
        self.stop_routers()
        enter(self.home)
        self.home.close()
        self.clear()

    def stop_routers(self):
        for router in self.routers:
            router.stop()
        self.routers.clear()

    def forget(self):
        """Takes away cables, networks and customers, so that the next test begins with none."""
        self.stop_routers()
        for name in namespaces(PREFIX):
            if name not in (PREFIX + "edge", PREFIX + "cpe"):
                run("ip", "netns", "del", name)
        for interface in self.ports:
            run("ip", "link", "del", interface, check=False)
        self.ports.clear()
        self.uplinks.clear()
        self.write_bindings()

    def clear(self):
        for name in namespaces(PREFIX) + namespaces("dmc-"):
            run("ip", "netns", "del", name, check=False)

    def namespace(self, name):
        """Makes a namespace unless it is there."""
        if PREFIX + name not in namespaces(PREFIX):
            run("ip", "netns", "add", PREFIX + name)
            ip(name, "link", "set", "lo", "up")
            inside(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                   "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                   "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0",
                   "net.ipv4.fib_multipath_hash_policy=1", "net.ipv6.fib_multipath_hash_policy=1",
                   "net.ipv6.route.max_size=1000000")
        return name

    # ----- the service's side -----

    def write_bindings(self):
        text = ""
        for interface, (device, connection) in self.ports.items():
            text += f'[[port]]\ndevice = "{device}"\ninterface = "{interface}"\n'
            text += f'connection = "{connection}"\n' if connection else ""
        for interface, uplink in self.uplinks.items():
            text += f'[[uplink]]\ninterface = "{interface}"\n'
            text += "".join(f"{key} = {toml(value)}\n" for key, value in uplink.items())
        scratch = self.bindings.with_suffix(".new")
        scratch.write_text(text)
        scratch.rename(self.bindings)

    def cable(self, device, connection=None):
        """Plugs a cable into a new port of a device; its number."""
        number = next(self.numbers)
        run("ip", "link", "add", f"port{number}", "mtu", "9100", "netns", PREFIX + "edge", "type", "veth",
            "peer", "name", f"cable{number}", "mtu", "9100", "netns", PREFIX + "cpe")
        inside("cpe", "sysctl", "-qw", f"net.ipv6.conf.cable{number}.disable_ipv6=1")
        inside("cpe", "tc", "qdisc", "add", "dev", f"cable{number}", "clsact")
        ip("cpe", "link", "set", f"cable{number}", "up")
        self.ports[f"port{number}"] = (device, connection)
        self.write_bindings()
        return number

    def unplug(self, cable, *, plug=False):
        ip("cpe", "link", "set", f"cable{cable}", "up" if plug else "down")

    def connected(self, account, **more):
        """An available connection with a cable: its id and the cable's number."""
        connection = account.connection(wait=None, **more)["connectionId"]
        device = until("a place for the port", lambda: account.show_connection(connection).get("awsDeviceV2"))
        cable = self.cable(device, connection)
        account.wait_connection(connection, "available")
        return connection, cable

    def uplink(self, gateway, *hosts, **more):
        """Binds a network of its own to a gateway; the name of its namespace. Hosts are interfaces like
        `10.40.1.1/16`."""
        number = next(self.numbers)
        name = self.namespace(f"net{number}")
        run("ip", "link", "add", f"uplink{number}", "mtu", "9001", "netns", PREFIX + "edge", "type", "veth",
            "peer", "name", "edge", "mtu", "9001", "netns", PREFIX + name)
        ip(name, "link", "set", "edge", "up")
        ip(name, "addr", "add", f"10.255.{number}.2/30", "dev", "edge")
        ip(name, "addr", "add", f"fd00:255:{number}::2/126", "dev", "edge", "nodad")
        for host in hosts:
            ip(name, "addr", "add", host, "dev", "lo", *(["nodad"] if ":" in host else []))
        for family, via in (("-4", f"10.255.{number}.1"), ("-6", f"fd00:255:{number}::1")):
            own = [host.split("/")[0] for host in hosts if (":" in host) == (family == "-6")]
            ip(name, family, "route", "add", "default", "via", via, *(["src", own[0]] if own else []))
        self.uplinks[f"uplink{number}"] = {
            "gateway": gateway,
            "addresses": [f"10.255.{number}.1/30", f"fd00:255:{number}::1/126"],
            "next_hops": [f"10.255.{number}.2", f"fd00:255:{number}::2"],
            **more,
        }
        self.write_bindings()
        return name

    # ----- the customers' side -----

    def site(self, name, cable, vlan, *addresses, hosts=(), mtu=1500):
        """A VLAN of a cable as an interface of a customer's namespace; the name of the interface."""
        self.namespace(name)
        number = next(self.numbers)
        near, far = f"v{number}", f"vlan{number}"
        self.cpe[far] = near
        run("ip", "link", "add", near, "mtu", "9100", "netns", PREFIX + "cpe", "type", "veth",
            "peer", "name", far, "mtu", str(mtu), "netns", PREFIX + name)
        inside("cpe", "sysctl", "-qw", f"net.ipv6.conf.{near}.disable_ipv6=1")
        inside("cpe", "tc", "qdisc", "add", "dev", near, "clsact")
        index = {link["ifname"]: link["ifindex"] for link in json.loads(run("ip", "-j", "-n", PREFIX + "cpe", "link"))}
        self.filter(near, 1, ["-DPUSH", f"-DTO={index[f'cable{cable}']}", f"-DVLAN={vlan}"])
        self.filter(f"cable{cable}", number, [f"-DTO={index[near]}", f"-DVLAN={vlan}"])
        ip("cpe", "link", "set", near, "up")
        ip(name, "link", "set", far, "up")
        for address in addresses:
            ip(name, "addr", "add", address, "dev", far, *(["nodad"] if ":" in address else []))
        for host in hosts:
            ip(name, "addr", "replace", host, "dev", "lo", *(["nodad"] if ":" in host else []))
        return far

    def filter(self, device, priority, flags):
        built = self.directory / f"{device}-{priority}.o"
        include = f"-I/usr/include/{os.uname().machine}-linux-gnu"
        run("clang", "-O2", "-g", "-target", "bpf", include, *flags,
            "-c", str(HERE / "customer.bpf.c"), "-o", str(built))
        inside("cpe", "tc", "filter", "add", "dev", device, "ingress", "prio", str(priority), "handle", "1",
               "bpf", "da", "obj", str(built), "sec", "classifier")

    def start(self, router):
        router.start(self.directory)
        self.routers.append(router)
        return router


class Session:
    """One BGP session as a customer's router has it."""

    def __init__(self, peer, *, key=None, bfd=False, announce=(), prepend=0, communities=(), hold=None, name=None):
        """`peer` is a BGP peer as the API shows it, in its virtual interface: see `session`."""
        self.own, self.neighbor = peer["own"], peer["neighbor"]
        self.asn, self.neighbor_asn = peer["asn"], peer["neighbor_asn"]
        self.key = key or peer["key"]
        self.bfd, self.announce, self.prepend = bfd, list(announce), prepend
        self.communities, self.hold, self.name = list(communities), hold, name

    @property
    def ipv6(self):
        return ":" in self.own


def session(vif, family="ipv4", **more):
    """The customer's side of a peer of a virtual interface that the API describes."""
    peer = next(p for p in vif["bgpPeers"] if p["addressFamily"] == family)
    described = {
        "own": peer["customerAddress"].split("/")[0],
        "neighbor": peer["amazonAddress"].split("/")[0],
        "asn": peer["asn"],
        "neighbor_asn": vif["amazonSideAsn"],
        "key": peer["authKey"],
    }
    return Session(described, **more)


class Moment:
    """A time of day as BIRD shows it. It reckons that anew at each look, so it wanders with a clock that is adjusted."""

    WANDERS = 0.25

    def __init__(self, shown):
        self.shown = shown

    def __eq__(self, other):
        if not isinstance(other, Moment):
            return NotImplemented
        if ":" not in self.shown or ":" not in other.shown:
            return self.shown == other.shown
        return abs(self.seconds() - other.seconds()) < self.WANDERS

    def __repr__(self):
        return self.shown

    def seconds(self):
        hours, minutes, seconds = self.shown.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


class Bird:
    """BIRD in a customer's namespace. Sessions are named s0, s1, ... unless they have names."""

    def __init__(self, name, *sessions, router_id=None, ecmp=True, program_kernel=True):
        self.name, self.sessions, self.ecmp = name, list(sessions), ecmp
        self.router_id = router_id or next((s.own for s in sessions if not s.ipv6), "192.0.2.1")
        self.program_kernel = program_kernel
        for index, one in enumerate(self.sessions):
            one.name = one.name or f"s{index}"

    def config(self):
        merge = "merge paths on;" if self.ecmp else ""
        text = f"router id {self.router_id};\nprotocol device {{ scan time 1; }}\n"
        if self.program_kernel:
            source = {"4": self.host("."), "6": self.host(":")}
            for family in "46":
                prefer = f"krt_prefsrc = {source[family]};" if source[family] else ""
                text += (f"protocol kernel {{ ipv{family} {{ export filter {{ if source != RTS_BGP then reject; "
                         f"{prefer} accept; }}; }}; {merge} }}\n")
        if any(one.bfd for one in self.sessions):
            text += ('protocol bfd { interface "*" { min rx interval 300 ms; min tx interval 300 ms; '
                     'multiplier 3; }; }\n')
        for family, mark in (("4", "."), ("6", ":")):
            wanted = sorted({p for one in self.sessions for p in one.announce if mark in p})
            routes = "".join(f" route {prefix} blackhole;" for prefix in wanted)
            # The hosts themselves are on the loopback, which is more specific.
            text += f"protocol static {{ ipv{family};{routes} }}\n"
        return text + "".join(self.protocol(one) for one in self.sessions)

    def host(self, mark):
        """The first host of ours: the source of what this router sends itself."""
        shown = run("ip", "-j", "-n", PREFIX + self.name, "addr", "show", "dev", "lo")
        found = [a["local"] for a in json.loads(shown)[0]["addr_info"]
                 if mark in a["local"] and a["local"] not in ("127.0.0.1", "::1")]
        return found[0] if found else None

    def protocol(self, one):
        export = "reject;"
        if one.announce:
            prefixes = ", ".join(one.announce)
            export = f"if source != RTS_STATIC || !(net ~ [ {prefixes} ]) then reject; "
            export += f"bgp_path.prepend({one.asn}); " * one.prepend
            export += "".join(f"bgp_community.add(({c.replace(':', ',')})); " for c in one.communities)
            export += "accept;"
        family = "ipv6" if one.ipv6 else "ipv4"
        hold = f"hold time {one.hold};" if one.hold is not None else ""
        return f"""
protocol bgp {one.name} {{
  local {one.own} as {one.asn};
  neighbor {one.neighbor} as {one.neighbor_asn};
  password "{one.key}"; {"bfd on;" if one.bfd else ""} {hold}
  connect delay time 1; connect retry time 1; error wait time 1, 2; allow local as 3;
  {family} {{ import all; export filter {{ {export} }}; }};
}}
"""

    def start(self, directory):
        self.path = pathlib.Path(directory) / f"{self.name}.conf"
        self.control = pathlib.Path(directory) / f"{self.name}.ctl"
        self.path.write_text(self.config())
        run("bird", "-p", "-c", str(self.path))
        self.process = subprocess.Popen(
            within(self.name, "bird", "-f", "-c", str(self.path), "-s", str(self.control)),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("BIRD is there", self.control.exists)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.control.unlink(missing_ok=True)

    def reconfigure(self):
        self.path.write_text(self.config())
        self("configure")

    def __call__(self, *words):
        return run("birdc", "-s", str(self.control), *words, check=False)

    def established(self, name="s0"):
        return "Established" in self("show", "protocols", name)

    def flaps(self, name="s0"):
        """When the session last changed, as BIRD shows it; to be compared with another look."""
        lines = [line for line in self("show", "protocols", name).splitlines() if line.startswith(name)]
        return Moment(lines[-1].split()[4]) if lines else None

    def route(self, prefix, name=None):
        """Everything known of a prefix, as text; empty when there is no route."""
        words = ["protocol", name] if name else []
        shown = self("show", "route", *words, prefix, "all")
        return shown if "BGP.as_path" in shown else ""

    def routes(self, name="s0"):
        """Prefixes learned by a session."""
        shown = self("show", "route", "protocol", name).splitlines()
        return sorted({line.split()[0] for line in shown if "/" in line.split(" ")[0]})

    def as_path(self, prefix, name=None):
        for line in self.route(prefix, name).splitlines():
            if "BGP.as_path:" in line:
                return line.split(":", 1)[1].strip()
        return None


class Frr:
    """FRR in a customer's namespace: zebra, bfdd and bgpd."""

    def __init__(self, name, *sessions):
        self.name, self.sessions = name, list(sessions)

    def config(self):
        first = self.sessions[0]
        text = f"router bgp {first.asn}\n bgp router-id {first.own}\n no bgp ebgp-requires-policy\n"
        text += " no bgp network import-check\n no bgp default ipv4-unicast\n"
        for one in self.sessions:
            text += f" neighbor {one.neighbor} remote-as {one.neighbor_asn}\n"
            text += f" neighbor {one.neighbor} password {one.key}\n"
            text += f" neighbor {one.neighbor} timers connect 1\n"
            text += f" neighbor {one.neighbor} bfd\n" if one.bfd else ""
        for family in ("ipv4", "ipv6"):
            ours = [one for one in self.sessions if one.ipv6 == (family == "ipv6")]
            if ours:
                networks = "".join(f"  network {p}\n" for one in ours for p in one.announce)
                active = "".join(f"  neighbor {one.neighbor} activate\n" for one in ours)
                text += f" address-family {family} unicast\n{networks}{active} exit-address-family\n"
        return text

    def start(self, directory):
        # FRR's daemons become another user; pytest's directories are root's alone.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="dmctest-frr-"))
        config = self.directory / "frr.conf"
        config.write_text(self.config())
        run("chown", "-R", "frr:frrvty", str(self.directory))
        self.processes = []
        for daemon in ("zebra", "bfdd", "bgpd"):
            more = ["--bfdctl", f"{self.directory}/bfdd.sock"] if daemon == "bfdd" else []
            self.processes.append(subprocess.Popen(
                within(self.name, str(FRR / daemon), "-f", str(config), "-i", f"{self.directory}/{daemon}.pid",
                       "--vty_socket", str(self.directory), "-z", f"{self.directory}/zserv.api", "-A", "127.0.0.1",
                       "-P", "0", *more),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            until(f"{daemon} is there", (self.directory / f"{daemon}.vty").exists)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
        shutil.rmtree(self.directory)

    def __call__(self, command):
        return inside(self.name, "vtysh", "--vty_socket", str(self.directory), "-c", command, check=False).replace(
            '": "', '":"')


class GoBgp:
    """GoBGP in a customer's namespace; it leaves the kernel alone."""

    def __init__(self, name, *sessions):
        self.name, self.sessions = name, list(sessions)

    def start(self, directory):
        first = self.sessions[0]
        text = f'[global.config]\nas = {first.asn}\nrouter-id = "{first.own}"\n'
        for one in self.sessions:
            family = "ipv6" if one.ipv6 else "ipv4"
            text += (f'[[neighbors]]\n[neighbors.config]\nneighbor-address = "{one.neighbor}"\n'
                     f'peer-as = {one.neighbor_asn}\nauth-password = "{one.key}"\n'
                     "[neighbors.timers.config]\nconnect-retry = 1\n"
                     f'[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = "{family}-unicast"\n')
        path = pathlib.Path(directory) / f"{self.name}.toml"
        path.write_text(text)
        self.process = subprocess.Popen(
            within(self.name, "gobgpd", "-f", str(path), "-t", "toml", "--api-hosts", "127.0.0.1:50051"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def announce(self):
        for one in self.sessions:
            for prefix in one.announce:
                self("global", "rib", "add", "-a", "ipv6" if one.ipv6 else "ipv4", prefix)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def __call__(self, *words):
        return inside(self.name, "gobgp", *words, check=False)
