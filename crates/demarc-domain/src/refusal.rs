//! Why a request is refused: one variant a reason, with the text that clients see.
//!
//! Texts marked [seen] in spec/operations §2.1 stand here to the letter, since clients match on them.

use demarc_api::Operation;
use demarc_types::{AccountId, AddressFamily, Region};

/// A reason to refuse. Displays as the `message` of the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // ===== formats of ids =====
    /// M1
    #[error("Connection ID {0} has an invalid format.")]
    ConnectionIdFormat(String),
    /// M2, in the virtual interface family
    #[error("ConnectionID {0} has an invalid format.")]
    ParentIdFormat(String),
    #[error("Lag ID {0} has an invalid format.")]
    LagIdFormat(String),
    #[error("Virtual Interface ID {0} has an invalid format.")]
    VirtualInterfaceIdFormat(String),
    /// M3
    #[error("DirectConnectGatewayID {0} has an invalid format.")]
    GatewayIdFormat(String),
    #[error("VirtualGatewayID {0} has an invalid format.")]
    VirtualGatewayIdFormat(String),
    /// M4
    #[error("Association ID has an invalid format.")]
    AssociationIdFormat,
    #[error("Proposal ID has an invalid format.")]
    ProposalIdFormat,
    #[error("Test ID {0} has an invalid format.")]
    TestIdFormat(String),
    #[error("BGP Peer ID {0} has an invalid format.")]
    BgpPeerIdFormat(String),
    #[error("Resiliency group ID {0} has an invalid format.")]
    ResiliencyGroupIdFormat(String),
    #[error("Account ID {0} is not valid.")]
    AccountIdFormat(String),
    #[error("Resource ARN {0} is not valid.")]
    ArnFormat(String),

    // ===== existence =====
    /// M5
    #[error("Could not find Connection with ID {0}")]
    ConnectionNotFound(String),
    /// M6
    #[error("Could not find Lag with ID {0}")]
    LagNotFound(String),
    /// In `DisassociateConnectionFromLag` alone: clients take both texts for success (spec/clients §0 rule 6).
    #[error("Could not find Connection with ID {0}: Connection does not exist")]
    MemberNotFound(String),
    #[error("Could not find Lag with ID {0}: Lag does not exist")]
    LagOfMemberNotFound(String),
    #[error("Could not find Interconnect with ID {0}")]
    InterconnectNotFound(String),
    /// M7
    #[error("Virtual Interface {0} does not exist.")]
    VirtualInterfaceNotFound(String),
    #[error("Direct Connect Gateway {0} does not exist.")]
    GatewayNotFound(String),
    #[error("Direct Connect Gateway Association {0} does not exist.")]
    AssociationNotFound(String),
    /// M8
    #[error("Direct Connect Gateway Association Proposal {0} is not found")]
    ProposalNotFound(String),
    /// M9
    #[error("ConfirmConnection failed. {0} doesn't exist.")]
    ConfirmConnectionNotFound(String),
    /// M10
    #[error("ConfirmConnection failed. {id} is in state {state}")]
    ConfirmConnectionState { id: String, state: &'static str },
    /// M11
    #[error("{account} {operation} failed for connection {id} doesn't exist.")]
    ParentNotFound {
        account: AccountId,
        operation: &'static str,
        id: String,
    },
    /// M15
    #[error("The VirtualGateway {0} does not exist.")]
    VirtualGatewayNotFound(String),
    /// M16
    #[error(
        "The Virtual Gateway in the Direct Connect Gateway Association Proposal {0} is not found"
    )]
    ProposedGatewayNotFound(String),
    #[error("Resource {0} does not exist.")]
    ResourceNotFound(String),
    #[error("Resiliency group {0} does not exist.")]
    ResiliencyGroupNotFound(String),
    /// In the operator's calls, which know no virtual interface.
    #[error("BGP peer {0} does not exist.")]
    UnknownBgpPeer(String),
    #[error("BGP peer not found on virtual interface {0}.")]
    BgpPeerNotFound(String),

    // ===== partners and ownership =====
    /// M12
    #[error("Account {account} is not an authorized Direct Connect partner in {region}.")]
    NotAPartner { account: AccountId, region: Region },
    /// M13
    #[error("Cannot allocate VirtualInterface for the connection owner.")]
    AllocateToConnectionOwner,

    // ===== states =====
    /// M14
    #[error("Direct Connect Gateway Association Proposal {0} has been accepted!")]
    ProposalAccepted(String),
    /// M19
    #[error("The specified Connection ID is not available: {id} is in state {state}.")]
    ConnectionNotAvailable { id: String, state: &'static str },
    /// M20
    #[error("The VirtualGateway {0} is not available")]
    VirtualGatewayNotAvailable(String),
    #[error("Virtual interface {id} is in state {state}.")]
    VirtualInterfaceState { id: String, state: &'static str },
    #[error("Resiliency group {id} is in state {state}.")]
    ResiliencyGroupState { id: String, state: &'static str },
    #[error("The LOA-CFA for {0} is not yet available.")]
    LetterNotAvailable(String),
    #[error("Direct Connect Gateway {id} is in state {state}.")]
    GatewayState { id: String, state: &'static str },
    #[error("Direct Connect Gateway Association {id} is in state {state}.")]
    AssociationState { id: String, state: &'static str },

    // ===== conflicts that clients match on =====
    /// M17
    #[error("Connection {0} and lag should be requested MacSec at the same time")]
    MacSecMismatch(String),
    /// M18
    #[error("BGP ASN {0} must have value greater than or equal to 1")]
    AsnTooSmall(i64),
    #[error("BGP ASN {value} must have value less than or equal to {max}")]
    AsnTooLarge { value: i64, max: i64 },
    /// M21
    #[error("VLAN {0} is already in use")]
    VlanInUse(u16),
    #[error("VLAN {0} must have value greater than or equal to 1")]
    VlanTooSmall(i64),
    #[error("VLAN {0} must have value less than or equal to 4094")]
    VlanTooLarge(i64),
    /// M22
    #[error("The last BGP Peer on a Virtual Interface cannot be deleted")]
    LastBgpPeer,
    #[error("Virtual interface {id} already has a BGP peer for address family {family}.")]
    BgpPeerFamilyTaken { id: String, family: AddressFamily },
    /// Clients match on the beginning (spec/clients §2).
    #[error(
        "MinimumLinks cannot be set higher than the number of connections: minimumLinks {minimum_links} is greater than the number of connections. The Lag has {connections}."
    )]
    MinimumLinksTooHigh {
        minimum_links: i64,
        connections: usize,
    },

    // ===== tags =====
    #[error("The tag key {0} appears more than once in the request.")]
    DuplicateTagKey(String),
    #[error("The resource would have {tags} tags; at most {limit} are allowed.")]
    TooManyTags { tags: usize, limit: usize },
    #[error("Tag key {0} begins with aws:, which is reserved.")]
    ReservedTagKey(String),

    // ===== paging =====
    #[error("MaxResults must be greater than 0.")]
    MaxResults,
    #[error("The nextToken is invalid.")]
    NextToken,

    // ===== quotas =====
    #[error("{what} limit of {limit} would be exceeded for {scope}.")]
    Quota {
        what: &'static str,
        limit: usize,
        scope: String,
    },
    /// Quotas with an exception of their own, which SDKs retry as throttling (spec/quotas row 23,
    /// spec/api-2026 §5).
    #[error("The rate limiter limit has been exceeded for the connection. {id} can have {limit}.")]
    RateLimiterQuota { id: String, limit: usize },
    #[error("The resiliency group limit of {limit} has been reached.")]
    ResiliencyGroupQuota { limit: usize },

    /// Any other invalid value, state or conflict; the text says which and what to do.
    #[error("{0}")]
    Invalid(String),
    /// A failure of the service that clients must not repeat blindly.
    #[error("{0}")]
    Server(String),
}

/// The exception types of the API model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    Client,
    Server,
    DuplicateTagKeys,
    TooManyTags,
    LimitExceeded,
}

impl Exception {
    /// The `__type` of the answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "DirectConnectClientException",
            Self::Server => "DirectConnectServerException",
            Self::DuplicateTagKeys => "DuplicateTagKeysException",
            Self::TooManyTags => "TooManyTagsException",
            Self::LimitExceeded => "LimitExceededException",
        }
    }
}

