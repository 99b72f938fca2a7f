"""Routing §7, by packets: who may talk to whom. Tests are named by the row of its table."""

import json

from lab import Bird, inside, ip, namespaces, never, ping, python, received, run, session, until
from objects import KEY, addresses, private, state, vpc_gateway


def test_an_interface_and_an_association_talk_both_ways_and_two_gateways_never(lab, account):
    """Two customers with the same addresses on the same gateways' addresses: each sees its own VPC."""
    networks, birds = {}, {}
    for number, name in enumerate("ab", 1):
        # The hosts differ in what they listen to: a wrong one would refuse.
        gateway, _, networks[name] = vpc_gateway(account, lab)
        _, shown = private(account, lab, gateway, 1, name=name)
        birds[name] = lab.start(Bird(name, session(shown, announce=["192.168.77.0/24"])))
    until("up", lambda: all(bird.routes() == ["10.40.0.0/16"] for bird in birds.values()))
    for name in "ab":
        until("packets", lambda: ping(name, "10.40.1.1", "192.168.77.1"))
        assert ping(networks[name], "192.168.77.1", "10.40.1.1")
    # With one customer's VPC gone its packets end; they are not taken over by the other's.
    ip(networks["a"], "link", "set", "edge", "down")
    assert not ping("a", "10.40.1.1", "192.168.77.1")
    assert ping("b", "10.40.1.1", "192.168.77.1")


def test_two_interfaces_without_site_link_do_not_talk(lab, account):
    gateway, vgw, network = vpc_gateway(account, lab)
    birds = []
    for number, name in enumerate("ab", 1):
        _, shown = private(account, lab, gateway, number, name=name, hosts=[f"192.168.{number}.1/32"])
        birds.append(lab.start(Bird(name, session(shown, announce=[f"192.168.{number}.0/24"]))))
    until("up", lambda: all(bird.routes() == ["10.40.0.0/16"] for bird in birds))
    until("each reaches the VPC", lambda: ping("a", "10.40.1.1", "192.168.1.1")
          and ping("b", "10.40.1.1", "192.168.2.1"))
    ip("a", "route", "add", "192.168.2.0/24", "via", "169.254.1.1", "src", "192.168.1.1")
    ip("b", "route", "add", "192.168.1.0/24", "via", "169.254.2.1", "src", "192.168.2.1")
    assert not ping("a", "192.168.2.1", "192.168.1.1")
    assert not ping("b", "192.168.1.1", "192.168.2.1")
    # A default route of a customer is not another customer's way out either.
    ip("b", "addr", "add", "192.168.9.9/32", "dev", "lo")
    birds[1].sessions[0].announce.append("0.0.0.0/0")
    birds[1].reconfigure()
    until("the VPC goes out there", lambda: ping(network, "192.168.9.9", "10.40.1.1"))
    ip("a", "route", "add", "192.168.9.9/32", "via", "169.254.1.1", "src", "192.168.1.1")
    assert not ping("a", "192.168.9.9", "192.168.1.1")


def test_two_associations_do_not_talk_not_even_by_a_customers_supernet(lab, account):
    gateway, _, first = vpc_gateway(account, lab)
    other = account.vpn_gateway("10.41.0.0/16")
    account.associate(gateway, other)
    second = lab.uplink(other, "10.41.1.1/32")
    _, shown = private(account, lab, gateway, 1)
    one = session(shown, announce=["192.168.77.0/24"])
    bird = lab.start(Bird("a", one))
    until("both VPCs", lambda: bird.routes() == ["10.40.0.0/16", "10.41.0.0/16"])
    until("packets", lambda: ping("a", "10.40.1.1", "192.168.77.1") and ping("a", "10.41.1.1", "192.168.77.1"))
    assert not ping(first, "10.41.1.1", "10.40.1.1")
    one.announce.append("10.0.0.0/8")
    bird.reconfigure()
    ip("a", "addr", "add", "10.99.1.1/32", "dev", "lo")
    until("the supernet is used", lambda: ping(first, "10.99.1.1", "10.40.1.1"))
    assert not ping(first, "10.41.1.1", "10.40.1.1")
    assert not ping(second, "10.40.1.1", "10.41.1.1")


