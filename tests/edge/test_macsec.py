"""MACsec: ports that agree on keys with wpa_supplicant, and what passes them.

Where the kernel has no MACsec these tests run in a virtual machine whose kernel has it.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

import machine
from lab import PREFIX, Bird, has_macsec, inside, ip, ping, python, run, session, until, within
from objects import state, vpc_gateway
from router import edge
from support.account import Account
from support.server import Server, find_binary
from test_restart import gap

HERE = pathlib.Path(__file__).resolve().parent
SITE, HOST = "192.168.77.1", "10.40.1.1"
CKN, CAK = "ab" * 32, "cd" * 32
MACSEC, MKA, VLAN = 0x88E5, 0x888E, 0x8100
#: Seconds: emulated processors are slow, and a peer is believed for six.
SLOW = 40

HERE_IS_MACSEC = has_macsec()
needs_macsec = pytest.mark.skipif(not HERE_IS_MACSEC, reason="this kernel has no MACsec: see test_in_a_virtual_machine")
needs_supplicant = pytest.mark.skipif(shutil.which("wpa_supplicant") is None, reason="wpa_supplicant is not installed")


@pytest.mark.skipif(HERE_IS_MACSEC, reason="this kernel has MACsec: no other is needed")
@needs_supplicant
def test_in_a_virtual_machine():
    reason = machine.missing()
    if reason is None:
        try:
            machine.kernel()
        except machine.NoKernel as error:
            reason = str(error)
    if reason is not None:
        pytest.skip(reason)
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "VIRTUAL_ENV", "PYTHONPATH")}
    # A shim in front of Python takes seconds there.
    environment["PATH"] = f"{pathlib.Path(sys.executable).parent}:{environment['PATH']}"
    environment |= {"DEMARC_BIN": str(pathlib.Path(find_binary()).resolve()), "PYTHONDONTWRITEBYTECODE": "1",
                    # Its own: what is in /tmp is this machine's, and perhaps the checkout.
                    "DEMARC_PATIENCE": "4", "TMPDIR": "/run"}
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-x", str(HERE / "test_macsec.py"), "--durations=9"]
    status, output = machine.run(command, seconds=560, environment=environment,
                                 say=lambda line: print(line, end="", flush=True))
    assert status == 0 and " passed" in output, f"exit status {status}"


class Customer:
    """The far end of a cable: wpa_supplicant over it, and a VLAN over MACsec or over the cable."""

    def __init__(self, lab, cable):
        self.lab, self.cable, self.name = lab, f"cable{cable}", "a"
        lab.namespace(self.name)
        run("ip", "-n", PREFIX + "cpe", "link", "set", self.cable, "netns", PREFIX + self.name)
        # The lower address is the key server where nobody has a better priority: that is the edge.
        run("ip", "link", "set", f"port{cable}", "address", f"02:00:00:00:01:{cable:02x}")
        ip(self.name, "link", "set", self.cable, "down", "address", f"02:00:00:00:02:{cable:02x}")
        inside(self.name, "sysctl", "-qw", f"net.ipv6.conf.{self.cable}.disable_ipv6=1")
        ip(self.name, "link", "set", self.cable, "up")
        ip(self.name, "addr", "replace", f"{SITE}/32", "dev", "lo")
        self.process = None

    def agree(self, ckn=CKN, cak=CAK, priority=255):
        """Starts key agreement."""
        self.stop()
        folder = self.lab.directory / "wpa"
        folder.mkdir(exist_ok=True)
        config = folder / f"{self.cable}.conf"
        config.write_text(f"ctrl_interface={folder}\nap_scan=0\neapol_version=3\nnetwork={{\n key_mgmt=NONE\n"
                          " eapol_flags=0\n macsec_policy=1\n macsec_replay_protect=1\n"
                          f" mka_ckn={ckn}\n mka_cak={cak}\n mka_priority={priority}\n}}\n")
        cipher = folder / "cipher.so"
        if not cipher.exists():
            run("clang", "-O2", "-shared", "-fPIC", "-o", str(cipher), str(HERE / "cipher.c"))
        inside(self.name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        self.log = (folder / f"{self.cable}.log").open("w")
        self.process = subprocess.Popen(
            within(self.name, "wpa_supplicant", "-D", "macsec_linux", "-i", self.cable, "-c", str(config), "-dd"),
            env={**os.environ, "LD_PRELOAD": str(cipher)}, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def status(self):
        shown = inside(self.name, "wpa_cli", "-p", str(self.lab.directory / "wpa"), "-i", self.cable, "status", check=False)
        return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def vlan(self, over, number, address):
        """The VLAN as an interface over MACsec or over the cable."""
        ip(self.name, "link", "del", "vlan", check=False)
        ip(self.name, "link", "add", "link", over, "name", "vlan", "mtu", "1500", "type", "vlan", "id", str(number))
        for interface in (over, "vlan"):
            ip(self.name, "link", "set", interface, "up")
        ip(self.name, "addr", "add", address, "dev", "vlan")

    def wire(self):
        return Wire(self.name, self.cable)


class Wire:
    """Types of the frames that pass a cable while this is entered."""

    SCRIPT = """
