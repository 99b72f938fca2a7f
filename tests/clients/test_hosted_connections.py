"""Interconnects and hosted connections (operations.md 4, states.md 2 and 3)."""

import pytest
from support.account import NO_CONNECTION, refused
from support.waiting import eventually


@pytest.fixture
def interconnect(alice):
    return alice.interconnect()["interconnectId"]


def test_create_interconnect(alice):
    made = alice.dx.create_interconnect(
        interconnectName="partner port", bandwidth="10Gbps", location=alice.location("10Gbps"),
        tags=[{"key": "a", "value": "b"}], providerName="Example Carrier",
    )
    assert made["interconnectId"].startswith("dxcon-")
    assert made["interconnectState"] == "requested"
    assert made["interconnectName"] == "partner port"
    assert made["tags"] == [{"key": "a", "value": "b"}]
    assert made["providerName"] == "Example Carrier"
    assert "ownerAccount" not in made


def test_an_interconnect_is_no_connection_in_lists(alice, interconnect):
    assert alice.dx.describe_connections()["connections"] == []
    assert [i["interconnectId"] for i in alice.dx.describe_interconnects()["interconnects"]] == [interconnect]


def test_describe_unknown_interconnect(alice):
    refused(alice.dx.describe_interconnects, interconnectId=NO_CONNECTION, containing="Could not find Interconnect")
    assert alice.dx.describe_interconnects()["interconnects"] == []


def test_delete_interconnect_answers_a_state_only(alice, frozen):
    made = frozen.interconnect(wait=None)
    answer = frozen.dx.delete_interconnect(interconnectId=made["interconnectId"])
    assert answer["interconnectState"] == "deleted"
    live = alice.interconnect()
    answer = alice.dx.delete_interconnect(interconnectId=live["interconnectId"])
    assert answer["interconnectState"] in {"deleting", "deleted"}


def test_delete_interconnect_is_refused_while_it_hosts(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob)
    refused(alice.dx.delete_interconnect, interconnectId=interconnect, containing="hosted connections")
    bob.dx.delete_connection(connectionId=hosted["connectionId"])
    bob.wait_connection(hosted["connectionId"], "deleted")
    assert alice.dx.delete_interconnect(interconnectId=interconnect)["interconnectState"] in {"deleting", "deleted"}


def test_virtual_interfaces_are_refused_on_an_interconnect(alice, interconnect):
    """V12."""
    refused(
        alice.dx.create_private_virtual_interface,
        connectionId=interconnect,
        newPrivateVirtualInterface={
            "virtualInterfaceName": "x", "vlan": 5, "asn": 65000,
            "directConnectGatewayId": alice.gateway()["directConnectGatewayId"],
        },
        containing="Virtual interfaces cannot be created on",
    )


def test_allocate_confirm_and_become_available(alice, bob, interconnect):
    made = alice.dx.allocate_hosted_connection(
        connectionId=interconnect, ownerAccount=bob.id, bandwidth="500Mbps", connectionName="hosted", vlan=101
    )
    assert made["connectionState"] == "ordering"
    assert made["ownerAccount"] == bob.id
    assert made["vlan"] == 101
    assert made["bandwidth"] == "500Mbps"
    assert made["partnerName"]
    hosted = made["connectionId"]
    assert hosted != interconnect
    assert bob.dx.confirm_connection(connectionId=hosted)["connectionState"] == "pending"
    shown = bob.wait_connection(hosted)
    assert shown["vlan"] == 101
    assert isinstance(shown["partnerInterconnectMacSecCapable"], bool)


def test_m9_confirm_of_an_unknown_connection(alice):
    refused(
        alice.dx.confirm_connection, connectionId=NO_CONNECTION,
        text=f"ConfirmConnection failed. {NO_CONNECTION} doesn't exist.",
    )


def test_m10_confirm_in_another_state(alice, bob, interconnect, frozen):
    hosted = alice.hosted(interconnect, bob)["connectionId"]
    refused(
        bob.dx.confirm_connection, connectionId=hosted, text=f"ConfirmConnection failed. {hosted} is in state available"
    )
    dedicated = frozen.connection(wait=None)["connectionId"]
    refused(
        frozen.dx.confirm_connection, connectionId=dedicated,
        text=f"ConfirmConnection failed. {dedicated} is in state requested",
    )


