"""From a call of the API to packets in the VPC: the Linux edge with BIRD as the customer's router.

Run as root: DEMARC_BIN=... pytest tests/edge
"""

from lab import Bird, namespaces, never, ping, run, session, until
from objects import KEY, private, state, vpc_gateway

SITE, HOST = "192.168.77.1", "10.40.1.1"


def peer(account, vif):
    return account.show_vif(vif)["bgpPeers"][0]


def test_the_api_is_true_of_the_wire(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    connection, cable = lab.connected(account)
    vif, shown = private(account, lab, gateway, 90, cable=(connection, cable))

    # Without a router there is no session, and with another key neither.
    until("programmed and down", lambda: state(account, vif) == "down")
    one = session(shown, key="another", announce=["192.168.77.0/24"])
    bird = lab.start(Bird("a", one))
    never("established with the wrong key", bird.established, 3)
    assert (state(account, vif), peer(account, vif)["bgpStatus"]) == ("down", "down")

    # With the key of the API it comes up on both sides.
    one.key = KEY
    bird.reconfigure()
    until("established", bird.established)
    until("available", lambda: state(account, vif) == "available")
    assert peer(account, vif)["bgpStatus"] == "up"
    until("the VPC at the customer", lambda: bird.as_path("10.40.0.0/16") == "64600")
    assert f"BGP.next_hop: {one.neighbor}" in bird.route("10.40.0.0/16")
    until("packets there and back", lambda: ping("a", HOST, SITE))

    # A failover test takes the session down, and its end brings it back.
    test = account.dx.start_bgp_failover_test(virtualInterfaceId=vif)["virtualInterfaceTest"]["testId"]
    until("down at the customer", lambda: not bird.established())
    said = bird("show", "protocols", "all", "s0")
    assert "Administrative shutdown" in said and f"failover test {test}" in said, said
    until("testing", lambda: state(account, vif) == "testing")
    assert not ping("a", HOST, SITE)
    account.dx.stop_bgp_failover_test(virtualInterfaceId=vif)
    until("established again", bird.established, seconds=60)
    until("available again", lambda: state(account, vif) == "available")
    until("packets again", lambda: ping("a", HOST, SITE))

    # Pulling the cable takes the virtual interface down, whatever the hold time says.
    lab.unplug(cable)
    until("down without a cable", lambda: state(account, vif) == "down", seconds=3)
    assert account.show_connection(connection)["connectionState"] == "down"
    lab.unplug(cable, plug=True)
    until("available with the cable", lambda: state(account, vif) == "available", seconds=60)

    # Deleting it leaves nothing.
    account.dx.delete_virtual_interface(virtualInterfaceId=vif)
    until("deleted", lambda: state(account, vif) == "deleted")
    until("gone at the customer", lambda: not bird.established())
    assert "Peer de-configured" in bird("show", "protocols", "all", "s0")
    until("no namespace is left", lambda: namespaces("dmc-") == [])
    links = run("ip", "-br", "link")
    assert "dmcv" not in links and "uplink" in links
