"""Changing and moving a live virtual interface (operations.md 7, states.md 5.3)."""

import pytest
from support.account import NO_CONNECTION, NO_LAG, NO_VIF, refused
from support.waiting import wait_as_terraform


@pytest.fixture
def port(alice):
    return alice.connection()["connectionId"]


@pytest.fixture
def vif(alice, port):
    return alice.private_vif(port)["virtualInterfaceId"]


# ----- UpdateVirtualInterfaceAttributes -----


def test_a_new_mtu_is_applied_through_pending(alice, vif):
    answer = alice.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, mtu=9001)
    assert answer["mtu"] == 9001
    assert answer["virtualInterfaceState"] in {"pending", "available"}

    def state():
        return alice.show_vif(vif)["virtualInterfaceState"]

    wait_as_terraform(state, {"pending"}, {"available", "down"})
    assert alice.wait_vif(vif)["mtu"] == 9001


def test_the_same_mtu_changes_nothing(alice, vif):
    answer = alice.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, mtu=1500)
    assert (answer["mtu"], answer["virtualInterfaceState"]) == (1500, "available")


def test_name_and_sitelink(alice, vif):
    named = alice.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, virtualInterfaceName="new name")
    assert named["virtualInterfaceName"] == "new name"
    linked = alice.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, enableSiteLink=True)
    assert linked["siteLinkEnabled"] is True
    shown = alice.wait_vif(vif)
    assert (shown["virtualInterfaceName"], shown["siteLinkEnabled"]) == ("new name", True)


@pytest.mark.parametrize(
    "wrong", [{"mtu": 1400}, {"mtu": 0}, {"virtualInterfaceName": ""}, {"virtualInterfaceName": "x" * 101}], ids=str
)
def test_wrong_attributes_are_refused(alice, vif, wrong):
    before = alice.show_vif(vif)
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=vif, **wrong)
    assert alice.show_vif(vif) == before


def test_public_and_transit_have_fewer_attributes(alice, port):
    public = alice.public_vif(port)["virtualInterfaceId"]
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=public, mtu=8500)
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=public, enableSiteLink=True)
    transit = alice.transit_vif(port)["virtualInterfaceId"]
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=transit, mtu=9001)
    assert alice.dx.update_virtual_interface_attributes(virtualInterfaceId=transit, mtu=8500)["mtu"] == 8500


def test_sitelink_is_refused_on_a_virtual_private_gateway(alice, port):
    vif = alice.private_vif(port, virtualGatewayId=alice.vpn_gateway())["virtualInterfaceId"]
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=vif, enableSiteLink=True, containing="SiteLink")


def test_update_of_unknown_and_deleted_ones(alice, vif):
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=NO_VIF, mtu=8500, containing="does not exist")
    alice.delete_vif(vif)
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=vif, mtu=8500)


# ----- AssociateVirtualInterface -----


def test_a_move_shows_the_old_peer_leaving_and_a_new_one_coming(alice, port, vif):
    """operations.md 7: same key and addresses, another peer id."""
    before = alice.show_vif(vif)
    target = alice.connection()
    moved = alice.dx.associate_virtual_interface(virtualInterfaceId=vif, connectionId=target["connectionId"])
    assert moved["connectionId"] == target["connectionId"]
    assert moved["location"] == target["location"]
    assert moved["virtualInterfaceState"] == "pending"
    peers = {peer["bgpPeerState"]: peer for peer in moved["bgpPeers"]}
    assert set(peers) == {"deleting", "pending"}
    assert peers["deleting"]["bgpPeerId"] == before["bgpPeers"][0]["bgpPeerId"]
    for kept in ("asn", "authKey", "amazonAddress", "customerAddress", "addressFamily"):
        assert peers["pending"][kept] == before["bgpPeers"][0][kept], kept
    shown = alice.wait_vif(vif)
    assert len(shown["bgpPeers"]) == 1
    assert shown["bgpPeers"][0]["bgpPeerId"] == peers["pending"]["bgpPeerId"]
    assert shown["directConnectGatewayId"] == before["directConnectGatewayId"]
    assert alice.dx.delete_connection(connectionId=port)["connectionState"] == "deleting", "the old port is free"


