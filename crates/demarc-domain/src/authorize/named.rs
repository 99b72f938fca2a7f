//! Which members of a request name what policies decide about: the table of spec/protocol §9, and its kin of
//! 2026. A member that is not here, such as the gateway of a new virtual interface, is no matter of policies.

use demarc_api::Operation;

/// A type of resource in policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The id of a connection, an interconnect, or a LAG where it may carry.
    Connection,
    Lag,
    VirtualInterface,
    Gateway,
    ResiliencyGroup,
    /// The text is an ARN, of any of them.
    Arn,
}

impl Kind {
    /// The word before the slash in an ARN.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Connection | Self::Arn => "dxcon",
            Self::Lag => "dxlag",
            Self::VirtualInterface => "dxvif",
            Self::Gateway => "dx-gateway",
            Self::ResiliencyGroup => "dx-resiliency-group",
        }
    }
}

/// A member that names a resource, or a list of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) member: &'static str,
    pub(super) kind: Kind,
    /// The table marks what an action needs. Beside one that is marked, another one may be left out of a
    /// policy (`IAM: Resource types column`).
    pub(super) required: bool,
}

const fn named(member: &'static str, kind: Kind) -> Named {
    Named {
        member,
        kind,
        required: true,
    }
}

const CONNECTION: Named = named("connectionId", Kind::Connection);
const INTERCONNECT: Named = named("interconnectId", Kind::Connection);
const PARENT: Named = named("parentConnectionId", Kind::Connection);
const LAG: Named = named("lagId", Kind::Lag);
const VIRTUAL_INTERFACE: Named = named("virtualInterfaceId", Kind::VirtualInterface);
const GATEWAY: Named = named("directConnectGatewayId", Kind::Gateway);
const GROUP: Named = named("resiliencyGroupId", Kind::ResiliencyGroup);
const IDENTIFIERS: Named = named("connectionIdentifiers", Kind::Connection);
const BILLED: Named = named("connectionIds", Kind::Connection);
const ARN: Named = named("resourceArn", Kind::Arn);
const ARNS: Named = named("resourceArns", Kind::Arn);
const TARGET: Named = Named {
    required: false,
    ..CONNECTION
};

