"""What Direct Connect gateways take and refuse, and how associations follow their VPCs (states.md 7, 8 and 10,
identifiers.md 2 and 3, quotas.md rows 12 and 26)."""

import pytest
from support.account import NO_UUID, OTHER_REGION, Account, refused, vif_fields

VGW = "virtual private gateway"
TGW = "transit gateway"
PRIVATE = "private interface"
TRANSIT = "transit interface"
KINDS = {PRIVATE: "private", VGW: "private", TRANSIT: "transit", TGW: "transit"}


def prefixes(*cidrs):
    return [{"cidr": cidr} for cidr in cidrs]


def cidrs(association):
    return [p["cidr"] for p in association["allowedPrefixesToDirectConnectGateway"]]


def add(account, thing, gateway, port):
    """Puts one thing onto a gateway; a refusal comes through."""
    dx = account.dx
    if thing == PRIVATE:
        fields = vif_fields(directConnectGatewayId=gateway)
        return dx.create_private_virtual_interface(connectionId=port, newPrivateVirtualInterface=fields)
    if thing == TRANSIT:
        fields = vif_fields(directConnectGatewayId=gateway)
        return dx.create_transit_virtual_interface(connectionId=port, newTransitVirtualInterface=fields)
    more, target = {}, None
    if thing == VGW:
        target = account.vpn_gateway("10.77.0.0/16")
    else:
        target = account.transit_gateway(64777)
        more["addAllowedPrefixesToDirectConnectGateway"] = prefixes("10.0.0.0/8")
    return dx.create_direct_connect_gateway_association(directConnectGatewayId=gateway, gatewayId=target, **more)


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_the_first_thing_on_a_gateway_decides_what_it_takes(alice, first, second):
    port = alice.connection()["connectionId"]
    gateway = alice.gateway()["directConnectGatewayId"]
    add(alice, first, gateway, port)
    if KINDS[first] != KINDS[second]:
        refused(lambda: add(alice, second, gateway, port), containing=gateway)
    elif first != second or first == PRIVATE or first == TRANSIT:
        add(alice, second, gateway, port)


