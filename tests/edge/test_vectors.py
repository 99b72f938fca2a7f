"""The acceptance vectors of routing §13, on the wire. Tests are named by their row."""

import time

from lab import Bird, ip, never, ping, python, received, session, until
from objects import KEY, private, state, vpc_gateway


def test_row_1_a_transit_interface_announces_the_allowed_list_of_the_gateway(lab, account):
    gateway = account.gateway(asn=65_030)["directConnectGatewayId"]
    transit = account.transit_gateway(asn=64_513)
    account.associate(gateway, transit, ["10.0.0.0/8"])
    network = lab.uplink(transit, "10.40.1.1/32")
    vif, shown = private(account, lab, gateway, 1, make="transit_vif", vlan=899, asn=65_020)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("the allowed list", lambda: bird.as_path("10.0.0.0/8") == "65030")
    assert f"BGP.next_hop: {shown['amazonAddress'].split('/')[0]}" in bird.route("10.0.0.0/8")
    assert bird.routes() == ["10.0.0.0/8"]
    until("packets", lambda: ping("a", "10.40.1.1", "192.168.77.1"))
    assert ping(network, "192.168.77.1", "10.40.1.1")


def told(server, vif, kind):
    """The details of the events of a kind about a virtual interface, oldest first."""
    events, place = [], 0
    while page := server.operator("GET", f"/_demarc/v1/events?after={place}&wait=0"):
        if not page["events"]:
            break
        events, place = events + page["events"], page["last"]
    return [event["detail"] for event in events if event["detail-type"] == f"Direct Connect {kind}"
            and any(vif in resource for resource in event["resources"])]


def why(server, vif):
    return " ".join(server.operator("GET", f"/_demarc/v1/virtual-interfaces/{vif}/why?destination=10.9.9.9")["summary"])


def test_row_2_one_prefix_too_many_ends_the_session_and_row_3_a_raised_allocation_brings_it_back(lab, account, server):
    gateway = account.gateway()["directConnectGatewayId"]
    vif, shown = private(account, lab, gateway, 2)
    many = [f"10.{n}.0.0/16" for n in range(1, 102)]
    one = session(shown, announce=many[:100])
    bird = lab.start(Bird("a", one))
    until("up with 100 prefixes", lambda: state(account, vif) == "available")
    never("100 are too many", lambda: state(account, vif) != "available", 1)
    one.announce = many
    bird.reconfigure()
    until("down with 101", lambda: state(account, vif) == "down", seconds=1.5)
    assert "Maximum number of prefixes reached" in bird("show", "protocols", "all", "s0")
    (exceeded,) = until("the event", lambda: told(server, vif, "Prefix Limit Exceeded"))
    assert (exceeded["limit"], exceeded["received"]) == (100, 101)
    assert told(server, vif, "Virtual Interface State Change")[-1]["reason"] == "prefix-limit"
    assert "more than 100 prefixes" in why(server, vif)
    never("it comes back by itself", bird.established, 3)
    account.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, prefixPoolAllocatedCountIpv4=500)
    until("back without the customer doing anything", bird.established, seconds=15)
    until("available", lambda: state(account, vif) == "available")


def shares(network, target, interfaces, *, flows=400):
    """Which part of many flows comes in by each interface of customer `a`."""
    before = [received("a", one) for one in interfaces]
    assert python(network, "udp.py", "flows", target, flows).wait() == 0
    time.sleep(0.2)
    counts = [received("a", one) - start for one, start in zip(interfaces, before)]
    return [count / sum(counts) for count in counts]


