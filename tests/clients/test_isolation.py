"""No operation shows or changes what belongs to somebody else.

Every operation that takes an id is called by a stranger with a real id and
with one that nobody has; both answers must be alike, so that a refusal does
not reveal whether an object exists. Afterwards the owner's world is unchanged.
"""

import json

import botocore.exceptions
import botocore.session
import pytest
from support.account import (
    NO_CONNECTION,
    NO_GROUP,
    NO_LAG,
    NO_PEER,
    NO_UUID,
    NO_VIF,
    public_fields,
    vif_fields,
)

#: Operations without an id of a resource, and those that need none.
WITHOUT_AN_ID = {
    "CreateConnection", "CreateDirectConnectGateway", "CreateInterconnect", "CreateLag", "CreateResiliencyGroup",
    "ConfirmCustomerAgreement", "DescribeCustomerMetadata", "DescribeLocations", "DescribeVirtualGateways",
    "ListResiliencyGroups",
}

SECRET = "arn:aws:secretsmanager:us-east-1:{}:secret:directconnect!prod/us-east-1/directconnect/" + "a" * 64 + "-abcdef"


@pytest.fixture(scope="module")
def world(request):
    """An owner with one of everything, a partner of the owner, and ids of it all."""
    from support.account import Account

    server = request.getfixturevalue("server")
    owner, customer = Account(server), Account(server)
    ids = {"CONNECTION": owner.connection("10Gbps", macsec=True)["connectionId"]}
    ids["PLAIN"] = owner.connection()["connectionId"]
    ids["LAG"] = owner.lag(members=2)["lagId"]
    ids["MEMBER"] = owner.show_lag(ids["LAG"])["connections"][0]["connectionId"]
    ids["INTERCONNECT"] = owner.interconnect()["interconnectId"]
    ids["HOSTED"] = owner.hosted(ids["INTERCONNECT"], customer, vlan=901)["connectionId"]
    ids["ORDERED"] = owner.hosted(ids["INTERCONNECT"], customer, confirm=False)["connectionId"]
    ids["GATEWAY"] = owner.gateway()["directConnectGatewayId"]
    ids["VGW"] = owner.vpn_gateway()
    vif = owner.private_vif(ids["PLAIN"], directConnectGatewayId=ids["GATEWAY"])
    ids["VIF"], ids["PEER"] = vif["virtualInterfaceId"], vif["bgpPeers"][0]["bgpPeerId"]
    ids["ASSOCIATION"] = owner.associate(ids["GATEWAY"], ids["VGW"])["associationId"]
    ids["PROPOSAL"] = owner.dx.create_direct_connect_gateway_association_proposal(
        directConnectGatewayId=ids["GATEWAY"], directConnectGatewayOwnerAccount=owner.id,
        gatewayId=owner.vpn_gateway("10.99.0.0/16"),
    )["directConnectGatewayAssociationProposal"]["proposalId"]
    ids["TEST"] = owner.dx.start_bgp_failover_test(virtualInterfaceId=ids["VIF"])["virtualInterfaceTest"]["testId"]
    owner.dx.stop_bgp_failover_test(virtualInterfaceId=ids["VIF"])
    owner.wait_vif(ids["VIF"])
    ids["SECRET"] = owner.dx.associate_mac_sec_key(connectionId=ids["CONNECTION"], ckn="a" * 64, cak="b" * 64)[
        "macSecKeys"
    ][-1]["secretARN"]
    for name, kind in (("PRIVATE", "private"), ("PUBLIC", "public"), ("TRANSIT", "transit")):
        fields = public_fields() if kind == "public" else vif_fields()
        answer = getattr(owner.dx, f"allocate_{kind}_virtual_interface")(
            connectionId=ids["PLAIN"], ownerAccount=customer.id,
            **{f"new{kind.title()}VirtualInterfaceAllocation": fields},
        )
        ids[name] = answer.get("virtualInterface", answer)["virtualInterfaceId"]
    ids["GROUP"] = owner.dx.create_resiliency_group(
        resiliencyGroupName="group", intendedResiliencyModel="high-resiliency"
    )["resiliencyGroup"]["resiliencyGroupId"]
    ids["ARN"] = owner.arn("dxcon", ids["PLAIN"])
    return owner, ids