def test_a_gateway_that_is_empty_again_takes_the_other_kind(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    made = alice.associate(gateway, alice.vpn_gateway())["associationId"]
    alice.dx.delete_direct_connect_gateway_association(associationId=made)
    assert alice.show_association(made) is None
    alice.associate(gateway, alice.transit_gateway(), ["10.0.0.0/8"])


# ----- associations and VPCs -----


def vpc_behind(account, vgw):
    (gateway,) = account.ec2.describe_vpn_gateways(VpnGatewayIds=[vgw])["VpnGateways"]
    return gateway["VpcAttachments"][0]["VpcId"]


def test_a_default_list_follows_the_vpc_and_a_given_one_does_not(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    following, given = alice.vpn_gateway("10.1.0.0/16"), alice.vpn_gateway("10.3.0.0/16")
    default = alice.associate(gateway, following)["associationId"]
    explicit = alice.associate(gateway, given, ["10.3.0.0/16"])["associationId"]
    block = alice.ec2.associate_vpc_cidr_block(VpcId=vpc_behind(alice, following), CidrBlock="10.2.0.0/16")
    alice.ec2.associate_vpc_cidr_block(VpcId=vpc_behind(alice, given), CidrBlock="10.4.0.0/16")
    assert cidrs(alice.wait_association(default)) == ["10.1.0.0/16", "10.2.0.0/16"]
    assert cidrs(alice.wait_association(explicit)) == ["10.3.0.0/16"]
    alice.ec2.disassociate_vpc_cidr_block(AssociationId=block["CidrBlockAssociation"]["AssociationId"])
    assert cidrs(alice.wait_association(default)) == ["10.1.0.0/16"]


def test_a_block_that_overlaps_is_withheld_until_there_is_room(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    alice.associate(gateway, alice.vpn_gateway("10.1.0.0/16"))
    vgw = alice.vpn_gateway("10.2.0.0/16")
    made = alice.associate(gateway, vgw)["associationId"]
    (first,) = [
        a["associationId"]
        for a in alice.dx.describe_direct_connect_gateway_associations(directConnectGatewayId=gateway)[
            "directConnectGatewayAssociations"
        ]
        if a["associationId"] != made
    ]
    alice.ec2.associate_vpc_cidr_block(VpcId=vpc_behind(alice, vgw), CidrBlock="10.1.128.0/20")
    shown = alice.wait_association(made)
    assert cidrs(shown) == ["10.2.0.0/16"]
    assert "10.1.128.0/20" in shown["stateChangeError"]
    alice.dx.delete_direct_connect_gateway_association(associationId=first)
    shown = alice.wait_association(made)
    assert cidrs(shown) == ["10.2.0.0/16", "10.1.128.0/20"]
    assert "stateChangeError" not in shown


def test_across_accounts_a_new_block_takes_a_new_proposal(alice, bob):
    gateway, vgw = alice.gateway()["directConnectGatewayId"], bob.vpn_gateway("10.1.0.0/16")

    def propose():
        return bob.dx.create_direct_connect_gateway_association_proposal(
            directConnectGatewayId=gateway, directConnectGatewayOwnerAccount=alice.id, gatewayId=vgw
        )["directConnectGatewayAssociationProposal"]

    def accept(proposal):
        return alice.dx.accept_direct_connect_gateway_association_proposal(
            directConnectGatewayId=gateway, proposalId=proposal["proposalId"], associatedGatewayOwnerAccount=bob.id
        )["directConnectGatewayAssociation"]

    made = accept(propose())["associationId"]
    alice.wait_association(made)
    bob.ec2.associate_vpc_cidr_block(VpcId=vpc_behind(bob, vgw), CidrBlock="10.2.0.0/16")
    assert cidrs(alice.wait_association(made)) == ["10.1.0.0/16"]
    second = propose()
    assert [p["cidr"] for p in second["existingAllowedPrefixesToDirectConnectGateway"]] == ["10.1.0.0/16"]
    changed = accept(second)
    assert (changed["associationId"], changed["associationState"]) == (made, "updating")
    assert cidrs(alice.wait_association(made)) == ["10.1.0.0/16", "10.2.0.0/16"]


# ----- who may, and from where -----


def test_associations_are_changed_from_every_region_but_made_in_one(alice):
    gateway, tgw = alice.gateway()["directConnectGatewayId"], alice.transit_gateway()
    elsewhere = alice.client("directconnect", OTHER_REGION)
    wanted = dict(
        directConnectGatewayId=gateway, gatewayId=tgw, addAllowedPrefixesToDirectConnectGateway=prefixes("10.0.0.0/8")
    )
    refused(elsewhere.create_direct_connect_gateway_association, containing="does not exist", **wanted)
    made = alice.associate(gateway, tgw, ["10.0.0.0/8"])["associationId"]
    (shown,) = elsewhere.describe_direct_connect_gateway_associations(associationId=made)[
        "directConnectGatewayAssociations"
    ]
    assert shown["associatedGateway"]["region"] == alice.region
    elsewhere.update_direct_connect_gateway_association(
        associationId=made, addAllowedPrefixesToDirectConnectGateway=prefixes("172.16.0.0/12")
    )
    assert cidrs(alice.wait_association(made)) == ["172.16.0.0/12", "10.0.0.0/8"], "the newest first"
    gone = elsewhere.delete_direct_connect_gateway_association(associationId=made)
    assert gone["directConnectGatewayAssociation"]["associationState"] == "disassociating"


def test_the_other_side_may_end_but_not_change_an_association(alice, bob):
    gateway, vgw = alice.gateway()["directConnectGatewayId"], bob.vpn_gateway()
    proposal = bob.dx.create_direct_connect_gateway_association_proposal(
        directConnectGatewayId=gateway, directConnectGatewayOwnerAccount=alice.id, gatewayId=vgw
    )["directConnectGatewayAssociationProposal"]["proposalId"]
    made = alice.dx.accept_direct_connect_gateway_association_proposal(
        directConnectGatewayId=gateway, proposalId=proposal, associatedGatewayOwnerAccount=bob.id
    )["directConnectGatewayAssociation"]["associationId"]
    alice.wait_association(made)
    refused(
        bob.dx.update_direct_connect_gateway_association, associationId=made,
        addAllowedPrefixesToDirectConnectGateway=prefixes("10.0.0.0/8"),
    )
    for account in (alice, bob):
        refused(
            account.dx.delete_direct_connect_gateway_association, directConnectGatewayId=gateway,
            virtualGatewayId=vgw, containing="does not exist",
        )
    bob.dx.delete_direct_connect_gateway_association(associationId=made)
    assert alice.show_association(made) is None


def test_transit_gateways_of_other_regions_have_other_asns(alice):
    gateway = alice.gateway()["directConnectGatewayId"]
    elsewhere = Account(alice.server, alice.id, OTHER_REGION)
    alice.associate(gateway, alice.transit_gateway(64700), ["10.0.0.0/8"])
    wanted = dict(
        directConnectGatewayId=gateway, addAllowedPrefixesToDirectConnectGateway=prefixes("172.16.0.0/12")
    )
    call = elsewhere.dx.create_direct_connect_gateway_association
    refused(call, gatewayId=elsewhere.transit_gateway(64700), containing="ASN 64700", **wanted)
    call(gatewayId=elsewhere.transit_gateway(64701), **wanted)


@pytest.mark.parametrize("step", ["associating", "updating", "disassociating"])
def test_an_association_is_changed_only_once_it_stands(frozen_server, step):
    account = Account(frozen_server)
    gateway = account.dx.create_direct_connect_gateway(directConnectGatewayName="g", amazonSideAsn=64600)[
        "directConnectGateway"
    ]["directConnectGatewayId"]
    tgw = account.ec2.create_transit_gateway(Options={"AmazonSideAsn": 64700})["TransitGateway"]["TransitGatewayId"]
    frozen_server.advance(3600)
    made = account.dx.create_direct_connect_gateway_association(
        directConnectGatewayId=gateway, gatewayId=tgw, addAllowedPrefixesToDirectConnectGateway=prefixes("10.0.0.0/8")
    )["directConnectGatewayAssociation"]["associationId"]
    update = account.dx.update_direct_connect_gateway_association
    change = dict(associationId=made, addAllowedPrefixesToDirectConnectGateway=prefixes("172.16.0.0/12"))
    delete = account.dx.delete_direct_connect_gateway_association
    if step != "associating":
        frozen_server.advance(3600)
        update(**change)
    if step == "disassociating":
        delete(associationId=made)
        again = delete(associationId=made)["directConnectGatewayAssociation"]
        assert again["associationState"] == "disassociating", "a repeat gives the same answer"
    assert account.show_association(made)["associationState"] == step
    refused(update, containing=step, **change)
    refused(account.dx.delete_direct_connect_gateway, directConnectGatewayId=gateway, containing=gateway)
    assert delete(associationId=made)["directConnectGatewayAssociation"]["associationState"] == "disassociating"
    frozen_server.advance(3600)
    assert account.show_association(made) is None


# ----- formats -----


@pytest.mark.parametrize("wrong", ["dxgw-12345678", "", NO_UUID + " ", NO_UUID[:-1], "ABCDEF01-0000-4000-8000-000000000000"])
def test_malformed_ids_of_gateways_associations_and_proposals(alice, wrong):
    gateway = f"DirectConnectGatewayID {wrong} has an invalid format."
    for call, arguments, text in (
        ("describe_direct_connect_gateways", {"directConnectGatewayId": wrong}, gateway),
        ("delete_direct_connect_gateway", {"directConnectGatewayId": wrong}, gateway),
        ("describe_direct_connect_gateway_attachments", {"directConnectGatewayId": wrong}, gateway),
        ("describe_direct_connect_gateway_associations", {"directConnectGatewayId": wrong}, gateway),
        ("describe_direct_connect_gateway_associations", {"associationId": wrong}, "Association ID has an invalid format."),
        ("update_direct_connect_gateway_association", {"associationId": wrong}, "Association ID has an invalid format."),
        ("delete_direct_connect_gateway_association", {"associationId": wrong}, "Association ID has an invalid format."),
        ("describe_direct_connect_gateway_association_proposals", {"proposalId": wrong}, "Proposal ID has an invalid format."),
        ("delete_direct_connect_gateway_association_proposal", {"proposalId": wrong}, "Proposal ID has an invalid format."),
    ):
        refused(getattr(alice.dx, call), text=text, **arguments)


def test_arns_carry_the_partition(alice):
    """identifiers.md 2: the same account number in China is another account."""
    china = Account(alice.server, alice.id, "cn-north-1")
    gateway = china.gateway(tags=[{"key": "a", "value": "b"}])["directConnectGatewayId"]
    group = china.dx.create_resiliency_group(resiliencyGroupName="g", intendedResiliencyModel="high-resiliency")
    for arn in (
        f"arn:aws-cn:directconnect::{china.id}:dx-gateway/{gateway}",
        group["resiliencyGroup"]["resiliencyGroupArn"],
    ):
        assert arn.startswith("arn:aws-cn:directconnect::")
        assert len(china.dx.describe_tags(resourceArns=[arn])["resourceTags"]) == 1
        refused(alice.dx.describe_tags, resourceArns=[arn])
        refused(alice.dx.describe_tags, resourceArns=[arn.replace("aws-cn", "aws")])
    assert alice.show_gateway(gateway) is None


# ----- quotas and time -----


def test_twenty_gateways_on_a_transit_gateway(alice):
    tgw = alice.transit_gateway(64700)
    call = alice.dx.create_direct_connect_gateway_association
    wanted = dict(gatewayId=tgw, addAllowedPrefixesToDirectConnectGateway=prefixes("10.0.0.0/8"))
    for _ in range(20):
        call(directConnectGatewayId=alice.gateway()["directConnectGatewayId"], **wanted)
    refused(call, directConnectGatewayId=alice.gateway()["directConnectGatewayId"], containing="20", **wanted)


def test_a_hundred_open_proposals_to_a_gateway(alice, bob):
    wanted = dict(
        directConnectGatewayId=alice.gateway()["directConnectGatewayId"], directConnectGatewayOwnerAccount=alice.id,
        gatewayId=bob.vpn_gateway(),
    )
    call = bob.dx.create_direct_connect_gateway_association_proposal
    last = [call(**wanted) for _ in range(100)][-1]["directConnectGatewayAssociationProposal"]
    refused(call, containing="100", **wanted)
    alice.dx.delete_direct_connect_gateway_association_proposal(proposalId=last["proposalId"])
    call(**wanted)


def test_answered_proposals_are_hidden_after_three_days(own_server):
    alice, bob = Account(own_server), Account(own_server)
    gateway, vgw = alice.gateway()["directConnectGatewayId"], bob.vpn_gateway()
    accepted, deleted, open_one = (
        bob.dx.create_direct_connect_gateway_association_proposal(
            directConnectGatewayId=gateway, directConnectGatewayOwnerAccount=alice.id, gatewayId=vgw
        )["directConnectGatewayAssociationProposal"]["proposalId"]
        for _ in range(3)
    )
    association = alice.dx.accept_direct_connect_gateway_association_proposal(
        directConnectGatewayId=gateway, proposalId=accepted, associatedGatewayOwnerAccount=bob.id
    )["directConnectGatewayAssociation"]["associationId"]
    bob.dx.delete_direct_connect_gateway_association_proposal(proposalId=deleted)

    def states(account):
        shown = account.dx.describe_direct_connect_gateway_association_proposals()
        return {
            p["proposalId"]: p["proposalState"] for p in shown["directConnectGatewayAssociationProposals"]
        }

    for seconds, expected in (
        (3 * 86_400 - 600, {accepted: "accepted", deleted: "deleted", open_one: "requested"}),
        (1_200, {open_one: "requested"}),
    ):
        own_server.advance(seconds)
        assert states(alice) == states(bob) == expected
    assert alice.show_association(association)["associationState"] == "associated"
