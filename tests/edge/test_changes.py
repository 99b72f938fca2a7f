"""What changes while sessions are up, and what must not notice; IPv6; what a packet's length meets."""

from lab import PREFIX, Bird, inside, ip, never, ping, run, session, until
from objects import KEY, addresses, private, state, vpc_gateway

HOST, SITE = "10.40.1.1", "192.168.77.1"


def test_ipv6_beside_ipv4(lab, account):
    gateway = account.gateway(asn=64_600)["directConnectGatewayId"]
    transit = account.transit_gateway()
    account.associate(gateway, transit, ["10.40.0.0/16", "2001:db8:40::/48"])
    network = lab.uplink(transit, "10.40.1.1/32", "2001:db8:40::1/128")
    vif, shown = private(account, lab, gateway, 1, make="transit_vif",
                         hosts=["192.168.77.1/32", "2001:db8:77::1/128"])
    account.dx.create_bgp_peer(virtualInterfaceId=vif, newBGPPeer={
        "asn": 65_001, "addressFamily": "ipv6", "authKey": "another-key"})
    shown = {**account.show_vif(vif), "interface": shown["interface"]}
    second = session(shown, "ipv6", announce=["2001:db8:77::/48"], bfd=True)
    mine = next(p["customerAddress"] for p in shown["bgpPeers"] if p["addressFamily"] == "ipv6")
    ip("a", "addr", "add", mine, "dev", shown["interface"], "nodad")
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"]), second))
    until("both sessions", lambda: bird.established("s0") and bird.established("s1"))
    until("each its own family", lambda: (bird.routes("s0"), bird.routes("s1")) == (["10.40.0.0/16"],
                                                                                 ["2001:db8:40::/48"]))
    until("packets", lambda: ping("a", "2001:db8:40::1", "2001:db8:77::1"))
    assert ping(network, "2001:db8:77::1", "2001:db8:40::1")
    until("BFD", lambda: " Up " in bird("show", "bfd", "sessions"))
    until("both are shown", lambda: [p["bgpStatus"] for p in account.show_vif(vif)["bgpPeers"]] == ["up", "up"])
    # The path of one family fails: the other stays.
    inside("a", "ip", "-6", "addr", "del", mine, "dev", shown["interface"])
    status = lambda: {p["addressFamily"]: p["bgpStatus"] for p in account.show_vif(vif)["bgpPeers"]}  # noqa: E731
    until("one is down", lambda: status() == {"ipv4": "up", "ipv6": "down"}, seconds=3)
    assert ping("a", HOST, SITE)