def unknown_ids(owner):
    connections = dict.fromkeys(
        ["CONNECTION", "PLAIN", "MEMBER", "INTERCONNECT", "HOSTED", "ORDERED"], NO_CONNECTION
    )
    uuids = dict.fromkeys(["GATEWAY", "ASSOCIATION", "PROPOSAL", "TEST"], NO_UUID)
    vifs = dict.fromkeys(["VIF", "PRIVATE", "PUBLIC", "TRANSIT"], NO_VIF)
    return {
        **connections, **uuids, **vifs, "LAG": NO_LAG, "PEER": NO_PEER, "VGW": "vgw-0123456789abcdef0",
        "GROUP": NO_GROUP, "SECRET": SECRET.format(owner.id), "ARN": owner.arn("dxcon", NO_CONNECTION),
    }


def calls(own):
    """Operation, arguments with the names of ids in place of ids; `own` are the stranger's."""
    prefix = [{"cidr": "10.77.0.0/16"}]
    fields = {"vlan": 77, "virtualInterfaceName": "x", "asn": 65000}
    return [
        ("AcceptDirectConnectGatewayAssociationProposal", dict(directConnectGatewayId="GATEWAY", proposalId="PROPOSAL", associatedGatewayOwnerAccount=own["account"])),
        ("AllocateConnectionOnInterconnect", dict(interconnectId="INTERCONNECT", bandwidth="50Mbps", connectionName="x", ownerAccount=own["account"], vlan=7)),
        ("AllocateHostedConnection", dict(connectionId="INTERCONNECT", bandwidth="50Mbps", connectionName="x", ownerAccount=own["account"], vlan=7)),
        ("AllocatePrivateVirtualInterface", dict(connectionId="PLAIN", ownerAccount="999999999999", newPrivateVirtualInterfaceAllocation=fields)),
        ("AllocatePublicVirtualInterface", dict(connectionId="PLAIN", ownerAccount="999999999999", newPublicVirtualInterfaceAllocation=public_fields(vlan=77))),
        ("AllocateTransitVirtualInterface", dict(connectionId="PLAIN", ownerAccount="999999999999", newTransitVirtualInterfaceAllocation=fields)),
        ("AssociateConnectionWithLag", dict(connectionId="PLAIN", lagId="LAG")),
        ("AssociateConnectionWithLag", dict(connectionId=own["connection"], lagId="LAG")),
        ("AssociateConnectionsToResiliencyGroup", dict(resiliencyGroupId="GROUP", connectionIdentifiers=[own["connection"]])),
        ("AssociateConnectionsToResiliencyGroup", dict(resiliencyGroupId=own["group"], connectionIdentifiers=["PLAIN"])),
        ("AssociateHostedConnection", dict(connectionId="HOSTED", parentConnectionId="INTERCONNECT")),
        ("AssociateMacSecKey", dict(connectionId="CONNECTION", ckn="c" * 64, cak="d" * 64)),
        ("AssociateVirtualInterface", dict(virtualInterfaceId="VIF", connectionId=own["connection"])),
        ("AssociateVirtualInterface", dict(virtualInterfaceId=own["vif"], connectionId="PLAIN")),
        ("ConfirmConnection", dict(connectionId="ORDERED")),
        ("ConfirmPrivateVirtualInterface", dict(virtualInterfaceId="PRIVATE", directConnectGatewayId=own["gateway"])),
        ("ConfirmPublicVirtualInterface", dict(virtualInterfaceId="PUBLIC")),
        ("ConfirmTransitVirtualInterface", dict(virtualInterfaceId="TRANSIT", directConnectGatewayId=own["gateway"])),
        ("CreateBGPPeer", dict(virtualInterfaceId="VIF", newBGPPeer={"asn": 65000, "addressFamily": "ipv6"})),
        ("CreateConnection", dict(location=own["location"], bandwidth="10Gbps", connectionName="x", lagId="LAG")),
        ("CreateDirectConnectGatewayAssociation", dict(directConnectGatewayId="GATEWAY", gatewayId=own["vgw"])),
        ("CreateDirectConnectGatewayAssociation", dict(directConnectGatewayId=own["gateway"], gatewayId="VGW")),
        ("CreateDirectConnectGatewayAssociationProposal", dict(directConnectGatewayId="GATEWAY", directConnectGatewayOwnerAccount=own["account"], gatewayId=own["vgw"])),
        ("CreateLag", dict(numberOfConnections=1, location=own["location"], connectionsBandwidth="1Gbps", lagName="x", connectionId="PLAIN")),
        ("CreatePrivateVirtualInterface", dict(connectionId="PLAIN", newPrivateVirtualInterface={**fields, "directConnectGatewayId": own["gateway"]})),
        ("CreatePrivateVirtualInterface", dict(connectionId=own["connection"], newPrivateVirtualInterface={**fields, "directConnectGatewayId": "GATEWAY"})),
        ("CreatePublicVirtualInterface", dict(connectionId="PLAIN", newPublicVirtualInterface=public_fields(vlan=77))),
        ("CreateTransitVirtualInterface", dict(connectionId="PLAIN", newTransitVirtualInterface={**fields, "directConnectGatewayId": own["gateway"]})),
        ("DeleteBGPPeer", dict(virtualInterfaceId="VIF", bgpPeerId="PEER")),
        ("DeleteConnection", dict(connectionId="PLAIN")),
        ("DeleteDirectConnectGateway", dict(directConnectGatewayId="GATEWAY")),
        ("DeleteDirectConnectGatewayAssociation", dict(associationId="ASSOCIATION")),
        ("DeleteDirectConnectGatewayAssociation", dict(directConnectGatewayId="GATEWAY", virtualGatewayId="VGW")),
        ("DeleteDirectConnectGatewayAssociationProposal", dict(proposalId="PROPOSAL")),
        ("DeleteInterconnect", dict(interconnectId="INTERCONNECT")),
        ("DeleteLag", dict(lagId="LAG")),
        ("DeleteResiliencyGroup", dict(resiliencyGroupId="GROUP")),
        ("DeleteVirtualInterface", dict(virtualInterfaceId="VIF")),
        ("DescribeConnectionLoa", dict(connectionId="PLAIN")),
        ("DescribeConnections", dict(connectionId="PLAIN")),
        ("DescribeConnectionsOnInterconnect", dict(interconnectId="INTERCONNECT")),
        ("DescribeDirectConnectGatewayAssociationProposals", dict(proposalId="PROPOSAL")),
        ("DescribeDirectConnectGatewayAssociationProposals", dict(directConnectGatewayId="GATEWAY")),
        ("DescribeDirectConnectGatewayAssociations", dict(associationId="ASSOCIATION")),
        ("DescribeDirectConnectGatewayAssociations", dict(directConnectGatewayId="GATEWAY")),
        ("DescribeDirectConnectGatewayAttachments", dict(directConnectGatewayId="GATEWAY")),
        ("DescribeDirectConnectGatewayAttachments", dict(virtualInterfaceId="VIF")),
        ("DescribeDirectConnectGateways", dict(directConnectGatewayId="GATEWAY")),
        ("DescribeHostedConnections", dict(connectionId="INTERCONNECT")),
        ("DescribeInterconnectLoa", dict(interconnectId="INTERCONNECT")),
        ("DescribeInterconnects", dict(interconnectId="INTERCONNECT")),
        ("DescribeLags", dict(lagId="LAG")),
        ("DescribeLoa", dict(connectionId="PLAIN")),
        ("DescribeRouterConfiguration", dict(virtualInterfaceId="VIF")),
        ("DescribeTags", dict(resourceArns=["ARN"])),
        ("DescribeVirtualInterfaces", dict(virtualInterfaceId="VIF")),
        ("DescribeVirtualInterfaces", dict(connectionId="PLAIN")),
        ("DisassociateConnectionFromLag", dict(connectionId="MEMBER", lagId="LAG")),
        ("DisassociateConnectionsFromResiliencyGroup", dict(resiliencyGroupId="GROUP", connectionIdentifiers=[own["connection"]])),
        ("DisassociateMacSecKey", dict(connectionId="CONNECTION", secretARN="SECRET")),
        ("GetResiliencyGroup", dict(resiliencyGroupId="GROUP")),
        ("ListResiliencyGroupAssociations", dict(resiliencyGroupId="GROUP")),
        ("ListVirtualInterfaceRoutes", dict(virtualInterfaceId="VIF")),
        ("ListVirtualInterfaceTestHistory", dict(virtualInterfaceId="VIF")),
        ("ListVirtualInterfaceTestHistory", dict(testId="TEST")),
        ("StartBgpFailoverTest", dict(virtualInterfaceId="VIF")),
        ("StopBgpFailoverTest", dict(virtualInterfaceId="VIF")),
        ("TagResource", dict(resourceArn="ARN", tags=[{"key": "x"}])),
        ("UntagResource", dict(resourceArn="ARN", tagKeys=["x"])),
        ("UpdateConnection", dict(connectionId="PLAIN", connectionName="stolen")),
        ("UpdateConnectionsBillingMode", dict(connectionIds=["PLAIN"], billingMode="PayAsYouGo")),
        ("UpdateDirectConnectGateway", dict(directConnectGatewayId="GATEWAY", newDirectConnectGatewayName="stolen")),
        ("UpdateDirectConnectGatewayAssociation", dict(associationId="ASSOCIATION", addAllowedPrefixesToDirectConnectGateway=prefix)),
        ("UpdateLag", dict(lagId="LAG", lagName="stolen")),
        ("UpdateResiliencyGroup", dict(resiliencyGroupId="GROUP", resiliencyGroupName="stolen")),
        ("UpdateVirtualInterfaceAttributes", dict(virtualInterfaceId="VIF", virtualInterfaceName="stolen")),
    ]


