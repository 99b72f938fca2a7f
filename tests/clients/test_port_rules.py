"""Ports: which of two faults is named, what is shown when, what moves along (operations.md 1 to 6, 10)."""

import datetime

import pytest
from support.account import NO_CONNECTION, NO_LAG, OTHER_REGION, refused, vif_fields
from support.waiting import eventually

DEVICE = {"awsDevice", "awsDeviceV2", "awsLogicalDeviceId"}
MACSEC = {"encryptionMode", "portEncryptionStatus", "macSecKeys"}
POOLS = {
    "rateLimiterStatus", "prefixPoolSizeIpv4", "prefixPoolSizeIpv6", "prefixPoolUnallocatedCountIpv4",
    "prefixPoolUnallocatedCountIpv6",
}
CONNECTION = {
    "ownerAccount", "connectionId", "connectionName", "connectionState", "region", "location", "bandwidth",
    "jumboFrameCapable", "hasLogicalRedundancy", "tags", "macSecCapable", "billingMode",
}
HOSTED = CONNECTION | {"vlan", "partnerName", "partnerInterconnectMacSecCapable"}
TWICE = [{"key": "a"}, {"key": "a"}]
DUPLICATE = "DuplicateTagKeysException"


def members(answer):
    return set(answer) - {"ResponseMetadata"}


def everything(*accounts):
    """All that these accounts see of their ports and what is on them."""
    calls = (
        "describe_connections", "describe_interconnects", "describe_lags", "describe_virtual_interfaces",
        "describe_direct_connect_gateways",
    )
    answers = [getattr(account.dx, call)() for account in accounts for call in calls]
    return [{k: v for k, v in answer.items() if k != "ResponseMetadata"} for answer in answers]


# ----- which members there are -----


def test_a_connection_shows_what_it_has_so_far(frozen):
    made = frozen.connection("10Gbps", wait=None)
    assert members(made) == CONNECTION | POOLS
    capable = frozen.connection("10Gbps", wait=None, macsec=True, providerName="Carrier")
    assert members(capable) == CONNECTION | POOLS | MACSEC | {"providerName"}
    member = frozen.lag(wait=None)["connections"][0]
    assert DEVICE | {"lagId"} <= members(member)
    frozen.server.advance(3601)
    shown = frozen.show_connection(made["connectionId"])
    assert (shown["connectionState"], members(shown)) == ("pending", CONNECTION | POOLS | DEVICE)
    frozen.dx.describe_loa(connectionId=made["connectionId"])
    assert members(frozen.show_connection(made["connectionId"])) == CONNECTION | POOLS | DEVICE | {"loaIssueTime"}


def test_a_hosted_connection_has_no_device_until_it_is_confirmed(alice, bob):
    parent = alice.interconnect()
    made = alice.hosted(parent["interconnectId"], bob, confirm=False)
    assert members(made) == HOSTED
    assert made["hasLogicalRedundancy"] == "unknown"
    bob.dx.confirm_connection(connectionId=made["connectionId"])
    shown = bob.wait_connection(made["connectionId"])
    assert members(shown) == HOSTED | DEVICE
    assert shown["awsDeviceV2"] == parent["awsDeviceV2"]


def test_a_member_that_leaves_before_its_approval_has_no_device_either(frozen):
    lag = frozen.lag(members=2, wait=None)
    left = frozen.dx.disassociate_connection_from_lag(
        connectionId=lag["connections"][0]["connectionId"], lagId=lag["lagId"]
    )
    assert members(left) == CONNECTION | POOLS
    back = frozen.dx.associate_connection_with_lag(connectionId=left["connectionId"], lagId=lag["lagId"])
    assert back["awsDeviceV2"] == lag["awsDeviceV2"]


# ----- which of two faults is named -----


