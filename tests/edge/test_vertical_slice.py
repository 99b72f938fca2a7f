"""From a call of the API to packets in the VPC: the Linux edge with BIRD as the customer's router.

Run as root: DEMARC_BIN=... pytest tests/edge
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from lab import Lab, missing, namespaces, run, until  # noqa: E402
from support.account import Account  # noqa: E402
from support.server import Server  # noqa: E402

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

OURS, THEIRS, KEY = "169.254.90.1", "169.254.90.2", "correct-horse"
SITE, HOST = "192.168.77.1", "10.40.1.1"


@pytest.fixture
def lab(tmp_path):
    with Lab(tmp_path) as lab:
        yield lab


@pytest.fixture
def server(lab):
    with Server("--fabric", "linux", "--bindings", str(lab.bindings)) as running:
        yield running
        print(running.log())


def state(account, vif):
    return account.show_vif(vif)["virtualInterfaceState"]


def peer(account, vif):
    return account.show_vif(vif)["bgpPeers"][0]


def private_interface(lab, server):
    """An account, its connection and a private virtual interface to a gateway with a VPC behind it."""
    account = Account(server)
    gateway = account.gateway(asn=64_600)["directConnectGatewayId"]
    vgw = account.vpn_gateway("10.40.0.0/16")
    account.associate(gateway, vgw)
    connection = account.connection(wait=None)["connectionId"]
    device = until("a place for the port", lambda: account.show_connection(connection).get("awsDeviceV2"))
    lab.bindings.write_text(f"""
[[port]]
device = "{device}"
interface = "port0"

[[uplink]]
gateway = "{vgw}"
interface = "up0"
addresses = ["10.255.0.1/30"]
next_hops = ["10.255.0.2"]
""")

    # A port is available when its cable is.
    lab.customer_vlan(101, f"{THEIRS}/30")
    account.wait_connection(connection, "available")
    vif = account.private_vif(
        connection, wait=None, directConnectGatewayId=gateway, vlan=101, asn=65_001, authKey=KEY,
        amazonAddress=f"{OURS}/30", customerAddress=f"{THEIRS}/30")["virtualInterfaceId"]
    return account, connection, vif


def test_the_api_is_true_of_the_wire(lab, server):
    account, connection, vif = private_interface(lab, server)

    # Without a router there is no session, and with another key neither.
    until("programmed and down", lambda: state(account, vif) == "down")
    lab.router(own=THEIRS, asn=65_001, neighbor=OURS, neighbor_asn=64_600, key="another")
    with pytest.raises(AssertionError):
        until("established with the wrong key", lab.established, seconds=4)
    assert (state(account, vif), peer(account, vif)["bgpStatus"]) == ("down", "down")

    # With the key of the API it comes up on both sides.
    lab.router(own=THEIRS, asn=65_001, neighbor=OURS, neighbor_asn=64_600, key=KEY)
    until("established", lab.established)
    until("available", lambda: state(account, vif) == "available")
    assert peer(account, vif)["bgpStatus"] == "up"
    until("the VPC at the customer", lambda: "10.40.0.0/16" in lab.birdc("show", "route"))
    shown = lab.birdc("show", "route", "10.40.0.0/16", "all")
    assert "BGP.as_path: 64600\n" in shown and f"BGP.next_hop: {OURS}" in shown
    until("packets there and back", lambda: lab.ping(SITE, HOST))

    # A failover test takes the session down, and its end brings it back.
    account.dx.start_bgp_failover_test(virtualInterfaceId=vif)
    until("down at the customer", lambda: not lab.established())
    until("testing", lambda: state(account, vif) == "testing")
    assert not lab.ping(SITE, HOST)
    account.dx.stop_bgp_failover_test(virtualInterfaceId=vif)
    until("established again", lab.established, seconds=60)
    until("available again", lambda: state(account, vif) == "available")
    until("packets again", lambda: lab.ping(SITE, HOST))

    # Pulling the cable takes the virtual interface down, whatever the hold time says.
    lab.customer_port(up=False)
    until("down without a cable", lambda: state(account, vif) == "down", seconds=3)
    assert account.show_connection(connection)["connectionState"] == "down"
    lab.customer_port(up=True)
    until("available with the cable", lambda: state(account, vif) == "available", seconds=60)

    # Deleting it leaves nothing.
    account.dx.delete_virtual_interface(virtualInterfaceId=vif)
    until("deleted", lambda: state(account, vif) == "deleted")
    until("gone at the customer", lambda: not lab.established())
    until("no namespace is left", lambda: namespaces("dmc-") == [])
    links = run("ip", "-br", "link")
    assert "dmcv" not in links and "up0" in links


def test_packets_survive_the_service_and_sessions_come_back(lab, tmp_path):
    arguments = ("--fabric", "linux", "--bindings", str(lab.bindings))
    with Server(*arguments, storage=("--data", str(tmp_path / "data"))) as server:
        account, _, vif = private_interface(lab, server)
        lab.router(own=THEIRS, asn=65_001, neighbor=OURS, neighbor_asn=64_600, key=KEY)
        until("packets there and back", lambda: lab.ping(SITE, HOST))
        server.kill()
        # The customer has heard nothing but the end of a connection; its neighbor's kernel still forwards.
        run("ip", "-n", "dmctest-customer", "route", "replace", "10.40.0.0/16", "via", OURS, "src", SITE)
        assert lab.ping(SITE, HOST)
        server.start()
        again = Account(server, account.id)
        until("available again", lambda: state(again, vif) == "available", seconds=60)
        run("ip", "-n", "dmctest-customer", "route", "del", "10.40.0.0/16", "proto", "boot", check=False)
        until("packets again", lambda: lab.ping(SITE, HOST))
        again.dx.delete_virtual_interface(virtualInterfaceId=vif)
        until("no namespace is left", lambda: namespaces("dmc-") == [])
