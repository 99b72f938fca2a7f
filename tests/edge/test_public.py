"""Public virtual interfaces: what is announced, what is accepted, and who may send (routing §3 to §5)."""

from lab import Bird, ip, never, ping, session, until
from objects import KEY, state

OURS = {"amazonAddress": "175.45.176.1/30", "customerAddress": "175.45.176.2/30"}
APPROVED = "210.52.109.0/24"
HOST = "203.0.113.1"


def public(account, lab, number=1, name="a", **more):
    connection, cable = lab.connected(account)
    fields = {"vlan": 100 + number, "asn": 65_001, "authKey": KEY, **OURS,
              "routeFilterPrefixes": [{"cidr": APPROVED}], **more}
    vif = account.public_vif(connection, wait=None, **fields)["virtualInterfaceId"]
    shown = account.show_vif(vif)
    lab.site(name, cable, fields["vlan"], shown["customerAddress"], hosts=["210.52.109.1/32", "192.168.77.1/32"])
    return vif, shown


def test_row_7_only_approved_prefixes_are_taken_and_only_they_may_send(lab, account):
    lab.uplink("public", f"{HOST}/32", prefixes=[
        {"prefix": "203.0.113.0/24"}, {"prefix": "198.51.100.0/24", "scope": "continent"},
        {"prefix": "192.0.2.0/24", "scope": "world"}])
    vif, shown = public(account, lab)
    until("verified and down", lambda: state(account, vif) in ("down", "available"))
    one = session(shown, announce=["192.168.77.0/24", "8.8.8.0/24"])
    bird = lab.start(Bird("a", one))
    until("up", lambda: state(account, vif) == "available")
    until("announcements", lambda: len(bird.routes()) == 3)
    rows = [("203.0.113.0/24", "(7224,8100)"), ("198.51.100.0/24", "(7224,8200)"), ("192.0.2.0/24", None)]
    for prefix, scope in rows:
        shown_route = bird.route(prefix)
        assert "BGP.as_path: 7224 16509 16509" in shown_route
        assert "(65535,65281)" in shown_route, "NO_EXPORT"
        assert shown_route.count("(7224,") == (scope is not None) and (scope or "") in shown_route
    never("what was not approved is used", lambda: accepted(account, vif), 1)

    # Nothing was accepted, so nobody may send but the neighbor itself.
    assert not ping("a", HOST, "210.52.109.1")
    one.announce = [APPROVED]
    bird.reconfigure()
    until("accepted", lambda: accepted(account, vif))
    until("packets from the approved prefix", lambda: ping("a", HOST, "210.52.109.1"))
    assert not ping("a", HOST, "192.168.77.1")
    assert ping("a", shown["amazonAddress"].split("/")[0], "175.45.176.2")
    one.announce = []
    bird.reconfigure()
    until("withdrawn, it may not send any more", lambda: not ping("a", HOST, "210.52.109.1", count=1))


def accepted(account, vif):
    answer = account.dx.list_virtual_interface_routes(virtualInterfaceId=vif)
    return [route for route in answer["routes"] if route["routeDirection"] == "accepted"]


def test_customers_of_public_interfaces_do_not_reach_each_other(lab, account):
    lab.uplink("public", f"{HOST}/32", prefixes=[{"prefix": "203.0.113.0/24"}])
    vif, shown = public(account, lab)
    other, far = public(account, lab, 2, "b", amazonAddress="210.52.110.1/30", customerAddress="210.52.110.2/30",
                        asn=65_002, routeFilterPrefixes=[{"cidr": "198.18.0.0/24"}])
    ip("b", "addr", "add", "198.18.0.1/32", "dev", "lo")
    first = lab.start(Bird("a", session(shown, announce=[APPROVED])))
    second = lab.start(Bird("b", session(far, announce=["198.18.0.0/24"])))
    until("up", lambda: first.routes() == second.routes() == ["203.0.113.0/24"])
    until("both reach the network", lambda: ping("a", HOST, "210.52.109.1"))
    ip("a", "route", "add", "198.18.0.0/24", "via", "175.45.176.1", "src", "210.52.109.1")
    ip("b", "route", "add", APPROVED, "via", "210.52.110.1", "src", "198.18.0.1")
    assert not ping("a", "198.18.0.1", "210.52.109.1")