def test_a_move_to_where_it_is_changes_nothing(alice, port, vif):
    before = alice.show_vif(vif)
    answer = alice.dx.associate_virtual_interface(virtualInterfaceId=vif, connectionId=port)
    assert answer["virtualInterfaceState"] == "available"
    assert alice.show_vif(vif) == before


def test_a_move_to_a_lag(alice, vif):
    lag = alice.lag(members=1)["lagId"]
    assert alice.dx.associate_virtual_interface(virtualInterfaceId=vif, connectionId=lag)["connectionId"] == lag
    alice.wait_vif(vif)


def test_a_move_needs_a_free_vlan_and_free_addresses(alice, port):
    pair = {"amazonAddress": "10.9.0.1/30", "customerAddress": "10.9.0.2/30"}
    vif = alice.private_vif(port, vlan=600, **pair)["virtualInterfaceId"]
    same_vlan = alice.connection()["connectionId"]
    alice.private_vif(same_vlan, vlan=600)
    refused(
        alice.dx.associate_virtual_interface, virtualInterfaceId=vif, connectionId=same_vlan,
        text="VLAN 600 is already in use",
    )
    same_addresses = alice.connection()["connectionId"]
    alice.private_vif(same_addresses, vlan=601, **pair)
    refused(
        alice.dx.associate_virtual_interface, virtualInterfaceId=vif, connectionId=same_addresses, containing="conflict"
    )
    assert alice.show_vif(vif)["connectionId"] == port


def test_a_move_to_unknown_or_unfit_targets_is_refused(alice, bob, vif):
    interconnect = alice.interconnect()["interconnectId"]
    theirs = bob.connection()["connectionId"]
    for target in (NO_CONNECTION, NO_LAG, "nonsense", interconnect, theirs):
        refused(alice.dx.associate_virtual_interface, virtualInterfaceId=vif, connectionId=target)
    refused(
        alice.dx.associate_virtual_interface, virtualInterfaceId=NO_VIF, connectionId=alice.connection()["connectionId"],
        containing="does not exist",
    )


def test_who_may_move(alice, bob, port):
    """The caller owns the interface or its present connection, and the target."""
    made = alice.dx.allocate_private_virtual_interface(
        connectionId=port, ownerAccount=bob.id,
        newPrivateVirtualInterfaceAllocation={"virtualInterfaceName": "x", "vlan": 700, "asn": 65000},
    )["virtualInterfaceId"]
    bob.dx.confirm_private_virtual_interface(
        virtualInterfaceId=made, directConnectGatewayId=bob.gateway()["directConnectGatewayId"]
    )
    bob.wait_vif(made)
    other = alice.connection()["connectionId"]
    refused(bob.dx.associate_virtual_interface, virtualInterfaceId=made, connectionId=other)
    assert alice.dx.associate_virtual_interface(virtualInterfaceId=made, connectionId=other)["connectionId"] == other
    bob.wait_vif(made)
    own = bob.connection()["connectionId"]
    assert bob.dx.associate_virtual_interface(virtualInterfaceId=made, connectionId=own)["connectionId"] == own
    bob.wait_vif(made)


def test_from_a_hosted_connection_never_to_a_lag(alice, bob):
    interconnect = alice.interconnect()["interconnectId"]
    hosted = alice.hosted(interconnect, bob, vlan=710)["connectionId"]
    vif = bob.private_vif(hosted, vlan=710)["virtualInterfaceId"]
    refused(bob.dx.associate_virtual_interface, virtualInterfaceId=vif, connectionId=bob.lag()["lagId"])
    own = bob.connection()["connectionId"]
    assert bob.dx.associate_virtual_interface(virtualInterfaceId=vif, connectionId=own)["connectionId"] == own
