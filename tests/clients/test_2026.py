"""What 2026 added: rate limits, prefix pools, routes, resiliency groups, billing (api-2026.md)."""

import re

import pytest
from support.account import NO_CONNECTION, NO_GROUP, NO_VIF, Account, refused, vif_fields
from support.waiting import eventually


@pytest.fixture
def port(alice):
    return alice.connection("10Gbps")["connectionId"]


@pytest.fixture
def gateway(alice):
    return alice.gateway()["directConnectGatewayId"]


# ----- rate limits -----


def test_a_limiter_is_counted_on_the_connection(alice, port, gateway):
    before = alice.show_connection(port)["rateLimiterStatus"]
    assert (before["maxAllowed"], before["inUse"], before["remaining"]) == (10, 0, 10)
    made = alice.private_vif(port, directConnectGatewayId=gateway, rateLimit="500Mbps")
    assert made["rateLimit"] == "500Mbps"
    after = alice.show_connection(port)["rateLimiterStatus"]
    assert (after["inUse"], after["remaining"]) == (1, 9)
    assert after["totalBandwidth"]
    changed = alice.dx.update_virtual_interface_attributes(virtualInterfaceId=made["virtualInterfaceId"], rateLimit="1Gbps")
    assert (changed["rateLimit"], changed["virtualInterfaceState"]) == ("1Gbps", "available")
    alice.delete_vif(made["virtualInterfaceId"])
    assert alice.show_connection(port)["rateLimiterStatus"]["inUse"] == 0


@pytest.mark.parametrize("rate", ["60Mbps", "20Gbps", "100Gbps", "fast", "1gbps"])
def test_wrong_rates(alice, port, gateway, rate):
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateway, rateLimit=rate),
    )


def test_an_eleventh_limiter_is_over_the_limit(alice, port, gateway):
    for _ in range(10):
        alice.private_vif(port, wait=None, directConnectGatewayId=gateway, rateLimit="50Mbps")
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateway, rateLimit="50Mbps"),
        code="LimitExceededException", containing="rate limiter",
    )
    plain = alice.private_vif(port, wait=None, directConnectGatewayId=gateway)["virtualInterfaceId"]
    refused(
        alice.dx.update_virtual_interface_attributes, virtualInterfaceId=plain, rateLimit="50Mbps",
        code="LimitExceededException", containing="rate limiter",
    )
    # AssociateVirtualInterface does not list that exception.
    elsewhere = alice.private_vif(alice.connection()["connectionId"], directConnectGatewayId=gateway, rateLimit="50Mbps")
    refused(
        alice.dx.associate_virtual_interface, virtualInterfaceId=elsewhere["virtualInterfaceId"], connectionId=port,
        containing="rate limiter",
    )


def test_not_on_a_hosted_connection(alice, bob):
    hosted = alice.hosted(alice.interconnect()["interconnectId"], bob, vlan=30)["connectionId"]
    refused(
        bob.dx.create_private_virtual_interface, connectionId=hosted,
        newPrivateVirtualInterface=vif_fields(
            vlan=30, rateLimit="50Mbps", directConnectGatewayId=bob.gateway()["directConnectGatewayId"]
        ),
    )


# ----- prefix pools -----


@pytest.mark.parametrize("bandwidth, size", [("1Gbps", 5000), ("10Gbps", 5000), ("100Gbps", 30000), ("400Gbps", 50000)])
def test_pools_by_speed(alice, bandwidth, size):
    shown = alice.connection(bandwidth)
    assert (shown["prefixPoolSizeIpv4"], shown["prefixPoolSizeIpv6"]) == (size, size)
    assert (shown["prefixPoolUnallocatedCountIpv4"], shown["prefixPoolUnallocatedCountIpv6"]) == (size, size)


def test_allocations_come_from_the_pool_and_show_at_the_gateway(alice, port, gateway):
    made = alice.private_vif(port, directConnectGatewayId=gateway)
    assert (made["prefixPoolAllocatedCountIpv4"], made["prefixPoolAllocatedCountIpv6"]) == (100, 100)
    assert alice.show_connection(port)["prefixPoolUnallocatedCountIpv4"] == 4900
    assert alice.show_gateway(gateway)["totalPrefixPoolAllocations"] == 200
    changed = alice.dx.update_virtual_interface_attributes(
        virtualInterfaceId=made["virtualInterfaceId"], prefixPoolAllocatedCountIpv4=1000, prefixPoolAllocatedCountIpv6=0
    )
    assert (changed["prefixPoolAllocatedCountIpv4"], changed["prefixPoolAllocatedCountIpv6"]) == (1000, 0)
    assert changed["virtualInterfaceState"] == "available", "no flap"
    shown = alice.show_connection(port)
    assert (shown["prefixPoolUnallocatedCountIpv4"], shown["prefixPoolUnallocatedCountIpv6"]) == (4000, 5000)
    assert alice.show_gateway(gateway)["totalPrefixPoolAllocations"] == 1000


