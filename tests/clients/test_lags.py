"""Link aggregation groups (operations.md 5, states.md 4)."""

import pytest
from support.account import NO_CONNECTION, NO_LAG, refused
from support.waiting import eventually, wait_as_terraform


def test_create_names_its_members_and_deletes_leave_the_lag(alice):
    """clients.md rule 12: Terraform deletes the member it did not ask for, and keeps the LAG."""
    made = alice.dx.create_lag(
        numberOfConnections=2, location=alice.location("10Gbps"), connectionsBandwidth="10Gbps", lagName="bundle",
        tags=[{"key": "lag", "value": "1"}], childConnectionTags=[{"key": "member", "value": "1"}],
        providerName="Example Carrier",
    )
    lag_id = made["lagId"]
    assert made["lagState"] in {"requested", "pending"}
    assert made["numberOfConnections"] == 2
    assert made["minimumLinks"] == 0
    assert made["tags"] == [{"key": "lag", "value": "1"}]
    assert made["awsDevice"] and made["awsDeviceV2"]
    assert made["allowsHostedConnections"] is False
    names = sorted(c["connectionName"] for c in made["connections"])
    assert names == [f"Requested Connection {n} for Lag {lag_id}" for n in (1, 2)]
    for member in made["connections"]:
        assert member["connectionState"] == "requested"
        assert member["lagId"] == lag_id
        assert member["tags"] == [{"key": "member", "value": "1"}]
        assert member["providerName"] == "Example Carrier"
        alice.dx.delete_connection(connectionId=member["connectionId"])
    shown = eventually(lambda: alice.show_lag(lag_id), lambda l: l["numberOfConnections"] == 0)
    assert shown["connections"] == []
    assert shown["lagState"] != "deleted"


def test_a_lag_becomes_available_with_its_members(alice):
    lag = alice.lag(members=2)
    assert {c["connectionState"] for c in lag["connections"]} <= {"available", "pending"}
    assert len({c["awsDeviceV2"] for c in lag["connections"]}) == 1, "all members are on one device"


@pytest.mark.parametrize("count, bandwidth", [(0, "10Gbps"), (5, "10Gbps"), (3, "100Gbps"), (5, "1Gbps"), (-1, "1Gbps")])
def test_the_number_of_members_is_limited(alice, count, bandwidth):
    refused(
        alice.dx.create_lag, numberOfConnections=count, location=alice.location(bandwidth),
        connectionsBandwidth=bandwidth, lagName="x", containing="numberOfConnections",
    )
    assert alice.dx.describe_lags()["lags"] == []
    assert alice.dx.describe_connections()["connections"] == []


@pytest.mark.parametrize("wrong", [{"connectionsBandwidth": "2Gbps"}, {"location": "NOSUCH1"}, {"lagName": ""}], ids=str)
def test_wrong_input_is_refused(alice, wrong):
    right = dict(numberOfConnections=1, location=alice.location("10Gbps"), connectionsBandwidth="10Gbps", lagName="x")
    refused(alice.dx.create_lag, **{**right, **wrong})


def test_m6_unknown_and_malformed(alice):
    for call in (alice.dx.describe_lags, alice.dx.delete_lag, alice.dx.update_lag):
        refused(call, lagId=NO_LAG, containing=f"Could not find Lag with ID {NO_LAG}")
    refused(alice.dx.describe_lags, lagId="NNN", text="Lag ID NNN has an invalid format.")
    assert alice.dx.describe_lags()["lags"] == []


def test_an_existing_connection_brings_its_virtual_interfaces(alice):
    connection = alice.connection("10Gbps", connectionName="mine")
    vif = alice.private_vif(connection["connectionId"])["virtualInterfaceId"]
    made = alice.dx.create_lag(
        numberOfConnections=2, location=connection["location"], connectionsBandwidth="10Gbps", lagName="x",
        connectionId=connection["connectionId"],
    )
    names = {c["connectionId"]: c["connectionName"] for c in made["connections"]}
    assert names[connection["connectionId"]] == "mine", "it keeps its id and name"
    assert len(names) == 2
    assert alice.show_vif(vif)["connectionId"] == made["lagId"]
    assert alice.wait_vif(vif)["connectionId"] == made["lagId"]


def test_a_foreign_or_unfit_connection_is_refused(alice, bob):
    theirs = bob.connection("10Gbps")
    slow = alice.connection("1Gbps")
    for connection_id, location in (
        (NO_CONNECTION, alice.location("10Gbps")),
        (theirs["connectionId"], theirs["location"]),
        (slow["connectionId"], slow["location"]),
    ):
        refused(
            alice.dx.create_lag, numberOfConnections=1, location=location, connectionsBandwidth="10Gbps",
            lagName="x", connectionId=connection_id,
        )
    assert alice.dx.describe_lags()["lags"] == []


