"""BGP peers (operations.md 8, states.md 6)."""

import pytest
from support.account import NO_PEER, NO_VIF, refused
from support.waiting import eventually, wait_as_terraform


@pytest.fixture
def vif(alice):
    return alice.private_vif(alice.connection()["connectionId"])


def add_ipv6(account, vif, **more):
    return account.dx.create_bgp_peer(
        virtualInterfaceId=vif["virtualInterfaceId"], newBGPPeer={"asn": 65010, "addressFamily": "ipv6", **more}
    )["virtualInterface"]


def peer_state(account, vif_id, family="ipv6"):
    peers = [p for p in account.show_vif(vif_id)["bgpPeers"] if p["addressFamily"] == family]
    return peers[0]["bgpPeerState"] if peers else None


def test_a_second_family(alice, vif):
    made = add_ipv6(alice, vif)
    four, six = made["bgpPeers"]
    assert (four["addressFamily"], six["addressFamily"]) == ("ipv4", "ipv6")
    assert (six["bgpPeerState"], six["bgpStatus"]) == ("pending", "down")
    assert six["amazonAddress"].endswith("/125") and six["customerAddress"].endswith("/125")
    assert six["authKey"] != four["authKey"], "each peer has its own key"
    assert made["addressFamily"] == "ipv4", "the top level mirrors the first peer"
    assert made["virtualInterfaceState"] == "available"
    assert made["customerRouterConfig"].index("<customer_address>") < made["customerRouterConfig"].index("<ipv6_customer_address>")
    vif_id = vif["virtualInterfaceId"]
    wait_as_terraform(lambda: peer_state(alice, vif_id), {"pending"}, {"available", "verifying"})
    eventually(lambda: [p["bgpStatus"] for p in alice.show_vif(vif_id)["bgpPeers"]], lambda s: s == ["up", "up"])


def test_another_asn_on_the_second_peer(alice, vif):
    made = add_ipv6(alice, vif, asnLong=4_200_000_001, asn=0)
    assert (made["bgpPeers"][1]["asn"], made["bgpPeers"][1]["asnLong"]) == (0, 4_200_000_001)
    assert made["asnLong"] == 65010


def test_one_peer_a_family_without_logical_redundancy(alice, vif):
    connection = alice.show_connection(vif["connectionId"])
    if connection["hasLogicalRedundancy"] == "yes":
        pytest.skip("skipped: this port has logical redundancy")
    refused(
        alice.dx.create_bgp_peer, virtualInterfaceId=vif["virtualInterfaceId"],
        newBGPPeer={"asn": 65011, "addressFamily": "ipv4"}, containing="already has a BGP peer",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"asn": 0},
        {"asn": -1},
        {"authKey": "short"},
        {"amazonAddress": "2001:db8::1/125", "customerAddress": "2001:db8::2/125"},
    ],
    ids=str,
)
def test_wrong_peers_are_refused(alice, vif, wrong):
    refused(
        alice.dx.create_bgp_peer, virtualInterfaceId=vif["virtualInterfaceId"],
        newBGPPeer={"asn": 65010, "addressFamily": "ipv6", **wrong},
    )
    assert len(alice.show_vif(vif["virtualInterfaceId"])["bgpPeers"]) == 1


def test_members_the_model_leaves_optional_are_needed(alice, vif):
    refused(alice.dx.create_bgp_peer, newBGPPeer={"asn": 65010, "addressFamily": "ipv6"})
    refused(alice.dx.create_bgp_peer, virtualInterfaceId=vif["virtualInterfaceId"])
    refused(alice.dx.create_bgp_peer, virtualInterfaceId=NO_VIF, newBGPPeer={"asn": 65010}, containing="does not exist")


def test_delete_by_id(alice, vif):
    made = add_ipv6(alice, vif)
    vif_id = vif["virtualInterfaceId"]
    six = made["bgpPeers"][1]["bgpPeerId"]
    answer = alice.dx.delete_bgp_peer(virtualInterfaceId=vif_id, bgpPeerId=six)["virtualInterface"]
    states = {p["bgpPeerId"]: p["bgpPeerState"] for p in answer["bgpPeers"]}
    assert states[six] == "deleting"
    assert "ipv6_" not in answer["customerRouterConfig"]
    wait_as_terraform(
        lambda: peer_state(alice, vif_id), {"available", "deleting", "pending", "verifying"}, {"deleted", None}
    )