def test_only_the_customer_confirms(alice, bob, carol, interconnect):
    hosted = alice.hosted(interconnect, bob, confirm=False)["connectionId"]
    for stranger in (alice, carol):
        refused(
            stranger.dx.confirm_connection, connectionId=hosted,
            text=f"ConfirmConnection failed. {hosted} doesn't exist.",
        )
    assert bob.show_connection(hosted)["connectionState"] == "ordering"


def test_both_sides_see_it_and_tags_are_the_customers(alice, bob, carol, interconnect):
    made = alice.dx.allocate_hosted_connection(
        connectionId=interconnect, ownerAccount=bob.id, bandwidth="100Mbps", connectionName="hosted", vlan=7,
        tags=[{"key": "team", "value": "blue"}],
    )
    hosted = made["connectionId"]
    mine = bob.show_connection(hosted)
    assert mine["tags"] == [{"key": "team", "value": "blue"}]
    theirs = alice.dx.describe_hosted_connections(connectionId=interconnect)["connections"]
    assert [c["connectionId"] for c in theirs] == [hosted]
    assert theirs[0]["tags"] == []
    assert alice.dx.describe_connections()["connections"] == []
    assert carol.dx.describe_connections()["connections"] == []


def test_the_customer_rejects_by_deleting(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob, confirm=False)["connectionId"]
    assert bob.dx.delete_connection(connectionId=hosted)["connectionState"] == "rejected"
    assert bob.show_connection(hosted)["connectionState"] == "rejected"
    refused(bob.dx.confirm_connection, connectionId=hosted)


def test_the_partner_deletes_too(alice, bob, interconnect):
    for confirm in (False, True):
        hosted = alice.hosted(interconnect, bob, confirm=confirm)["connectionId"]
        assert alice.dx.delete_connection(connectionId=hosted)["connectionState"] in {"deleting", "deleted"}
        bob.wait_connection(hosted, "deleted")


def test_nobody_deletes_it_under_a_virtual_interface(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob, vlan=300)["connectionId"]
    bob.private_vif(hosted, vlan=300)
    for account in (alice, bob):
        refused(account.dx.delete_connection, connectionId=hosted, containing="virtual interface")


def test_m11_describe_hosted_connections_of_no_parent(alice, bob, interconnect):
    refused(
        alice.dx.describe_hosted_connections, connectionId=NO_CONNECTION,
        text=f"{alice.id} DescribeHostedConnections failed for connection {NO_CONNECTION} doesn't exist.",
    )
    refused(
        bob.dx.describe_hosted_connections, connectionId=interconnect,
        text=f"{bob.id} DescribeHostedConnections failed for connection {interconnect} doesn't exist.",
    )


def test_m21_the_vlan_is_unique_on_the_parent(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob, vlan=55, confirm=False)["connectionId"]
    again = dict(
        connectionId=interconnect, ownerAccount=bob.id, bandwidth="50Mbps", connectionName="x", vlan=55
    )
    refused(alice.dx.allocate_hosted_connection, **again, containing="VLAN 55 is already in use")
    bob.dx.delete_connection(connectionId=hosted)
    alice.dx.allocate_hosted_connection(**again)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bandwidth": "60Mbps"},
        {"bandwidth": "100Gbps"},
        {"bandwidth": "25Gbps"},  # more than the parent's 10Gbps
        {"vlan": 0},
        {"vlan": 4095},
        {"ownerAccount": "12345"},
        {"ownerAccount": "12345678901x"},
        {"connectionName": ""},
        {"connectionId": NO_CONNECTION},
        {"connectionId": "nonsense"},
    ],
    ids=str,
)
def test_wrong_allocations_are_refused_and_leave_nothing(alice, bob, interconnect, wrong):
    right = dict(
        connectionId=interconnect, ownerAccount=bob.id, bandwidth="50Mbps", connectionName="x", vlan=9
    )
    refused(alice.dx.allocate_hosted_connection, **{**right, **wrong})
    assert alice.dx.describe_hosted_connections(connectionId=interconnect)["connections"] == []
    assert bob.dx.describe_connections()["connections"] == []


@pytest.mark.parametrize(
    "bandwidth", "50Mbps 100Mbps 200Mbps 300Mbps 400Mbps 500Mbps 1Gbps 2Gbps 5Gbps 10Gbps".split()
)
def test_every_hosted_bandwidth(alice, bob, interconnect, bandwidth):
    made = alice.hosted(interconnect, bob, bandwidth=bandwidth, confirm=False)
    assert made["bandwidth"] == bandwidth