impl Refusal {
    /// The exception that is meant for this refusal; operations may not list it.
    pub fn exception(&self) -> Exception {
        match self {
            Self::DuplicateTagKey(_) => Exception::DuplicateTagKeys,
            Self::TooManyTags { .. } => Exception::TooManyTags,
            Self::RateLimiterQuota { .. } | Self::ResiliencyGroupQuota { .. } => {
                Exception::LimitExceeded
            }
            Self::Server(_) => Exception::Server,
            _ => Exception::Client,
        }
    }

    /// The exception that carries this refusal in an answer of `operation`. The one of limits only where the
    /// operation lists it (spec/api-2026 §5), or where spec/quotas row 23 names it: SDKs would repeat the call,
    /// and callers look for what is listed. Of tags nothing needs to be asked: quotas rows 18 and 19 name
    /// their exceptions for every call.
    pub fn exception_of(&self, operation: Operation) -> Exception {
        match self.exception() {
            limit @ Exception::LimitExceeded => {
                let listed = operation.errors().contains(&limit.as_str())
                    || operation == Operation::UpdateVirtualInterfaceAttributes;
                if listed { limit } else { Exception::Client }
            }
            other => other,
        }
    }

    /// A refusal whose text nobody matches on.
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_operations_that_list_the_exception_of_limits_answer_it() {
        let refusal = Refusal::RateLimiterQuota {
            id: "dxcon-1".to_owned(),
            limit: 10,
        };
        for (operation, exception) in [
            (
                Operation::CreatePrivateVirtualInterface,
                Exception::LimitExceeded,
            ),
            (
                Operation::AllocateTransitVirtualInterface,
                Exception::LimitExceeded,
            ),
            (
                Operation::AssociateConnectionWithLag,
                Exception::LimitExceeded,
            ),
            (
                Operation::UpdateVirtualInterfaceAttributes,
                Exception::LimitExceeded,
            ),
            (Operation::AssociateVirtualInterface, Exception::Client),
            (Operation::AssociateHostedConnection, Exception::Client),
            (Operation::CreateLag, Exception::Client),
        ] {
            assert_eq!(refusal.exception_of(operation), exception, "{operation}");
        }
        let tags = Refusal::DuplicateTagKey("a".to_owned());
        assert_eq!(
            tags.exception_of(Operation::CreateLag),
            Exception::DuplicateTagKeys
        );
    }
}
