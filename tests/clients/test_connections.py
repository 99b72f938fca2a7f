"""Dedicated connections (operations.md 3, states.md 1)."""

import re

import pytest
from support.account import NO_CONNECTION, NO_LAG, REGION, refused
from support.waiting import eventually, wait_as_terraform


def test_create_answers_a_requested_connection(alice):
    made = alice.dx.create_connection(
        location=alice.location(), bandwidth="1Gbps", connectionName="first", tags=[{"key": "a", "value": "b"}]
    )
    assert made["ownerAccount"] == alice.id
    assert made["connectionState"] == "requested"
    assert made["connectionName"] == "first"
    assert made["region"] == REGION
    assert made["bandwidth"] == "1Gbps"
    assert made["jumboFrameCapable"] is False
    assert made["hasLogicalRedundancy"] == "unknown"
    assert made["macSecCapable"] is False
    assert made["tags"] == [{"key": "a", "value": "b"}]
    for absent in ("awsDevice", "awsDeviceV2", "awsLogicalDeviceId", "lagId", "vlan", "encryptionMode", "macSecKeys"):
        assert absent not in made, absent


def test_ids_have_the_observed_form(alice):
    ids = [alice.connection(wait=None)["connectionId"] for _ in range(5)]
    assert all(re.fullmatch(r"dxcon-f[fgh][0-9a-z]{6}", i) for i in ids), ids
    assert len(set(ids)) == 5


def test_a_connection_becomes_available_by_itself_and_then_has_a_device(alice):
    shown = alice.connection()
    assert shown["connectionState"] == "available"
    assert shown["awsDeviceV2"].startswith(shown["location"] + "-")
    assert shown["awsLogicalDeviceId"]
    assert shown["jumboFrameCapable"] is True
    assert shown["hasLogicalRedundancy"] in {"yes", "no", "unknown"}


def test_transient_states_are_those_of_the_specification(frozen):
    made = frozen.connection(wait=None)
    frozen_id = made["connectionId"]
    assert frozen.show_connection(frozen_id)["connectionState"] == "requested"
    seen = ["requested"]
    for _ in range(4):
        frozen.server.advance(3600)
        state = eventually(lambda: frozen.show_connection(frozen_id)["connectionState"])
        if state != seen[-1]:
            seen.append(state)
    assert seen in (["requested", "pending", "available"], ["requested", "available"]), seen


def test_two_equal_creates_make_two_connections(alice):
    one, two = (alice.connection(wait=None) for _ in range(2))
    assert one["connectionId"] != two["connectionId"]
    assert len(alice.dx.describe_connections()["connections"]) == 2


def test_provider_name_is_echoed_and_otherwise_left_out(alice):
    assert alice.connection(wait=None, providerName="Example Carrier")["providerName"] == "Example Carrier"
    assert "providerName" not in alice.connection(wait=None)


def test_location_codes_compare_without_case(alice):
    """clients.md rule 27."""
    code = alice.location()
    assert alice.connection(wait=None, location=code.upper())["location"] == code
    assert alice.connection(wait=None, location=code.lower())["location"] == code


@pytest.mark.parametrize("bandwidth", ["1gbps", "1000Mbps", "1G", "2Gbps", "500Mbps", "", "10 Gbps", "800Gbps"])
def test_other_bandwidths_are_refused(alice, bandwidth):
    refused(
        alice.dx.create_connection, location=alice.location(), bandwidth=bandwidth, connectionName="x",
        containing="andwidth",
    )
    assert alice.dx.describe_connections()["connections"] == []


@pytest.mark.parametrize("name", ["", "x" * 201, "semi;colon", "new\nline", "<tag>"])
def test_names_outside_the_pattern_are_refused(alice, name):
    refused(alice.dx.create_connection, location=alice.location(), bandwidth="1Gbps", connectionName=name)


@pytest.mark.parametrize("name", ["x" * 200, "FLUIDev030720 2 - con", "a_b,c/d"])
def test_names_inside_the_pattern_are_kept(alice, name):
    assert alice.connection(wait=None, connectionName=name)["connectionName"] == name


def test_an_unknown_location_is_refused(alice):
    refused(
        alice.dx.create_connection, location="NOSUCH1", bandwidth="1Gbps", connectionName="x", containing="NOSUCH1"
    )


def test_describe_one_all_and_none(alice):
    assert alice.dx.describe_connections()["connections"] == []
    one, two = alice.connection(wait=None), alice.connection(wait=None)
    listed = [c["connectionId"] for c in alice.dx.describe_connections()["connections"]]
    assert listed == [one["connectionId"], two["connectionId"]], "in order of creation"
    assert alice.show_connection(two["connectionId"])["connectionId"] == two["connectionId"]


def test_m1_bad_format(alice):
    for bad in ("nonsense", "dxcon-", "dxlag-fgzzzzz0", "DXCON-fgzzzzz0", " dxcon-fgzzzzz0", "dxcon-fg zzz0"):
        refused(alice.dx.describe_connections, connectionId=bad, text=f"Connection ID {bad} has an invalid format.")


def test_m5_unknown_connection(alice):
    """clients.md rules 1 and 3: Terraform takes this text for "gone"."""
    for call in (alice.dx.describe_connections, alice.dx.delete_connection, alice.dx.update_connection):
        refused(call, connectionId=NO_CONNECTION, containing=f"Could not find Connection with ID {NO_CONNECTION}")