def test_two_associations_talk_by_a_customers_supernet_where_the_operator_allows_it(lab, account, server):
    gateway, _, first = vpc_gateway(account, lab)
    other = account.vpn_gateway("10.41.0.0/16")
    account.associate(gateway, other)
    second = lab.uplink(other, "10.41.1.1/32")
    vif, shown = private(account, lab, gateway, 1)
    one = session(shown, announce=["192.168.77.0/24"])
    bird = lab.start(Bird("a", one))
    until("packets", lambda: ping("a", "10.40.1.1", "192.168.77.1") and ping("a", "10.41.1.1", "192.168.77.1"))
    since = bird.flaps()
    path = f"/_demarc/v1/direct-connect-gateways/{gateway}/hairpin"
    allowed = server.operator("PUT", path, {"allowGatewayHairpin": True})
    assert allowed == {"directConnectGatewayId": gateway, "allowGatewayHairpin": True}
    never("packets without a route that covers both", lambda: ping(first, "10.41.1.1", "10.40.1.1", count=1), 1.5)
    one.announce.append("10.0.0.0/8")
    bird.reconfigure()
    until("packets by the supernet", lambda: ping(first, "10.41.1.1", "10.40.1.1"))
    assert ping(second, "10.40.1.1", "10.41.1.1")
    # They did not go by the customer, whose session has heard nothing of it either.
    assert bird.flaps() == since and state(account, vif) == "available"
    before = received(first, "edge")
    assert not ping(first, "10.40.9.9", "10.40.1.1", count=1)
    assert received(first, "edge") - before < 10, "what a VPC sends to itself goes round until its TTL ends"
    # With the route the way is gone, and so it is when the operator says so.
    one.announce.remove("10.0.0.0/8")
    bird.reconfigure()
    until("no packets without the route", lambda: not ping(first, "10.41.1.1", "10.40.1.1", count=1))
    one.announce.append("0.0.0.0/0")
    bird.reconfigure()
    until("packets by a default route", lambda: ping(first, "10.41.1.1", "10.40.1.1"))
    server.operator("PUT", path, {"allowGatewayHairpin": False})
    until("no packets", lambda: not ping(first, "10.41.1.1", "10.40.1.1", count=1))
    assert not ping(second, "10.40.1.1", "10.41.1.1", count=1)
    assert ping("a", "10.41.1.1", "192.168.77.1") and bird.flaps() == since


def test_two_interfaces_on_one_virtual_private_gateway_do_not_talk(lab, account):
    vgw = account.vpn_gateway("10.40.0.0/16", asn=64_700)
    network = lab.uplink(vgw, "10.40.1.1/32")
    birds = []
    for number, name in enumerate("ab", 1):
        connection, cable = lab.connected(account)
        vif = account.private_vif(connection, wait=None, virtualGatewayId=vgw, vlan=100 + number, asn=65_000 + number,
                                  authKey=KEY, **addresses(number))["virtualInterfaceId"]
        shown = account.show_vif(vif)
        lab.site(name, cable, 100 + number, shown["customerAddress"], hosts=[f"192.168.{number}.1/32"])
        birds.append(lab.start(Bird(name, session(shown, announce=[f"192.168.{number}.0/24"]))))
    until("up", lambda: all(bird.as_path("10.40.0.0/16") == "64700" for bird in birds))
    until("packets", lambda: ping("a", "10.40.1.1", "192.168.1.1") and ping(network, "192.168.2.1", "10.40.1.1"))
    ip("a", "route", "add", "192.168.2.0/24", "via", "169.254.1.1", "src", "192.168.1.1")
    ip("b", "route", "add", "192.168.1.0/24", "via", "169.254.2.1", "src", "192.168.2.1")
    assert not ping("a", "192.168.2.1", "192.168.1.1")


