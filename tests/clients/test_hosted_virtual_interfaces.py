"""Virtual interfaces for another account (operations.md 7, states.md 5)."""

import pytest
from support.account import NO_CONNECTION, NO_UUID, NO_VIF, public_fields, refused, vif_fields
from support.waiting import eventually, wait_as_terraform


@pytest.fixture
def port(alice):
    return alice.connection()["connectionId"]


def allocate(owner, port, customer, kind="private", **more):
    """The hosted interface of this kind, whichever way the answer wraps it."""
    call = getattr(owner.dx, f"allocate_{kind}_virtual_interface")
    fields = public_fields(**more) if kind == "public" else vif_fields(**more)
    answer = call(
        connectionId=port, ownerAccount=customer.id, **{f"new{kind.title()}VirtualInterfaceAllocation": fields}
    )
    assert ("virtualInterface" in answer) == (kind == "transit"), "only transit is wrapped"
    return answer.get("virtualInterface", answer)


def confirm(customer, vif, kind="private"):
    call = getattr(customer.dx, f"confirm_{kind}_virtual_interface")
    if kind == "public":
        return call(virtualInterfaceId=vif)["virtualInterfaceState"]
    gateway = customer.gateway()["directConnectGatewayId"]
    return call(virtualInterfaceId=vif, directConnectGatewayId=gateway)["virtualInterfaceState"]


@pytest.mark.parametrize("kind", ["private", "public", "transit"])
def test_allocate_confirm_and_become_available(alice, bob, port, kind):
    made = allocate(alice, port, bob, kind, tags=[{"key": "a", "value": "b"}])
    vif = made["virtualInterfaceId"]
    assert made["virtualInterfaceState"] == "confirming"
    assert made["ownerAccount"] == bob.id
    assert (made["virtualGatewayId"], made["directConnectGatewayId"]) == ("", "")
    assert made["amazonSideAsn"] == 7224, "until it is confirmed"
    assert made["customerRouterConfig"].startswith("<?xml")
    assert made["authKey"]
    for account in (alice, bob):
        assert account.show_vif(vif)["virtualInterfaceState"] == "confirming"
    assert confirm(bob, vif, kind) == ("verifying" if kind == "public" else "pending")

    def state():
        return bob.show_vif(vif)["virtualInterfaceState"]

    pending = {"confirming", "pending"} | ({"verifying"} if kind == "public" else set())
    wait_as_terraform(state, pending, {"available", "down"})
    shown = bob.wait_vif(vif)
    assert shown["amazonSideAsn"] == (7224 if kind == "public" else 64600)
    assert alice.show_vif(vif)["virtualInterfaceState"] == "available", "the connection's owner still sees it"


def test_m13_not_for_the_connections_owner(alice, port):
    for kind in ("private", "public", "transit"):
        fields = public_fields() if kind == "public" else vif_fields()
        refused(
            getattr(alice.dx, f"allocate_{kind}_virtual_interface"), connectionId=port, ownerAccount=alice.id,
            **{f"new{kind.title()}VirtualInterfaceAllocation": fields},
            text="Cannot allocate VirtualInterface for the connection owner.",
        )


@pytest.mark.parametrize("account", ["", "1234", "12345678901a", "1234567890123"])
def test_account_ids_have_twelve_digits(alice, port, account):
    refused(
        alice.dx.allocate_private_virtual_interface, connectionId=port, ownerAccount=account,
        newPrivateVirtualInterfaceAllocation=vif_fields(),
    )


def test_only_the_connections_owner_allocates(alice, bob, carol, port):
    for connection_id in (port, NO_CONNECTION):
        refused(
            bob.dx.allocate_private_virtual_interface, connectionId=connection_id, ownerAccount=carol.id,
            newPrivateVirtualInterfaceAllocation=vif_fields(), containing="Could not find Connection with ID",
        )


def test_confirm_to_a_virtual_private_gateway(alice, bob, port):
    vif = allocate(alice, port, bob)["virtualInterfaceId"]
    vgw = bob.vpn_gateway(asn=64556)
    answer = bob.dx.confirm_private_virtual_interface(virtualInterfaceId=vif, virtualGatewayId=vgw)
    assert answer["virtualInterfaceState"] == "pending"
    shown = bob.wait_vif(vif)
    assert (shown["virtualGatewayId"], shown["directConnectGatewayId"]) == (vgw, "")
    assert shown["amazonSideAsn"] == 64556
    assert "<amazon_bgp_asn>64556</amazon_bgp_asn>" in shown["customerRouterConfig"]


def test_confirm_makes_an_attachment(alice, bob, port):
    vif = allocate(alice, port, bob)["virtualInterfaceId"]
    gateway = bob.gateway()["directConnectGatewayId"]
    bob.dx.confirm_private_virtual_interface(virtualInterfaceId=vif, directConnectGatewayId=gateway)
    (attachment,) = eventually(
        lambda: bob.dx.describe_direct_connect_gateway_attachments(virtualInterfaceId=vif)["directConnectGatewayAttachments"],
        lambda listed: listed and listed[0]["attachmentState"] == "attached",
    )
    assert attachment["directConnectGatewayId"] == gateway
    assert attachment["virtualInterfaceOwnerAccount"] == bob.id
    assert attachment["attachmentType"] == "PrivateVirtualInterface"


