"""What lies behind gateways: several namespaces for one, and what is a VPC's own."""

from lab import Bird, namespaces, ping, received, run, session, until
from objects import KEY, addresses, private, vpc_gateway
from router import faults_of

HOST, SITE = "10.40.1.1", "192.168.77.1"


def test_a_transit_gateway_of_two_gateways_has_an_uplink_in_each(lab, account, server):
    transit = account.transit_gateway(asn=64_700)
    sites = {}
    for name, number in (("a", 1), ("b", 2)):
        gateway = account.gateway(asn=64_600 + number)["directConnectGatewayId"]
        account.associate(gateway, transit, ["10.40.0.0/16"])
        lab.uplink(transit, f"{HOST}/32", serves=gateway)
        source = f"192.168.{76 + number}.1"
        _, shown = private(account, lab, gateway, number, make="transit_vif", name=name, hosts=[f"{source}/32"])
        lab.start(Bird(name, session(shown, announce=[f"192.168.{76 + number}.0/24"])))
        sites[name] = source
    for name, source in sites.items():
        until(f"packets of {name}", lambda: ping(name, HOST, source))
    # One that serves nobody in particular is the first's; the other is told how to get one.
    first, second = list(lab.uplinks)[-2:]
    del lab.uplinks[second]
    del lab.uplinks[first]["serves"]
    lab.write_bindings()
    until("said", lambda: "`serves`" in faults_of(server, transit))
    assert [ping(name, HOST, source, count=1) for name, source in sites.items()].count(True) <= 1


def test_a_vpn_gateway_with_interfaces_of_its_own_and_an_association(lab, account):
    gateway, vgw, _ = vpc_gateway(account, lab)
    lab.uplink(vgw, f"{HOST}/32", serves=vgw)
    _, shown = private(account, lab, gateway, 1)
    connection, cable = lab.connected(account)
    own = account.private_vif(connection, wait=None, virtualGatewayId=vgw, vlan=102, asn=65_002, authKey=KEY,
                              **addresses(2))["virtualInterfaceId"]
    other = account.show_vif(own)
    lab.site("b", cable, 102, other["customerAddress"], hosts=["192.168.78.1/32"])
    lab.start(Bird("a", session(shown, announce=["192.168.77.0/24"])))
    lab.start(Bird("b", session(other, announce=["192.168.78.0/24"])))
    until("packets by the gateway", lambda: ping("a", HOST, SITE))
    until("packets by its own interface", lambda: ping("b", HOST, "192.168.78.1"))


def test_a_part_of_a_vpc_is_the_vpcs_whoever_announces_it(lab, account, server):
    gateway, _, network = vpc_gateway(account, lab)
    _, first = private(account, lab, gateway, 1, name="a", enableSiteLink=True)
    thief, second = private(account, lab, gateway, 2, name="b", asn=65_002, enableSiteLink=True,
                            hosts=["192.168.78.1/32", f"{HOST}/32"])
    honest = lab.start(Bird("a", session(first, announce=["192.168.77.0/24"])))
    lab.start(Bird("b", session(second, announce=["192.168.78.0/24", "10.40.1.0/24"])))
    until("both are known", lambda: "192.168.78.0/24" in honest.routes() and ping("a", "192.168.78.1", SITE))
    before = received(network, "edge")
    assert ping("a", HOST, SITE, count=5)
    assert received(network, "edge") - before >= 5
    answer = server.operator("GET", f"/_demarc/v1/virtual-interfaces/{thief}/why?destination={HOST}")
    assert [choice["decidedBy"] for choice in answer["received"][0]["choices"]] == ["local-route"], answer
    # The kernel knows nothing of it either.
    (inside,) = namespaces("dmc-")
    assert "10.40.1.0/24" not in run("ip", "-n", inside, "route", "show", "table", "1002")
