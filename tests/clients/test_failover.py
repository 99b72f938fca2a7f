"""BGP failover tests (operations.md 8, states.md 11)."""

import datetime
import re

import pytest
from support.account import NO_PEER, NO_UUID, NO_VIF, Account, refused
from support.waiting import eventually

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def vif(alice):
    return alice.private_vif(alice.connection()["connectionId"])


def history(account, **filters):
    return account.dx.list_virtual_interface_test_history(**filters)["virtualInterfaceTestHistory"]


def test_start_takes_the_sessions_down(alice, vif):
    vif_id = vif["virtualInterfaceId"]
    test = alice.dx.start_bgp_failover_test(virtualInterfaceId=vif_id)["virtualInterfaceTest"]
    assert UUID.fullmatch(test["testId"])
    assert test["virtualInterfaceId"] == vif_id
    assert test["bgpPeers"] == [vif["bgpPeers"][0]["bgpPeerId"]]
    assert test["ownerAccount"] == alice.id
    assert test["testDurationInMinutes"] == 180
    assert test["status"] == "in_progress"
    assert isinstance(test["startTime"], datetime.datetime)
    assert "endTime" not in test
    shown = alice.wait_vif(vif_id, "testing")
    assert (shown["bgpPeers"][0]["bgpPeerState"], shown["bgpPeers"][0]["bgpStatus"]) == ("available", "down")
    assert [t["testId"] for t in history(alice, virtualInterfaceId=vif_id)] == [test["testId"]]


def test_stop_brings_them_back(alice, vif):
    vif_id = vif["virtualInterfaceId"]
    started = alice.dx.start_bgp_failover_test(virtualInterfaceId=vif_id, testDurationInMinutes=5)["virtualInterfaceTest"]
    alice.wait_vif(vif_id, "testing")
    stopped = alice.dx.stop_bgp_failover_test(virtualInterfaceId=vif_id)["virtualInterfaceTest"]
    assert stopped["testId"] == started["testId"]
    assert stopped["status"] == "cancelled"
    assert stopped["endTime"] >= stopped["startTime"]
    assert alice.wait_vif(vif_id)["bgpPeers"][0]["bgpStatus"] == "up"
    refused(alice.dx.stop_bgp_failover_test, virtualInterfaceId=vif_id, containing="No failover test is in progress")


def test_it_ends_by_itself(own_server):
    account = Account(own_server)
    vif_id = account.private_vif(account.connection()["connectionId"])["virtualInterfaceId"]
    account.dx.start_bgp_failover_test(virtualInterfaceId=vif_id, testDurationInMinutes=30)
    own_server.advance(29 * 60)
    assert account.wait_vif(vif_id, "testing")
    own_server.advance(61)
    account.wait_vif(vif_id)
    (ended,) = history(account, virtualInterfaceId=vif_id)
    assert ended["status"] == "completed"
    assert ended["endTime"] >= ended["startTime"]


def test_one_at_a_time(alice, vif):
    alice.dx.start_bgp_failover_test(virtualInterfaceId=vif["virtualInterfaceId"])
    refused(
        alice.dx.start_bgp_failover_test, virtualInterfaceId=vif["virtualInterfaceId"],
        containing="already in progress",
    )


@pytest.mark.parametrize("minutes", [1, 4320])
def test_durations_at_the_limits(alice, vif, minutes):
    test = alice.dx.start_bgp_failover_test(
        virtualInterfaceId=vif["virtualInterfaceId"], testDurationInMinutes=minutes
    )["virtualInterfaceTest"]
    assert test["testDurationInMinutes"] == minutes


@pytest.mark.parametrize("wrong", [{"testDurationInMinutes": 0}, {"testDurationInMinutes": 4321}, {"bgpPeers": [NO_PEER]}], ids=str)
def test_wrong_tests_are_refused(alice, vif, wrong):
    refused(alice.dx.start_bgp_failover_test, virtualInterfaceId=vif["virtualInterfaceId"], **wrong)
    assert history(alice) == []
    assert alice.show_vif(vif["virtualInterfaceId"])["virtualInterfaceState"] == "available"


