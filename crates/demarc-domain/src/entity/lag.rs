//! Link aggregation groups.

use demarc_types::{AccountId, Bandwidth, LagId, LocationCode, Region, Timestamp};
use serde::{Deserialize, Serialize};

use super::connection::RETENTION;
use super::{MacSec, Tags};

/// One LAG; its members are the connections that name it. Source: spec/states §4.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lag {
    pub id: LagId,
    pub owner: AccountId,
    pub region: Region,
    pub location: LocationCode,
    pub name: String,
    /// Of each member.
    pub bandwidth: Bandwidth,
    #[serde(default)]
    pub minimum_links: u32,
    pub phase: LagPhase,
    /// All members end on this device.
    pub device: String,
    /// Carries hosted connections instead of virtual interfaces; fixed for life (spec/states §4).
    #[serde(default)]
    pub allows_hosted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_sec: Option<MacSec>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub created: Timestamp,
}

/// Where a LAG is in its life, apart from what is observed of its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LagPhase {
    /// `been_up`: had enough links at least once.
    Active {
        been_up: bool,
    },
    Deleted {
        at: Timestamp,
    },
}

impl Lag {
    pub(super) fn key(&self) -> LagId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            LagPhase::Active { .. } => None,
            LagPhase::Deleted { at } => Some(at + RETENTION),
        }
    }

    pub fn is_live(&self) -> bool {
        matches!(self.phase, LagPhase::Active { .. })
    }
}
