"""Open vSwitch as a customer's switch: a bundle of cables that speaks LACP, and VLANs of it.

It forwards in user space (`datapath_type=netdev`), so it runs on kernels without its module. Everything of it is
in a directory of its own; the daemons are those of this test alone.
"""

import itertools
import os
import pathlib
import shutil
import subprocess
import tempfile

from lab import PREFIX, inside, ip, run, until, within

SCHEMA = pathlib.Path("/usr/share/openvswitch/vswitch.ovsschema")
numbers = itertools.count(1)


def missing():
    """Why there can be no switch here; None when there can."""
    for program in ("ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovs-appctl", "ethtool"):
        if shutil.which(program) is None:
            return f"needs {program} (Debian: openvswitch-switch, ethtool)"
    if not pathlib.Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    return None


class Switch:
    """A bundle of cables in the namespace of the customers' switches."""

    def __init__(self, lab, cables, *, lacp="active", mode="balance-tcp", time="slow"):
        self.lab, self.cables = lab, list(cables)
        self.settings = {"lacp": lacp, "bond_mode": mode, "other_config:lacp-time": time}
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="dmctest-ovs-"))
        self.bridge = f"ovs{next(numbers)}"
        self.processes = []
        # User space sees what checksums are on the wire, so they have to be there.
        for cable in self.cables:
            run("ethtool", "-K", f"port{cable}", "tx", "off")
        lab.routers.append(self)
        run("ovsdb-tool", "create", str(self.directory / "conf.db"), str(SCHEMA))
        self.daemon("ovsdb-server", str(self.directory / "conf.db"), f"--remote=punix:{self.directory}/db.sock")
        until("a database", (self.directory / "db.sock").exists)
        self.set("init")
        self.daemon("ovs-vswitchd", f"unix:{self.directory}/db.sock")
        until("a switch", (self.directory / "ovs-vswitchd.ctl").exists)
        self.make(self.bridge)
        self.bundle(self.bridge, "bond", self.cables)

    def daemon(self, name, *words):
        words = within("cpe", "env", f"OVS_RUNDIR={self.directory}", name, *words,
                       f"--unixctl={self.directory}/{name}.ctl", f"--log-file={self.directory}/{name}.log",
                       "--verbose=console:off")
        self.processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL))

    def set(self, *words, wait=False):
        run("ovs-vsctl", f"--db=unix:{self.directory}/db.sock", "--timeout=20", *(() if wait else ("--no-wait",)),
            *words)

    def make(self, bridge):
        self.set("add-br", bridge, "--", "set", "bridge", bridge, "datapath_type=netdev", wait=True)

    def bundle(self, bridge, name, cables):
        members = [f"cable{cable}" for cable in cables]
        words = [f"{name}={value}" for name, value in self.settings.items()]
        if len(members) == 1:
            # It speaks LACP in bundles of two and more: the other has no link, ever.
            members.append(f"spare{next(self.lab.numbers)}")
            ip("cpe", "link", "add", members[1], "type", "veth", "peer", "name", f"{members[1]}x")
        self.set("add-bond", bridge, name, *members, *words, wait=True)

    def rebundle(self, cables=None, **settings):
        """Other members, or other settings, of the bundle: it is made anew."""
        self.settings.update(settings)
        self.set("del-port", self.bridge, "bond", wait=True)
        for cable in set(cables or ()) - set(self.cables):
            run("ethtool", "-K", f"port{cable}", "tx", "off")
        self.cables = list(cables or self.cables)
        self.bundle(self.bridge, "bond", self.cables)

    def apart(self, cable):
        """Puts a cable into another switch, with a bundle of its own."""
        self.rebundle([one for one in self.cables if one != cable])
        self.make(f"{self.bridge}x")
        self.bundle(f"{self.bridge}x", "apart", [cable])

    def site(self, name, vlan, *addresses, hosts=(), mtu=1500):
        """A VLAN of the bundle as an interface of a customer's namespace; the name of the interface."""
        self.lab.namespace(name)
        number = next(self.lab.numbers)
        near, far = f"v{number}", f"vlan{number}"
        run("ip", "link", "add", near, "mtu", "9100", "netns", PREFIX + "cpe", "type", "veth",
            "peer", "name", far, "mtu", str(mtu), "netns", PREFIX + name)
        inside("cpe", "sysctl", "-qw", f"net.ipv6.conf.{near}.disable_ipv6=1")
        inside(name, "ethtool", "-K", far, "tx", "off")
        ip("cpe", "link", "set", near, "up")
        ip(name, "link", "set", far, "up")
        for address in addresses:
            ip(name, "addr", "add", address, "dev", far)
        for host in hosts:
            ip(name, "addr", "replace", host, "dev", "lo")
        self.set("add-port", self.bridge, near, f"tag={vlan}", wait=True)
        return far

    def lacp(self):
        """By cable, what the switch says: its own state, and ours as it has it."""
        shown = run("ovs-appctl", "-t", f"{self.directory}/ovs-vswitchd.ctl", "lacp/show", check=False)
        found = {}
        for part in shown.split("\nmember: ")[1:]:
            name, _, rest = part.partition(":")
            if not name.startswith("cable"):
                continue
            lines = dict(map(str.strip, line.split(":", 1)) for line in rest.splitlines()[1:] if ":" in line)
            found[int(name.removeprefix("cable"))] = {
                "status": rest.splitlines()[0].strip(),
                "own": lines["actor state"].split(),
                "ours": lines["partner state"].split(),
                "system": lines["partner sys_id"],
                "key": int(lines["partner key"]),
                "priority": int(lines["partner sys_priority"]),
            }
        return found

    def log(self):
        return (self.directory / "ovs-vswitchd.log").read_text()

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(timeout=20)
        if os.environ.get("DEMARC_KEEP"):
            print(self.directory)
        else:
            shutil.rmtree(self.directory)