@pytest.mark.parametrize(
    "wrong, code, text",
    [
        ({"tags": TWICE, "bandwidth": "9"}, DUPLICATE, None),
        ({"bandwidth": "9", "location": "zz"}, None, "Bandwidth 9 is not valid."),
        ({"location": "zz", "lagId": "q"}, None, "Location zz is not valid."),
        ({"lagId": ""}, None, "Lag ID  has an invalid format."),
        ({"lagId": NO_LAG}, None, f"Could not find Lag with ID {NO_LAG}"),
    ],
    ids=str,
)
def test_the_order_of_create_connection(alice, wrong, code, text):
    right = dict(location=alice.location(), bandwidth="1Gbps", connectionName="x")
    refused(alice.dx.create_connection, **{**right, **wrong}, code=code or "DirectConnectClientException", text=text)
    assert alice.dx.describe_connections()["connections"] == []


@pytest.mark.parametrize(
    "wrong, code, text",
    [
        ({"tags": TWICE, "connectionsBandwidth": "9"}, DUPLICATE, None),
        ({"childConnectionTags": TWICE, "connectionsBandwidth": "9"}, DUPLICATE, None),
        ({"connectionsBandwidth": "9", "location": "zz"}, None, "Bandwidth 9 is not valid."),
        ({"location": "zz", "numberOfConnections": 9}, None, "Location zz is not valid."),
        ({"numberOfConnections": 9, "connectionId": "q"}, None, "numberOfConnections must be between 1 and 4."),
        ({"connectionId": ""}, None, "Connection ID  has an invalid format."),
        ({"connectionId": NO_CONNECTION}, None, f"Could not find Connection with ID {NO_CONNECTION}"),
    ],
    ids=str,
)
def test_the_order_of_create_lag(alice, wrong, code, text):
    right = dict(
        numberOfConnections=1, location=alice.location("10Gbps"), connectionsBandwidth="10Gbps", lagName="x"
    )
    refused(alice.dx.create_lag, **{**right, **wrong}, code=code or "DirectConnectClientException", text=text)
    assert alice.dx.describe_lags()["lags"] == []


@pytest.mark.parametrize(
    "wrong, code, text",
    [
        ({"connectionId": "q", "bandwidth": "9"}, None, "Connection ID q has an invalid format."),
        ({"connectionId": "dxlag-1", "vlan": 0}, None, "Lag ID dxlag-1 has an invalid format."),
        ({"ownerAccount": "1", "bandwidth": "9"}, None, "Account ID 1 is not valid."),
        ({"connectionId": NO_LAG, "bandwidth": "9"}, None, f"Could not find Lag with ID {NO_LAG}"),
        ({"bandwidth": "9Gbps", "vlan": 0}, None, "Bandwidth 9Gbps is not valid."),
        ({"vlan": 0, "tags": TWICE}, None, "VLAN 0 must have value greater than or equal to 1"),
        ({"vlan": 4095}, None, "VLAN 4095 must have value less than or equal to 4094"),
        ({"tags": TWICE}, DUPLICATE, None),
    ],
    ids=str,
)
def test_the_order_of_allocate_hosted_connection(alice, bob, wrong, code, text):
    right = dict(
        connectionId=alice.interconnect()["interconnectId"], ownerAccount=bob.id, bandwidth="50Mbps",
        connectionName="x", vlan=9,
    )
    refused(
        alice.dx.allocate_hosted_connection, **{**right, **wrong}, code=code or "DirectConnectClientException", text=text
    )
    assert bob.dx.describe_connections()["connections"] == []


@pytest.mark.parametrize(
    "call, member", [("describe_loa", "connectionId"), ("describe_connection_loa", "connectionId"), ("describe_interconnect_loa", "interconnectId")]
)
def test_all_letters_are_refused_in_the_same_words(alice, bob, frozen, call, member):
    for connection_id, text in (
        ("q", "Connection ID q has an invalid format."),
        (NO_CONNECTION, f"Could not find Connection with ID {NO_CONNECTION}"),
        (theirs := bob.interconnect()["interconnectId"], f"Could not find Connection with ID {theirs}"),
    ):
        refused(getattr(alice.dx, call), **{member: connection_id}, text=text)
    requested = frozen.interconnect(wait=None)["interconnectId"]
    refused(getattr(frozen.dx, call), **{member: requested}, text=f"The LOA-CFA for {requested} is not yet available.")