def test_allocations_are_limited(alice, port, gateway):
    vif = alice.private_vif(port, directConnectGatewayId=gateway)["virtualInterfaceId"]
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=vif, prefixPoolAllocatedCountIpv4=1001)
    # boto3 itself stops a negative count, so this one is sent by hand.
    negative = {"virtualInterfaceId": vif, "prefixPoolAllocatedCountIpv4": -1}
    assert alice.raw("OvertureService.UpdateVirtualInterfaceAttributes", negative)[0] == 400
    for _ in range(4):
        alice.private_vif(port, directConnectGatewayId=gateway, prefixPoolAllocatedCountIpv4=1000)
    alice.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, prefixPoolAllocatedCountIpv4=1000)
    assert alice.show_connection(port)["prefixPoolUnallocatedCountIpv4"] == 0
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateway, prefixPoolAllocatedCountIpv4=1),
    )
    alice.private_vif(port, directConnectGatewayId=gateway, prefixPoolAllocatedCountIpv4=0)


def test_a_public_interface_has_no_allocation(alice, port):
    vif = alice.public_vif(port)["virtualInterfaceId"]
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=vif, prefixPoolAllocatedCountIpv4=500)


# ----- routes -----


def routes(account, vif, **filters):
    more = {"filters": filters} if filters else {}
    return account.dx.list_virtual_interface_routes(virtualInterfaceId=vif, **more)["routes"]


def test_routes_of_both_directions(alice, port, gateway):
    alice.associate(gateway, alice.vpn_gateway("10.40.0.0/16"))
    vif = alice.private_vif(port, directConnectGatewayId=gateway)["virtualInterfaceId"]
    answer = eventually(
        lambda: alice.dx.list_virtual_interface_routes(virtualInterfaceId=vif),
        lambda a: {r["routeDirection"] for r in a["routes"]} == {"accepted", "advertised"},
        what="routes of both directions",
    )
    assert answer["virtualInterfaceId"] == vif
    advertised = [r for r in answer["routes"] if r["routeDirection"] == "advertised"]
    assert [r["cidr"] for r in advertised] == ["10.40.0.0/16"]
    assert advertised[0]["asPath"] == [{"pathType": "seq", "path": [64600]}]
    for route in answer["routes"]:
        assert route["addressFamily"] == "ipv4"
        assert route["routeInstalledAt"]
        assert all(re.fullmatch(r"7224:\d+", community) for community in route["communities"])
    assert routes(alice, vif, routeDirection="advertised") == advertised
    assert routes(alice, vif, cidrs=["10.40.0.0/16"]) == advertised
    assert routes(alice, vif, asPath=[64600], routeDirection="advertised") == advertised
    assert routes(alice, vif, addressFamily="ipv6") == []
    assert routes(alice, vif, cidrs=["10.40.0.0/17"]) == []
    accepted = [r for r in answer["routes"] if r["routeDirection"] == "accepted"]
    assert all(65010 in segment["path"] for r in accepted for segment in r["asPath"])


def test_routes_are_paged_and_gone_with_the_session(alice, port, gateway):
    made = alice.private_vif(port, directConnectGatewayId=gateway)
    vif = made["virtualInterfaceId"]
    everything = eventually(lambda: routes(alice, vif))
    found, token = [], None
    while True:
        page = alice.dx.list_virtual_interface_routes(
            virtualInterfaceId=vif, maxResults=1, **({"nextToken": token} if token else {})
        )
        found += page["routes"]
        token = page.get("nextToken")
        if not token:
            break
    assert found == everything
    alice.server.session(made["bgpPeers"][0]["bgpPeerId"], "down")
    eventually(lambda: routes(alice, vif), lambda r: r == [], what="no routes")


def test_route_refusals(alice):
    refused(alice.dx.list_virtual_interface_routes)
    refused(alice.dx.list_virtual_interface_routes, virtualInterfaceId=NO_VIF, containing="does not exist")


# ----- resiliency groups -----


def group(account, name="group", model="high-resiliency", **more):
    made = account.dx.create_resiliency_group(resiliencyGroupName=name, intendedResiliencyModel=model, **more)
    return made["resiliencyGroup"]


def show_group(account, group_id):
    return account.dx.get_resiliency_group(resiliencyGroupId=group_id)["resiliencyGroup"]


def members(account, group_id):
    return account.dx.list_resiliency_group_associations(resiliencyGroupId=group_id)["items"]


