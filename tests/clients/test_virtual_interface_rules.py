"""Rules that hold for all six calls that make a virtual interface (operations.md 7.1), row by row."""

import itertools

import pytest
from support.account import (
    NO_CONNECTION,
    NO_LAG,
    NO_UUID,
    PUBLIC_PREFIXES,
    Account,
    next_vlan,
    refused,
    vif_fields,
)
from support.waiting import eventually

KINDS = ["private", "public", "transit"]
CALLS = [(kind, hosted) for kind in KINDS for hosted in (False, True)]
NAMES = [f"{'allocate' if hosted else 'create'}-{kind}" for kind, hosted in CALLS]
six_calls = pytest.mark.parametrize("kind, hosted", CALLS, ids=NAMES)
#: Leaves a field out.
NONE = object()

_pairs = itertools.count()


def public_pair():
    """Public addresses that no other virtual interface of these tests has."""
    n = next(_pairs)
    subnet = f"175.45.{n // 60}.{n % 60 * 4}"
    prefix, last = subnet.rsplit(".", 1)
    return {"amazonAddress": f"{prefix}.{int(last) + 1}/30", "customerAddress": f"{prefix}.{int(last) + 2}/30"}


class Maker:
    """One account with a connection and a gateway for each kind; its calls are made by kind."""

    def __init__(self, account, customer):
        self.account, self.customer = account, customer
        self.port = account.connection("10Gbps")["connectionId"]
        self.gateways = {kind: account.gateway()["directConnectGatewayId"] for kind in ("private", "transit")}

    def request(self, kind, hosted, connectionId=None, ownerAccount=None, **more):
        fields = {"virtualInterfaceName": "test vif", "vlan": next_vlan(), "asn": 65010}
        if kind == "public":
            fields["routeFilterPrefixes"] = PUBLIC_PREFIXES
            if more.get("addressFamily") != "ipv6":
                fields |= public_pair()
        elif not hosted and not more.keys() & {"virtualGatewayId", "directConnectGatewayId"}:
            fields["directConnectGatewayId"] = self.gateways[kind]
        fields = {k: v for k, v in {**fields, **more}.items() if v is not NONE}
        name = f"new{kind.title()}VirtualInterface{'Allocation' if hosted else ''}"
        request = {"connectionId": connectionId or self.port, name: fields}
        if hosted:
            request["ownerAccount"] = ownerAccount or self.customer.id
        return request

    def call(self, kind, hosted):
        return getattr(self.account.dx, f"{'allocate' if hosted else 'create'}_{kind}_virtual_interface")

    def make(self, kind, hosted=False, **more):
        made = self.call(kind, hosted)(**self.request(kind, hosted, **more))
        return made["virtualInterface"] if kind == "transit" else made

    def refuses(self, kind, hosted=False, *, code="DirectConnectClientException", text=None, beginning="", containing="", **more):
        message = refused(self.call(kind, hosted), code=code, text=text, containing=containing, **self.request(kind, hosted, **more))
        assert message.startswith(beginning), message


@pytest.fixture(scope="module")
def maker(server):
    return Maker(Account(server), Account(server))