def test_the_deprecated_alias_allocates_too(alice, bob, interconnect):
    made = alice.dx.allocate_connection_on_interconnect(
        bandwidth="200Mbps", connectionName="old", ownerAccount=bob.id, interconnectId=interconnect, vlan=12
    )
    assert (made["connectionState"], made["vlan"]) == ("ordering", 12)
    listed = alice.dx.describe_connections_on_interconnect(interconnectId=interconnect)["connections"]
    assert [c["connectionId"] for c in listed] == [made["connectionId"]]
    refused(alice.dx.describe_connections_on_interconnect, interconnectId=NO_CONNECTION)


def test_a_hosted_connection_carries_one_virtual_interface_of_its_vlan(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob, vlan=400)["connectionId"]
    fields = {"virtualInterfaceName": "x", "asn": 65000, "directConnectGatewayId": bob.gateway()["directConnectGatewayId"]}
    refused(
        bob.dx.create_private_virtual_interface, connectionId=hosted,
        newPrivateVirtualInterface={**fields, "vlan": 401},
    )
    made = bob.dx.create_private_virtual_interface(connectionId=hosted, newPrivateVirtualInterface={**fields, "vlan": 400})
    bob.wait_vif(made["virtualInterfaceId"])
    refused(
        bob.dx.create_private_virtual_interface, connectionId=hosted,
        newPrivateVirtualInterface={**fields, "vlan": 400},
    )


def test_a_hosted_connection_follows_its_parent(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob)["connectionId"]
    alice.server.link(interconnect, "down")
    bob.wait_connection(hosted, "down")
    alice.server.link(interconnect, "up")
    bob.wait_connection(hosted, "available")


def test_it_moves_with_its_virtual_interface(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob, vlan=77)["connectionId"]
    vif = bob.private_vif(hosted, vlan=77)["virtualInterfaceId"]
    other = alice.interconnect(n=0)["interconnectId"]
    moved = alice.dx.associate_hosted_connection(connectionId=hosted, parentConnectionId=other)
    assert moved["connectionId"] == hosted
    assert alice.dx.describe_hosted_connections(connectionId=interconnect)["connections"] == []
    assert [c["connectionId"] for c in alice.dx.describe_hosted_connections(connectionId=other)["connections"]] == [hosted]
    assert bob.wait_vif(vif)["connectionId"] == hosted


def test_it_does_not_move_onto_a_used_vlan(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob, vlan=88)["connectionId"]
    other = alice.interconnect()["interconnectId"]
    alice.hosted(other, bob, vlan=88)
    refused(
        alice.dx.associate_hosted_connection, connectionId=hosted, parentConnectionId=other,
        containing="VLAN 88 is already in use",
    )
    same = alice.dx.associate_hosted_connection(connectionId=hosted, parentConnectionId=interconnect)
    assert same["connectionId"] == hosted, "the same parent again changes nothing"


def test_only_the_partner_moves_it(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob)["connectionId"]
    refused(bob.dx.associate_hosted_connection, connectionId=hosted, parentConnectionId=interconnect)


def test_a_hosted_connection_on_a_partner_lag_names_the_lag(alice, bob):
    port = alice.interconnect()
    lag = alice.lag(members=1, connectionId=port["interconnectId"], location=port["location"])
    assert lag["allowsHostedConnections"] is True
    made = alice.hosted(lag["lagId"], bob, confirm=False)
    assert made["lagId"] == lag["lagId"]
    eventually(
        lambda: alice.dx.describe_hosted_connections(connectionId=lag["lagId"])["connections"],
        lambda listed: [c["connectionId"] for c in listed] == [made["connectionId"]],
    )


def test_there_is_no_macsec_and_no_letter_for_a_hosted_connection(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob)["connectionId"]
    refused(bob.dx.associate_mac_sec_key, connectionId=hosted, ckn="a" * 64, cak="b" * 64)
    refused(bob.dx.update_connection, connectionId=hosted, encryptionMode="must_encrypt")
    refused(bob.dx.describe_loa, connectionId=hosted)


def test_a_hosted_connection_joins_no_lag(alice, bob, interconnect):
    hosted = alice.hosted(interconnect, bob)["connectionId"]
    lag = bob.lag()["lagId"]
    refused(bob.dx.associate_connection_with_lag, connectionId=hosted, lagId=lag)