def test_join_and_leave(frozen):
    """A port without a device yet fits every LAG of its location and speed."""
    lag = frozen.lag(members=1, wait=None)
    connection = frozen.connection("10Gbps", wait=None, location=lag["location"])
    connection_id = connection["connectionId"]
    joined = frozen.dx.associate_connection_with_lag(connectionId=connection_id, lagId=lag["lagId"])
    assert (joined["lagId"], joined["connectionState"]) == (lag["lagId"], "requested")
    assert frozen.show_lag(lag["lagId"])["numberOfConnections"] == 2
    again = frozen.dx.associate_connection_with_lag(connectionId=connection_id, lagId=lag["lagId"])
    assert again["lagId"] == lag["lagId"], "joining again changes nothing"
    left = frozen.dx.disassociate_connection_from_lag(connectionId=connection_id, lagId=lag["lagId"])
    assert "lagId" not in left
    assert "lagId" not in frozen.show_connection(connection_id)
    assert frozen.show_lag(lag["lagId"])["numberOfConnections"] == 1
    refused(
        frozen.dx.disassociate_connection_from_lag, connectionId=connection_id, lagId=lag["lagId"],
        containing="is not associated with Lag",
    )


def test_ports_ordered_apart_join_one_lag_as_terraform_does_it(alice):
    """clients.md §1.4: ConnectionAssociation, `lagOnConnection` and `multiple`."""
    first, second, third = (alice.connection("1Gbps") for _ in range(3))
    assert len({port["awsDeviceV2"] for port in (first, second, third)}) > 1, "apart"
    lag = alice.dx.create_lag(
        numberOfConnections=1, location=first["location"], connectionsBandwidth="1Gbps", lagName="bundle",
        connectionId=first["connectionId"],
    )
    for port in (second, third):
        joined = alice.dx.associate_connection_with_lag(connectionId=port["connectionId"], lagId=lag["lagId"])
        assert (joined["lagId"], joined["awsDeviceV2"]) == (lag["lagId"], lag["awsDeviceV2"])
    assert alice.show_lag(lag["lagId"])["numberOfConnections"] == 3


def test_joining_moves_the_connections_virtual_interfaces_and_leaving_does_not(alice):
    lag = alice.lag(members=2)["lagId"]
    member = alice.show_lag(lag)["connections"][0]["connectionId"]
    alice.wait_connection(member)
    alice.dx.disassociate_connection_from_lag(connectionId=member, lagId=lag)
    vif = alice.private_vif(member)["virtualInterfaceId"]
    alice.dx.associate_connection_with_lag(connectionId=member, lagId=lag)
    assert alice.wait_vif(vif)["connectionId"] == lag
    alice.dx.disassociate_connection_from_lag(connectionId=member, lagId=lag)
    assert alice.wait_vif(vif)["connectionId"] == lag


def test_joining_is_refused_when_it_does_not_fit(alice):
    lag = alice.lag(members=1)
    slow = alice.connection("1Gbps")
    refused(alice.dx.associate_connection_with_lag, connectionId=slow["connectionId"], lagId=lag["lagId"])
    refused(
        alice.dx.associate_connection_with_lag, connectionId=NO_CONNECTION, lagId=lag["lagId"],
        containing="Could not find Connection with ID",
    )
    refused(
        alice.dx.associate_connection_with_lag, connectionId=slow["connectionId"], lagId=NO_LAG,
        containing="Could not find Lag with ID",
    )


def test_m17_macsec_must_match(frozen):
    location = frozen.location("10Gbps", macsec=True)
    lag = frozen.lag(members=1, wait=None, location=location)
    capable = frozen.connection("10Gbps", wait=None, macsec=True, location=location)
    refused(
        frozen.dx.associate_connection_with_lag, connectionId=capable["connectionId"], lagId=lag["lagId"],
        text=f"Connection {capable['connectionId']} and lag should be requested MacSec at the same time",
    )


def test_a_full_lag_takes_no_more(frozen):
    lag = frozen.lag(members=4, wait=None)
    fifth = frozen.connection("10Gbps", wait=None, location=lag["location"])
    refused(frozen.dx.associate_connection_with_lag, connectionId=fifth["connectionId"], lagId=lag["lagId"])
    assert frozen.show_lag(lag["lagId"])["numberOfConnections"] == 4


def test_minimum_links_guard_members_but_not_the_last(alice):
    lag = alice.lag(members=2)
    lag_id = lag["lagId"]
    assert alice.dx.update_lag(lagId=lag_id, minimumLinks=2)["minimumLinks"] == 2
    one, two = (c["connectionId"] for c in lag["connections"])
    refused(alice.dx.disassociate_connection_from_lag, connectionId=one, lagId=lag_id, containing="inimum")
    refused(alice.dx.delete_connection, connectionId=one, containing="inimum")
    alice.dx.update_lag(lagId=lag_id, minimumLinks=1)
    alice.dx.disassociate_connection_from_lag(connectionId=one, lagId=lag_id)
    alice.dx.disassociate_connection_from_lag(connectionId=two, lagId=lag_id)
    assert alice.show_lag(lag_id)["numberOfConnections"] == 0