import json, select, socket, sys
seen = {}
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((sys.argv[1], 0))
wire.setsockopt(263, 8, 1)
print("ready", flush=True)
while sys.stdin not in select.select([wire, sys.stdin], [], [])[0]:
    frame, more, _, _ = wire.recvmsg(2048, 256)
    kind = int.from_bytes(frame[12:14], "big")
    tagged = any(int.from_bytes(data[0:4], "little") & 0x10 for _, _, data in more)
    kind = 0x8100 if tagged else kind
    seen[kind] = seen.get(kind, 0) + 1
print(json.dumps(seen))
"""

    def __init__(self, name, interface):
        self.command = within(name, sys.executable, "-c", self.SCRIPT, interface)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=30)
        self.seen = {int(kind): count for kind, count in json.loads(out).items()}


@pytest.fixture(scope="module")
def place(lab, tmp_path_factory):
    """A service whose state outlives it, a port with MACsec, and the customer at its other end."""
    arguments = ("--fabric", "linux", "--bindings", str(lab.bindings))
    data = tmp_path_factory.mktemp("data") / "data"
    with Server(*arguments, storage=("--data", str(data))) as server:
        place = Place(lab, server)
        yield place
        print(place.customer.status(), run("ip", "macsec", "show"))
        place.customer.stop()
        lab.stop_routers()
        print(server.log())


class Place:
    def __init__(self, lab, server):
        self.lab, self.server, self.account = lab, server, Account(server)
        self.connection, self.cable = lab.connected(self.account, bandwidth="10Gbps", macsec=True)
        self.customer = Customer(lab, self.cable)
        gateway, _, _ = vpc_gateway(self.account, lab)
        made = self.account.private_vif(self.connection, wait=None, directConnectGatewayId=gateway, vlan=101, asn=65_001,
                                        authKey="correct-horse", amazonAddress="169.254.1.1/30",
                                        customerAddress="169.254.1.2/30")
        self.vif = made["virtualInterfaceId"]
        self.shown = self.account.show_vif(self.vif)
        self.bird = None

    def status(self):
        return self.account.show_connection(self.connection)["portEncryptionStatus"]

    def until_encrypted(self, up=True):
        wanted = "Encryption Up" if up else "Encryption Down"
        until(wanted, lambda: self.status() == wanted, seconds=SLOW)

    def said(self):
        """What the edge says of the port."""
        return next(port for port in edge(self.server)["ports"] if port["connection"] == self.connection)["macSec"]

    def until_reason(self, text):
        until(text, lambda: text in self.said().get("reason", ""), seconds=SLOW)

    def mode(self, mode):
        self.account.dx.update_connection(connectionId=self.connection, encryptionMode=mode)

    def associate(self, ckn=CKN, cak=CAK):
        answer = self.account.dx.associate_mac_sec_key(connectionId=self.connection, ckn=ckn, cak=cak)
        return answer["macSecKeys"][-1]["secretARN"]

    def keys(self):
        keys = self.account.show_connection(self.connection)["macSecKeys"]
        return {key["ckn"]: key["state"] for key in keys}

    def route(self):
        if self.bird is None:
            self.bird = self.lab.start(Bird("a", session(self.shown, announce=["192.168.77.0/24"])))
        until("packets there and back", lambda: ping("a", HOST, SITE), seconds=SLOW)

    def watch(self, seconds):
        """The longest time without an answer of the edge, which needs no route."""
        return python("a", "gap.py", "169.254.1.1", seconds)

    def interface(self):
        links = json.loads(run("ip", "-j", "link"))
        return next((link for link in links if link["ifname"].startswith("dmcm")), None)


@needs_macsec
@needs_supplicant
class TestMacSec:
    """In this order: each goes on from the one before."""

    def test_without_a_key_a_port_that_should_encrypt_is_in_the_clear(self, place):
        place.customer.vlan(place.customer.cable, 101, "169.254.1.2/30")
        place.route()
        assert place.status() == "Encryption Down"
        assert "no MACsec key" in place.said()["reason"]
        assert place.interface() is None

    def test_with_a_key_and_nobody_who_agrees_it_stays_in_the_clear(self, place):
        place.secret = place.associate()
        until("the edge has the key", lambda: place.keys() == {CKN: "associated"}, seconds=SLOW)
        place.until_reason("no MKA peer")
        assert ping("a", HOST, SITE) and place.status() == "Encryption Down"

    def test_another_key_does_not_agree_and_a_port_that_must_encrypt_carries_nothing(self, place):
        place.customer.agree(cak="ce" * 32)
        place.until_reason("another CAK")
        assert ping("a", HOST, SITE), "it should encrypt, and need not"
        place.mode("must_encrypt")
        until("nothing in the clear", lambda: state(place.account, place.vif) == "down"
              and not ping("a", HOST, SITE, count=1), seconds=SLOW)
        assert place.account.show_connection(place.connection)["connectionState"] == "down"
        with place.customer.wire() as wire:
            assert not ping("a", "169.254.1.1", count=2)
        assert set(wire.seen) <= {MKA, VLAN}, wire.seen

    def test_the_same_key_encrypts_everything(self, place):
        place.customer.agree()
        place.until_encrypted()
        place.customer.vlan("macsec0", 101, "169.254.1.2/30")
        place.route()
        until("available", lambda: state(place.account, place.vif) == "available")
        assert place.account.show_connection(place.connection)["connectionState"] == "available"
        said = place.said()
        assert (said["ckn"], said["cipher"], said["encrypted"]) == (CKN, "GCM-AES-256", True), said
        with place.customer.wire() as wire:
            assert ping("a", HOST, SITE, count=10)
            assert ping("a", HOST, SITE, size=1472)
        assert set(wire.seen) <= {MACSEC, MKA} and wire.seen[MACSEC] >= 24, wire.seen
        counted = lambda: place.said()["counters"]  # noqa: E731
        until("counted", lambda: min(counted()["inAccepted"], counted()["outEncrypted"]) > 20, seconds=10)
        shown = place.server.operator("GET", f"/_demarc/v1/connections/{place.connection}/intent")
        assert CAK not in json.dumps(shown) and CKN in json.dumps(shown)

    def test_frames_in_the_clear_are_dropped_while_it_is_encrypted(self, place):
        strays = lambda: edge(place.server)["ports"][0]["drops"]["unknownVlan"]  # noqa: E731
        before = strays()
        ip("a", "link", "add", "link", place.customer.cable, "name", "clear", "type", "vlan", "id", "101")
        ip("a", "link", "set", "clear", "up")
        ip("a", "neigh", "replace", "169.254.1.1", "lladdr", "02:00:00:00:01:01", "dev", "clear")
        ip("a", "route", "add", "169.254.1.1/32", "dev", "clear", "metric", "1")
        assert not ping("a", "169.254.1.1", "169.254.1.2", count=5)
        ip("a", "link", "del", "clear")
        until("they are counted as strays", lambda: strays() >= before + 5, seconds=10)
        assert ping("a", HOST, SITE)

    def test_what_somebody_undoes_comes_back(self, place):
        link = place.interface()
        name = link["ifname"]
        sci = run("ip", "macsec", "show", name).split("RXSC: ")[1][:16]
        for undo in (["link", "set", name, "down"], ["link", "set", name, "mtu", "1400"],
                     ["macsec", "del", name, "rx", "sci", sci]):
            run("ip", *undo)
            until(f"back after {undo}", lambda: ping("a", HOST, SITE), seconds=SLOW)
        # With the same key the packet numbers must not begin again.
        sends = lambda: re.search(r"^ +(\d): PN (\d+), state on", run("ip", "macsec", "show", name), re.M)  # noqa: E731
        association, sent = sends().groups()
        run("ip", "macsec", "set", name, "tx", "sa", association, "off")
        run("ip", "macsec", "del", name, "tx", "sa", association)
        until("back", lambda: ping("a", HOST, SITE), seconds=SLOW)
        again = sends().groups()
        assert again[0] == association and int(again[1]) >= int(sent) + 2**28, (association, sent, again)
        assert place.interface()["ifindex"] == link["ifindex"] and place.interface()["mtu"] == link["mtu"]
        assert place.status() == "Encryption Up"

    def test_a_killed_edge_leaves_frames_encrypted_and_its_successor_takes_over(self, place):
        before = place.interface()["ifindex"]
        watching = place.watch(6)
        time.sleep(3)
        place.server.kill()
        with place.customer.wire() as wire:
            assert gap(watching) < 1
        assert set(wire.seen) <= {MACSEC, MKA} and wire.seen[MACSEC] > 20, wire.seen
        place.server.start()
        place.account = Account(place.server, place.account.id)
        place.until_encrypted()
        assert place.interface()["ifindex"] == before
        until("packets", lambda: ping("a", HOST, SITE), seconds=SLOW)

    def test_keys_come_and_go_while_frames_pass(self, place):
        other = place.associate(ckn="ef" * 32, cak="12" * 32)
        watching = place.watch(4)
        until("both", lambda: set(place.keys().values()) == {"associated"}, seconds=SLOW)
        assert gap(watching) < 1, "a key that nobody else has changes nothing"
        place.customer.agree(ckn="ef" * 32, cak="12" * 32)
        until("the new key", lambda: place.said().get("ckn") == "ef" * 32 and place.status() == "Encryption Up", seconds=SLOW)
        # The interface is another one.
        place.customer.vlan("macsec0", 101, "169.254.1.2/30")
        until("packets", lambda: ping("a", "169.254.1.1"), seconds=SLOW)
        watching = place.watch(4)
        time.sleep(2)
        place.account.dx.disassociate_mac_sec_key(connectionId=place.connection, secretARN=place.secret)
        assert gap(watching) < 1
        place.secret = other

    def test_without_keys_nothing_of_it_is_left(self, place):
        place.account.dx.disassociate_mac_sec_key(connectionId=place.connection, secretARN=place.secret)
        place.until_encrypted(False)
        place.customer.stop()
        place.customer.vlan(place.customer.cable, 101, "169.254.1.2/30")
        until("in the clear", lambda: ping("a", HOST, SITE), seconds=SLOW)
        until("no MACsec interface is left", lambda: place.interface() is None, seconds=SLOW)