def test_another_regions_port_is_not_found(alice):
    connection, lag = alice.connection(wait=None), alice.lag(wait=None)
    there = alice.client("directconnect", OTHER_REGION)
    refused(there.describe_connections, connectionId=connection["connectionId"], containing="Could not find Connection with ID")
    refused(there.describe_lags, lagId=lag["lagId"], containing="Could not find Lag with ID")
    assert there.describe_connections()["connections"] == []


# ----- what moves along -----


def test_jumbo_frames_do_not_keep_a_connection_out_of_a_new_lag(alice):
    port = alice.connection("10Gbps")
    vif = alice.private_vif(port["connectionId"], mtu=9001)["virtualInterfaceId"]
    lag = alice.lag(members=2, wait=None, location=port["location"], connectionId=port["connectionId"])
    moved = alice.wait_vif(vif)
    assert (moved["connectionId"], moved["mtu"]) == (lag["lagId"], 9001)


def test_hosted_connections_with_equal_addresses_move_together(alice, bob):
    """Their VLANs keep them apart, before the move and after it."""
    port = alice.interconnect()
    pair = {"amazonAddress": "10.4.0.1/30", "customerAddress": "10.4.0.2/30"}
    hosted = [alice.hosted(port["interconnectId"], bob, vlan=vlan)["connectionId"] for vlan in (8, 9)]
    for vlan, connection_id in zip((8, 9), hosted):
        bob.private_vif(connection_id, vlan=vlan, **pair)
    lag = alice.lag(location=port["location"], connectionId=port["interconnectId"])
    assert {bob.show_connection(connection_id)["lagId"] for connection_id in hosted} == {lag["lagId"]}


def test_a_member_of_a_lag_takes_no_virtual_interface_of_its_own(alice):
    lag = alice.lag()
    member = lag["connections"][0]["connectionId"]
    gateway = alice.gateway()["directConnectGatewayId"]
    refused(
        alice.dx.create_private_virtual_interface, connectionId=member,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateway),
        containing=f"is a member of Lag {lag['lagId']}",
    )
    vif = alice.private_vif(alice.connection()["connectionId"])["virtualInterfaceId"]
    refused(
        alice.dx.associate_virtual_interface, virtualInterfaceId=vif, connectionId=member,
        containing=f"is a member of Lag {lag['lagId']}",
    )


def test_a_port_between_lags_leaves_what_is_on_the_first(alice):
    first = alice.lag(members=2)["lagId"]
    port = alice.show_lag(first)["connections"][0]
    alice.wait_connection(port["connectionId"])
    vif = alice.private_vif(first)["virtualInterfaceId"]
    alice.dx.update_lag(lagId=first, minimumLinks=2)
    order = dict(
        numberOfConnections=1, location=port["location"], connectionsBandwidth="10Gbps", lagName="second",
        connectionId=port["connectionId"],
    )
    before = everything(alice)
    refused(alice.dx.create_lag, **order, containing=f"below the minimum links of Lag {first}.")
    assert everything(alice) == before
    alice.dx.update_lag(lagId=first, minimumLinks=1)
    second = alice.dx.create_lag(**order)
    assert [c["connectionId"] for c in second["connections"]] == [port["connectionId"]]
    assert alice.show_lag(first)["numberOfConnections"] == 1
    assert alice.show_vif(vif)["connectionId"] == first
    alice.dx.update_lag(lagId=second["lagId"], minimumLinks=1)
    before = everything(alice)
    refused(
        alice.dx.associate_connection_with_lag, connectionId=port["connectionId"], lagId=first,
        containing=f"below the minimum links of Lag {second['lagId']}.",
    )
    assert everything(alice) == before


