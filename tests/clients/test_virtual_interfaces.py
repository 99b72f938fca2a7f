"""Creating, reading and deleting virtual interfaces (operations.md 7, states.md 5)."""

import re

import pytest
from support.account import (
    NO_CONNECTION,
    NO_LAG,
    NO_UUID,
    NO_VIF,
    PUBLIC_PEER,
    PUBLIC_PREFIXES,
    Account,
    public_fields,
    refused,
    vif_fields,
)
from support.waiting import eventually, wait_as_terraform

GENERATED_KEY = re.compile(r"0x[A-Za-z0-9_.]{22}")


@pytest.fixture
def port(alice):
    return alice.connection()["connectionId"]


@pytest.fixture
def gateway(alice):
    return alice.gateway()["directConnectGatewayId"]


# ----- private -----


def test_private_on_a_direct_connect_gateway(alice, port, gateway):
    made = alice.dx.create_private_virtual_interface(
        connectionId=port,
        newPrivateVirtualInterface=vif_fields(
            virtualInterfaceName="mine", vlan=101, directConnectGatewayId=gateway, tags=[{"key": "a", "value": "b"}]
        ),
    )
    assert made["ownerAccount"] == alice.id
    assert re.fullmatch(r"dxvif-f[fgh][0-9a-z]{6}", made["virtualInterfaceId"])
    assert made["connectionId"] == port
    assert (made["virtualInterfaceType"], made["virtualInterfaceState"]) == ("private", "pending")
    assert (made["virtualInterfaceName"], made["vlan"], made["asn"], made["asnLong"]) == ("mine", 101, 65010, 65010)
    assert made["amazonSideAsn"] == 64600, "the gateway's ASN"
    assert (made["virtualGatewayId"], made["directConnectGatewayId"]) == ("", gateway)
    assert (made["mtu"], made["siteLinkEnabled"], made["routeFilterPrefixes"]) == (1500, False, [])
    assert made["tags"] == [{"key": "a", "value": "b"}]
    (peer,) = made["bgpPeers"]
    assert re.fullmatch(r"dxpeer-f[fgh][0-9a-z]{6}", peer["bgpPeerId"])
    assert (peer["bgpPeerState"], peer["bgpStatus"]) == ("pending", "down")
    for copied in ("asn", "asnLong", "authKey", "addressFamily", "amazonAddress", "customerAddress"):
        assert peer[copied] == made[copied], copied


def test_private_on_a_virtual_private_gateway(alice, port):
    vgw = alice.vpn_gateway(asn=64555)
    made = alice.private_vif(port, virtualGatewayId=vgw)
    assert (made["virtualGatewayId"], made["directConnectGatewayId"]) == (vgw, "")
    assert made["amazonSideAsn"] == 64555


def test_what_the_caller_leaves_out_is_filled_in(alice, port, gateway):
    """clients.md rule 22, identifiers.md 8 and 9."""
    one = alice.private_vif(port, directConnectGatewayId=gateway)
    two = alice.private_vif(port, directConnectGatewayId=gateway)
    for made in (one, two):
        assert GENERATED_KEY.fullmatch(made["authKey"])
        assert made["addressFamily"] == "ipv4"
        amazon, customer = (re.fullmatch(r"169\.254\.(\d+)\.(\d+)/29", made[m]) for m in ("amazonAddress", "customerAddress"))
        assert amazon and customer, made
        assert int(amazon[2]) % 8 == 1 and int(customer[2]) == int(amazon[2]) + 5
        assert amazon[1] == customer[1]
    assert one["amazonAddress"] != two["amazonAddress"]
    assert one["authKey"] != two["authKey"]


def test_ipv6_is_assigned_and_may_not_be_given(alice, port, gateway):
    made = alice.private_vif(port, directConnectGatewayId=gateway, addressFamily="ipv6")
    assert made["addressFamily"] == "ipv6"
    for address, digit in ((made["amazonAddress"], "1"), (made["customerAddress"], "6")):
        assert address.endswith("/125") and ":" in address
        assert address.removesuffix("/125")[-1] in {digit, {"1": "9", "6": "e"}[digit]}
    assert "<ipv6_customer_address>" in made["customerRouterConfig"]
    assert "<customer_address>" not in made["customerRouterConfig"]
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(
            directConnectGatewayId=gateway, addressFamily="ipv6",
            amazonAddress="2001:db8::1/125", customerAddress="2001:db8::2/125",
        ),
    )


