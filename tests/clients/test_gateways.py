"""Direct Connect gateways, associations, attachments (operations.md 9, states.md 7 to 9)."""

import re

import pytest
from support.account import NO_UUID, NO_VIF, OTHER_REGION, Account, refused
from support.waiting import eventually, wait_as_terraform

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def prefixes(*cidrs):
    return [{"cidr": cidr} for cidr in cidrs]


def cidrs(association):
    return [p["cidr"] for p in association["allowedPrefixesToDirectConnectGateway"]]


def attachments(account, **selector):
    return account.dx.describe_direct_connect_gateway_attachments(**selector)["directConnectGatewayAttachments"]


# ----- gateways -----


def test_create(alice):
    made = alice.dx.create_direct_connect_gateway(directConnectGatewayName="core", tags=[{"key": "a", "value": "b"}])
    gateway = made["directConnectGateway"]
    assert UUID.fullmatch(gateway["directConnectGatewayId"])
    assert gateway["amazonSideAsn"] == 64512
    assert gateway["ownerAccount"] == alice.id
    assert gateway["directConnectGatewayState"] in {"pending", "available"}
    assert gateway["tags"] == [{"key": "a", "value": "b"}]
    assert "stateChangeError" not in gateway

    def state():
        return alice.show_gateway(gateway["directConnectGatewayId"])["directConnectGatewayState"]

    wait_as_terraform(state, {"pending"}, {"available"})


@pytest.mark.parametrize("asn", [64512, 65534, 4200000000, 4294967294])
def test_asns_at_the_limits(alice, asn):
    assert alice.gateway(asn)["amazonSideAsn"] == asn


@pytest.mark.parametrize("asn", [0, 1, 64511, 65535, 4199999999, 4294967295, -1])
def test_asns_outside_the_private_ranges(alice, asn):
    refused(
        alice.dx.create_direct_connect_gateway, directConnectGatewayName="x", amazonSideAsn=asn, containing=str(asn)
    )


@pytest.mark.parametrize("name", ["", "x" * 101, "a;b"])
def test_names(alice, name):
    refused(alice.dx.create_direct_connect_gateway, directConnectGatewayName=name)


def test_a_gateway_is_global(alice):
    gateway = alice.gateway()
    elsewhere = alice.client("directconnect", OTHER_REGION)
    shown = elsewhere.describe_direct_connect_gateways()["directConnectGateways"]
    assert [g["directConnectGatewayId"] for g in shown] == [gateway["directConnectGatewayId"]]
    renamed = elsewhere.update_direct_connect_gateway(
        directConnectGatewayId=gateway["directConnectGatewayId"], newDirectConnectGatewayName="renamed there"
    )["directConnectGateway"]
    assert renamed["directConnectGatewayName"] == "renamed there"
    assert alice.show_gateway(gateway["directConnectGatewayId"])["directConnectGatewayName"] == "renamed there"


def test_unknown_gateways(alice, bob):
    """clients.md rules 4 and 8."""
    foreign = bob.gateway()["directConnectGatewayId"]
    for unknown in (NO_UUID, foreign):
        assert alice.show_gateway(unknown) is None
        refused(alice.dx.delete_direct_connect_gateway, directConnectGatewayId=unknown, containing="does not exist")
        refused(
            alice.dx.update_direct_connect_gateway, directConnectGatewayId=unknown, newDirectConnectGatewayName="x",
            containing="does not exist",
        )
    refused(
        alice.dx.describe_direct_connect_gateways, directConnectGatewayId="dxgw-1",
        text="DirectConnectGatewayID dxgw-1 has an invalid format.",
    )


