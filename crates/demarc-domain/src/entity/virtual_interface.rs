//! Virtual interfaces and their BGP peers.

use std::collections::BTreeMap;
use std::fmt;

use demarc_types::{
    AccountId, AddressFamily, Asn, BgpPeerId, DirectConnectGatewayId, LocationCode, ParentId,
    PeerAddress, Prefix, RateLimit, Region, TestId, Timestamp, VirtualInterfaceId, VlanId,
    VpnGatewayId,
};
use serde::{Deserialize, Deserializer, Serialize};

use super::Tags;
use super::connection::RETENTION;

/// One virtual interface. Source: spec/states §5 and §6.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VirtualInterface {
    pub id: VirtualInterfaceId,
    pub owner: AccountId,
    pub region: Region,
    pub kind: VirtualInterfaceKind,
    /// The connection or LAG that carries it.
    pub parent: ParentId,
    /// The owner of `parent`; differs from `owner` on a hosted virtual interface.
    pub connection_owner: AccountId,
    pub location: LocationCode,
    /// The device of the port that carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    pub name: String,
    pub vlan: VlanId,
    pub mtu: u16,
    #[serde(default)]
    pub attachment: Attachment,
    pub amazon_side_asn: Asn,
    #[serde(default)]
    pub site_link: bool,
    /// Approved prefixes of a public virtual interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub route_filter_prefixes: Vec<Prefix>,
    /// Those of them that were given in another spelling than ours, such as `2001:DB8::/32`, in that spelling.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefix_spellings: BTreeMap<Prefix, String>,
    /// In order of making; the first one present is mirrored at the top of the API's shape.
    #[serde(deserialize_with = "without_spare_room")]
    pub peers: Vec<BgpPeer>,
    pub phase: VirtualInterfacePhase,
    /// Counts the changes that the fabric has to carry out.
    pub generation: u32,
    /// The generation that the fabric last said was in place; 0 is none.
    #[serde(default)]
    pub programmed: u32,
    /// The failover test in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// `None` on public virtual interfaces, which have a fixed limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_allocation: Option<PrefixAllocation>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub created: Timestamp,
}

/// JSON does not say how many elements are to come: a list that grew has room for four where one is needed,
/// and there are as many lists of peers as virtual interfaces.
fn without_spare_room<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<BgpPeer>, D::Error> {
    let mut peers = Vec::deserialize(source)?;
    peers.shrink_to_fit();
    Ok(peers)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VirtualInterfaceKind {
    Private,
    Public,
    Transit,
}

impl VirtualInterfaceKind {
    /// The MTUs that there are: V5 (spec/identifiers §15).
    pub fn mtus(self) -> &'static [u16] {
        match self {
            Self::Private => &[1_500, 8_500, 9_001],
            Self::Transit => &[1_500, 8_500],
            Self::Public => &[1_500],
        }
    }

    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
            Self::Transit => "transit",
        }
    }
}

/// What a virtual interface leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attachment {
    /// A public one, or a hosted one not yet confirmed.
    #[default]
    None,
    VirtualPrivateGateway(VpnGatewayId),
    DirectConnectGateway(DirectConnectGatewayId),
}

/// Routes that the customer may announce, per family (spec/quotas §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixAllocation {
    pub ipv4: u32,
    pub ipv6: u32,
}

impl Default for PrefixAllocation {
    fn default() -> Self {
        Self {
            ipv4: 100,
            ipv6: 100,
        }
    }
}

/// Where a virtual interface is in its life, apart from what is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VirtualInterfacePhase {
    /// Waits for the other account.
    Confirming {
        expires: Timestamp,
    },
    /// A public one under review; approved at `approve_at` when that is automatic.
    Verifying {
        approve_at: Option<Timestamp>,
    },
    Active,
    /// Until the fabric has taken it down.
    Deleting,
    Deleted {
        at: Timestamp,
    },
    Rejected {
        at: Timestamp,
    },
}