def test_delete_of_a_requested_connection_answers_deleted(frozen):
    made = frozen.connection(wait=None)
    assert frozen.dx.delete_connection(connectionId=made["connectionId"])["connectionState"] == "deleted"


def test_delete_of_an_available_connection_answers_deleting_and_ends_deleted(alice):
    connection = alice.connection()
    made = alice.dx.delete_connection(connectionId=connection["connectionId"])
    assert made["connectionState"] == "deleting"

    def state():
        return alice.show_connection(connection["connectionId"])["connectionState"]

    wait_as_terraform(state, {"pending", "ordering", "available", "requested", "deleting"}, {"deleted"})


def test_delete_of_a_down_connection_leaves_down_at_once(alice):
    """clients.md 1.2: `down` is not among the states Terraform waits through."""
    connection = alice.connection()
    alice.server.link(connection["connectionId"], "down")
    alice.wait_connection(connection["connectionId"], "down")
    answer = alice.dx.delete_connection(connectionId=connection["connectionId"])
    assert answer["connectionState"] in {"deleting", "deleted"}
    assert alice.show_connection(connection["connectionId"])["connectionState"] in {"deleting", "deleted"}


def test_delete_of_a_deleted_connection_is_unknown(alice):
    made = alice.connection()
    alice.dx.delete_connection(connectionId=made["connectionId"])
    alice.wait_connection(made["connectionId"], "deleted")
    refused(
        alice.dx.delete_connection, connectionId=made["connectionId"],
        containing="Could not find Connection with ID",
    )


def test_delete_is_refused_while_a_virtual_interface_lives(alice):
    connection = alice.connection()
    vif = alice.private_vif(connection["connectionId"])
    refused(alice.dx.delete_connection, connectionId=connection["connectionId"], containing="virtual interface")
    assert alice.show_connection(connection["connectionId"])["connectionState"] == "available"
    alice.delete_vif(vif["virtualInterfaceId"])
    assert alice.dx.delete_connection(connectionId=connection["connectionId"])["connectionState"] == "deleting"


def test_delete_of_an_interconnect_by_this_call_is_refused(alice):
    interconnect = alice.interconnect()
    refused(alice.dx.delete_connection, connectionId=interconnect["interconnectId"])
    assert alice.show_interconnect(interconnect["interconnectId"])["interconnectState"] == "available"


def test_update_renames_and_nothing_else_changes(alice):
    before = alice.connection()
    after = alice.dx.update_connection(connectionId=before["connectionId"], connectionName="renamed")
    assert after["connectionName"] == "renamed"
    unchanged = {"connectionName", "ResponseMetadata", "tags"}
    assert {k: v for k, v in after.items() if k not in unchanged} == {
        k: v for k, v in before.items() if k not in unchanged
    }
    assert alice.show_connection(before["connectionId"])["connectionName"] == "renamed"


def test_update_without_changes_is_accepted(alice):
    made = alice.connection()
    assert alice.dx.update_connection(connectionId=made["connectionId"])["connectionName"] == made["connectionName"]


def test_the_encryption_mode_needs_a_macsec_port(alice):
    plain = alice.connection()
    refused(
        alice.dx.update_connection, connectionId=plain["connectionId"], encryptionMode="must_encrypt",
        containing="MACsec",
    )
    capable = alice.connection("10Gbps", macsec=True)
    assert capable["encryptionMode"] == "should_encrypt"
    assert capable["macSecKeys"] == []
    for mode in ("must_encrypt", "no_encrypt", "should_encrypt"):
        changed = alice.dx.update_connection(connectionId=capable["connectionId"], encryptionMode=mode)
        assert changed["encryptionMode"] == mode
    refused(alice.dx.update_connection, connectionId=capable["connectionId"], encryptionMode="sometimes")


def test_macsec_is_refused_at_one_gigabit(alice):
    refused(
        alice.dx.create_connection, location=alice.location(), bandwidth="1Gbps", connectionName="x",
        requestMACSec=True,
    )


def test_a_connection_may_be_made_inside_a_lag(alice):
    lag = alice.lag(members=1)
    made = alice.connection("10Gbps", wait=None, lagId=lag["lagId"], location=lag["location"])
    assert made["lagId"] == lag["lagId"]
    assert made["connectionState"] == "requested"
    assert made["awsDeviceV2"] == lag["awsDeviceV2"]
    shown = alice.show_lag(lag["lagId"])
    assert shown["numberOfConnections"] == 2
    assert made["connectionId"] in [c["connectionId"] for c in shown["connections"]]


def test_a_connection_in_a_lag_must_match_it(alice):
    lag = alice.lag(members=1)
    refused(
        alice.dx.create_connection, location=lag["location"], bandwidth="1Gbps", connectionName="x",
        lagId=lag["lagId"], containing="match",
    )
    refused(
        alice.dx.create_connection, location=lag["location"], bandwidth="10Gbps", connectionName="x",
        lagId=NO_LAG, containing="Could not find Lag with ID",
    )


def test_link_down_and_up_again(alice):
    connection = alice.connection()
    connection_id = connection["connectionId"]
    alice.server.link(connection_id, "down")
    alice.wait_connection(connection_id, "down")
    alice.server.link(connection_id, "up")
    alice.wait_connection(connection_id, "available")


def test_connections_at_one_location_are_put_on_different_devices(alice):
    """states.md 1: users check redundancy by comparing logical devices."""
    location = alice.location()
    devices = {alice.connection(location=location)["awsLogicalDeviceId"] for _ in range(2)}
    assert len(devices) == 2
