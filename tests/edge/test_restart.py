"""What goes on while the service or the edge is away, and what comes back with it."""

import json
import signal

import pytest

from lab import Bird, namespaces, never, ping, python, run, session, until
from objects import private, state, vpc_gateway
from router import Router, edge
from support.account import Account
from support.server import Server

SITE, HOST = "192.168.77.1", "10.40.1.1"
#: The longest time without an answer that counts as none: this machine has other work too.
SCHEDULING = 1.0


def made():
    """Interfaces of the edge by name, with the numbers that the kernel gave them."""
    links = json.loads(run("ip", "-j", "link"))
    return {link["ifname"]: link["ifindex"] for link in links if link["ifname"].startswith("dmcv")}


def watch(seconds):
    return python("a", "gap.py", HOST, seconds)


def gap(watching):
    out, _ = watching.communicate(timeout=120)
    return float(out)


@pytest.fixture
def linux(tmp_path, own_lab):
    """A service whose state outlives it, on this machine."""
    arguments = ("--fabric", "linux", "--bindings", str(own_lab.bindings))
    with Server(*arguments, storage=("--data", str(tmp_path / "data"))) as server:
        yield own_lab, server
        print(server.log())


def up(lab, server):
    """A virtual interface with packets through it: the account, its id and the customer's router."""
    account = Account(server)
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 90)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets there and back", lambda: ping("a", HOST, SITE))
    return account, vif, bird


def test_no_packet_is_lost_while_the_service_is_killed_and_comes_back(linux):
    lab, server = linux
    account, vif, bird = up(lab, server)
    before = made()
    watching = watch(20)
    server.kill()
    until("the session is gone", lambda: not bird.established(), seconds=5)
    assert bird.routes() == ["10.40.0.0/16"], "the customer keeps its routes for the restart"
    server.start()
    again = Account(server, account.id)
    until("established again", bird.established, seconds=30)
    until("available again", lambda: state(again, vif) == "available")
    until("all is as before", lambda: edge(server)["state"] == "up")
    assert gap(watching) < SCHEDULING
    assert made() == before, "what stood was taken over"
    shown = run("ip", "-n", namespaces("dmc-")[0], "route", "show", "table", "1003")
    assert "192.168.77.0/24" in shown

    # What goes while the service is away goes from the kernel when it is back.
    again.dx.delete_virtual_interface(virtualInterfaceId=vif)
    until("no namespace is left", lambda: namespaces("dmc-") == [])
    assert made() == {}


def test_routes_that_are_not_announced_again_go(linux):
    lab, server = linux
    account, vif, bird = up(lab, server)
    server.kill()
    bird.sessions[0].announce = ["192.168.78.0/24"]
    bird.reconfigure()
    server.start()
    table = lambda: run("ip", "-n", namespaces("dmc-")[0], "route", "show", "table", "1003")  # noqa: E731
    assert "192.168.77.0/24" in table(), "it stays until the customer has said all"
    until("the new route", lambda: "192.168.78.0/24" in table(), seconds=30)
    until("the old route is gone", lambda: "192.168.77.0/24" not in table(), seconds=5)
    Account(server, account.id).dx.delete_virtual_interface(virtualInterfaceId=vif)
    until("no namespace is left", lambda: namespaces("dmc-") == [])


def test_a_customer_keeps_the_routes_of_another_that_is_not_back_yet(linux):
    """RFC 4724 §4.1: our End-of-RIB waits for what the others have to say."""
    lab, server = linux
    account = Account(server)
    gateway = account.gateway(asn=64_600)["directConnectGatewayId"]
    vifs, birds = [], []
    for number, name in enumerate("ab", 1):
        vif, shown = private(account, lab, gateway, number, name=name, asn=65_000 + number, enableSiteLink=True,
                             hosts=[f"192.168.{number}.1/32"])
        vifs.append(vif)
        birds.append(lab.start(Bird(name, session(shown, announce=[f"192.168.{number}.0/24"]))))
    first, second = birds
    until("packets from site to site", lambda: ping("a", "192.168.2.1", "192.168.1.1"))
    server.kill()
    until("the sessions are gone", lambda: not first.established() and not second.established(), seconds=5)
    second.process.send_signal(signal.SIGSTOP)
    try:
        server.start()
        until("the first is established again", first.established, seconds=30)
        never("the first drops the route of the second", lambda: first.routes() != ["192.168.2.0/24"], 3)
        assert ping("a", "192.168.2.1", "192.168.1.1"), "the kernels still know the way"
    finally:
        second.process.send_signal(signal.SIGCONT)
    until("the second is established again", second.established, seconds=60)
    until("no route is left from before",
          lambda: "stale" not in first.route("192.168.2.0/24").lower() and first.routes() == ["192.168.2.0/24"])
    assert ping("a", "192.168.2.1", "192.168.1.1")
    again = Account(server, account.id)
    for vif in vifs:
        again.dx.delete_virtual_interface(virtualInterfaceId=vif)
    until("no namespace is left", lambda: namespaces("dmc-") == [])


def test_edge_and_control_plane_are_killed_in_turn(tmp_path, own_lab):
    lab = own_lab
    with Server("--fabric", "edge") as server:
        account = Account(server)
        gateway, _, _ = vpc_gateway(account, lab)
        first = account.connection(wait=None)["connectionId"]
        device = until("a place", lambda: account.show_connection(first).get("awsDeviceV2"))
        with Router(lab, server, device, state=tmp_path / "state") as router:
            cable = lab.cable(device, first)
            account.wait_connection(first, "available")
            vif, shown = private(account, lab, gateway, 90, cable=(first, cable))
            bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
            until("packets there and back", lambda: ping("a", HOST, SITE))
            before = made()

            # The edge is killed and comes back.
            watching = watch(15)
            router.kill()
            until("the session is gone", lambda: not bird.established(), seconds=5)
            router.start()
            until("established again", bird.established, seconds=30)
            assert gap(watching) < SCHEDULING
            assert made() == before

            # The control plane is killed: nothing changes for the customer, not even its session.
            since = bird.flaps()
            server.kill()
            assert ping("a", HOST, SITE, count=10)
            assert bird.established() and bird.flaps() == since

            # An edge that starts without the control plane knows what to do.
            router.kill()
            until("the session is gone", lambda: not bird.established(), seconds=5)
            router.start()
            until("established without the control plane", bird.established, seconds=30)
            until("packets", lambda: ping("a", HOST, SITE))
