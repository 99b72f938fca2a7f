//! What EC2 says when it refuses: a code that clients match on, and a text.

/// A refusal of an EC2 call. Displays as the `Message`; [`Ec2Error::code`] is the `Code`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ec2Error {
    #[error("The vpc ID '{0}' does not exist")]
    VpcNotFound(String),
    #[error("The vpnGateway ID '{0}' does not exist")]
    VpnGatewayNotFound(String),
    #[error("The attachment with vpn gateway ID '{vpn_gateway}' and vpc ID '{vpc}' does not exist")]
    VpnGatewayAttachmentNotFound { vpn_gateway: String, vpc: String },
    #[error("Transit Gateway {0} was deleted or does not exist.")]
    TransitGatewayNotFound(String),
    #[error("Transit Gateway Attachment {0} was deleted or does not exist.")]
    TransitGatewayAttachmentNotFound(String),
    #[error("Transit Gateway Route Table {0} was deleted or does not exist.")]
    TransitGatewayRouteTableNotFound(String),
    #[error("The vpc CIDR block association ID '{0}' does not exist")]
    CidrAssociationNotFound(String),
    #[error("The networkAcl ID '{0}' does not exist")]
    NetworkAclNotFound(String),
    #[error("The routeTable ID '{0}' does not exist")]
    RouteTableNotFound(String),
    #[error("The security group '{0}' does not exist")]
    SecurityGroupNotFound(String),
    #[error("The ID '{0}' is not valid")]
    InvalidId(String),
    #[error("{0}")]
    IncorrectState(String),
    /// A VPC that something hangs on.
    #[error("The vpc '{0}' has dependencies and cannot be deleted.")]
    DependencyViolation(String),
    /// A VPC takes one virtual private gateway.
    #[error("The vpc '{0}' already has a virtual private gateway attached to it")]
    VpcHasGateway(String),
    /// A virtual private gateway takes one VPC.
    #[error("The vpnGateway '{0}' is already attached to a vpc")]
    GatewayHasVpc(String),
    #[error("The CIDR '{0}' is invalid.")]
    VpcRange(String),
    #[error("The CIDR '{cidr}' conflicts with a CIDR of the vpc '{vpc}'")]
    CidrConflict { cidr: String, vpc: String },
    #[error("The vpc '{vpc}' has the most CIDR blocks that are allowed: {limit}")]
    CidrLimit { vpc: String, limit: usize },
    #[error("{0}")]
    NotPermitted(String),
    #[error("{0}")]
    ParameterValue(String),
    #[error("{0}")]
    ParameterCombination(String),
    #[error("The request must contain the parameter {0}")]
    MissingParameter(&'static str),
    #[error("The resource '{resource}' would have more than {limit} tags")]
    TagLimit { resource: String, limit: usize },
    #[error("The nextToken is invalid.")]
    NextToken,
    /// Said by the front of a request that would have been carried out.
    #[error("Request would have succeeded, but DryRun flag is set.")]
    DryRun,
    #[error("{0}")]
    Internal(String),
}

impl Ec2Error {
    /// The `Code` of the answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::VpcNotFound(_) => "InvalidVpcID.NotFound",
            Self::VpnGatewayNotFound(_) => "InvalidVpnGatewayID.NotFound",
            Self::VpnGatewayAttachmentNotFound { .. } => "InvalidVpnGatewayAttachment.NotFound",
            Self::TransitGatewayNotFound(_) => "InvalidTransitGatewayID.NotFound",
            Self::TransitGatewayAttachmentNotFound(_) => {
                "InvalidTransitGatewayAttachmentID.NotFound"
            }
            Self::TransitGatewayRouteTableNotFound(_) | Self::RouteTableNotFound(_) => {
                "InvalidRouteTableID.NotFound"
            }
            Self::CidrAssociationNotFound(_) => "InvalidVpcCidrBlockAssociationID.NotFound",
            Self::NetworkAclNotFound(_) => "InvalidNetworkAclID.NotFound",
            Self::SecurityGroupNotFound(_) => "InvalidGroup.NotFound",
            Self::InvalidId(_) => "InvalidID",
            Self::IncorrectState(_) => "IncorrectState",
            Self::DependencyViolation(_) => "DependencyViolation",
            Self::VpcHasGateway(_) => "InvalidVpcState",
            Self::GatewayHasVpc(_) => "VpnGatewayAttachmentLimitExceeded",
            Self::VpcRange(_) => "InvalidVpc.Range",
            Self::CidrConflict { .. } => "CidrConflict",
            Self::CidrLimit { .. } => "CidrLimitExceeded",
            Self::NotPermitted(_) => "OperationNotPermitted",
            Self::ParameterValue(_) => "InvalidParameterValue",
            Self::ParameterCombination(_) => "InvalidParameterCombination",
            Self::MissingParameter(_) => "MissingParameter",
            Self::TagLimit { .. } => "TagLimitExceeded",
            Self::NextToken => "InvalidNextToken",
            Self::DryRun => "DryRunOperation",
            Self::Internal(_) => "InternalError",
        }
    }

    /// The HTTP status that goes with the code.
    pub fn status(&self) -> u16 {
        match self {
            Self::DryRun => 412,
            Self::Internal(_) => 500,
            _ => 400,
        }
    }

    /// `Value (…) for parameter … is invalid. …`, EC2's usual form.
    pub(super) fn value(value: &str, parameter: &str, reason: &str) -> Self {
        let shown: String = value.chars().take(128).collect();
        Self::ParameterValue(format!(
            "Value ({shown}) for parameter {parameter} is invalid. {reason}"
        ))
    }
}
