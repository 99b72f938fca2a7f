//! Connections: dedicated ports, partners' interconnects, and hosted connections carved from them.

use demarc_types::{
    AccountId, Bandwidth, ConnectionId, LagId, LocationCode, ParentId, Region, Span, Timestamp,
    VlanId,
};
use serde::{Deserialize, Serialize};

use super::{MacSec, Tags};

/// One connection. Source: spec/states §1 to §3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    pub id: ConnectionId,
    /// Whoever ordered it; of a hosted connection the customer.
    pub owner: AccountId,
    pub region: Region,
    pub location: LocationCode,
    pub name: String,
    pub bandwidth: Bandwidth,
    pub kind: ConnectionKind,
    pub phase: ConnectionPhase,
    /// What the fabric last said of the port. A hosted connection has no port: its parent's counts.
    #[serde(default)]
    pub link: Link,
    /// The simulated far end is told to keep the link down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated_down: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<LagId>,
    /// What the fabric last said of a member: both ends take and send frames on it, by LACP.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub distributing: bool,
    /// The device that ends the port, from approval on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_name: Option<String>,
    #[serde(default)]
    pub jumbo_capable: bool,
    /// Present on ports ordered with MACsec. A LAG member keeps this, with the LAG's keys in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_sec: Option<MacSec>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loa_issued: Option<Timestamp>,
    /// One of the API's billing modes; `None` is `PayAsYouGo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_mode: Option<String>,
    /// When the mode was changed, for the limit on changes (spec/quotas row 28).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub billing_changes: Vec<Timestamp>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub created: Timestamp,
}

/// What sort of connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionKind {
    Dedicated,
    Interconnect,
    /// On an interconnect or LAG of `partner`, with one VLAN of it.
    Hosted {
        parent: ParentId,
        partner: AccountId,
        vlan: VlanId,
    },
}

/// Where a connection is in its life, apart from what is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionPhase {
    /// A hosted connection that its customer has not confirmed.
    Ordering {
        expires: Timestamp,
    },
    /// Waits for approval; at `approve_at` when that is automatic.
    Requested {
        approve_at: Option<Timestamp>,
    },
    /// Approved (a hosted one: confirmed, live at `ready_at`), not yet in service.
    Pending {
        ready_at: Option<Timestamp>,
    },
    /// In service: available or down as its link is.
    Live,
    Deleting {
        until: Timestamp,
    },
    Deleted {
        at: Timestamp,
    },
    Rejected {
        at: Timestamp,
    },
}

/// The state of a port's link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    Up,
    #[default]
    Down,
}

/// How long a deleted or rejected object is still shown (spec/states §0).
pub(crate) const RETENTION: Span = Span::from_minutes(15);

impl Connection {
    pub(super) fn key(&self) -> ConnectionId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            ConnectionPhase::Ordering { expires } => Some(expires),
            ConnectionPhase::Requested { approve_at } => approve_at,
            ConnectionPhase::Pending { ready_at } => ready_at,
            ConnectionPhase::Live => None,
            ConnectionPhase::Deleting { until } => Some(until),
            ConnectionPhase::Deleted { at } | ConnectionPhase::Rejected { at } => {
                Some(at + RETENTION)
            }
        }
    }

    /// Neither deleted nor rejected nor on the way there.
    pub fn is_live(&self) -> bool {
        !matches!(
            self.phase,
            ConnectionPhase::Deleting { .. }
                | ConnectionPhase::Deleted { .. }
                | ConnectionPhase::Rejected { .. }
        )
    }

    pub fn is_interconnect(&self) -> bool {
        self.kind == ConnectionKind::Interconnect
    }

    pub fn is_hosted(&self) -> bool {
        matches!(self.kind, ConnectionKind::Hosted { .. })
    }

    /// The interconnect or LAG that carries a hosted connection.
    pub fn parent(&self) -> Option<ParentId> {
        match self.kind {
            ConnectionKind::Hosted { parent, .. } => Some(parent),
            ConnectionKind::Dedicated | ConnectionKind::Interconnect => None,
        }
    }

    /// The partner and VLAN of a hosted connection.
    pub fn hosting(&self) -> Option<(AccountId, VlanId)> {
        match self.kind {
            ConnectionKind::Hosted { partner, vlan, .. } => Some((partner, vlan)),
            ConnectionKind::Dedicated | ConnectionKind::Interconnect => None,
        }
    }
}