/// The members that count. Where a request has none of them, any of the first one's kind is meant.
pub(super) fn named_by(operation: Operation) -> &'static [Named] {
    use Operation as O;
    match operation {
        O::AllocateHostedConnection
        | O::AllocatePrivateVirtualInterface
        | O::AllocatePublicVirtualInterface
        | O::AllocateTransitVirtualInterface
        | O::AssociateMacSecKey
        | O::ConfirmConnection
        | O::CreateLag
        | O::CreatePrivateVirtualInterface
        | O::CreatePublicVirtualInterface
        | O::CreateTransitVirtualInterface
        | O::DeleteConnection
        | O::DescribeConnectionLoa
        | O::DescribeConnections
        | O::DescribeHostedConnections
        | O::DescribeLoa
        | O::DisassociateMacSecKey
        | O::UpdateConnection => &[CONNECTION],
        O::AllocateConnectionOnInterconnect
        | O::DeleteInterconnect
        | O::DescribeConnectionsOnInterconnect
        | O::DescribeInterconnectLoa
        | O::DescribeInterconnects => &[INTERCONNECT],
        O::AssociateConnectionWithLag | O::DisassociateConnectionFromLag => &[CONNECTION, LAG],
        O::AssociateHostedConnection => &[CONNECTION, PARENT],
        O::AssociateVirtualInterface => &[VIRTUAL_INTERFACE, TARGET],
        O::CreateConnection
        | O::CreateInterconnect
        | O::DeleteLag
        | O::DescribeLags
        | O::UpdateLag => &[LAG],
        O::ConfirmPrivateVirtualInterface
        | O::ConfirmPublicVirtualInterface
        | O::ConfirmTransitVirtualInterface
        | O::CreateBGPPeer
        | O::DeleteBGPPeer
        | O::DeleteVirtualInterface
        | O::DescribeRouterConfiguration
        | O::ListVirtualInterfaceRoutes
        | O::ListVirtualInterfaceTestHistory
        | O::StartBgpFailoverTest
        | O::StopBgpFailoverTest
        | O::UpdateVirtualInterfaceAttributes => &[VIRTUAL_INTERFACE],
        O::DescribeVirtualInterfaces => &[VIRTUAL_INTERFACE, CONNECTION],
        O::AcceptDirectConnectGatewayAssociationProposal
        | O::CreateDirectConnectGatewayAssociation
        | O::CreateDirectConnectGatewayAssociationProposal
        | O::DeleteDirectConnectGateway
        | O::DeleteDirectConnectGatewayAssociation
        | O::DescribeDirectConnectGatewayAssociationProposals
        | O::DescribeDirectConnectGatewayAssociations
        | O::DescribeDirectConnectGatewayAttachments
        | O::DescribeDirectConnectGateways
        | O::UpdateDirectConnectGateway => &[GATEWAY],
        O::TagResource | O::UntagResource => &[ARN],
        O::DescribeTags => &[ARNS],
        O::AssociateConnectionsToResiliencyGroup
        | O::DisassociateConnectionsFromResiliencyGroup => &[GROUP, IDENTIFIERS],
        O::DeleteResiliencyGroup
        | O::GetResiliencyGroup
        | O::ListResiliencyGroupAssociations
        | O::ListResiliencyGroups
        | O::UpdateResiliencyGroup => &[GROUP],
        O::UpdateConnectionsBillingMode => &[BILLED],
        O::ConfirmCustomerAgreement
        | O::CreateDirectConnectGateway
        | O::CreateResiliencyGroup
        | O::DeleteDirectConnectGatewayAssociationProposal
        | O::DescribeCustomerMetadata
        | O::DescribeLocations
        | O::DescribeVirtualGateways
        | O::UpdateDirectConnectGatewayAssociation => &[],
    }
}

/// What a call makes that can have tags from the start.
pub(super) fn made_by(operation: Operation) -> &'static [Kind] {
    use Operation as O;
    match operation {
        O::AllocateHostedConnection | O::CreateConnection | O::CreateInterconnect => {
            &[Kind::Connection]
        }
        O::AllocatePrivateVirtualInterface
        | O::AllocatePublicVirtualInterface
        | O::AllocateTransitVirtualInterface
        | O::CreatePrivateVirtualInterface
        | O::CreatePublicVirtualInterface
        | O::CreateTransitVirtualInterface => &[Kind::VirtualInterface],
        O::CreateLag => &[Kind::Lag],
        O::CreateDirectConnectGateway => &[Kind::Gateway],
        O::CreateResiliencyGroup => &[Kind::ResiliencyGroup],
        _ => &[],
    }
}

/// Where a request has tags, as JSON pointers. Whatever else looks like tags is ignored, as everywhere: it must
/// not fulfil a condition.
pub(super) fn tags_of(operation: Operation) -> &'static [&'static str] {
    use Operation as O;
    match operation {
        O::AllocateHostedConnection
        | O::CreateConnection
        | O::CreateDirectConnectGateway
        | O::CreateInterconnect
        | O::CreateResiliencyGroup
        | O::TagResource => &["/tags"],
        O::CreateLag => &["/tags", "/childConnectionTags"],
        O::AllocatePrivateVirtualInterface => &["/newPrivateVirtualInterfaceAllocation/tags"],
        O::AllocatePublicVirtualInterface => &["/newPublicVirtualInterfaceAllocation/tags"],
        O::AllocateTransitVirtualInterface => &["/newTransitVirtualInterfaceAllocation/tags"],
        O::CreatePrivateVirtualInterface => &["/newPrivateVirtualInterface/tags"],
        O::CreatePublicVirtualInterface => &["/newPublicVirtualInterface/tags"],
        O::CreateTransitVirtualInterface => &["/newTransitVirtualInterface/tags"],
        _ => &[],
    }
}