def test_given_values_are_kept_verbatim(alice, port, gateway):
    given = {"authKey": "aB1!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~\\", "amazonAddress": "10.1.0.1/30", "customerAddress": "10.1.0.2/30"}
    made = alice.private_vif(port, directConnectGatewayId=gateway, **given)
    for member, value in given.items():
        assert made[member] == value
        assert made["bgpPeers"][0][member] == value


def test_the_router_xml_has_the_published_layout(alice, port, gateway):
    """identifiers.md 18, to the byte."""
    made = alice.private_vif(
        port, directConnectGatewayId=gateway, vlan=3333, asn=65020, authKey="key<&>'\"",
        amazonAddress="10.2.0.1/31", customerAddress="10.2.0.0/31",
    )
    assert made["customerRouterConfig"] == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<logical_connection id="{made["virtualInterfaceId"]}">\n'
        "  <vlan>3333</vlan>\n"
        "  <customer_address>10.2.0.0/31</customer_address>\n"
        "  <amazon_address>10.2.0.1/31</amazon_address>\n"
        "  <bgp_asn>65020</bgp_asn>\n"
        "  <bgp_auth_key>key&lt;&amp;&gt;&apos;&quot;</bgp_auth_key>\n"
        "  <amazon_bgp_asn>64600</amazon_bgp_asn>\n"
        "  <connection_type>private</connection_type>\n"
        "</logical_connection>\n"
    )


def test_a_long_asn(alice, port, gateway):
    """identifiers.md 7: `asn` is 0 when only `asnLong` can hold the value."""
    made = alice.dx.create_private_virtual_interface(
        connectionId=port,
        newPrivateVirtualInterface={
            "virtualInterfaceName": "x", "vlan": 7, "asnLong": 4_200_000_000, "directConnectGatewayId": gateway
        },
    )
    assert (made["asn"], made["asnLong"]) == (0, 4_200_000_000)
    assert (made["bgpPeers"][0]["asn"], made["bgpPeers"][0]["asnLong"]) == (0, 4_200_000_000)
    both = alice.dx.create_private_virtual_interface(
        connectionId=port, newPrivateVirtualInterface=vif_fields(asn=0, asnLong=65044, directConnectGatewayId=gateway)
    )
    assert (both["asn"], both["asnLong"]) == (65044, 65044)


# ----- refusals, rule by rule -----

#: Leaves a field out.
NONE = object()
REFUSALS = [
    ("M2 connection format", {"connectionId": "nonsense"}, "ConnectionID nonsense has an invalid format."),
    ("M5 unknown connection", {"connectionId": NO_CONNECTION}, "Could not find Connection with ID"),
    ("M6 unknown lag", {"connectionId": NO_LAG}, "Could not find Lag with ID"),
    ("V2 empty name", {"virtualInterfaceName": ""}, "irtual"),
    ("V2 long name", {"virtualInterfaceName": "x" * 101}, "irtual"),
    ("V2 name with a semicolon", {"virtualInterfaceName": "a;b"}, "irtual"),
    ("V3 vlan 0", {"vlan": 0}, "VLAN 0"),
    ("V3 vlan 4095", {"vlan": 4095}, "VLAN 4095"),
    ("V3 vlan -1", {"vlan": -1}, "VLAN -1"),
    ("V4 no asn", {"asn": NONE}, "ASN"),
    ("M18 asn 0", {"asn": 0}, "BGP ASN 0 must have value greater than or equal to 1"),
    ("M18 asn -5", {"asn": -5}, "BGP ASN -5 must have value greater than or equal to 1"),
    ("V4 asnLong too large", {"asn": NONE, "asnLong": 4_294_967_295}, "ASN"),
    ("V5 mtu 1400", {"mtu": 1400}, "MTU 1400"),
    ("V5 mtu 9000", {"mtu": 9000}, "MTU 9000"),
    ("V6 short key", {"authKey": "12345"}, "key"),
    ("V6 long key", {"authKey": "x" * 81}, "key"),
    ("V6 key with a blank", {"authKey": "with blank"}, "key"),
    ("V7 one address", {"amazonAddress": "10.0.0.1/30"}, ""),
    ("V7 no cidr", {"amazonAddress": "10.0.0.1", "customerAddress": "10.0.0.2"}, ""),
    ("V7 no address", {"amazonAddress": "x/30", "customerAddress": "y/30"}, ""),
    (
        "M23 two cidrs",
        {"amazonAddress": "10.0.0.1/30", "customerAddress": "10.0.0.6/30"},
        "Amazon Address and Customer Address must be in the same CIDR",
    ),
    (
        "M23 network address",
        {"amazonAddress": "10.0.0.0/30", "customerAddress": "10.0.0.2/30"},
        "Amazon Address is address 0 on its subnet.",
    ),
    (
        "M23 broadcast address",
        {"amazonAddress": "10.0.0.3/30", "customerAddress": "10.0.0.2/30"},
        "Amazon Address is the broadcast address on its subnet.",
    ),
    ("M3 gateway format", {"directConnectGatewayId": "dxgw-1"}, "DirectConnectGatewayID dxgw-1 has an invalid format."),
    ("V9 vgw format", {"directConnectGatewayId": NONE, "virtualGatewayId": "nonsense"}, "VirtualGatewayID nonsense has an invalid format."),
    ("V10 no gateway", {"directConnectGatewayId": NONE}, "Specify either virtualGatewayId or directConnectGatewayId"),
    ("V10 both gateways", {"virtualGatewayId": "vgw-0123456789abcdef0"}, "Specify either virtualGatewayId or directConnectGatewayId"),
    ("V14 unknown gateway", {"directConnectGatewayId": NO_UUID}, "does not exist"),
    ("M15 unknown vgw", {"directConnectGatewayId": NONE, "virtualGatewayId": "vgw-0123456789abcdef0"}, "The VirtualGateway vgw-0123456789abcdef0 does not exist."),
]