TAGS = [{"key": str(n)} for n in range(51)]
ROWS = [
    ("M2", {"connectionId": "dxvif-12345678"}, {"text": "ConnectionID dxvif-12345678 has an invalid format."}),
    ("M2 of a lag", {"connectionId": "dxlag-1"}, {"text": "ConnectionID dxlag-1 has an invalid format."}),
    ("M2 in capitals", {"connectionId": "DXCON-ffffffff"}, {"text": "ConnectionID DXCON-ffffffff has an invalid format."}),
    ("M5", {"connectionId": NO_CONNECTION}, {"beginning": f"Could not find Connection with ID {NO_CONNECTION}"}),
    ("M6", {"connectionId": NO_LAG}, {"beginning": f"Could not find Lag with ID {NO_LAG}"}),
    ("V2 empty", {"virtualInterfaceName": ""}, {"beginning": "Virtual interface name is not valid."}),
    ("V2 long", {"virtualInterfaceName": "x" * 101}, {"beginning": "Virtual interface name is not valid."}),
    ("V2 charset", {"virtualInterfaceName": "a.b"}, {"beginning": "Virtual interface name is not valid."}),
    ("V3 low", {"vlan": 0}, {"text": "VLAN 0 must have value greater than or equal to 1"}),
    ("V3 high", {"vlan": 4095}, {"text": "VLAN 4095 must have value less than or equal to 4094"}),
    ("V4 none", {"asn": NONE}, {"containing": "ASN"}),
    ("M18 zero", {"asn": 0}, {"text": "BGP ASN 0 must have value greater than or equal to 1"}),
    ("M18 wrapped", {"asn": -94967296}, {"text": "BGP ASN -94967296 must have value greater than or equal to 1"}),
    ("V4 long wins", {"asn": 65010, "asnLong": 0}, {"text": "BGP ASN 0 must have value greater than or equal to 1"}),
    ("V4 high", {"asn": 2147483648}, {"beginning": "BGP ASN 2147483648"}),
    ("V4 long high", {"asn": NONE, "asnLong": 4294967295}, {"beginning": "BGP ASN 4294967295"}),
    ("V4 reserved", {"asn": 23456}, {"containing": "23456"}),
    ("V4 reserved last", {"asn": 65535}, {"containing": "65535"}),
    ("V6 short", {"authKey": "12345"}, {"beginning": "BGP auth key is not valid."}),
    ("V6 long", {"authKey": "x" * 81}, {"beginning": "BGP auth key is not valid."}),
    ("V6 blank", {"authKey": "with blank"}, {"beginning": "BGP auth key is not valid."}),
    ("V7 family", {"addressFamily": "ipv5"}, {}),
    ("V7 ipv6 addresses", {"addressFamily": "ipv6", "amazonAddress": "2001:db8::1/125", "customerAddress": "2001:db8::2/125"}, {}),
    ("V7 one address", {"amazonAddress": "175.99.0.1/30", "customerAddress": NONE}, {}),
    ("V7 no length", {"amazonAddress": "175.99.0.1", "customerAddress": "175.99.0.2"}, {}),
    ("V7 twice", {"amazonAddress": "175.99.0.1/30", "customerAddress": "175.99.0.1/30"}, {}),
    ("M23 cidr", {"amazonAddress": "175.99.0.1/30", "customerAddress": "175.99.0.6/30"}, {"text": "Amazon Address and Customer Address must be in the same CIDR"}),
    ("M23 masks", {"amazonAddress": "175.99.0.1/30", "customerAddress": "175.99.0.2/29"}, {"text": "Amazon Address and Customer Address must be in the same CIDR"}),
    ("M23 first", {"amazonAddress": "175.99.0.0/30", "customerAddress": "175.99.0.2/30"}, {"text": "Amazon Address is address 0 on its subnet."}),
    ("M23 last", {"amazonAddress": "175.99.0.3/30", "customerAddress": "175.99.0.2/30"}, {"text": "Amazon Address is the broadcast address on its subnet."}),
    ("M23 customer first", {"amazonAddress": "175.99.0.1/30", "customerAddress": "175.99.0.0/30"}, {"text": "Customer Address is address 0 on its subnet."}),
    ("M23 customer last", {"amazonAddress": "175.99.0.1/30", "customerAddress": "175.99.0.3/30"}, {"text": "Customer Address is the broadcast address on its subnet."}),
    ("V8 twice", {"tags": [{"key": "a"}, {"key": "a"}]}, {"code": "DuplicateTagKeysException"}),
    ("V8 many", {"tags": TAGS}, {"code": "TooManyTagsException"}),
    ("V8 reserved", {"tags": [{"key": "aws:a"}]}, {}),
    ("rate", {"rateLimit": "60Mbps"}, {"containing": "60Mbps"}),
    ("rate above the port", {"rateLimit": "20Gbps"}, {"containing": "20Gbps"}),
]