def test_confirm_refusals(alice, bob, carol, port):
    vif = allocate(alice, port, bob)["virtualInterfaceId"]
    gateway = bob.gateway()["directConnectGatewayId"]
    vgw = bob.vpn_gateway()
    foreign = carol.gateway()["directConnectGatewayId"]
    call = bob.dx.confirm_private_virtual_interface
    refused(call, virtualInterfaceId=vif, containing="Specify either virtualGatewayId or directConnectGatewayId")
    refused(
        call, virtualInterfaceId=vif, virtualGatewayId=vgw, directConnectGatewayId=gateway,
        containing="Specify either virtualGatewayId or directConnectGatewayId",
    )
    refused(call, virtualInterfaceId=vif, directConnectGatewayId="x", text="DirectConnectGatewayID x has an invalid format.")
    for unusable in (NO_UUID, foreign):
        refused(call, virtualInterfaceId=vif, directConnectGatewayId=unusable, containing="does not exist")
    refused(call, virtualInterfaceId=NO_VIF, directConnectGatewayId=gateway, containing="does not exist")
    refused(bob.dx.confirm_transit_virtual_interface, virtualInterfaceId=vif, directConnectGatewayId=gateway)
    refused(bob.dx.confirm_public_virtual_interface, virtualInterfaceId=vif)
    for stranger in (alice, carol):
        own = stranger.gateway()["directConnectGatewayId"]
        refused(stranger.dx.confirm_private_virtual_interface, virtualInterfaceId=vif, directConnectGatewayId=own)
    assert bob.show_vif(vif)["virtualInterfaceState"] == "confirming"
    call(virtualInterfaceId=vif, directConnectGatewayId=gateway)
    refused(call, virtualInterfaceId=vif, directConnectGatewayId=gateway, containing="is in state")


@pytest.mark.parametrize("kind", ["private", "public", "transit"])
def test_the_owner_rejects_by_deleting(alice, bob, port, kind):
    made = allocate(alice, port, bob, kind, vlan=900)
    vif = made["virtualInterfaceId"]
    assert bob.dx.delete_virtual_interface(virtualInterfaceId=vif)["virtualInterfaceState"] == "rejected"
    for account in (alice, bob):
        assert account.show_vif(vif)["virtualInterfaceState"] == "rejected"
    call, more = bob.dx.confirm_public_virtual_interface, {}
    if kind != "public":
        call = getattr(bob.dx, f"confirm_{kind}_virtual_interface")
        more = {"directConnectGatewayId": bob.gateway()["directConnectGatewayId"]}
    refused(call, virtualInterfaceId=vif, **more, text=f"Virtual interface {vif} is in state rejected.")
    allocate(alice, port, bob, kind, vlan=900)


def test_the_connections_owner_deletes_before_and_after_it_was_confirmed(alice, bob, port):
    before = allocate(alice, port, bob)["virtualInterfaceId"]
    assert alice.dx.delete_virtual_interface(virtualInterfaceId=before)["virtualInterfaceState"] == "deleting"
    alice.wait_vif(before, "deleted")
    after = allocate(alice, port, bob)["virtualInterfaceId"]
    confirm(bob, after)
    bob.wait_vif(after)
    assert alice.dx.delete_virtual_interface(virtualInterfaceId=after)["virtualInterfaceState"] == "deleting"
    bob.wait_vif(after, "deleted")


def test_tags_belong_to_the_interfaces_owner(alice, bob, port):
    vif = allocate(alice, port, bob, tags=[{"key": "a", "value": "b"}])["virtualInterfaceId"]
    assert bob.show_vif(vif)["tags"] == [{"key": "a", "value": "b"}]
    assert alice.show_vif(vif)["tags"] == []
    arn = bob.arn("dxvif", vif)
    assert bob.dx.describe_tags(resourceArns=[arn])["resourceTags"][0]["tags"] == [{"key": "a", "value": "b"}]
    refused(alice.dx.tag_resource, resourceArn=arn, tags=[{"key": "c"}])


def test_attributes_are_the_interfaces_owners(alice, bob, port):
    vif = allocate(alice, port, bob)["virtualInterfaceId"]
    confirm(bob, vif)
    bob.wait_vif(vif)
    refused(alice.dx.update_virtual_interface_attributes, virtualInterfaceId=vif, mtu=8500)
    assert bob.dx.update_virtual_interface_attributes(virtualInterfaceId=vif, mtu=8500)["mtu"] == 8500


def test_the_vlan_is_held_across_accounts(alice, bob, carol, port):
    allocate(alice, port, bob, vlan=901)
    refused(
        alice.dx.allocate_private_virtual_interface, connectionId=port, ownerAccount=carol.id,
        newPrivateVirtualInterfaceAllocation=vif_fields(vlan=901), text="VLAN 901 is already in use",
    )


def test_a_connection_is_not_deleted_under_a_hosted_interface(alice, bob, port):
    vif = allocate(alice, port, bob)["virtualInterfaceId"]
    refused(alice.dx.delete_connection, connectionId=port, containing="virtual interface")
    bob.dx.delete_virtual_interface(virtualInterfaceId=vif)
    alice.dx.delete_connection(connectionId=port)