@pytest.mark.parametrize("row, wrong, containing", REFUSALS, ids=[r[0] for r in REFUSALS])
def test_private_refusals_leave_nothing_behind(alice, port, gateway, row, wrong, containing):
    fields = {**vif_fields(directConnectGatewayId=gateway), **wrong}
    connection_id = fields.pop("connectionId", port)
    fields = {k: v for k, v in fields.items() if v is not NONE}
    refused(
        alice.dx.create_private_virtual_interface, connectionId=connection_id, newPrivateVirtualInterface=fields,
        containing=containing,
    )
    assert alice.dx.describe_virtual_interfaces()["virtualInterfaces"] == []
    attachments = alice.dx.describe_direct_connect_gateway_attachments(directConnectGatewayId=gateway)
    assert attachments["directConnectGatewayAttachments"] == []


def test_m19_the_connection_must_be_ready(frozen):
    made = frozen.connection(wait=None)["connectionId"]
    gateway = frozen.dx.create_direct_connect_gateway(directConnectGatewayName="g")["directConnectGateway"]
    refused(
        frozen.dx.create_private_virtual_interface, connectionId=made,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateway["directConnectGatewayId"]),
        containing="The specified Connection ID is not available",
    )


def test_a_connection_that_is_down_takes_virtual_interfaces(alice, port, gateway):
    """states.md 5.2; and they reach `down` by themselves (clients.md 1.2)."""
    alice.server.link(port, "down")
    alice.wait_connection(port, "down")
    made = alice.private_vif(port, wait=None, directConnectGatewayId=gateway)
    alice.wait_vif(made["virtualInterfaceId"], "down")
    alice.server.link(port, "up")
    alice.wait_vif(made["virtualInterfaceId"], "available")


def test_m21_a_vlan_is_used_once(alice, port, gateway):
    made = alice.private_vif(port, vlan=500, directConnectGatewayId=gateway)
    again = dict(connectionId=port, newPrivateVirtualInterface=vif_fields(vlan=500, directConnectGatewayId=gateway))
    refused(alice.dx.create_private_virtual_interface, **again, text="VLAN 500 is already in use")
    alice.delete_vif(made["virtualInterfaceId"])
    alice.dx.create_private_virtual_interface(**again)


def test_the_same_vlan_is_free_on_another_connection(alice, port, gateway):
    other = alice.connection()["connectionId"]
    for connection_id in (port, other):
        alice.private_vif(connection_id, vlan=501, directConnectGatewayId=gateway)