def test_a_hosted_interface_of_another_account_is_kept_apart_on_the_same_cable(lab, account):
    other = type(account)(account.server)
    connection, cable = lab.connected(account)
    gateway, _, _ = vpc_gateway(account, lab)
    _, mine = private(account, lab, gateway, 1, cable=(connection, cable))
    far, _, far_network = vpc_gateway(other, lab, cidr="10.50.0.0/16", host="10.50.1.1/32")
    made = account.dx.allocate_private_virtual_interface(
        connectionId=connection, ownerAccount=other.id,
        newPrivateVirtualInterfaceAllocation={
            "virtualInterfaceName": "hosted", "vlan": 200, "asn": 65_002, "authKey": KEY, **addresses(2)})
    vif = made["virtualInterfaceId"]
    other.dx.confirm_private_virtual_interface(virtualInterfaceId=vif, directConnectGatewayId=far)
    shown = until("described", lambda: other.show_vif(vif))
    lab.site("b", cable, 200, shown["customerAddress"], hosts=["192.168.2.1/32"])
    birds = [lab.start(Bird("a", session(mine, announce=["192.168.77.0/24"]))),
             lab.start(Bird("b", session(shown, announce=["192.168.2.0/24"])))]
    until("up", lambda: [bird.routes() for bird in birds] == [["10.40.0.0/16"], ["10.50.0.0/16"]])
    until("packets", lambda: ping("b", "10.50.1.1", "192.168.2.1"))
    ip("b", "route", "add", "10.40.0.0/16", "via", "169.254.2.1", "src", "192.168.2.1")
    assert not ping("b", "10.40.1.1", "192.168.2.1")
    other.dx.delete_virtual_interface(virtualInterfaceId=vif)


def test_frames_of_other_vlans_and_without_a_tag_go_nowhere(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    connection, cable = lab.connected(account)
    vif, shown = private(account, lab, gateway, 1, cable=(connection, cable))
    # The same router on a VLAN that nobody configured: no ARP, no session.
    lab.site("b", cable, 777, shown["customerAddress"])
    wrong = lab.start(Bird("b", session(shown)))
    never("a session on the wrong VLAN", wrong.established, 2)
    assert not ping("b", shown["amazonAddress"].split("/")[0], count=1)
    # And without any tag.
    ip("cpe", "addr", "add", "169.254.1.2/30", "dev", f"cable{cable}")
    assert not ping("cpe", "169.254.1.1", count=1)
    right = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("the right one comes up", lambda: state(account, vif) == "available")
    assert right.established() and not wrong.established()


def test_frames_with_a_second_tag_go_nowhere(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    connection, cable = lab.connected(account)
    private(account, lab, gateway, 1, cable=(connection, cable))
    (namespace,) = namespaces("dmc-")

    def come_in(*tags):
        """How many of twenty frames with these tags reach the gateway."""
        def seen():
            shown = json.loads(run("ip", "-s", "-j", "-n", namespace, "link"))
            return sum(link["stats64"]["rx"]["packets"] for link in shown if link["ifname"].startswith("vif-"))
        before = seen()
        python("cpe", "tagged.py", f"cable{cable}", 20, "169.254.1.2", "169.254.1.1", *tags).wait()
        return seen() - before

    # The customer's interface may say something by itself.
    assert come_in("8100:101") >= 20
    for second in ("8100:0", "8100:101", "88a8:0", "88a8:101"):
        assert come_in("8100:101", second) < 20, second
    assert come_in("8100:101", "8100:0", "8100:0") < 20


def test_answers_go_where_the_packet_came_from_though_two_interfaces_have_the_same_network(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    # Each on a connection of its own, where this is allowed.
    sites = [private(account, lab, gateway, 1, name=name, hosts=[f"192.168.{number}.1/32"])
             for name, number in (("a", 77), ("b", 88))]
    birds = [lab.start(Bird(name, session(shown, announce=[f"192.168.{number}.0/24"])))
             for (_, shown), name, number in zip(sites, "ab", (77, 88))]
    for bird in birds:
        until("a session", bird.established)
    for name, number in (("a", 77), ("b", 88)):
        assert ping(name, "169.254.1.1", count=5), name
        until("packets to the VPC", lambda: ping(name, "10.40.1.1", f"192.168.{number}.1"))
        # What the kernel says of a packet whose life ends here, by the address that is the same for both.
        said = inside(name, "ping", "-c", "3", "-i", "0.1", "-W", "1", "-t", "1", "-I", "169.254.1.2", "10.40.1.1",
                      check=False)
        assert "From 169.254.1.1" in said and "exceeded" in said, (name, said)
    # One of them goes: the other still has its answers.
    account.dx.delete_virtual_interface(virtualInterfaceId=sites[0][0])
    until("it is gone", lambda: len(gateway_interfaces()) == 1)
    assert ping("b", "169.254.1.1", count=3)


def gateway_interfaces():
    (namespace,) = namespaces("dmc-")
    return [line for line in run("ip", "-n", namespace, "-br", "link").splitlines() if line.startswith("vif-")]