@six_calls
@pytest.mark.parametrize("wrong, answer", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_refusals_of_all_calls(maker, kind, hosted, wrong, answer):
    maker.refuses(kind, hosted, **wrong, **answer)


@pytest.mark.parametrize("kind, mtu", [("private", 9000), ("private", 0), ("transit", 9001), ("transit", 1501)])
@pytest.mark.parametrize("hosted", [False, True])
def test_mtus_by_kind(maker, kind, mtu, hosted):
    maker.refuses(kind, hosted, mtu=mtu, text=f"MTU {mtu} is not valid.")


@pytest.mark.parametrize("hosted", [False, True])
@pytest.mark.parametrize("private", ["10.0.0", "172.31.0", "192.168.1", "169.254.0"])
def test_public_addresses_are_public(maker, hosted, private):
    pair = {"amazonAddress": f"{private}.1/30", "customerAddress": f"{private}.2/30"}
    maker.refuses("public", hosted, **pair, text="Amazon Address is not allowed to contain a private IP")


@pytest.mark.parametrize("owner", ["1234", "12345678901a", "1234567890123"])
@pytest.mark.parametrize("kind", KINDS)
def test_accounts_have_twelve_digits(maker, kind, owner):
    maker.refuses(kind, True, ownerAccount=owner, text=f"Account ID {owner} is not valid.")


@six_calls
def test_v12_ports_that_host_connections_take_none(alice, bob, kind, hosted):
    maker = Maker(alice, bob)
    interconnect = alice.interconnect()
    lag = alice.lag(connectionId=interconnect["interconnectId"], location=interconnect["location"])["lagId"]
    for carrier in (alice.interconnect()["interconnectId"], lag):
        maker.refuses(kind, hosted, connectionId=carrier, beginning=f"Virtual interfaces cannot be created on {carrier}.")


@six_calls
def test_nothing_is_left_of_a_refused_one(alice, bob, kind, hosted):
    maker = Maker(alice, bob)
    for wrong in ({"vlan": 0}, {"rateLimit": "20Gbps"}, {"tags": TAGS, "code": "TooManyTagsException"}):
        maker.refuses(kind, hosted, **wrong)
    for account in (alice, bob):
        assert account.dx.describe_virtual_interfaces()["virtualInterfaces"] == []
    if kind != "public":
        assert maker.make(kind, hosted)["amazonAddress"] == "169.254.96.1/29", "no subnet was used up"


@six_calls
def test_a_fresh_one_has_the_members_of_its_kind(maker, kind, hosted):
    made = maker.make(kind, hosted)
    own_state = "verifying" if kind == "public" else "pending"
    gateway = "" if hosted or kind == "public" else maker.gateways[kind]
    expected = {
        "ownerAccount": maker.customer.id if hosted else maker.account.id,
        "virtualInterfaceType": kind,
        "virtualInterfaceState": "confirming" if hosted else own_state,
        "connectionId": maker.port,
        "amazonSideAsn": 64600 if gateway else 7224,
        "virtualGatewayId": "",
        "directConnectGatewayId": gateway,
        "mtu": 1500,
        "jumboFrameCapable": True,
        "siteLinkEnabled": False,
        "addressFamily": "ipv4",
        "region": "us-east-1",
        "tags": [],
        "routeFilterPrefixes": PUBLIC_PREFIXES if kind == "public" else [],
    }
    assert {member: made[member] for member in expected} == expected
    assert "rateLimit" not in made
    counts = [made.get(f"prefixPoolAllocatedCountIpv{version}") for version in (4, 6)]
    assert counts == ([None, None] if kind == "public" else [100, 100])
    (peer,) = made["bgpPeers"]
    under_review = kind == "public" and not hosted
    assert (peer["bgpPeerState"], peer["bgpStatus"]) == ("verifying" if under_review else "pending", "down")
    assert made["customerRouterConfig"] == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<logical_connection id="{made["virtualInterfaceId"]}">\n'
        f"  <vlan>{made['vlan']}</vlan>\n"
        f"  <customer_address>{made['customerAddress']}</customer_address>\n"
        f"  <amazon_address>{made['amazonAddress']}</amazon_address>\n"
        f"  <bgp_asn>65010</bgp_asn>\n"
        f"  <bgp_auth_key>{made['authKey']}</bgp_auth_key>\n"
        f"  <amazon_bgp_asn>{made['amazonSideAsn']}</amazon_bgp_asn>\n"
        f"  <connection_type>{kind}</connection_type>\n"
        "</logical_connection>\n"
    )