def test_delete(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    answer = alice.dx.delete_direct_connect_gateway(directConnectGatewayId=gateway)["directConnectGateway"]
    assert answer["directConnectGatewayState"] == "deleting"

    def state():
        shown = alice.show_gateway(gateway)
        return shown and shown["directConnectGatewayState"]

    wait_as_terraform(state, {"pending", "available", "deleting"}, {None})
    refused(alice.dx.delete_direct_connect_gateway, directConnectGatewayId=gateway, containing="does not exist")


def test_delete_is_refused_while_something_hangs_on_it(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    vif = alice.private_vif(alice.connection()["connectionId"], directConnectGatewayId=gateway)["virtualInterfaceId"]
    refused(alice.dx.delete_direct_connect_gateway, directConnectGatewayId=gateway)
    alice.delete_vif(vif)
    association = alice.associate(gateway, alice.vpn_gateway())
    refused(alice.dx.delete_direct_connect_gateway, directConnectGatewayId=gateway)
    alice.dx.delete_direct_connect_gateway_association(associationId=association["associationId"])
    eventually(lambda: alice.show_association(association["associationId"]), lambda a: a is None or a["associationState"] == "disassociated")
    alice.dx.delete_direct_connect_gateway(directConnectGatewayId=gateway)


# ----- associations -----


def test_a_virtual_private_gateway_defaults_to_its_vpcs_cidr(alice):
    """clients.md rule 23, and the legacy members."""
    gateway, vgw = alice.gateway()["directConnectGatewayId"], alice.vpn_gateway("10.20.0.0/16")
    made = alice.dx.create_direct_connect_gateway_association(directConnectGatewayId=gateway, gatewayId=vgw)[
        "directConnectGatewayAssociation"
    ]
    assert made["associationState"] == "associating"
    assert UUID.fullmatch(made["associationId"])
    assert made["associatedGateway"] == {
        "id": vgw, "type": "virtualPrivateGateway", "ownerAccount": alice.id, "region": alice.region
    }
    assert (made["virtualGatewayId"], made["virtualGatewayRegion"], made["virtualGatewayOwnerAccount"]) == (
        vgw, alice.region, alice.id
    )
    assert made["directConnectGatewayOwnerAccount"] == alice.id
    assert cidrs(made) == ["10.20.0.0/16"]

    def state():
        return alice.show_association(made["associationId"])["associationState"]

    wait_as_terraform(state, {"associating"}, {"associated"})


def test_a_transit_gateway_needs_prefixes_and_has_no_legacy_members(alice):
    gateway, tgw = alice.gateway()["directConnectGatewayId"], alice.transit_gateway()
    refused(alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=gateway, gatewayId=tgw)
    made = alice.associate(gateway, tgw, ["10.0.0.0/8", "2001:db8::/32"])
    assert made["associatedGateway"]["type"] == "transitGateway"
    assert cidrs(made) == ["10.0.0.0/8", "2001:db8::/32"]
    for legacy in ("virtualGatewayId", "virtualGatewayRegion", "virtualGatewayOwnerAccount"):
        assert legacy not in made


def test_a_transit_gateways_association_is_an_attachment_in_ec2(alice):
    """clients.md 1.1: Terraform wants exactly one."""
    gateway, tgw = alice.gateway()["directConnectGatewayId"], alice.transit_gateway()
    alice.associate(gateway, tgw, ["10.0.0.0/8"])
    found = alice.ec2.describe_transit_gateway_attachments(
        Filters=[
            {"Name": "resource-type", "Values": ["direct-connect-gateway"]},
            {"Name": "resource-id", "Values": [gateway]},
            {"Name": "transit-gateway-id", "Values": [tgw]},
        ]
    )["TransitGatewayAttachments"]
    assert len(found) == 1
    assert (found[0]["ResourceType"], found[0]["ResourceId"], found[0]["State"]) == (
        "direct-connect-gateway", gateway, "available"
    )


def test_the_old_parameter_still_works(alice):
    """Ansible sends virtualGatewayId, and deletes by the pair of ids."""
    gateway, vgw = alice.gateway()["directConnectGatewayId"], alice.vpn_gateway()
    made = alice.dx.create_direct_connect_gateway_association(directConnectGatewayId=gateway, virtualGatewayId=vgw)[
        "directConnectGatewayAssociation"
    ]
    alice.wait_association(made["associationId"])
    gone = alice.dx.delete_direct_connect_gateway_association(directConnectGatewayId=gateway, virtualGatewayId=vgw)
    assert gone["directConnectGatewayAssociation"]["associationState"] == "disassociating"
    assert gone["directConnectGatewayAssociation"]["associationId"] == made["associationId"]


def test_ipv6_prefixes_come_back_compressed(alice):
    gateway, tgw = alice.gateway()["directConnectGatewayId"], alice.transit_gateway()
    made = alice.associate(gateway, tgw, ["2001:0DB8:0000:0000:0000:0000:0000:0000/32"])
    assert cidrs(made) == ["2001:db8::/32"]


def test_association_refusals(alice, bob):
    gateway, vgw = alice.gateway()["directConnectGatewayId"], alice.vpn_gateway()
    call = alice.dx.create_direct_connect_gateway_association
    refused(call, directConnectGatewayId=gateway)
    refused(call, directConnectGatewayId=gateway, gatewayId=vgw, virtualGatewayId=vgw)
    refused(call, directConnectGatewayId="x", gatewayId=vgw, text="DirectConnectGatewayID x has an invalid format.")
    refused(call, directConnectGatewayId=NO_UUID, gatewayId=vgw, containing="does not exist")
    refused(call, directConnectGatewayId=gateway, gatewayId="nonsense")
    refused(call, directConnectGatewayId=gateway, gatewayId="vgw-0123456789abcdef0", text="The VirtualGateway vgw-0123456789abcdef0 does not exist.")
    refused(call, directConnectGatewayId=gateway, gatewayId=bob.vpn_gateway())
    refused(call, directConnectGatewayId=bob.gateway()["directConnectGatewayId"], gatewayId=vgw, containing="does not exist")
    refused(call, directConnectGatewayId=gateway, gatewayId=alice.vpn_gateway(attach=False))
    for bad in ("nonsense", "10.0.0.1/8", "10.0.0.0/33", ""):
        refused(call, directConnectGatewayId=gateway, gatewayId=vgw, addAllowedPrefixesToDirectConnectGateway=prefixes(bad))
    listed = alice.dx.describe_direct_connect_gateway_associations(directConnectGatewayId=gateway)
    assert listed["directConnectGatewayAssociations"] == []


def test_a_virtual_private_gateway_has_one_direct_connect_gateway(alice):
    vgw = alice.vpn_gateway()
    alice.associate(alice.gateway()["directConnectGatewayId"], vgw)
    refused(
        alice.dx.create_direct_connect_gateway_association,
        directConnectGatewayId=alice.gateway()["directConnectGatewayId"], gatewayId=vgw, containing="already associated",
    )


def test_a_gateway_is_of_one_kind(alice):
    """states.md 7."""
    private = alice.gateway()["directConnectGatewayId"]
    alice.associate(private, alice.vpn_gateway())
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=private,
        gatewayId=alice.transit_gateway(), addAllowedPrefixesToDirectConnectGateway=prefixes("10.0.0.0/8"),
    )
    transit = alice.gateway()["directConnectGatewayId"]
    alice.associate(transit, alice.transit_gateway(), ["10.0.0.0/8"])
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=transit, gatewayId=alice.vpn_gateway()
    )