def test_a_clash_of_vlans_or_addresses_keeps_a_port_out_and_everything_in_place(alice):
    lag = alice.lag(members=2)["lagId"]
    port = alice.show_lag(lag)["connections"][0]["connectionId"]
    alice.wait_connection(port)
    alice.dx.disassociate_connection_from_lag(connectionId=port, lagId=lag)
    pair = {"amazonAddress": "10.5.0.1/30", "customerAddress": "10.5.0.2/30"}
    alice.private_vif(lag, vlan=60, **pair)
    for fields, text in (({"vlan": 60}, "VLAN 60 is already in use"), ({"vlan": 61, **pair}, "conflict")):
        vif = alice.private_vif(port, **fields)["virtualInterfaceId"]
        before = everything(alice)
        refused(alice.dx.associate_connection_with_lag, connectionId=port, lagId=lag, containing=text)
        assert everything(alice) == before
        alice.delete_vif(vif)
    alice.dx.associate_connection_with_lag(connectionId=port, lagId=lag)


def test_a_hosted_connection_is_listed_under_its_own_id_for_its_partner_alone(alice, bob):
    """clients.md 1.1: older Terraform asks so."""
    hosted = alice.hosted(alice.interconnect()["interconnectId"], bob, confirm=False)["connectionId"]
    listed = alice.dx.describe_hosted_connections(connectionId=hosted)["connections"]
    assert [c["connectionId"] for c in listed] == [hosted]
    refused(
        bob.dx.describe_hosted_connections, connectionId=hosted,
        text=f"{bob.id} DescribeHostedConnections failed for connection {hosted} doesn't exist.",
    )


# ----- MACsec in a LAG -----


def test_a_port_ordered_into_a_lag_has_the_lags_mode_and_keys(alice):
    lag = alice.lag(macsec=True)
    alice.dx.associate_mac_sec_key(connectionId=lag["lagId"], ckn="1" * 64, cak="2" * 64)
    alice.dx.update_lag(lagId=lag["lagId"], encryptionMode="no_encrypt")
    made = alice.connection("10Gbps", wait=None, macsec=True, lagId=lag["lagId"], location=lag["location"])
    assert (made["encryptionMode"], [k["ckn"] for k in made["macSecKeys"]]) == ("no_encrypt", ["1" * 64])
    left = alice.dx.disassociate_connection_from_lag(connectionId=made["connectionId"], lagId=lag["lagId"])
    assert (left["encryptionMode"], left["macSecKeys"]) == ("no_encrypt", [])


def test_a_key_given_before_the_link_is_up_is_in_force_with_it(frozen):
    port = frozen.connection("10Gbps", wait=None, macsec=True)["connectionId"]
    (key,) = frozen.dx.associate_mac_sec_key(connectionId=port, ckn="1" * 64, cak="2" * 64)["macSecKeys"]
    assert key["state"] == "associating"
    datetime.datetime.strptime(key["startOn"], "%Y-%m-%dT%H:%M:%S.%fZ")
    for _ in range(3):
        frozen.server.advance(3601)
    shown = eventually(lambda: frozen.show_connection(port), lambda c: c["connectionState"] == "available")
    assert (shown["macSecKeys"][0]["state"], shown["portEncryptionStatus"]) == ("associated", "Encryption Up")


# ----- billing modes -----


def test_the_members_of_a_lag_share_a_mode_and_a_refusal_changes_none(alice):
    lag = alice.lag(members=2, billingMode="FlatRateTier1")
    member, slow = lag["connections"][0]["connectionId"], alice.connection()["connectionId"]
    before = everything(alice)
    refused(alice.dx.update_connections_billing_mode, connectionIds=[member, slow], billingMode="FlatRateTier2")
    assert everything(alice) == before
    alice.dx.update_connections_billing_mode(connectionIds=[member], billingMode="FlatRateTier2")
    shown = alice.show_lag(lag["lagId"])
    assert {shown["billingMode"], *(c["billingMode"] for c in shown["connections"])} == {"FlatRateTier2"}
    joined = alice.connection("10Gbps", wait=None, lagId=lag["lagId"], location=lag["location"])
    assert joined["billingMode"] == "FlatRateTier2"