@six_calls
def test_a_vlan_is_taken_whoever_has_it(maker, kind, hosted):
    vlan = maker.make("private", True)["vlan"]
    maker.refuses(kind, hosted, vlan=vlan, text=f"VLAN {vlan} is already in use")


# ----- quotas come after conflicts -----


def test_a_taken_vlan_is_named_before_a_full_gateway(alice, bob):
    """protocol.md 3.4: conflicts, then quotas."""
    maker = Maker(alice, bob)
    for _ in range(30):
        taken = maker.make("private")["vlan"]
    maker.refuses("private", vlan=taken, text=f"VLAN {taken} is already in use")
    maker.refuses("private", containing=maker.gateways["private"])
    hosted = maker.make("private", True, ownerAccount=bob.id)["virtualInterfaceId"]
    full = maker.gateways["private"]
    refused(bob.dx.confirm_private_virtual_interface, virtualInterfaceId=hosted, directConnectGatewayId=full, containing="does not exist")


# ----- gateways -----


def test_a_gateway_of_another_region_and_a_virtual_private_gateway_of_it(alice):
    """identifiers.md 3: Direct Connect gateways are global, virtual private gateways are not."""
    gateway = alice.gateway()["directConnectGatewayId"]
    west = Account(alice.server, alice.id, region="us-west-2")
    port = west.connection()["connectionId"]
    vif = west.private_vif(port, directConnectGatewayId=gateway)["virtualInterfaceId"]
    (attachment,) = alice.dx.describe_direct_connect_gateway_attachments(directConnectGatewayId=gateway)["directConnectGatewayAttachments"]
    assert (attachment["virtualInterfaceId"], attachment["virtualInterfaceRegion"]) == (vif, "us-west-2")
    assert alice.dx.describe_virtual_interfaces()["virtualInterfaces"] == []
    refused(alice.dx.delete_virtual_interface, virtualInterfaceId=vif, text=f"Virtual Interface {vif} does not exist.")
    vgw = alice.vpn_gateway(attach=False)
    refused(
        west.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(virtualGatewayId=vgw), text=f"The VirtualGateway {vgw} does not exist.",
    )
    refused(
        west.dx.create_private_virtual_interface, connectionId=port,
        newPrivateVirtualInterface=vif_fields(directConnectGatewayId=NO_UUID), text=f"Direct Connect Gateway {NO_UUID} does not exist.",
    )


# ----- routers of customers -----


def test_a_customer_announces_no_more_than_it_may(alice, bob):
    """routing.md 2: the first prefix above the allocation would end the session."""
    maker = Maker(alice, bob)
    vif = maker.make("private", prefixPoolAllocatedCountIpv4=0)["virtualInterfaceId"]
    alice.wait_vif(vif)

    def accepted():
        filters = {"routeDirection": "accepted"}
        return alice.dx.list_virtual_interface_routes(virtualInterfaceId=vif, filters=filters)["routes"]

    assert accepted() == []
    alice.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, prefixPoolAllocatedCountIpv4=100)
    assert eventually(accepted)


def test_an_allocation_is_not_below_what_is_in_use(alice, bob):
    maker = Maker(alice, bob)
    vif = maker.make("private")["virtualInterfaceId"]
    alice.wait_vif(vif)
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=vif, prefixPoolAllocatedCountIpv4=0, containing="in use")
    changed = alice.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, prefixPoolAllocatedCountIpv6=0)
    assert (changed["prefixPoolAllocatedCountIpv4"], changed["prefixPoolAllocatedCountIpv6"]) == (100, 0)
