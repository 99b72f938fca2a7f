//! Direct Connect gateways.

use demarc_types::{AccountId, Asn, DirectConnectGatewayId, Partition, Region, Timestamp};
use serde::{Deserialize, Serialize};

use super::Tags;

/// One Direct Connect gateway; the same object in every Region of its partition. Source: spec/states §7.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DirectConnectGateway {
    pub id: DirectConnectGatewayId,
    pub owner: AccountId,
    /// Where it was made; tells the partition.
    pub region: Region,
    pub name: String,
    pub amazon_side_asn: Asn,
    pub phase: GatewayPhase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_change_error: Option<String>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Its associations may reach each other where a customer announces a wider route; an operator's choice
    /// (spec/routing §7).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_hairpin: bool,
    pub created: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayPhase {
    Pending {
        until: Timestamp,
    },
    Available,
    /// Removed at `until`; never shown as deleted (spec/states §0).
    Deleting {
        until: Timestamp,
    },
}

impl DirectConnectGateway {
    pub(super) fn key(&self) -> DirectConnectGatewayId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            GatewayPhase::Pending { until } | GatewayPhase::Deleting { until } => Some(until),
            GatewayPhase::Available => None,
        }
    }

    /// Not on the way out.
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, GatewayPhase::Deleting { .. })
    }

    pub fn partition(&self) -> Partition {
        self.region.partition()
    }
}