def test_row_4_equal_routes_share_flows_and_a_preferred_one_takes_all(lab, account):
    gateway, _, network = vpc_gateway(account, lab)
    one, first = private(account, lab, gateway, 1)
    cable = lab.connected(account)
    two, second = private(account, lab, gateway, 2, cable=cable)
    interfaces = [first["interface"], second["interface"]]
    sessions = [session(shown, announce=["192.168.77.0/24"], bfd=True) for shown in (first, second)]
    bird = lab.start(Bird("a", *sessions))
    until("both", lambda: bird.established("s0") and bird.established("s1"))
    until("packets", lambda: ping(network, "192.168.77.1"))

    split = shares(network, "192.168.77.1", interfaces)
    assert all(0.4 < part < 0.6 for part in split), split

    sessions[0].communities = ["7224:7300"]
    bird.reconfigure()
    until("all by the preferred one", lambda: shares(network, "192.168.77.1", interfaces, flows=50)[0] > 0.9)
    assert shares(network, "192.168.77.1", interfaces)[0] > 0.95

    # The way fails without anybody's link going down: BFD has to tell.
    until("BFD", lambda: bird("show", "bfd", "sessions").count(" Up ") == 2)
    assert longest_gap(network, lambda: ip("cpe", "link", "set", lab.cpe[first["interface"]], "down")) < 1.2
    until("down", lambda: state(account, one) == "down")
    assert state(account, two) == "available"


def longest_gap(network, break_it):
    """Seconds without an answer while something breaks, one request every 20 ms."""
    pinger = python(network, "gap.py", "192.168.77.1", 4)
    time.sleep(0.7)
    break_it()
    return float(pinger.communicate()[0])


def test_row_5_each_region_looks_at_its_own_locations_first(lab, account):
    west = type(account)(account.server, account.id, region="us-west-2")
    gateway, _, east_network = vpc_gateway(account, lab)
    vgw = west.vpn_gateway("10.50.0.0/16")
    west.associate(gateway, vgw)
    west_network = lab.uplink(vgw, "10.50.1.1/32")
    _, first = private(account, lab, gateway, 1)
    _, second = private(west, lab, gateway, 2)
    sessions = [session(first, announce=["192.168.77.0/24"], prepend=2), session(second, announce=["192.168.77.0/24"])]
    bird = lab.start(Bird("a", *sessions))
    until("both", lambda: bird.established("s0") and bird.established("s1"))
    interfaces = [first["interface"], second["interface"]]
    for network, other in ((east_network, 1), (west_network, 0)):
        until("packets", lambda: ping(network, "192.168.77.1"))
        assert shares(network, "192.168.77.1", interfaces, flows=50)[other] < 0.1, other
    west.dx.delete_virtual_interface(virtualInterfaceId=second["virtualInterfaceId"])
    until("the other Region takes the rest", lambda: ping(west_network, "192.168.77.1"))


def test_row_6_an_allowed_list_narrower_than_the_vpc_announces_nothing(lab, account):
    gateway, _, _ = vpc_gateway(account, lab, cidr="10.0.0.0/16", host="10.0.1.1/32", prefixes=["10.0.0.0/24"])
    vif, shown = private(account, lab, gateway, 1)
    bird = lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    until("up", lambda: state(account, vif) == "available")
    never("nothing is announced", lambda: bird.routes(), 1)
    association = account.dx.describe_direct_connect_gateway_associations(directConnectGatewayId=gateway)
    identifier = association["directConnectGatewayAssociations"][0]["associationId"]
    since = bird.flaps()
    account.dx.update_direct_connect_gateway_association(
        associationId=identifier, addAllowedPrefixesToDirectConnectGateway=[{"cidr": "10.0.0.0/8"}])
    until("the VPC after all", lambda: bird.routes() == ["10.0.0.0/16"])
    assert bird.flaps() == since, "the session stayed"