def test_v18_peer_addresses_do_not_overlap_on_one_connection(alice, port, gateway):
    pair = {"amazonAddress": "10.3.0.1/30", "customerAddress": "10.3.0.2/30"}
    alice.private_vif(port, directConnectGatewayId=gateway, **pair)
    wider = {"amazonAddress": "10.3.0.1/28", "customerAddress": "10.3.0.2/28"}
    for clash in (pair, wider):
        refused(
            alice.dx.create_private_virtual_interface, connectionId=port,
            newPrivateVirtualInterface=vif_fields(directConnectGatewayId=gateway, **clash), containing="conflict",
        )
    other = alice.connection()["connectionId"]
    alice.private_vif(other, directConnectGatewayId=gateway, **pair)


def test_a_foreign_connection_or_gateway_is_unknown(alice, bob, port, gateway):
    theirs = bob.gateway()["directConnectGatewayId"]
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=theirs), containing="does not exist",
    )
    refused(
        bob.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=theirs), containing="Could not find Connection with ID",
    )


@pytest.mark.parametrize("mtu", [1500, 8500, 9001])
def test_private_mtus(alice, port, gateway, mtu):
    made = alice.private_vif(port, directConnectGatewayId=gateway, mtu=mtu)
    assert (made["mtu"], made["jumboFrameCapable"]) == (mtu, True)


def test_sitelink_needs_a_direct_connect_gateway(alice, port, gateway):
    assert alice.private_vif(port, directConnectGatewayId=gateway, enableSiteLink=True)["siteLinkEnabled"] is True
    refused(
        alice.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(virtualGatewayId=alice.vpn_gateway(), enableSiteLink=True),
        containing="SiteLink",
    )


# ----- transit -----


def test_transit_is_wrapped_and_needs_a_gateway(alice, port, gateway):
    made = alice.dx.create_transit_virtual_interface(
        connectionId=port, newTransitVirtualInterface=vif_fields(directConnectGatewayId=gateway, mtu=8500)
    )["virtualInterface"]
    assert (made["virtualInterfaceType"], made["virtualInterfaceState"], made["mtu"]) == ("transit", "pending", 8500)
    assert made["directConnectGatewayId"] == gateway
    shown = alice.wait_vif(made["virtualInterfaceId"])
    assert shown["customerRouterConfig"].count("<connection_type>transit</connection_type>") == 1
    refused(alice.dx.create_transit_virtual_interface, connectionId=port, newTransitVirtualInterface=vif_fields())
    refused(
        alice.dx.create_transit_virtual_interface, connectionId=port,
        newTransitVirtualInterface=vif_fields(directConnectGatewayId=gateway, mtu=9001), containing="MTU 9001",
    )


@pytest.mark.parametrize("missing", ["virtualInterfaceName", "vlan", "asn"])
def test_transit_fields_are_needed_although_the_model_has_them_optional(alice, port, gateway, missing):
    fields = vif_fields(directConnectGatewayId=gateway)
    del fields[missing]
    refused(alice.dx.create_transit_virtual_interface, connectionId=port, newTransitVirtualInterface=fields)


def test_v15_a_gateway_is_of_one_kind(alice, port):
    for first, second in ((alice.private_vif, alice.transit_vif), (alice.transit_vif, alice.private_vif)):
        gateway = alice.gateway()["directConnectGatewayId"]
        first(port, directConnectGatewayId=gateway)
        with pytest.raises(alice.dx.exceptions.DirectConnectClientException, match="already used"):
            second(port, directConnectGatewayId=gateway)


# ----- public -----


def test_public_is_verified_first(frozen_server, frozen, alice, port):
    made = alice.dx.create_public_virtual_interface(connectionId=port, newPublicVirtualInterface=public_fields())
    assert (made["virtualInterfaceType"], made["virtualInterfaceState"]) == ("public", "verifying")
    assert (made["virtualGatewayId"], made["directConnectGatewayId"]) == ("", "")
    assert (made["amazonSideAsn"], made["mtu"], made["siteLinkEnabled"]) == (7224, 1500, False)
    assert made["routeFilterPrefixes"] == PUBLIC_PREFIXES
    assert made["bgpPeers"][0]["bgpPeerState"] == "verifying"
    shown = alice.wait_vif(made["virtualInterfaceId"])
    assert shown["bgpPeers"][0]["bgpPeerState"] == "available"