/// One BGP peer. Source: spec/states §6.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct BgpPeer {
    pub id: BgpPeerId,
    pub asn: Asn,
    pub auth_key: String,
    pub family: AddressFamily,
    pub amazon_address: PeerAddress,
    pub customer_address: PeerAddress,
    pub phase: PeerPhase,
    /// What the fabric last said of the session.
    #[serde(default)]
    pub session: Session,
    /// Distinct prefixes received, as last reported.
    #[serde(default)]
    pub prefixes_received: u32,
    /// When the session last changed.
    #[serde(default)]
    pub session_since: Timestamp,
    /// The simulated customer's router is told to stay away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated_down: bool,
    /// The customer's router seems to have another key, as last reported.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrong_key: bool,
}

impl fmt::Debug for BgpPeer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BgpPeer")
            .field("id", &self.id)
            .field("asn", &self.asn)
            .field("family", &self.family)
            .field("amazon_address", &self.amazon_address)
            .field("customer_address", &self.customer_address)
            .field("phase", &self.phase)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeerPhase {
    /// Under review, on public virtual interfaces; approved at `approve_at` when that is automatic.
    Verifying {
        approve_at: Option<Timestamp>,
    },
    Pending,
    /// Configured on the edge.
    Available,
    /// Until the fabric has taken it down; then it is dropped.
    Deleting,
    Deleted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Session {
    Up,
    #[default]
    Down,
}

impl BgpPeer {
    /// When the review ends by itself.
    pub fn approval(&self) -> Option<Timestamp> {
        match self.phase {
            PeerPhase::Verifying { approve_at } => approve_at,
            PeerPhase::Pending
            | PeerPhase::Available
            | PeerPhase::Deleting
            | PeerPhase::Deleted => None,
        }
    }

    /// Not deleted nor on the way there.
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, PeerPhase::Deleting | PeerPhase::Deleted)
    }
}

impl VirtualInterface {
    pub(super) fn key(&self) -> VirtualInterfaceId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            VirtualInterfacePhase::Confirming { expires } => Some(expires),
            VirtualInterfacePhase::Verifying { approve_at } => approve_at,
            VirtualInterfacePhase::Active => self.peers.iter().filter_map(BgpPeer::approval).min(),
            VirtualInterfacePhase::Deleting => None,
            VirtualInterfacePhase::Deleted { at } | VirtualInterfacePhase::Rejected { at } => {
                Some(at + RETENTION)
            }
        }
    }

    /// Neither deleting, deleted nor rejected.
    pub fn is_live(&self) -> bool {
        matches!(
            self.phase,
            VirtualInterfacePhase::Confirming { .. }
                | VirtualInterfacePhase::Verifying { .. }
                | VirtualInterfacePhase::Active
        )
    }

    /// Its VLAN and addresses are taken: until it is `deleted` or `rejected` (spec/identifiers §6).
    pub fn holds_resources(&self) -> bool {
        self.is_live() || self.phase == VirtualInterfacePhase::Deleting
    }

    /// The approved prefixes as they were given (spec/operations §1.6).
    pub fn prefixes_as_given(&self) -> impl Iterator<Item = String> {
        let spelt = |prefix: &Prefix| match self.prefix_spellings.get(prefix) {
            Some(text) => text.clone(),
            None => prefix.to_string(),
        };
        self.route_filter_prefixes.iter().map(spelt)
    }

    /// The fabric has not yet carried out the last change.
    pub fn is_behind(&self) -> bool {
        self.programmed != self.generation
    }

    pub fn live_peers(&self) -> impl Iterator<Item = &BgpPeer> {
        self.peers.iter().filter(|peer| peer.is_live())
    }

    /// The Direct Connect gateway that it leads to.
    pub fn gateway(&self) -> Option<DirectConnectGatewayId> {
        match self.attachment {
            Attachment::DirectConnectGateway(id) => Some(id),
            Attachment::None | Attachment::VirtualPrivateGateway(_) => None,
        }
    }

    /// The virtual private gateway that it leads to without a Direct Connect gateway between.
    pub fn vpn_gateway(&self) -> Option<VpnGatewayId> {
        match self.attachment {
            Attachment::VirtualPrivateGateway(id) => Some(id),
            Attachment::None | Attachment::DirectConnectGateway(_) => None,
        }
    }

    /// The peer whose values stand at the top of the API's shape: the first one present.
    pub fn first_peer(&self) -> Option<&BgpPeer> {
        self.live_peers().next().or_else(|| self.peers.first())
    }
}
