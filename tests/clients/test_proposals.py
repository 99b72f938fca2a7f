"""Association proposals across accounts (operations.md 9, states.md 10)."""

import pytest
from support.account import NO_UUID, OTHER_REGION, Account, refused
from support.waiting import eventually


@pytest.fixture
def gateway(alice):
    return alice.gateway()["directConnectGatewayId"]


@pytest.fixture
def vgw(bob):
    return bob.vpn_gateway("10.255.255.0/28")


def propose(account, gateway, owner, target, *add, remove=()):
    more = {}
    if add:
        more["addAllowedPrefixesToDirectConnectGateway"] = [{"cidr": c} for c in add]
    if remove:
        more["removeAllowedPrefixesToDirectConnectGateway"] = [{"cidr": c} for c in remove]
    return account.dx.create_direct_connect_gateway_association_proposal(
        directConnectGatewayId=gateway, directConnectGatewayOwnerAccount=owner.id, gatewayId=target, **more
    )["directConnectGatewayAssociationProposal"]


def accept(account, gateway, proposal, owner, *override):
    more = {"overrideAllowedPrefixesToDirectConnectGateway": [{"cidr": c} for c in override]} if override else {}
    return account.dx.accept_direct_connect_gateway_association_proposal(
        directConnectGatewayId=gateway, proposalId=proposal, associatedGatewayOwnerAccount=owner.id, **more
    )["directConnectGatewayAssociation"]


def show(account, **selector):
    return account.dx.describe_direct_connect_gateway_association_proposals(**selector)[
        "directConnectGatewayAssociationProposals"
    ]


def cidrs(listed):
    return sorted(p["cidr"] for p in listed)


def test_propose(alice, bob, carol, gateway, vgw):
    made = propose(bob, gateway, alice, vgw)
    assert made["proposalState"] == "requested"
    assert made["directConnectGatewayOwnerAccount"] == alice.id
    assert made["associatedGateway"] == {
        "id": vgw, "type": "virtualPrivateGateway", "ownerAccount": bob.id, "region": bob.region
    }
    assert cidrs(made["requestedAllowedPrefixesToDirectConnectGateway"]) == ["10.255.255.0/28"], "the VPC's CIDR"
    assert "existingAllowedPrefixesToDirectConnectGateway" not in made
    for account in (alice, bob):
        for selector in (
            {}, {"proposalId": made["proposalId"]}, {"directConnectGatewayId": gateway}, {"associatedGatewayId": vgw}
        ):
            assert [p["proposalId"] for p in show(account, **selector)] == [made["proposalId"]], selector
    assert show(carol) == []
    assert show(alice, proposalId=NO_UUID) == []


def test_accept(alice, bob, gateway, vgw):
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    made = accept(alice, gateway, proposal, bob)
    assert made["associationState"] == "associating"
    assert made["directConnectGatewayOwnerAccount"] == alice.id
    assert made["associatedGateway"]["ownerAccount"] == bob.id
    assert cidrs(made["allowedPrefixesToDirectConnectGateway"]) == ["10.255.255.0/28"]
    alice.wait_association(made["associationId"])
    assert bob.show_association(made["associationId"])["associationId"] == made["associationId"], "both sides see it"
    assert [p["proposalState"] for p in show(alice, proposalId=proposal)] == ["accepted"]


def test_m14_accept_twice(alice, bob, gateway, vgw):
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    accept(alice, gateway, proposal, bob)
    refused(
        alice.dx.accept_direct_connect_gateway_association_proposal, directConnectGatewayId=gateway,
        proposalId=proposal, associatedGatewayOwnerAccount=bob.id,
        text=f"Direct Connect Gateway Association Proposal {proposal} has been accepted!",
    )


def test_override_replaces_the_list_and_shows_in_the_proposal(alice, bob, gateway, vgw):
    """clients.md rule 25."""
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    made = accept(alice, gateway, proposal, bob, "10.255.255.0/30", "10.255.255.8/30")
    assert cidrs(made["allowedPrefixesToDirectConnectGateway"]) == ["10.255.255.0/30", "10.255.255.8/30"]
    (shown,) = show(alice, proposalId=proposal)
    assert cidrs(shown["requestedAllowedPrefixesToDirectConnectGateway"]) == ["10.255.255.0/30", "10.255.255.8/30"]


def test_a_second_proposal_changes_the_association(alice, bob, gateway, vgw):
    """clients.md rule 24: the same associationId, and both proposals read as accepted."""
    first = propose(bob, gateway, alice, vgw)["proposalId"]
    association = accept(alice, gateway, first, bob)["associationId"]
    alice.wait_association(association)
    second = propose(bob, gateway, alice, vgw, "10.255.255.0/29", remove=["10.255.255.0/28"])
    assert cidrs(second["existingAllowedPrefixesToDirectConnectGateway"]) == ["10.255.255.0/28"]
    assert cidrs(second["requestedAllowedPrefixesToDirectConnectGateway"]) == ["10.255.255.0/29"]
    changed = accept(alice, gateway, second["proposalId"], bob)
    assert (changed["associationId"], changed["associationState"]) == (association, "updating")
    shown = alice.wait_association(association)
    assert cidrs(shown["allowedPrefixesToDirectConnectGateway"]) == ["10.255.255.0/29"]
    assert {p["proposalState"] for p in show(alice, directConnectGatewayId=gateway)} == {"accepted"}