PUBLIC_REFUSALS = [
    ("private addresses", {"amazonAddress": "10.0.0.1/30", "customerAddress": "10.0.0.2/30"}, "Amazon Address is not allowed to contain a private IP"),
    ("no addresses", {"amazonAddress": NONE, "customerAddress": NONE}, ""),
    ("two cidrs", {"customerAddress": "175.45.176.6/30"}, "Amazon Address and Customer Address must be in the same CIDR"),
    ("network address", {"amazonAddress": "175.45.176.0/30"}, "Amazon Address is address 0 on its subnet."),
    ("broadcast address", {"amazonAddress": "175.45.176.3/30"}, "Amazon Address is the broadcast address on its subnet."),
    ("no prefixes", {"routeFilterPrefixes": NONE}, "routeFilterPrefixes"),
    ("empty prefixes", {"routeFilterPrefixes": []}, "routeFilterPrefixes"),
    ("private prefix", {"routeFilterPrefixes": [{"cidr": "10.0.0.0/8"}]}, ""),
    ("no prefix", {"routeFilterPrefixes": [{"cidr": "nonsense"}]}, ""),
    ("default route", {"routeFilterPrefixes": [{"cidr": "0.0.0.0/0"}]}, ""),
    ("long IPv6 prefix", {"routeFilterPrefixes": [{"cidr": "2600:1f00::/65"}]}, ""),
    ("1001 prefixes", {"routeFilterPrefixes": [{"cidr": f"175.{n // 256}.{n % 256}.0/24"} for n in range(1001)]}, "routeFilterPrefixes"),
]


@pytest.mark.parametrize("row, wrong, containing", PUBLIC_REFUSALS, ids=[r[0] for r in PUBLIC_REFUSALS])
def test_public_refusals(alice, port, row, wrong, containing):
    fields = {k: v for k, v in public_fields(**wrong).items() if v is not NONE}
    refused(alice.dx.create_public_virtual_interface, connectionId=port, newPublicVirtualInterface=fields, containing=containing)
    assert alice.dx.describe_virtual_interfaces()["virtualInterfaces"] == []


def test_public_ipv6_takes_no_addresses(alice, port):
    made = alice.public_vif(port, addressFamily="ipv6", routeFilterPrefixes=[{"cidr": "2600:1f00::/48"}])
    assert made["addressFamily"] == "ipv6"
    assert made["amazonAddress"].endswith("/125")
    refused(
        alice.dx.create_public_virtual_interface, connectionId=port,
        newPublicVirtualInterface=public_fields(addressFamily="ipv6", **PUBLIC_PEER),
    )


def test_a_31_has_no_network_or_broadcast_address(alice, port):
    pair = {"amazonAddress": "175.45.176.8/31", "customerAddress": "175.45.176.9/31"}
    assert alice.public_vif(port, **pair)["amazonAddress"] == "175.45.176.8/31"


# ----- reading -----


def test_describe_filters_by_id_and_by_parent(alice, port, gateway):
    other = alice.connection()["connectionId"]
    one = alice.private_vif(port, directConnectGatewayId=gateway)["virtualInterfaceId"]
    two = alice.private_vif(other, directConnectGatewayId=gateway)["virtualInterfaceId"]

    def ids(**filters):
        return [v["virtualInterfaceId"] for v in alice.dx.describe_virtual_interfaces(**filters)["virtualInterfaces"]]

    assert ids() == [one, two]
    assert ids(virtualInterfaceId=two) == [two]
    assert ids(connectionId=port) == [one]
    assert ids(connectionId=port, virtualInterfaceId=two) == []


def test_unknown_ids_give_an_empty_list_and_malformed_ones_an_error(alice):
    """clients.md rule 8."""
    for filters in ({"virtualInterfaceId": NO_VIF}, {"connectionId": NO_CONNECTION}):
        assert alice.dx.describe_virtual_interfaces(**filters)["virtualInterfaces"] == []
    refused(alice.dx.describe_virtual_interfaces, virtualInterfaceId="nonsense", containing="nonsense has an invalid format")


# ----- deleting -----


def test_delete_answers_deleting_and_frees_everything(alice, port, gateway):
    made = alice.private_vif(port, vlan=42, directConnectGatewayId=gateway)
    vif = made["virtualInterfaceId"]
    assert alice.dx.delete_virtual_interface(virtualInterfaceId=vif)["virtualInterfaceState"] == "deleting"

    def state():
        shown = alice.show_vif(vif)
        return shown and shown["virtualInterfaceState"]

    wait_as_terraform(
        state, {"available", "confirming", "deleting", "down", "pending", "rejected", "verifying"}, {"deleted", None}
    )
    alice.private_vif(port, vlan=42, directConnectGatewayId=gateway)