def test_a_groups_life(alice):
    made = group(alice, tags=[{"key": "a", "value": "b"}])
    group_id = made["resiliencyGroupId"]
    assert re.fullmatch(r"dxrg-[0-9a-z]{17}", group_id)
    assert made["resiliencyGroupArn"] == f"arn:aws:directconnect::{alice.id}:dx-resiliency-group/{group_id}"
    assert (made["resiliencyGroupType"], made["ownerAccount"]) == ("Managed", alice.id)
    assert made["state"] in {"pending", "available"}
    assert made["tags"] == [{"key": "a", "value": "b"}]
    eventually(lambda: show_group(alice, group_id)["state"], lambda s: s == "available")
    renamed = alice.dx.update_resiliency_group(resiliencyGroupId=group_id, resiliencyGroupName="renamed")
    assert renamed["resiliencyGroup"]["resiliencyGroupName"] == "renamed"
    assert [g["resiliencyGroupId"] for g in alice.dx.list_resiliency_groups()["items"]] == [group_id]
    assert alice.dx.delete_resiliency_group(resiliencyGroupId=group_id)["resiliencyGroup"]["state"] == "deleting"
    eventually(
        lambda: [g["state"] for g in alice.dx.list_resiliency_groups()["items"]], lambda s: s in ([], ["deleted"])
    )


@pytest.mark.parametrize("wrong", [{"resiliencyGroupName": "with blank"}, {"intendedResiliencyModel": "extreme"}, {"resiliencyGroupName": "x" * 256}], ids=lambda w: str(w)[:40])
def test_wrong_groups(alice, wrong):
    right = dict(resiliencyGroupName="group", intendedResiliencyModel="basic-resiliency")
    refused(alice.dx.create_resiliency_group, **{**right, **wrong})
    assert alice.dx.list_resiliency_groups()["items"] == []


def test_a_client_token_makes_a_create_idempotent(alice):
    one = group(alice, clientToken="token-1")
    two = group(alice, clientToken="token-1")
    assert one["resiliencyGroupId"] == two["resiliencyGroupId"]
    assert group(alice, clientToken="token-2")["resiliencyGroupId"] != one["resiliencyGroupId"]


def test_members_join_by_id_or_arn_and_leave(alice):
    group_id = group(alice)["resiliencyGroupId"]
    one, two = (alice.connection()["connectionId"] for _ in range(2))
    made = alice.dx.associate_connections_to_resiliency_group(
        resiliencyGroupId=group_id, connectionIdentifiers=[one, alice.arn("dxcon", two)]
    )["resiliencyGroupAssociations"]
    arns = {alice.arn("dxcon", one), alice.arn("dxcon", two)}
    assert {a["connectionArn"] for a in made} == arns
    assert {a["state"] for a in made} <= {"associating", "associated"}
    eventually(lambda: {a["state"] for a in members(alice, group_id)}, lambda s: s == {"associated"})
    assert {a["connectionArn"] for a in members(alice, group_id)} == arns
    gone = alice.dx.disassociate_connections_from_resiliency_group(resiliencyGroupId=group_id, connectionIdentifiers=[one])
    assert [a["state"] for a in gone["resiliencyGroupAssociations"]] == ["disassociating"]
    eventually(
        lambda: {a["connectionArn"] for a in members(alice, group_id) if a["state"] == "associated"},
        lambda left: left == {alice.arn("dxcon", two)},
    )


def test_joining_is_all_or_nothing(alice, bob):
    group_id = group(alice)["resiliencyGroupId"]
    mine, theirs = alice.connection()["connectionId"], bob.connection()["connectionId"]
    for wrong in (NO_CONNECTION, theirs, "nonsense"):
        refused(
            alice.dx.associate_connections_to_resiliency_group, resiliencyGroupId=group_id,
            connectionIdentifiers=[mine, wrong],
        )
    assert members(alice, group_id) == []


def test_unknown_groups(alice):
    for call, more in (
        (alice.dx.get_resiliency_group, {}),
        (alice.dx.delete_resiliency_group, {}),
        (alice.dx.update_resiliency_group, {"resiliencyGroupName": "x"}),
        (alice.dx.list_resiliency_group_associations, {}),
    ):
        refused(call, resiliencyGroupId=NO_GROUP, **more)


# ----- billing mode -----


def test_billing_modes(alice):
    assert alice.connection()["billingMode"] == "PayAsYouGo"
    location = alice.location("10Gbps")
    flat = alice.connection("10Gbps", location=location, billingMode="FlatRateTier1")["connectionId"]
    assert alice.show_connection(flat)["billingMode"] == "FlatRateTier1"
    answer = alice.dx.update_connections_billing_mode(connectionIds=[flat], billingMode="PayAsYouGo")
    assert answer["billingMode"] == "PayAsYouGo"
    assert [c["connectionId"] for c in answer["connections"]] == [flat]
    assert alice.show_connection(flat)["billingMode"] == "PayAsYouGo"