def test_the_asns_of_both_gateways_differ(alice):
    gateway = alice.gateway(64601)["directConnectGatewayId"]
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=gateway,
        gatewayId=alice.transit_gateway(64601), addAllowedPrefixesToDirectConnectGateway=prefixes("10.0.0.0/8"),
        containing="ASN",
    )


def test_overlaps_are_refused(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    alice.associate(gateway, alice.vpn_gateway("10.30.0.0/16"))
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=gateway,
        gatewayId=alice.vpn_gateway("10.30.128.0/20"), containing="overlap",
    )
    transit = alice.gateway()["directConnectGatewayId"]
    alice.associate(transit, alice.transit_gateway(64701), ["10.0.0.0/8"])
    refused(
        alice.dx.create_direct_connect_gateway_association, directConnectGatewayId=transit,
        gatewayId=alice.transit_gateway(64702), addAllowedPrefixesToDirectConnectGateway=prefixes("0.0.0.0/0"),
        containing="overlap",
    )


def test_an_association_is_made_in_the_gateways_region(alice):
    gateway, vgw = alice.gateway()["directConnectGatewayId"], alice.vpn_gateway()
    elsewhere = alice.client("directconnect", OTHER_REGION)
    refused(
        elsewhere.create_direct_connect_gateway_association, directConnectGatewayId=gateway, gatewayId=vgw,
        text=f"The VirtualGateway {vgw} does not exist.",
    )