def fill(value, ids):
    """`value` with the names of ids replaced by ids, at any depth."""
    if isinstance(value, dict):
        return {k: fill(v, ids) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, ids) for v in value]
    return ids.get(value, value) if isinstance(value, str) else value


def outcome(account, operation, arguments, ids):
    """What a stranger learns, with the ids taken out."""
    method = botocore.xform_name(operation)
    try:
        answer = getattr(account.dx, method)(**fill(arguments, ids))
        answer.pop("ResponseMetadata")
        said = "answer " + json.dumps(answer, default=str, sort_keys=True)
    except botocore.exceptions.ClientError as error:
        said = f"{error.response['Error']['Code']} {error.response['Error'].get('Message')}"
    for name in sorted(ids, key=lambda name: -len(ids[name])):
        said = said.replace(ids[name], "<id>")
    return said


def picture(owner):
    """Everything the owner sees."""
    seen = []
    for call, member in (
        ("describe_connections", "connections"), ("describe_lags", "lags"), ("describe_interconnects", "interconnects"),
        ("describe_virtual_interfaces", "virtualInterfaces"), ("describe_direct_connect_gateways", "directConnectGateways"),
        ("describe_direct_connect_gateway_association_proposals", "directConnectGatewayAssociationProposals"),
        ("list_virtual_interface_test_history", "virtualInterfaceTestHistory"), ("list_resiliency_groups", "items"),
    ):
        seen.append(getattr(owner.dx, call)()[member])
    return seen