def test_flat_rates_are_for_ten_and_a_hundred_gigabits(alice):
    slow = alice.connection()["connectionId"]
    refused(alice.dx.update_connections_billing_mode, connectionIds=[slow], billingMode="FlatRateTier1")
    refused(alice.dx.update_connections_billing_mode, connectionIds=[NO_CONNECTION], billingMode="PayAsYouGo")
    refused(
        alice.dx.create_connection, location=alice.location("10Gbps"), bandwidth="10Gbps", connectionName="x",
        billingMode="PortPairFlatRateTier1",
    )


def test_two_equal_ports_of_a_group_become_a_pair(alice):
    group_id = group(alice)["resiliencyGroupId"]
    location = alice.location("10Gbps")
    ports = [alice.connection("10Gbps", location=location, billingMode="FlatRateTier1") for _ in range(2)]
    assert len({p["awsLogicalDeviceId"] for p in ports}) == 2
    ids = [p["connectionId"] for p in ports]
    alice.dx.associate_connections_to_resiliency_group(resiliencyGroupId=group_id, connectionIdentifiers=ids)
    eventually(
        lambda: {alice.show_connection(i)["billingMode"] for i in ids}, lambda m: m == {"PortPairFlatRateTier1"}
    )
    alice.dx.disassociate_connections_from_resiliency_group(resiliencyGroupId=group_id, connectionIdentifiers=ids[:1])
    eventually(lambda: {alice.show_connection(i)["billingMode"] for i in ids}, lambda m: m == {"FlatRateTier1"})


def test_a_token_stands_for_one_request(alice, bob):
    """Of one account, in one Region; another request with it is refused."""
    made = group(alice, clientToken="token")["resiliencyGroupId"]
    for other in ({"name": "other"}, {"model": "basic-resiliency"}):
        with_other = {"name": "group", "model": "high-resiliency", **other}
        refused(
            alice.dx.create_resiliency_group, clientToken="token", resiliencyGroupName=with_other["name"],
            intendedResiliencyModel=with_other["model"], containing="clientToken",
        )
    assert group(bob, clientToken="token")["resiliencyGroupId"] != made
    alice.dx.update_resiliency_group(resiliencyGroupId=made, resiliencyGroupName="first", clientToken="update")
    alice.dx.update_resiliency_group(resiliencyGroupId=made, resiliencyGroupName="second")
    alice.dx.update_resiliency_group(resiliencyGroupId=made, resiliencyGroupName="first", clientToken="update")
    assert show_group(alice, made)["resiliencyGroupName"] == "second", "the repeat did not act again"


def test_leaving_is_all_or_nothing_and_deleting_frees_the_members(alice):
    group_id = group(alice)["resiliencyGroupId"]
    member, stranger = (alice.connection()["connectionId"] for _ in range(2))
    lag = alice.lag()["lagId"]
    alice.dx.associate_connections_to_resiliency_group(resiliencyGroupId=group_id, connectionIdentifiers=[member, lag])
    refused(
        alice.dx.disassociate_connections_from_resiliency_group, resiliencyGroupId=group_id,
        connectionIdentifiers=[member, stranger], containing=stranger,
    )
    assert {a["connectionArn"]: a["state"] for a in members(alice, group_id)} == {
        alice.arn("dxcon", member): "associated",
        alice.arn("dxlag", lag): "associated",
    }
    alice.dx.delete_resiliency_group(resiliencyGroupId=group_id)
    for call, more in (
        (alice.dx.associate_connections_to_resiliency_group, {"connectionIdentifiers": [member]}),
        (alice.dx.update_resiliency_group, {"resiliencyGroupName": "x"}),
        (alice.dx.delete_resiliency_group, {}),
    ):
        refused(call, resiliencyGroupId=group_id, **more)
    alice.dx.delete_connection(connectionId=member)


def test_members_of_a_lag_share_its_mode_and_three_changes_are_the_most(own_server):
    alice = Account(own_server)
    lag = alice.lag(members=2)
    first, second = (c["connectionId"] for c in lag["connections"])
    change = alice.dx.update_connections_billing_mode
    for mode in ("FlatRateTier1", "FlatRateTier2", "PayAsYouGo"):
        change(connectionIds=[first], billingMode=mode)
        shown = alice.show_lag(lag["lagId"])
        assert [shown["billingMode"], *(c["billingMode"] for c in shown["connections"])] == [mode] * 3
    refused(change, connectionIds=[second], billingMode="FlatRateTier1", containing="3 times")
    change(connectionIds=[second], billingMode="PayAsYouGo")
    own_server.advance(184 * 86_400)
    change(connectionIds=[second], billingMode="FlatRateTier1")