def test_selectors(alice, bob):
    gateway, vgw = alice.gateway()["directConnectGatewayId"], alice.vpn_gateway()
    made = alice.associate(gateway, vgw)["associationId"]
    call = alice.dx.describe_direct_connect_gateway_associations

    def ids(**selector):
        return [a["associationId"] for a in call(**selector)["directConnectGatewayAssociations"]]

    refused(call)
    refused(call, associationId="", text="Association ID has an invalid format.")
    refused(call, associationId="nonsense", text="Association ID has an invalid format.")
    for selector in (
        {"associationId": made},
        {"directConnectGatewayId": gateway},
        {"associatedGatewayId": vgw},
        {"virtualGatewayId": vgw},
        {"directConnectGatewayId": gateway, "associatedGatewayId": vgw},
    ):
        assert ids(**selector) == [made], selector
    assert ids(associationId=NO_UUID) == []
    assert ids(directConnectGatewayId=NO_UUID, associatedGatewayId=vgw) == []
    assert bob.dx.describe_direct_connect_gateway_associations(associationId=made)["directConnectGatewayAssociations"] == []


def test_update_adds_and_removes(alice):
    gateway, tgw = alice.gateway()["directConnectGatewayId"], alice.transit_gateway()
    made = alice.associate(gateway, tgw, ["10.1.0.0/16", "10.2.0.0/16"])["associationId"]
    answer = alice.dx.update_direct_connect_gateway_association(
        associationId=made,
        addAllowedPrefixesToDirectConnectGateway=prefixes("10.3.0.0/16", "10.1.0.0/16"),
        removeAllowedPrefixesToDirectConnectGateway=prefixes("10.2.0.0/16", "10.99.0.0/16"),
    )["directConnectGatewayAssociation"]
    assert answer["associationState"] == "updating"
    assert sorted(cidrs(answer)) == ["10.1.0.0/16", "10.3.0.0/16"]

    def state():
        return alice.show_association(made)["associationState"]

    wait_as_terraform(state, {"updating"}, {"associated"})
    assert sorted(cidrs(alice.show_association(made))) == ["10.1.0.0/16", "10.3.0.0/16"]


def test_update_refusals(alice, bob):
    gateway, tgw = alice.gateway()["directConnectGatewayId"], alice.transit_gateway()
    made = alice.associate(gateway, tgw, ["10.1.0.0/16"])["associationId"]
    for unknown, account in ((NO_UUID, alice), (made, bob)):
        refused(
            account.dx.update_direct_connect_gateway_association, associationId=unknown,
            addAllowedPrefixesToDirectConnectGateway=prefixes("10.5.0.0/16"),
        )
    refused(
        alice.dx.update_direct_connect_gateway_association, associationId=made,
        removeAllowedPrefixesToDirectConnectGateway=prefixes("10.1.0.0/16"),
    )
    assert cidrs(alice.show_association(made)) == ["10.1.0.0/16"]