def test_delete_as_terraform_does(alice, vif):
    """clients.md 1.1: asn and customer address, no peer id."""
    made = add_ipv6(alice, vif)
    alice.dx.delete_bgp_peer(
        virtualInterfaceId=vif["virtualInterfaceId"], asn=65010, customerAddress=made["bgpPeers"][1]["customerAddress"]
    )
    eventually(lambda: peer_state(alice, vif["virtualInterfaceId"]), lambda s: s in {"deleted", None})


def test_the_zero_asn_of_go_clients_is_ignored_beside_an_id(alice, vif):
    made = add_ipv6(alice, vif)
    alice.dx.delete_bgp_peer(
        virtualInterfaceId=vif["virtualInterfaceId"], bgpPeerId=made["bgpPeers"][1]["bgpPeerId"], asn=0
    )
    eventually(lambda: peer_state(alice, vif["virtualInterfaceId"]), lambda s: s in {"deleted", None})


def test_the_next_peer_takes_the_top_place(alice, vif):
    made = add_ipv6(alice, vif)
    four = made["bgpPeers"][0]["bgpPeerId"]
    alice.dx.delete_bgp_peer(virtualInterfaceId=vif["virtualInterfaceId"], bgpPeerId=four)
    shown = eventually(
        lambda: alice.show_vif(vif["virtualInterfaceId"]), lambda v: v["addressFamily"] == "ipv6", what="IPv6 on top"
    )
    assert shown["amazonAddress"].endswith("/125")


def test_m22_the_last_peer_stays(alice, vif):
    """clients.md rule 7."""
    peer = vif["bgpPeers"][0]
    for selector in (
        {"bgpPeerId": peer["bgpPeerId"]},
        {"asn": peer["asn"], "customerAddress": peer["customerAddress"]},
        {"asn": peer["asn"]},
        {"customerAddress": peer["customerAddress"]},
        {},
    ):
        refused(
            alice.dx.delete_bgp_peer, virtualInterfaceId=vif["virtualInterfaceId"], **selector,
            containing="The last BGP Peer on a Virtual Interface cannot be deleted",
        )


def test_one_of_asn_and_address_is_enough_where_it_names_one_peer(alice, vif):
    vif_id = vif["virtualInterfaceId"]
    made = add_ipv6(alice, vif)
    refused(alice.dx.delete_bgp_peer, virtualInterfaceId=vif_id, asn=65010, containing="Choose the BGP peer")
    refused(alice.dx.delete_bgp_peer, virtualInterfaceId=vif_id, containing="Choose the BGP peer")
    six = made["bgpPeers"][1]["customerAddress"]
    alice.dx.delete_bgp_peer(virtualInterfaceId=vif_id, customerAddress=six)
    eventually(lambda: peer_state(alice, vif_id), lambda s: s in {"deleted", None})


def test_unknown_peers(alice, vif):
    add_ipv6(alice, vif)
    refused(alice.dx.delete_bgp_peer, virtualInterfaceId=vif["virtualInterfaceId"], bgpPeerId=NO_PEER)
    refused(
        alice.dx.delete_bgp_peer, virtualInterfaceId=vif["virtualInterfaceId"], asn=65999,
        customerAddress=vif["customerAddress"],
    )
    refused(alice.dx.delete_bgp_peer, virtualInterfaceId=NO_VIF, bgpPeerId=NO_PEER, containing="does not exist")


def test_a_public_peer_is_verified(alice):
    vif = alice.public_vif(alice.connection()["connectionId"])
    made = add_ipv6(alice, vif)
    assert made["bgpPeers"][1]["bgpPeerState"] == "verifying"
    eventually(lambda: peer_state(alice, vif["virtualInterfaceId"]), lambda s: s == "available")


def test_a_dual_stack_interface_is_available_while_one_session_is_up(alice, vif):
    vif_id = vif["virtualInterfaceId"]
    add_ipv6(alice, vif)
    four, six = eventually(
        lambda: alice.show_vif(vif_id)["bgpPeers"], lambda peers: all(p["bgpStatus"] == "up" for p in peers)
    )
    alice.server.session(four["bgpPeerId"], "down")
    eventually(lambda: alice.show_vif(vif_id)["bgpPeers"][0]["bgpStatus"], lambda s: s == "down")
    assert alice.show_vif(vif_id)["virtualInterfaceState"] == "available"
    alice.server.session(six["bgpPeerId"], "down")
    alice.wait_vif(vif_id, "down")
