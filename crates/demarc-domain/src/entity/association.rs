//! Associations of Direct Connect gateways with virtual private and transit gateways.

use demarc_types::{
    AccountId, AssociationId, DirectConnectGatewayId, GatewayRef, Prefix, Region, Timestamp,
};
use serde::{Deserialize, Serialize};

/// One association. Source: spec/states §8.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Association {
    pub id: AssociationId,
    pub gateway: DirectConnectGatewayId,
    pub gateway_owner: AccountId,
    pub associated: GatewayRef,
    pub associated_owner: AccountId,
    pub associated_region: Region,
    /// Canonical prefixes, newest first.
    pub allowed_prefixes: Vec<Prefix>,
    /// The list was never set: it keeps step with the VPC's CIDRs.
    #[serde(default)]
    pub follows_vpc: bool,
    /// CIDRs that the VPC got later and that overlap those behind another association of the gateway;
    /// they are not announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Prefix>,
    pub phase: AssociationPhase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_change_error: Option<String>,
    pub created: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssociationPhase {
    Associating {
        until: Timestamp,
    },
    Associated,
    Updating {
        until: Timestamp,
    },
    /// Removed at `until`: clients wait for the list to be empty (spec/clients §2).
    Disassociating {
        until: Timestamp,
    },
}

impl Association {
    pub(super) fn key(&self) -> AssociationId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            AssociationPhase::Associating { until }
            | AssociationPhase::Updating { until }
            | AssociationPhase::Disassociating { until } => Some(until),
            AssociationPhase::Associated => None,
        }
    }

    /// Its routes are announced: from `associated` until it ends.
    pub fn is_in_force(&self) -> bool {
        matches!(
            self.phase,
            AssociationPhase::Associated | AssociationPhase::Updating { .. }
        )
    }

    /// Not on the way out.
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, AssociationPhase::Disassociating { .. })
    }
}