def test_delete_of_an_association(alice):
    made = alice.associate(alice.gateway()["directConnectGatewayId"], alice.vpn_gateway())["associationId"]
    gone = alice.dx.delete_direct_connect_gateway_association(associationId=made)["directConnectGatewayAssociation"]
    assert gone["associationState"] == "disassociating"

    def state():
        shown = alice.show_association(made)
        return shown and shown["associationState"]

    wait_as_terraform(state, {"disassociating"}, {"disassociated", None})
    refused(alice.dx.delete_direct_connect_gateway_association, associationId=NO_UUID, containing="does not exist")


def test_transient_states_can_be_seen(frozen_server):
    """clients.md 2: Ansible fails when `associating` and `disassociating` are skipped."""
    account = Account(frozen_server)
    made = account.dx.create_direct_connect_gateway(directConnectGatewayName="g")["directConnectGateway"]
    gateway = made["directConnectGatewayId"]
    vgw = account.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    vpc = account.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    frozen_server.advance(3600)
    account.ec2.attach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    frozen_server.advance(3600)
    association = account.dx.create_direct_connect_gateway_association(directConnectGatewayId=gateway, gatewayId=vgw)[
        "directConnectGatewayAssociation"
    ]["associationId"]
    assert account.show_association(association)["associationState"] == "associating"
    frozen_server.advance(3600)
    account.wait_association(association)
    account.dx.delete_direct_connect_gateway_association(associationId=association)
    assert account.show_association(association)["associationState"] == "disassociating"


def test_detaching_the_vpc_ends_the_association(alice):
    vgw = alice.vpn_gateway()
    vpc = alice.ec2.describe_vpn_gateways(VpnGatewayIds=[vgw])["VpnGateways"][0]["VpcAttachments"][0]["VpcId"]
    made = alice.associate(alice.gateway()["directConnectGatewayId"], vgw)["associationId"]
    alice.ec2.detach_vpn_gateway(VpcId=vpc, VpnGatewayId=vgw)
    eventually(
        lambda: alice.show_association(made), lambda a: a is None or a["associationState"] in {"disassociating", "disassociated"}
    )


# ----- attachments -----


def test_attachments_shadow_the_interface(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    vif = alice.transit_vif(alice.connection()["connectionId"], directConnectGatewayId=gateway)["virtualInterfaceId"]
    for selector in ({"directConnectGatewayId": gateway}, {"virtualInterfaceId": vif}):
        (one,) = attachments(alice, **selector)
        assert one == {
            "directConnectGatewayId": gateway, "virtualInterfaceId": vif, "virtualInterfaceRegion": alice.region,
            "virtualInterfaceOwnerAccount": alice.id, "attachmentState": "attached",
            "attachmentType": "TransitVirtualInterface",
        }
    alice.dx.delete_virtual_interface(virtualInterfaceId=vif)
    eventually(
        lambda: attachments(alice, directConnectGatewayId=gateway),
        lambda listed: all(a["attachmentState"] == "detached" for a in listed),
    )


def test_attachment_selectors(alice):
    refused(alice.dx.describe_direct_connect_gateway_attachments)
    assert attachments(alice, virtualInterfaceId=NO_VIF) == []
    assert attachments(alice, directConnectGatewayId=NO_UUID) == []
    refused(
        alice.dx.describe_direct_connect_gateway_attachments, directConnectGatewayId="x",
        text="DirectConnectGatewayID x has an invalid format.",
    )


def test_attachments_of_all_regions_are_listed(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    elsewhere = Account(alice.server, alice.id, OTHER_REGION)
    for account in (alice, elsewhere):
        account.private_vif(account.connection()["connectionId"], directConnectGatewayId=gateway)
    regions = [a["virtualInterfaceRegion"] for a in attachments(alice, directConnectGatewayId=gateway)]
    assert sorted(regions) == sorted([alice.region, OTHER_REGION])
