//! EC2's errors: a code, a status and a sentence each.

use crate::parameters::MalformedParameters;
use crate::read::Fault;
use crate::xml::Xml;

/// What EC2 answers when it refuses. `Display` is the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    MalformedQueryString(#[from] MalformedParameters),
    #[error("The request must contain the parameter Action")]
    MissingAction,
    #[error("The action {0} is not valid for this web service.")]
    InvalidAction(String),
    #[error("{0}")]
    Parameter(#[from] Fault),
    /// What a parameter's value cannot be, in EC2's words.
    #[error("{0}")]
    InvalidParameterValue(String),
    #[error("{0}")]
    InvalidParameterCombination(String),
    #[error("Request would have succeeded, but DryRun flag is set.")]
    DryRunOperation,
    #[error("The filter '{0}' is invalid")]
    InvalidFilter(String),
    #[error("The token is invalid.")]
    InvalidPaginationToken,
    /// An id without the form of its kind; `expected` is the prefix, such as `vpc-`.
    #[error("Invalid id: \"{id}\" (expecting \"{expected}...\")")]
    MalformedId {
        kind: IdKind,
        id: String,
        expected: &'static str,
    },
    #[error("{}", .kind.absence(.id))]
    NotFound { kind: IdKind, id: String },
    /// Of `CreateTags`: it does not know the kind either.
    #[error("The ID '{0}' is not valid")]
    InvalidId(String),
    #[error("The attachment with vpn gateway ID '{gateway}' and vpc ID '{vpc}' does not exist")]
    AttachmentNotFound { gateway: String, vpc: String },
    #[error("The CIDR '{0}' is invalid.")]
    InvalidVpcRange(String),
    #[error("{0}")]
    IncorrectState(String),
    #[error("{0}")]
    DependencyViolation(String),
    #[error("The maximum number of {0} has been reached.")]
    LimitExceeded(Limit),
    #[error("The maximum number of Tags has been reached.")]
    TagLimitExceeded,
    #[error("{0}")]
    OperationNotPermitted(String),
    #[error("Request limit exceeded.")]
    RequestLimitExceeded,
    #[error("An internal error has occurred")]
    InternalError,
}

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    Vpc,
    VpnGateway,
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayRouteTable,
    NetworkAcl,
    RouteTable,
    SecurityGroup,
    VpcCidrAssociation,
}

impl IdKind {
    fn code(self) -> &'static str {
        match self {
            Self::Vpc => "InvalidVpcID",
            Self::VpnGateway => "InvalidVpnGatewayID",
            Self::TransitGateway => "InvalidTransitGatewayID",
            Self::TransitGatewayAttachment => "InvalidTransitGatewayAttachmentID",
            Self::TransitGatewayRouteTable => "InvalidRouteTableID",
            Self::NetworkAcl => "InvalidNetworkAclID",
            Self::RouteTable => "InvalidRouteTableID",
            Self::SecurityGroup => "InvalidGroup",
            Self::VpcCidrAssociation => "InvalidVpcCidrBlockAssociationID",
        }
    }

    fn absence(self, id: &str) -> String {
        match self {
            Self::Vpc => format!("The vpc ID '{id}' does not exist"),
            Self::VpnGateway => format!("The vpnGateway ID '{id}' does not exist"),
            Self::TransitGateway => {
                format!("Transit Gateway {id} was deleted or does not exist.")
            }
            Self::TransitGatewayAttachment => {
                format!("Transit Gateway Attachment {id} was deleted or does not exist.")
            }
            Self::TransitGatewayRouteTable => {
                format!("Transit Gateway Route Table {id} was deleted or does not exist.")
            }
            Self::NetworkAcl => format!("The networkAcl ID '{id}' does not exist"),
            Self::RouteTable => format!("The routeTable ID '{id}' does not exist"),
            Self::SecurityGroup => format!("The security group '{id}' does not exist"),
            Self::VpcCidrAssociation => {
                format!("The vpc CIDR block association ID '{id}' does not exist")
            }
        }
    }
}

/// A quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Vpcs,
    VpnGateways,
    VpnGatewayAttachments,
    TransitGateways,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Vpcs => "VPCs",
            Self::VpnGateways => "virtual private gateways",
            Self::VpnGatewayAttachments => "VPCs attached to the virtual private gateway",
            Self::TransitGateways => "transit gateways",
        })
    }
}

impl Error {
    /// The error's code, such as `InvalidVpcID.NotFound`.
    pub fn code(&self) -> String {
        let code = match self {
            Self::MalformedId { kind, .. } => return format!("{}.Malformed", kind.code()),
            Self::NotFound { kind, .. } => return format!("{}.NotFound", kind.code()),
            Self::MalformedQueryString(_) => "MalformedQueryString",
            Self::MissingAction => "MissingAction",
            Self::InvalidAction(_) => "InvalidAction",
            Self::Parameter(Fault::Missing(_)) => "MissingParameter",
            Self::Parameter(Fault::Invalid { .. }) | Self::InvalidParameterValue(_) => {
                "InvalidParameterValue"
            }
            Self::InvalidParameterCombination(_) => "InvalidParameterCombination",
            Self::DryRunOperation => "DryRunOperation",
            Self::InvalidFilter(_) => "InvalidFilter",
            Self::InvalidPaginationToken => "InvalidPaginationToken",
            Self::InvalidId(_) => "InvalidID",
            Self::AttachmentNotFound { .. } => "InvalidVpnGatewayAttachment.NotFound",
            Self::InvalidVpcRange(_) => "InvalidVpc.Range",
            Self::IncorrectState(_) => "IncorrectState",
            Self::DependencyViolation(_) => "DependencyViolation",
            Self::LimitExceeded(Limit::Vpcs) => "VpcLimitExceeded",
            Self::LimitExceeded(Limit::VpnGateways) => "VpnGatewayLimitExceeded",
            Self::LimitExceeded(Limit::VpnGatewayAttachments) => {
                "VpnGatewayAttachmentLimitExceeded"
            }
            Self::LimitExceeded(Limit::TransitGateways) => "TransitGatewayLimitExceeded",
            Self::TagLimitExceeded => "TagLimitExceeded",
            Self::OperationNotPermitted(_) => "OperationNotPermitted",
            Self::RequestLimitExceeded => "RequestLimitExceeded",
            Self::InternalError => "InternalError",
        };
        code.to_owned()
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::DryRunOperation => 412,
            Self::RequestLimitExceeded => 503,
            Self::InternalError => 500,
            _ => 400,
        }
    }

    /// The body of the answer.
    pub fn to_xml(&self, request_id: &str) -> Vec<u8> {
        error_document(&self.code(), &self.to_string(), request_id)
    }
}

/// The body of any refusal in EC2's form; for those of authentication and policies.
pub fn error_document(code: &str, message: &str, request_id: &str) -> Vec<u8> {
    Xml::document("Response", None, |xml| {
        xml.element("Errors", |xml| {
            xml.element("Error", |xml| {
                xml.text("Code", code);
                xml.text("Message", message);
            });
        });
        xml.text("RequestID", request_id);
    })
}
