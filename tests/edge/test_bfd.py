"""BFD with the routers that customers have: it waits for them, and ends a session at once when a path fails."""

import time

import pytest

from lab import Bird, Frr, GoBgp, ip, missing_program, never, ping, session, until
from objects import private, state, vpc_gateway


def cut(lab, shown):
    """Packets are lost, and nobody's link goes down."""
    ip("cpe", "link", "set", lab.cpe[shown["interface"]], "down")


def test_a_silent_path_ends_the_session_of_bird_within_a_second(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"], bfd=True)))
    until("BFD is up", lambda: " Up " in bird("show", "bfd", "sessions"))
    until("available", lambda: state(account, vif) == "available")
    began = time.monotonic()
    cut(lab, shown)
    until("down", lambda: state(account, vif) == "down", seconds=3)
    assert time.monotonic() - began < 1.5
    ip("cpe", "link", "set", lab.cpe[shown["interface"]], "up")
    until("available again", lambda: state(account, vif) == "available", seconds=30)


def test_without_bfd_at_the_customer_nothing_is_sent_and_the_session_stays(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("available", lambda: state(account, vif) == "available")
    never("it goes down", lambda: not bird.established(), 3)
    cut(lab, shown)
    never("the hold time is not over", lambda: state(account, vif) != "available", 3)


@pytest.mark.skipif(missing_program("/usr/lib/frr/bgpd"), reason="needs FRR")
def test_frr_with_its_bfdd(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    frr = lab.start(Frr("a", session(shown, announce=["192.168.77.0/24"], bfd=True)))
    until("available", lambda: state(account, vif) == "available")
    until("BFD is up", lambda: frr("show bfd peers json").count('"status":"up"') == 1)
    until("packets", lambda: ping("a", "10.40.1.1", "192.168.77.1"))
    began = time.monotonic()
    cut(lab, shown)
    until("down", lambda: state(account, vif) == "down", seconds=3)
    assert time.monotonic() - began < 1.5


@pytest.mark.skipif(missing_program("gobgpd"), reason="needs GoBGP")
def test_gobgp_as_the_customer(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    gobgp = lab.start(GoBgp("a", session(shown, announce=["192.168.77.0/24"])))
    until("available", lambda: state(account, vif) == "available")
    gobgp.announce()
    until("the VPC", lambda: "10.40.0.0/16" in gobgp("global", "rib"))
    answer = lambda: account.dx.list_virtual_interface_routes(virtualInterfaceId=vif)["routes"]  # noqa: E731
    until("our route", lambda: "192.168.77.0/24" in [r["cidr"] for r in answer() if r["routeDirection"] == "accepted"])