def test_a_mode_changes_three_times_in_six_months(alice):
    port = alice.connection("10Gbps")["connectionId"]
    for tier in (1, 2, 3, 3):
        alice.dx.update_connections_billing_mode(connectionIds=[port], billingMode=f"FlatRateTier{tier}")
    refused(alice.dx.update_connections_billing_mode, connectionIds=[port], billingMode="PayAsYouGo")
    assert alice.show_connection(port)["billingMode"] == "FlatRateTier3"


# ----- partners by configuration -----

PARTNERS = """
[[account]]
id = "111111111111"
name = "Paula Networks"
partner = "v2"
  [[account.access_key]]
  id = "111111111111"
  secret = "any-secret"
[[account]]
id = "222222222222"
name = "Charlie Ltd"
  [[account.access_key]]
  id = "222222222222"
  secret = "any-secret"
[[account]]
id = "333333333333"
name = "Victor Networks"
partner = "v1"
  [[account.access_key]]
  id = "333333333333"
  secret = "any-secret"
"""


@pytest.fixture
def partners(serve, tmp_path):
    """A partner of type v2, a customer, and a partner of type v1."""
    from support.account import Account

    file = tmp_path / "demarc.toml"
    file.write_text(PARTNERS)
    server = serve("--config", str(file))
    return [Account(server, account_id) for account_id in ("111111111111", "222222222222", "333333333333")]


def test_who_may_be_a_partner_and_of_which_speeds(partners):
    paula, charlie, victor = partners
    types = [account.dx.describe_customer_metadata()["nniPartnerType"] for account in partners]
    assert types == ["v2", "nonPartner", "v1"]
    offer = dict(ownerAccount=charlie.id, bandwidth="9", connectionName="x", vlan=0)
    m12 = f"Account {charlie.id} is not an authorized Direct Connect partner in us-east-1."
    refused(charlie.dx.create_interconnect, interconnectName="", bandwidth="9", location="zz", text=m12)
    refused(charlie.dx.allocate_hosted_connection, connectionId="q", **offer, text=m12)
    refused(charlie.dx.allocate_connection_on_interconnect, interconnectId="q", **offer, text=m12)
    refused(charlie.dx.associate_hosted_connection, connectionId="q", parentConnectionId="q", text=m12)
    assert charlie.dx.describe_interconnects()["interconnects"] == []
    for partner, speeds, others in (
        (paula, ("1Gbps", "10Gbps"), ("50Mbps", "500Mbps")), (victor, ("50Mbps", "500Mbps"), ("1Gbps", "10Gbps"))
    ):
        port = partner.interconnect()["interconnectId"]
        for vlan, bandwidth in enumerate(speeds, 10):
            made = partner.hosted(port, charlie, bandwidth=bandwidth, vlan=vlan, confirm=False)
        assert made["partnerName"].endswith("Networks")
        for bandwidth in others:
            refused(
                partner.dx.allocate_hosted_connection, connectionId=port,
                **{**offer, "bandwidth": bandwidth, "vlan": 20}, containing=bandwidth,
            )


def test_the_lags_of_partners_host_and_those_of_customers_do_not(partners):
    paula, charlie, _ = partners
    assert charlie.lag(wait=None)["allowsHostedConnections"] is False
    lag = paula.lag(members=2)
    assert lag["allowsHostedConnections"] is True
    assert not POOLS & members(lag)
    assert paula.hosted(lag["lagId"], charlie, bandwidth="1Gbps", confirm=False)["lagId"] == lag["lagId"]
    member = lag["connections"][0]["connectionId"]
    paula.dx.disassociate_connection_from_lag(connectionId=member, lagId=lag["lagId"])
    assert [i["interconnectId"] for i in paula.dx.describe_interconnects()["interconnects"]] == [member]