def test_accept_refusals(alice, bob, carol, gateway, vgw):
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    other = alice.gateway()["directConnectGatewayId"]
    right = dict(directConnectGatewayId=gateway, proposalId=proposal, associatedGatewayOwnerAccount=bob.id)
    call = alice.dx.accept_direct_connect_gateway_association_proposal
    for wrong in (
        {"proposalId": NO_UUID},
        {"proposalId": "nonsense"},
        {"directConnectGatewayId": other},
        {"directConnectGatewayId": NO_UUID},
        {"associatedGatewayOwnerAccount": carol.id},
        {"associatedGatewayOwnerAccount": "nonsense"},
    ):
        refused(call, **{**right, **wrong})
    for stranger in (bob, carol):
        refused(stranger.dx.accept_direct_connect_gateway_association_proposal, **right)
    assert [p["proposalState"] for p in show(alice, proposalId=proposal)] == ["requested"]
    call(**right)


def test_accept_belongs_to_the_gateways_region(alice, bob, gateway, vgw):
    """M15 or M16: seen when Terraform's provider pointed at another Region."""
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    elsewhere = alice.client("directconnect", OTHER_REGION)
    message = refused(
        elsewhere.accept_direct_connect_gateway_association_proposal, directConnectGatewayId=gateway,
        proposalId=proposal, associatedGatewayOwnerAccount=bob.id,
    )
    assert message in {
        f"The VirtualGateway {vgw} does not exist.",
        f"The Virtual Gateway in the Direct Connect Gateway Association Proposal {proposal} is not found",
    }


def test_create_refusals(alice, bob, gateway, vgw):
    right = dict(directConnectGatewayId=gateway, directConnectGatewayOwnerAccount=alice.id, gatewayId=vgw)
    call = bob.dx.create_direct_connect_gateway_association_proposal
    for wrong in (
        {"directConnectGatewayId": NO_UUID},
        {"directConnectGatewayId": "x"},
        {"directConnectGatewayOwnerAccount": bob.id},
        {"directConnectGatewayOwnerAccount": "nonsense"},
        {"gatewayId": "vgw-0123456789abcdef0"},
        {"gatewayId": "nonsense"},
        {"gatewayId": bob.vpn_gateway(attach=False)},
    ):
        refused(call, **{**right, **wrong})
    refused(alice.dx.create_direct_connect_gateway_association_proposal, **right)
    assert show(bob) == []


@pytest.mark.parametrize("who", ["proposer", "gateway owner"])
def test_either_side_ends_it(alice, bob, gateway, vgw, who):
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    account = bob if who == "proposer" else alice
    gone = account.dx.delete_direct_connect_gateway_association_proposal(proposalId=proposal)
    assert gone["directConnectGatewayAssociationProposal"]["proposalState"] == "deleted"
    refused(
        alice.dx.accept_direct_connect_gateway_association_proposal, directConnectGatewayId=gateway,
        proposalId=proposal, associatedGatewayOwnerAccount=bob.id,
    )


def test_m8_delete_of_an_unknown_one(alice, bob, carol, gateway, vgw):
    """clients.md rule 5."""
    refused(alice.dx.delete_direct_connect_gateway_association_proposal, proposalId=NO_UUID, containing="is not found")
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    refused(carol.dx.delete_direct_connect_gateway_association_proposal, proposalId=proposal, containing="is not found")


def test_deleting_an_accepted_one_leaves_the_association(alice, bob, gateway, vgw):
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    association = accept(alice, gateway, proposal, bob)["associationId"]
    alice.wait_association(association)
    bob.dx.delete_direct_connect_gateway_association_proposal(proposalId=proposal)
    assert alice.show_association(association)["associationState"] == "associated"


def test_the_gateways_owner_ends_the_association_too(alice, bob, gateway, vgw):
    for account in (alice, bob):
        proposal = propose(bob, gateway, alice, vgw)["proposalId"]
        association = accept(alice, gateway, proposal, bob)["associationId"]
        alice.wait_association(association)
        account.dx.delete_direct_connect_gateway_association(associationId=association)
        eventually(
            lambda: alice.show_association(association), lambda a: a is None or a["associationState"] == "disassociated"
        )


def test_a_transit_gateway_across_accounts(alice, bob, gateway):
    tgw = bob.transit_gateway()
    proposal = propose(bob, gateway, alice, tgw, "10.0.0.0/8")["proposalId"]
    made = accept(alice, gateway, proposal, bob)
    assert made["associatedGateway"]["type"] == "transitGateway"
    alice.wait_association(made["associationId"])


def test_a_proposal_expires_after_seven_days(own_server):
    alice, bob = Account(own_server), Account(own_server)
    gateway, vgw = alice.gateway()["directConnectGatewayId"], bob.vpn_gateway()
    proposal = propose(bob, gateway, alice, vgw)["proposalId"]
    own_server.advance(7 * 86_400 - 60)
    assert [p["proposalState"] for p in show(alice, proposalId=proposal)] == ["requested"]
    own_server.advance(120)
    eventually(lambda: [p["proposalState"] for p in show(alice, proposalId=proposal)], lambda s: s in (["deleted"], []))
    refused(
        alice.dx.accept_direct_connect_gateway_association_proposal, directConnectGatewayId=gateway,
        proposalId=proposal, associatedGatewayOwnerAccount=bob.id,
    )
    own_server.advance(3 * 86_400 + 60)
    eventually(lambda: show(alice, proposalId=proposal), lambda s: s == [], what="hidden three days later")
