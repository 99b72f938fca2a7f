"""What goes wrong around an edge, and customers who do their worst."""

import pathlib
import time

import pytest

from lab import Bird, inside, namespaces, ping, python, run, session, until
from objects import private, state, vpc_gateway
from router import Router, edge, faults
from support.account import Account
from support.server import Server

HOST, SITE = "10.40.1.1", "192.168.77.1"


@pytest.fixture
def small(tmp_path):
    """A directory on a disk of its own that is soon full."""
    place = tmp_path / "small"
    place.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place))
    yield place
    run("umount", str(place))


def test_a_full_disk_is_said_and_the_intent_is_kept_when_there_is_room(tmp_path, own_lab, small):
    lab, filler = own_lab, small / "filler"
    with Server("--fabric", "edge") as server:
        account = Account(server)
        gateway, _, _ = vpc_gateway(account, lab)
        first = account.connection(wait=None)["connectionId"]
        device = until("a place", lambda: account.show_connection(first).get("awsDeviceV2"))
        filler.write_bytes(b"x" * (64 << 10))
        with Router(lab, server, device, state=small) as router:
            cable = lab.cable(device, first)
            account.wait_connection(first, "available")
            vif, shown = private(account, lab, gateway, 90, cable=(first, cable))
            bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
            until("packets there and back", lambda: ping("a", HOST, SITE))
            until("said", lambda: "No space left" in faults(server, device).get(str(small), ""))
            filler.unlink()
            until("that is over", lambda: faults(server, device) == {}, seconds=10)
            kept = list(pathlib.Path(small).glob("*.intent.json"))
            assert len(kept) == 1 and vif in kept[0].read_text()

            # It is what a start without servers needs.
            server.kill()
            router.kill()
            until("the session is gone", lambda: not bird.established(), seconds=5)
            router.start()
            until("established without the control plane", bird.established, seconds=30)
            until("packets", lambda: ping("a", HOST, SITE))


def test_a_clock_put_forward_by_an_hour_disturbs_no_session(lab, account, server):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"], bfd=True)))
    until("packets", lambda: ping("a", HOST, SITE))
    since = bird.flaps()
    server.advance(3_600)
    assert ping("a", HOST, SITE, count=20)
    assert bird.flaps() == since and state(account, vif) == "available"


def test_a_flood_of_updates_harms_nobody_else(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    busy_vif, busy = private(account, lab, gateway, 1, name="bad", hosts=["192.168.66.1/32"])
    account.dx.update_virtual_interface_attributes(virtualInterfaceId=busy_vif, prefixPoolAllocatedCountIpv4=900)
    vif, calm = private(account, lab, gateway, 2, name="good")
    good = lab.start(Bird("good", session(calm, announce=["192.168.77.0/24"], hold=9, bfd=True)))
    prefixes = [f"172.{16 + number // 256}.{number % 256}.0/24" for number in range(800)]
    one = session(busy, announce=["192.168.66.0/24", *prefixes])
    bad = lab.start(Bird("bad", one))
    until("both up", lambda: good.routes() and bad.routes())
    until("packets", lambda: ping("good", HOST, SITE))
    since, changes, lost = good.flaps(), 0, 0
    end = time.monotonic() + 8
    while time.monotonic() < end:
        # All attributes of all prefixes, and half of the prefixes themselves, again and again.
        changes += 1
        one.communities = [f"64500:{changes}"]
        one.announce = ["192.168.66.0/24", *prefixes[changes % 2::2]]
        bad.reconfigure()
        lost += not ping("good", HOST, SITE, count=2)
    assert changes > 5 and lost <= 1, (changes, lost)
    assert good.flaps() == since and state(account, vif) == "available"
    expected = {"192.168.66.0/24", *one.announce}

    def routes():
        shown = run("ip", "-n", namespaces("dmc-")[0], "route", "show", "table", "1003").splitlines()
        return {line.split()[0] for line in shown if line.startswith(("172.", "192.168.66."))}

    until("the kernel has what was said last", lambda: routes() == expected, seconds=30)


def test_garbage_on_the_cable_is_dropped_and_harms_nobody(lab, account, server):
    gateway, _, _ = vpc_gateway(account, lab)
    connection, cable = lab.connected(account)
    vif, shown = private(account, lab, gateway, 1, cable=(connection, cable))
    other, calm = private(account, lab, gateway, 2, name="good")
    good = lab.start(Bird("good", session(calm, announce=["192.168.78.0/24"], hold=9, bfd=True)))
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets", lambda: ping("a", HOST, SITE) and good.established())
    inner = inside("a", "ip", "neigh", "show", "169.254.1.1").split()
    sender = python("cpe", "garbage.py", f"cable{cable}", 101, 6, inner[inner.index("lladdr") + 1])
    since = good.flaps()
    out, _ = sender.communicate(timeout=60)
    assert int(out) > 1_000, out
    assert good.flaps() == since and state(account, other) == "available"
    until("the cable works, too", lambda: ping("a", HOST, SITE) and bird.established(), seconds=30)
    shown = edge(server, account.show_connection(connection)["awsDeviceV2"])
    port = next(one for one in shown["ports"] if one["connection"] == connection)
    mine = next(one for one in shown["virtualInterfaces"] if one["id"] == vif)
    assert port["drops"]["untagged"] > 10 and port["drops"]["unknownVlan"] > 10, port
    assert mine["counters"]["tooLong"] > 10, mine
    # Ports of other tests' cables may be at fault; this one is not.
    assert not {connection, vif, "kernel"} & {fault["subject"] for fault in shown["faults"]}, shown["faults"]