def test_minimum_links_stop_at_the_number_of_members(alice):
    lag = alice.lag(members=2)
    refused(alice.dx.update_lag, lagId=lag["lagId"], minimumLinks=3, containing="inimum")
    refused(alice.dx.update_lag, lagId=lag["lagId"], minimumLinks=-1)
    assert alice.show_lag(lag["lagId"])["minimumLinks"] == 0


def test_the_state_follows_members_and_minimum_links(alice):
    """states.md 4: op >= max(1, minimumLinks)."""
    lag = alice.lag(members=2)
    lag_id = lag["lagId"]
    one, two = (c["connectionId"] for c in lag["connections"])
    eventually(lambda: {c["connectionState"] for c in alice.show_lag(lag_id)["connections"]}, lambda s: s == {"available"})
    alice.server.link(one, "down")
    alice.wait_connection(one, "down")
    assert alice.show_lag(lag_id)["lagState"] == "available"
    alice.dx.update_lag(lagId=lag_id, minimumLinks=2)
    alice.wait_lag(lag_id, "down")
    alice.server.link(one, "up")
    alice.wait_lag(lag_id, "available")
    alice.server.link(one, "down")
    alice.server.link(two, "down")
    alice.dx.update_lag(lagId=lag_id, minimumLinks=0)
    alice.wait_lag(lag_id, "down")


def test_update_with_nothing_and_with_the_zero_of_go_clients(alice):
    """clients.md rule 26, protocol.md 4."""
    lag = alice.lag(members=1)
    assert alice.dx.update_lag(lagId=lag["lagId"])["lagName"] == lag["lagName"]
    renamed = alice.dx.update_lag(lagId=lag["lagId"], lagName="renamed", minimumLinks=0)
    assert (renamed["lagName"], renamed["minimumLinks"]) == ("renamed", 0)


def test_the_encryption_mode_is_copied_to_members(alice):
    lag = alice.lag(members=2, macsec=True)
    assert lag["macSecCapable"] is True
    changed = alice.dx.update_lag(lagId=lag["lagId"], encryptionMode="must_encrypt")
    assert changed["encryptionMode"] == "must_encrypt"
    assert {c["encryptionMode"] for c in changed["connections"]} == {"must_encrypt"}
    plain = alice.lag(members=1)
    refused(alice.dx.update_lag, lagId=plain["lagId"], encryptionMode="must_encrypt")


def test_delete_answers_an_empty_deleted_lag_and_members_survive(alice):
    lag = alice.lag(members=1)
    member = lag["connections"][0]["connectionId"]
    gone = alice.dx.delete_lag(lagId=lag["lagId"])
    assert (gone["lagState"], gone["numberOfConnections"], gone["connections"]) == ("deleted", 0, [])
    assert "lagId" not in alice.show_connection(member)

    def state():
        return alice.show_lag(lag["lagId"])["lagState"]

    wait_as_terraform(state, {"available", "requested", "pending", "deleting"}, {"deleted"})


def test_delete_is_refused_under_virtual_interfaces_and_hosted_connections(alice, bob):
    lag = alice.lag(members=1)
    vif = alice.private_vif(lag["lagId"])
    refused(alice.dx.delete_lag, lagId=lag["lagId"], containing="irtual")
    alice.delete_vif(vif["virtualInterfaceId"])
    assert alice.dx.delete_lag(lagId=lag["lagId"])["lagState"] == "deleted"

    port = alice.interconnect()
    hosting = alice.lag(members=1, connectionId=port["interconnectId"], location=port["location"])
    alice.hosted(hosting["lagId"], bob)
    refused(alice.dx.delete_lag, lagId=hosting["lagId"], containing="osted")


def test_a_port_taken_from_a_partners_lag_becomes_an_interconnect(alice):
    port = alice.interconnect()
    lag = alice.lag(members=2, connectionId=port["interconnectId"], location=port["location"])
    alice.dx.disassociate_connection_from_lag(connectionId=port["interconnectId"], lagId=lag["lagId"])
    listed = [i["interconnectId"] for i in alice.dx.describe_interconnects()["interconnects"]]
    assert port["interconnectId"] in listed


def test_virtual_interfaces_are_refused_on_a_hosting_lag(alice):
    port = alice.interconnect()
    lag = alice.lag(members=1, connectionId=port["interconnectId"], location=port["location"])
    refused(
        alice.dx.create_private_virtual_interface, connectionId=lag["lagId"],
        newPrivateVirtualInterface={
            "virtualInterfaceName": "x", "vlan": 5, "asn": 65000,
            "directConnectGatewayId": alice.gateway()["directConnectGatewayId"],
        },
        containing="Virtual interfaces cannot be created on",
    )