def test_a_stranger_learns_and_changes_nothing(world, carol):
    owner, ids = world
    port = carol.connection()
    gateway = carol.gateway()["directConnectGatewayId"]
    own = {
        "account": carol.id,
        "connection": port["connectionId"],
        "location": carol.location("10Gbps"),
        "gateway": gateway,
        "vgw": carol.vpn_gateway(),
        "vif": carol.private_vif(port["connectionId"], directConnectGatewayId=gateway)["virtualInterfaceId"],
        "group": carol.dx.create_resiliency_group(
            resiliencyGroupName="mine", intendedResiliencyModel="high-resiliency"
        )["resiliencyGroup"]["resiliencyGroupId"],
    }
    nobodys = unknown_ids(owner)
    before = picture(owner)
    different = []
    for operation, arguments in calls(own):
        real = outcome(carol, operation, arguments, ids)
        unknown = outcome(carol, operation, arguments, nobodys)
        if real != unknown:
            different.append(f"{operation}{arguments}:\n  real    {real}\n  unknown {unknown}")
    assert not different, "\n".join(different)
    assert picture(owner) == before


def test_a_strangers_lists_are_empty(world, carol):
    assert picture(carol) == [[]] * 8


def test_every_operation_is_in_the_matrix():
    model = botocore.session.get_session().get_service_model("directconnect")
    nothing = dict.fromkeys(["account", "connection", "location", "gateway", "vgw", "vif", "group"], "")
    named = {operation for operation, _ in calls(nothing)} | WITHOUT_AN_ID
    assert set(model.operation_names) - named == set()
    assert named - set(model.operation_names) == set()