def test_row_8_sites_with_site_link_reach_each_other_and_nobody_else(lab, account):
    gateway = account.gateway(asn=64_600)["directConnectGatewayId"]
    names, birds, vifs, cables = "abc", {}, {}, {}
    for number, name in enumerate(names, 1):
        cables[name] = lab.connected(account)
        more = {"enableSiteLink": True} if name != "c" else {}
        vif, shown = private(account, lab, gateway, number, name=name, cable=cables[name], asn=65_000 + number,
                             hosts=[f"192.168.{number}.1/32"], **more)
        vifs[name] = vif
        birds[name] = lab.start(Bird(name, session(shown, announce=[f"192.168.{number}.0/24"])))
    until("all are up", lambda: all(state(account, vif) == "available" for vif in vifs.values()))
    until("a hears of b", lambda: birds["a"].routes() == ["192.168.2.0/24"])
    until("b hears of a", lambda: birds["b"].routes() == ["192.168.1.0/24"])
    devices = {account.show_connection(cables[name][0])["awsDeviceV2"] for name in "ab"}
    assert birds["a"].as_path("192.168.2.0/24") == " ".join(["64600"] * len(devices) + ["65002"])
    until("packets", lambda: ping("a", "192.168.2.1", "192.168.1.1"))
    assert ping("b", "192.168.1.1", "192.168.2.1")
    # c is told nothing and gets nothing through, not even when it sends without a route.
    assert birds["c"].routes() == []
    ip("c", "route", "add", "192.168.1.0/24", "via", "169.254.3.1", "src", "192.168.3.1")
    ip("a", "route", "add", "192.168.3.0/24", "via", "169.254.1.1", "src", "192.168.1.1")
    assert not ping("c", "192.168.1.1", "192.168.3.1")
    assert not ping("a", "192.168.3.1", "192.168.1.1")

    # Switched off, they are strangers again.
    account.dx.update_virtual_interface_attributes(virtualInterfaceId=vifs["b"], enableSiteLink=False)
    until("a hears of nobody", lambda: birds["a"].routes() == [])
    assert not ping("a", "192.168.2.1", "192.168.1.1")


def test_row_11_a_hold_time_of_zero_is_refused_and_three_is_kept(lab, account):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    one = session(shown, hold=3)
    bird = lab.start(Bird("a", one))
    until("up", bird.established)
    assert "Keepalive timer" in bird("show", "protocols", "all", "s0")
    time.sleep(4)
    shown_now = bird("show", "protocols", "all", "s0")
    assert bird.established() and any(
        line.split()[-1].startswith("3.") or "/3" in line for line in shown_now.splitlines() if "Hold timer" in line)
    bird.stop()
    lab.routers.remove(bird)
    one.hold = 0
    bird = lab.start(Bird("a", one))
    until("refused", lambda: "Unacceptable hold time" in bird("show", "protocols", "all", "s0"))
    never("no session", bird.established, 2)
    assert state(account, vif) == "down"


def test_row_12_a_wrong_key_gets_no_answer(lab, account, server):
    gateway, _, _ = vpc_gateway(account, lab)
    vif, shown = private(account, lab, gateway, 1)
    one = session(shown, key="another-key")
    bird = lab.start(Bird("a", one))
    never("established", bird.established, 3)
    assert state(account, vif) == "down"
    # A neighbor that is switched off sends nothing: nobody says that of it.
    quiet, _ = private(account, lab, gateway, 2, name="b", asn=65_002)
    seen = lambda of: next(one for device in server.operator("GET", "/_demarc/v1/edges")["edges"]  # noqa: E731
                           for one in device["virtualInterfaces"] if one["id"] == of)
    until("it is said", lambda: seen(vif)["peers"][0].get("wrongKey"), seconds=30)
    assert "MD5 signature" in seen(vif)["peers"][0]["reason"] and seen(vif)["counters"]["wrongSignature"] > 0
    until("the event", lambda: told(server, vif, "BGP Authentication Failure"))
    assert "its key seems to be another" in why(server, vif)
    assert "wrongKey" not in seen(quiet)["peers"][0] and told(server, quiet, "BGP Authentication Failure") == []
    one.key = KEY
    bird.reconfigure()
    until("up with the right one", lambda: state(account, vif) == "available")
    until("it is over", lambda: "wrongKey" not in seen(vif)["peers"][0])