def test_m7_delete_of_an_unknown_or_deleted_one(alice, port):
    refused(alice.dx.delete_virtual_interface, virtualInterfaceId=NO_VIF, containing="does not exist")
    made = alice.private_vif(port)["virtualInterfaceId"]
    alice.delete_vif(made)
    refused(alice.dx.delete_virtual_interface, virtualInterfaceId=made, containing="does not exist")


def test_delete_twice_while_deleting_is_the_same_answer(frozen_server):
    account = Account(frozen_server)
    connection = account.connection(wait=None)["connectionId"]
    gateway = account.dx.create_direct_connect_gateway(directConnectGatewayName="g")["directConnectGateway"]
    for _ in range(3):
        frozen_server.advance(3600)
    account.wait_connection(connection)
    vif = account.private_vif(connection, wait=None, directConnectGatewayId=gateway["directConnectGatewayId"])
    for _ in range(2):
        answer = account.dx.delete_virtual_interface(virtualInterfaceId=vif["virtualInterfaceId"])
        assert answer["virtualInterfaceState"] == "deleting"


# ----- sessions -----


def test_the_state_follows_the_sessions(alice, port, gateway):
    """states.md 5.1: available while any session is up, else down."""
    made = alice.private_vif(port, directConnectGatewayId=gateway)
    vif, peer = made["virtualInterfaceId"], made["bgpPeers"][0]["bgpPeerId"]
    assert made["bgpPeers"][0]["bgpStatus"] == "up"
    alice.server.session(peer, "down")
    shown = alice.wait_vif(vif, "down")
    assert (shown["bgpPeers"][0]["bgpPeerState"], shown["bgpPeers"][0]["bgpStatus"]) == ("available", "down")
    alice.server.session(peer, "up")
    alice.wait_vif(vif, "available")


def test_a_dead_link_takes_its_interfaces_down(alice, port, gateway):
    vif = alice.private_vif(port, directConnectGatewayId=gateway)["virtualInterfaceId"]
    alice.server.link(port, "down")
    alice.wait_vif(vif, "down")
    alice.server.link(port, "up")
    alice.wait_vif(vif, "available")


def test_on_a_lag(alice, gateway):
    lag = alice.lag(members=2)
    made = alice.private_vif(lag["lagId"], directConnectGatewayId=gateway)
    assert made["connectionId"] == lag["lagId"]
    one, two = (c["connectionId"] for c in alice.show_lag(lag["lagId"])["connections"])
    alice.server.link(one, "down")
    alice.wait_connection(one, "down")
    assert alice.show_vif(made["virtualInterfaceId"])["virtualInterfaceState"] == "available"
    alice.server.link(two, "down")
    alice.wait_vif(made["virtualInterfaceId"], "down")


# ----- review of public interfaces -----


def test_review_by_the_operator(serve):
    """Automatic unless configured; with no automatic review the operator decides."""
    account = Account(serve(settle="3600s"))
    connection = account.connection(wait=None)["connectionId"]
    for _ in range(3):
        account.server.advance(3600)
    account.wait_connection(connection)
    approve, reject = (account.public_vif(connection, wait=None, **pair)["virtualInterfaceId"] for pair in (
        {}, {"amazonAddress": "175.45.176.5/30", "customerAddress": "175.45.176.6/30"}
    ))
    for vif in (approve, reject):
        assert account.show_vif(vif)["virtualInterfaceState"] == "verifying"
    account.server.operator("POST", f"/_demarc/v1/virtual-interfaces/{approve}/approve", {})
    account.server.operator("POST", f"/_demarc/v1/virtual-interfaces/{reject}/reject", {})
    eventually(lambda: account.show_vif(approve)["virtualInterfaceState"], lambda s: s in {"pending", "down", "available"})
    account.wait_vif(reject, "rejected")


def test_m20_the_virtual_private_gateway_must_be_ready(frozen_server):
    account = Account(frozen_server)
    connection = account.connection(wait=None)["connectionId"]
    for _ in range(3):
        frozen_server.advance(3600)
    account.wait_connection(connection)
    vgw = account.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]
    if vgw["State"] != "pending":
        pytest.skip("skipped: a virtual private gateway is ready at once")
    vgw = vgw["VpnGatewayId"]
    refused(
        account.dx.create_private_virtual_interface, connectionId=connection,
        newPrivateVirtualInterface=vif_fields(virtualGatewayId=vgw), text=f"The VirtualGateway {vgw} is not available",
    )