def test_one_of_two_peers(alice, vif):
    """The interface reads `testing` although the other peer forwards."""
    vif_id = vif["virtualInterfaceId"]
    alice.dx.create_bgp_peer(virtualInterfaceId=vif_id, newBGPPeer={"asn": 65010, "addressFamily": "ipv6"})
    four, six = eventually(
        lambda: alice.show_vif(vif_id)["bgpPeers"], lambda peers: all(p["bgpStatus"] == "up" for p in peers)
    )
    alice.dx.start_bgp_failover_test(virtualInterfaceId=vif_id, bgpPeers=[six["bgpPeerId"]])
    shown = alice.wait_vif(vif_id, "testing")
    status = {p["bgpPeerId"]: p["bgpStatus"] for p in shown["bgpPeers"]}
    assert status == {four["bgpPeerId"]: "up", six["bgpPeerId"]: "down"}


def test_only_the_interfaces_owner_tests(alice, bob):
    port = alice.connection()["connectionId"]
    vif = alice.dx.allocate_private_virtual_interface(
        connectionId=port, ownerAccount=bob.id,
        newPrivateVirtualInterfaceAllocation={"virtualInterfaceName": "x", "vlan": 5, "asn": 65000},
    )["virtualInterfaceId"]
    refused(bob.dx.start_bgp_failover_test, virtualInterfaceId=vif)
    bob.dx.confirm_private_virtual_interface(
        virtualInterfaceId=vif, directConnectGatewayId=bob.gateway()["directConnectGatewayId"]
    )
    bob.wait_vif(vif)
    refused(alice.dx.start_bgp_failover_test, virtualInterfaceId=vif)
    bob.dx.start_bgp_failover_test(virtualInterfaceId=vif)
    refused(alice.dx.stop_bgp_failover_test, virtualInterfaceId=vif)
    assert history(alice) == []
    assert len(history(bob)) == 1


def test_unknown_interfaces(alice):
    for call in (alice.dx.start_bgp_failover_test, alice.dx.stop_bgp_failover_test):
        refused(call, virtualInterfaceId=NO_VIF, containing="does not exist")
    assert history(alice, virtualInterfaceId=NO_VIF) == []
    assert history(alice, testId=NO_UUID) == []


def test_history_filters_are_anded(alice, vif):
    vif_id = vif["virtualInterfaceId"]
    peer = vif["bgpPeers"][0]["bgpPeerId"]
    first = alice.dx.start_bgp_failover_test(virtualInterfaceId=vif_id)["virtualInterfaceTest"]["testId"]
    alice.dx.stop_bgp_failover_test(virtualInterfaceId=vif_id)
    alice.wait_vif(vif_id)
    second = alice.dx.start_bgp_failover_test(virtualInterfaceId=vif_id)["virtualInterfaceTest"]["testId"]

    def ids(**filters):
        return [t["testId"] for t in history(alice, **filters)]

    assert ids() == [second, first], "newest first"
    assert ids(testId=first) == [first]
    assert ids(status="cancelled") == [first]
    assert ids(status="In Progress") == [second], "case, blank, - and _ are alike"
    assert ids(bgpPeers=[peer]) == [second, first]
    assert ids(bgpPeers=[NO_PEER]) == []
    assert ids(testId=first, status="in_progress") == []


def test_deleting_the_interface_ends_the_test_and_its_history(alice, vif):
    """states.md 11: the history goes with the virtual interface."""
    vif_id = vif["virtualInterfaceId"]
    alice.dx.start_bgp_failover_test(virtualInterfaceId=vif_id)
    alice.wait_vif(vif_id, "testing")
    assert alice.dx.delete_virtual_interface(virtualInterfaceId=vif_id)["virtualInterfaceState"] == "deleting"
    alice.wait_vif(vif_id, "deleted")
    assert history(alice) == []
    assert history(alice, virtualInterfaceId=vif_id) == []