def test_ipv6_on_a_private_interface_alone(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    connection, cable = lab.connected(account)
    vif = account.private_vif(connection, wait=None, directConnectGatewayId=gateway, vlan=150, asn=65_001,
                              authKey=KEY, addressFamily="ipv6")["virtualInterfaceId"]
    shown = account.show_vif(vif)
    lab.site("a", cable, 150, shown["customerAddress"], hosts=["2001:db8:77::1/128"])
    bird = lab.start(Bird("a", session(shown, "ipv6", announce=["2001:db8:77::/48"])))
    until("up", lambda: state(account, vif) == "available")
    assert bird.established()


def test_an_allocation_changes_without_a_flap(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("up", lambda: state(account, vif) == "available")
    since = bird.flaps()
    for count in (500, 10):
        account.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, prefixPoolAllocatedCountIpv4=count)
        never("the session ends", lambda: not bird.established(), 1)
    assert bird.flaps() == since and state(account, vif) == "available"


def test_an_interface_moves_to_another_connection_and_takes_its_session_along(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    old, new = lab.connected(account), lab.connected(account)
    vif, shown = private(account, lab, gateway, 1, cable=old)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets", lambda: ping("a", HOST, SITE))
    account.dx.associate_virtual_interface(virtualInterfaceId=vif, connectionId=new[0])
    until("down on the old cable", lambda: not ping("a", HOST, SITE, count=1))
    ip("a", "link", "del", shown["interface"])
    lab.site("a", new[1], 101, shown["customerAddress"])
    until("up on the new one", bird.established)
    until("packets again", lambda: ping("a", HOST, SITE))
    assert state(account, vif) == "available"
    assert ping(network, SITE, HOST)


def test_packets_as_long_as_the_mtu_pass_and_longer_ones_are_answered(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1, site_mtu=9001)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets", lambda: ping("a", HOST, SITE, size=1472))
    # The VPC is told how long it may be; what comes in too long over the cable is dropped.
    answer = inside(network, "ping", "-c", "2", "-i", "0.2", "-W", "1", "-M", "do", "-s", "1473", "-I", HOST, SITE,
                    check=False)
    assert "mtu = 1500" in answer or "mtu=1500" in answer, answer
    assert not ping("a", HOST, SITE, size=1473)
    since = bird.flaps()
    account.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, mtu=9001)
    ip(network, "route", "flush", "cache")
    until("jumbo packets", lambda: ping("a", HOST, SITE, size=8973), seconds=10)
    until("and back", lambda: ping(network, SITE, HOST, size=8973) or inside(
        network, "ip", "route", "flush", "cache"), seconds=10)
    assert bird.flaps() == since, "the session stayed"


def test_a_transit_interface_takes_8500_bytes_and_no_more(lab, account):
    gateway = account.gateway(asn=64_600)["directConnectGatewayId"]
    tgw = account.transit_gateway(asn=64_513)
    account.associate(gateway, tgw, ["10.40.0.0/16"])
    network = lab.uplink(tgw, f"{HOST}/32")
    vif, shown = private(account, lab, gateway, 1, make="transit_vif", site_mtu=9001, mtu=8500)
    lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("packets", lambda: ping("a", HOST, SITE, size=8472))
    assert not ping("a", HOST, SITE, size=8473)
    assert "8500" in until("an answer to one too long", lambda: answer_of(network, 8473))
    assert state(account, vif) == "available"


def test_a_prefix_of_interfaces_with_different_mtus_takes_1500(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    long, first = private(account, lab, gateway, 1, site_mtu=9001, mtu=9001)
    _, second = private(account, lab, gateway, 2, site_mtu=9001)
    jumbo = session(first, announce=["192.168.77.0/24"], communities=["7224:7300"], name="jumbo")
    small = session(second, announce=["192.168.77.0/24", "192.168.78.0/24"], name="small")
    # Answers go by the first of two equal routes, the jumbo interface.
    bird = lab.start(Bird("a", jumbo, small, ecmp=False))
    until("both", lambda: bird.established("jumbo") and bird.established("small"))

    def passes(size):
        ip(network, "route", "flush", "cache")
        return ping(network, SITE, HOST, size=size)

    until("packets", lambda: passes(1472))
    # Traffic goes by the jumbo interface alone, and still no packet may be longer than the other takes.
    answer = until("an answer to one too long", lambda: answer_of(network, 1473))
    assert "1500" in answer
    assert not passes(8000)
    small.announce.remove("192.168.77.0/24")
    bird.reconfigure()
    until("jumbo packets", lambda: passes(8973))
    # An interface that changes its MTU takes its routes along.
    small.announce.append("192.168.77.0/24")
    bird.reconfigure()
    until("1500 again", lambda: not passes(8000))
    account.dx.update_virtual_interface_attributes(virtualInterfaceId=long, mtu=1500)
    until("both take 1500", lambda: "1500" in (answer_of(network, 1473) or ""))
    assert state(account, long) == "available"


def answer_of(name, size):
    """What the gateway says of a packet that is too long; None while it lets it pass."""
    ip(name, "route", "flush", "cache")
    shown = inside(name, "ping", "-c", "2", "-i", "0.2", "-W", "1", "-M", "do", "-s", str(size), "-I", HOST, SITE,
                   check=False)
    lines = [line for line in shown.splitlines() if "mtu" in line]
    return lines[0] if lines else None


def test_pinging_our_address_is_answered_and_so_is_nobody_elses(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    _, first = private(account, lab, gateway, 1)
    _, second = private(account, lab, gateway, 2, name="b")
    until("answered", lambda: ping("a", "169.254.1.1"))
    # The other interface's address is not ours here: no ARP.
    ip("a", "route", "add", "169.254.2.1/32", "dev", first["interface"])
    assert not ping("a", "169.254.2.1", count=1)
