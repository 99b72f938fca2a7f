//! Resiliency groups.

use demarc_types::{AccountId, ParentId, Region, ResiliencyGroupId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Tags;

/// A set of connections and LAGs that are meant to back one another up. Source: spec/api-2026 §3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResiliencyGroup {
    pub id: ResiliencyGroupId,
    pub owner: AccountId,
    pub region: Region,
    pub name: String,
    /// `maximum-resiliency`, `high-resiliency` or `basic-resiliency`.
    pub intended_model: String,
    pub phase: ResiliencyGroupPhase,
    pub members: Vec<ResiliencyGroupMember>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub created: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResiliencyGroupPhase {
    Pending { until: Timestamp },
    Available,
    Deleting { until: Timestamp },
    Deleted { at: Timestamp },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResiliencyGroupMember {
    /// A dedicated or hosted connection, or a LAG, which counts as one.
    pub connection: ParentId,
    pub state: MemberState,
    /// When it was associated. Not known of members of old, which come first.
    #[serde(default)]
    pub since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    Associating {
        until: Timestamp,
    },
    Associated,
    /// Dropped at `until`.
    Disassociating {
        until: Timestamp,
    },
}

impl ResiliencyGroup {
    pub(super) fn key(&self) -> ResiliencyGroupId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let own = match self.phase {
            ResiliencyGroupPhase::Pending { until } | ResiliencyGroupPhase::Deleting { until } => {
                Some(until)
            }
            ResiliencyGroupPhase::Available => None,
            ResiliencyGroupPhase::Deleted { at } => Some(at + super::connection::RETENTION),
        };
        let members = self.members.iter().filter_map(|member| match member.state {
            MemberState::Associating { until } | MemberState::Disassociating { until } => {
                Some(until)
            }
            MemberState::Associated => None,
        });
        own.into_iter().chain(members).min()
    }

    pub fn is_live(&self) -> bool {
        matches!(
            self.phase,
            ResiliencyGroupPhase::Pending { .. } | ResiliencyGroupPhase::Available
        )
    }
}
