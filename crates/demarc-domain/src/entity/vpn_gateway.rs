//! Virtual private gateways.

use demarc_types::{AccountId, Asn, Region, Timestamp, VpcId, VpnGatewayId};
use serde::{Deserialize, Serialize};

use super::Tags;

/// One virtual private gateway. Source: spec/clients §1.5.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpnGateway {
    pub id: VpnGatewayId,
    pub owner: AccountId,
    pub region: Region,
    pub amazon_side_asn: Asn,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
    pub phase: Ec2Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<VpcAttachment>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub created: Timestamp,
}

/// The life of an EC2 object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ec2Phase {
    Pending {
        until: Timestamp,
    },
    Available,
    Deleting {
        until: Timestamp,
    },
    /// Still shown for a while, as EC2 does.
    Deleted {
        at: Timestamp,
    },
}

impl Ec2Phase {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Available => "available",
            Self::Deleting { .. } => "deleting",
            Self::Deleted { .. } => "deleted",
        }
    }

    pub fn deadline(self) -> Option<Timestamp> {
        match self {
            Self::Pending { until } | Self::Deleting { until } => Some(until),
            Self::Available => None,
            Self::Deleted { at } => Some(at + super::connection::RETENTION),
        }
    }

    /// What follows when the deadline has come: `None` when there is nothing left to show.
    pub fn after(self, now: Timestamp) -> Option<Self> {
        match self {
            Self::Pending { .. } | Self::Available => Some(Self::Available),
            Self::Deleting { .. } => Some(Self::Deleted { at: now }),
            Self::Deleted { .. } => None,
        }
    }

    /// Neither deleted nor on the way there.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Pending { .. } | Self::Available)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcAttachment {
    pub vpc: VpcId,
    pub phase: VpcAttachmentPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VpcAttachmentPhase {
    Attaching {
        until: Timestamp,
    },
    Attached,
    /// The attachment is gone at `until`.
    Detaching {
        until: Timestamp,
    },
}

impl VpcAttachmentPhase {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attaching { .. } => "attaching",
            Self::Attached => "attached",
            Self::Detaching { .. } => "detaching",
        }
    }
}

impl VpnGateway {
    pub(super) fn key(&self) -> VpnGatewayId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let attachment = self
            .attachment
            .and_then(|attachment| match attachment.phase {
                VpcAttachmentPhase::Attaching { until }
                | VpcAttachmentPhase::Detaching { until } => Some(until),
                VpcAttachmentPhase::Attached => None,
            });
        self.phase.deadline().into_iter().chain(attachment).min()
    }

    /// The VPC it is attached to, or about to be.
    pub fn attached_vpc(&self) -> Option<VpcId> {
        self.attachment
            .filter(|attachment| !matches!(attachment.phase, VpcAttachmentPhase::Detaching { .. }))
            .map(|attachment| attachment.vpc)
    }
}
