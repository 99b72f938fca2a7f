"""Pages and their tokens (protocol.md 5)."""

import pytest
from support.account import refused



@pytest.fixture
def filled(alice):
    """An account with three of everything that is listed."""
    alice.three = {}
    connections = [alice.connection(connectionName=f"c{n}") for n in range(3)]
    alice.three["describe_connections", "connections", "connectionId"] = [c["connectionId"] for c in connections]
    gateways = [alice.gateway()["directConnectGatewayId"] for _ in range(3)]
    alice.three["describe_direct_connect_gateways", "directConnectGateways", "directConnectGatewayId"] = gateways
    vifs = [
        alice.private_vif(connections[0]["connectionId"], directConnectGatewayId=gateways[0])["virtualInterfaceId"]
        for _ in range(3)
    ]
    alice.three["describe_virtual_interfaces", "virtualInterfaces", "virtualInterfaceId"] = vifs
    alice.three["describe_interconnects", "interconnects", "interconnectId"] = [
        alice.interconnect()["interconnectId"] for _ in range(3)
    ]
    return alice


def pages(call, member, key, **more):
    """Every page of a listing, as lists of ids."""
    found, token = [], None
    for _ in range(20):
        answer = call(**more, **({"nextToken": token} if token else {}))
        found.append([item[key] for item in answer[member]])
        token = answer.get("nextToken")
        if token is None:
            return found
    raise AssertionError(f"no last page: {found}")


def test_pages_of_two_together_are_the_whole_list_in_order_of_creation(filled):
    for (name, member, key), ids in filled.three.items():
        call = getattr(filled.dx, name)
        found = pages(call, member, key, maxResults=2)
        assert [i for page in found for i in page] == ids, name
        assert all(len(page) <= 2 for page in found), name
        assert found[0] == ids[:2], name


def test_without_maxresults_everything_comes_at_once(filled):
    """clients.md rule 16."""
    for (name, member, key), ids in filled.three.items():
        answer = getattr(filled.dx, name)()
        assert [item[key] for item in answer[member]] == ids, name
        assert "nextToken" not in answer, name


def test_a_large_maxresults_is_cut_and_a_small_one_refused(filled):
    for name, member, _ in filled.three:
        call = getattr(filled.dx, name)
        assert len(call(maxResults=5000)[member]) == 3, name
        for wrong in (0, -1):
            refused(call, maxResults=wrong)


def test_a_token_belongs_to_its_caller_operation_and_filter(filled, bob):
    token = filled.dx.describe_connections(maxResults=1)["nextToken"]
    refused(bob.dx.describe_connections, nextToken=token)
    refused(filled.dx.describe_virtual_interfaces, nextToken=token)
    refused(filled.dx.describe_connections, nextToken=token[:-2] + ("AA" if token[-2:] != "AA" else "BB"))
    for wrong in ("nonsense", "", "e30="):
        refused(filled.dx.describe_connections, nextToken=wrong)
    assert len(filled.dx.describe_connections(nextToken=token)["connections"]) == 2
    some = filled.three["describe_connections", "connections", "connectionId"][0]
    token = filled.dx.describe_virtual_interfaces(connectionId=some, maxResults=1)["nextToken"]
    refused(filled.dx.describe_virtual_interfaces, nextToken=token)


def test_the_tokens_are_opaque(filled):
    token = filled.dx.describe_connections(maxResults=1)["nextToken"]
    first = filled.three["describe_connections", "connections", "connectionId"][0]
    assert first not in token and filled.id not in token


def test_an_item_made_between_two_pages_disturbs_nothing(filled):
    ids = filled.three["describe_connections", "connections", "connectionId"]
    answer = filled.dx.describe_connections(maxResults=2)
    late = filled.connection(wait=None)["connectionId"]
    rest = filled.dx.describe_connections(nextToken=answer["nextToken"])
    assert [c["connectionId"] for c in rest["connections"]] in ([ids[2]], [ids[2], late])


def test_an_id_makes_paging_moot(filled):
    first = filled.three["describe_connections", "connections", "connectionId"][0]
    answer = filled.dx.describe_connections(connectionId=first, maxResults=1)
    assert len(answer["connections"]) == 1
    assert "nextToken" not in answer


def test_botocores_paginators(filled, bob):
    gateways = filled.three["describe_direct_connect_gateways", "directConnectGateways", "directConnectGatewayId"]
    found = filled.dx.get_paginator("describe_direct_connect_gateways").paginate(PaginationConfig={"PageSize": 1})
    assert [g["directConnectGatewayId"] for page in found for g in page["directConnectGateways"]] == gateways
    attached = filled.dx.get_paginator("describe_direct_connect_gateway_attachments").paginate(
        directConnectGatewayId=gateways[0], PaginationConfig={"PageSize": 2}
    )
    assert len([a for page in attached for a in page["directConnectGatewayAttachments"]]) == 3
    vgws = [filled.vpn_gateway(f"10.{n}.0.0/16") for n in range(3)]
    for vgw in vgws:
        filled.associate(gateways[1], vgw)
    associated = filled.dx.get_paginator("describe_direct_connect_gateway_associations").paginate(
        directConnectGatewayId=gateways[1], PaginationConfig={"PageSize": 2}
    )
    found = [a["associatedGateway"]["id"] for page in associated for a in page["directConnectGatewayAssociations"]]
    assert found == vgws


def test_hosted_connections_proposals_and_test_history_are_paged_too(alice, bob):
    interconnect = alice.interconnect()["interconnectId"]
    hosted = [alice.hosted(interconnect, bob, confirm=False)["connectionId"] for _ in range(3)]
    found = pages(
        alice.dx.describe_hosted_connections, "connections", "connectionId", connectionId=interconnect, maxResults=2
    )
    assert [i for page in found for i in page] == hosted

    gateway, vgw = alice.gateway()["directConnectGatewayId"], alice.vpn_gateway()
    proposals = [
        alice.dx.create_direct_connect_gateway_association_proposal(
            directConnectGatewayId=gateway, directConnectGatewayOwnerAccount=alice.id, gatewayId=vgw
        )["directConnectGatewayAssociationProposal"]["proposalId"]
        for _ in range(3)
    ]
    found = pages(
        alice.dx.describe_direct_connect_gateway_association_proposals, "directConnectGatewayAssociationProposals",
        "proposalId", maxResults=2,
    )
    assert sorted(i for page in found for i in page) == sorted(proposals)

    vif = alice.private_vif(alice.connection()["connectionId"])["virtualInterfaceId"]
    tests = []
    for _ in range(3):
        tests.append(alice.dx.start_bgp_failover_test(virtualInterfaceId=vif)["virtualInterfaceTest"]["testId"])
        alice.dx.stop_bgp_failover_test(virtualInterfaceId=vif)
        alice.wait_vif(vif)
    found = pages(
        alice.dx.list_virtual_interface_test_history, "virtualInterfaceTestHistory", "testId", maxResults=2
    )
    assert [i for page in found for i in page] == tests[::-1]
    named = alice.dx.list_virtual_interface_test_history(testId=tests[0], maxResults=1, nextToken="ignored")
    assert [t["testId"] for t in named["virtualInterfaceTestHistory"]] == tests[:1]


def test_lags_are_paged(alice):
    lags = [alice.lag(members=1)["lagId"] for _ in range(3)]
    found = pages(alice.dx.describe_lags, "lags", "lagId", maxResults=1)
    assert [i for page in found for i in page] == lags
