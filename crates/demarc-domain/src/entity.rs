//! What is stored: every entity of the service, each one document under one key.
//!
//! An entity holds what was asked for and what was observed; words such as `virtualInterfaceState` are
//! computed from it when read (see [`crate::state`]). Members may be added with a serde default; members
//! are never given another meaning (docs/store-format.md).

mod association;
mod client_token;
pub(crate) mod connection;
mod customer;
mod failover_test;
mod gateway;
mod lag;
mod lease;
mod location;
mod mac_sec;
mod proposal;
mod resiliency_group;
mod service;
mod silence;
mod tags;
mod transit_gateway;
mod virtual_interface;
mod vpc;
mod vpn_gateway;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use demarc_types::{
    AccountId, AssociationId, ConnectionId, DirectConnectGatewayId, LagId, LocationCode,
    ProposalId, Region, ResiliencyGroupId, TestId, Timestamp, TransitGatewayId, VirtualInterfaceId,
    VpcId, VpnGatewayId,
};

pub use association::{Association, AssociationPhase};
pub use client_token::{ClientToken, ClientTokenKey};
pub use connection::{Connection, ConnectionKind, ConnectionPhase, Link};
pub use customer::Customer;
pub use failover_test::{FailoverTest, TestStatus};
pub use gateway::{DirectConnectGateway, GatewayPhase};
pub use lag::{Lag, LagPhase};
pub use lease::Lease;
pub use location::{Device, Location};
pub use mac_sec::{EncryptionMode, MacSec, MacSecKey, MacSecKeyState};
pub use proposal::{Proposal, ProposalPhase};
pub use resiliency_group::{
    MemberState, ResiliencyGroup, ResiliencyGroupMember, ResiliencyGroupPhase,
};
pub use service::{EdgeSession, Service};
pub use silence::{Silence, SilenceStage};
pub use tags::Tags;
pub use transit_gateway::{TransitGateway, TransitGatewayOptions};
pub use virtual_interface::{
    Attachment, BgpPeer, PeerPhase, PrefixAllocation, Session, VirtualInterface,
    VirtualInterfaceKind, VirtualInterfacePhase,
};
pub use vpc::{CidrAssociation, Vpc};
pub use vpn_gateway::{Ec2Phase, VpcAttachment, VpcAttachmentPhase, VpnGateway};

/// Defines [`Entity`], [`EntityKey`] and the conversions, one line a kind: variant, type, key text, key type.
macro_rules! entities {
    ($($variant:ident($type:ty), $kind:literal, $key:ty;)+) => {
        /// Any entity, shared with the snapshots that hold it.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Entity {
            $($variant(Arc<$type>),)+
        }

        /// Names one entity; prints as its key in the store, `connection/dxcon-fgk145dr`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EntityKey {
            $($variant($key),)+
        }

        impl Entity {
            /// The entity's name.
            pub fn key(&self) -> EntityKey {
                match self {
                    $(Self::$variant(entity) => EntityKey::$variant(entity.key()),)+
                }
            }

            /// When something happens to the entity by itself, if ever.
            pub fn deadline(&self) -> Option<Timestamp> {
                match self {
                    $(Self::$variant(entity) => entity.deadline(),)+
                }
            }

            /// The document that the store keeps.
            pub fn to_json(&self) -> Vec<u8> {
                match self {
                    $(Self::$variant(entity) => serde_json::to_vec(entity.as_ref()),)+
                }
                .expect("entities have string keys and finite numbers only")
            }

            /// Reads the document stored under `key`.
            pub fn from_json(key: &EntityKey, document: &[u8]) -> Result<Self, serde_json::Error> {
                Ok(match key {
                    $(EntityKey::$variant(_) => Self::$variant(Arc::new(serde_json::from_slice(document)?)),)+
                })
            }
        }

        $(
            impl From<$type> for Entity {
                fn from(entity: $type) -> Self {
                    Self::$variant(Arc::new(entity))
                }
            }

            impl From<Arc<$type>> for Entity {
                fn from(entity: Arc<$type>) -> Self {
                    Self::$variant(entity)
                }
            }
        )+

        impl fmt::Display for EntityKey {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant(key) => write!(out, concat!($kind, "/{}"), KeyText::text(key)),)+
                }
            }
        }

        impl FromStr for EntityKey {
            type Err = InvalidKey;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let invalid = || InvalidKey(text.chars().take(128).collect());
                let (kind, rest) = text.split_once('/').ok_or_else(invalid)?;
                match kind {
                    $($kind => <$key as KeyText>::read(rest).map(Self::$variant).ok_or_else(invalid),)+
                    _ => Err(invalid()),
                }
            }
        }
    };
}

entities! {
    Connection(Connection), "connection", ConnectionId;
    Lag(Lag), "lag", LagId;
    VirtualInterface(VirtualInterface), "vif", VirtualInterfaceId;
    Gateway(DirectConnectGateway), "gateway", DirectConnectGatewayId;
    Association(Association), "association", AssociationId;
    Proposal(Proposal), "proposal", ProposalId;
    FailoverTest(FailoverTest), "test", TestId;
    ResiliencyGroup(ResiliencyGroup), "resiliency-group", ResiliencyGroupId;
    ClientToken(ClientToken), "client-token", ClientTokenKey;
    Customer(Customer), "customer", AccountId;
    Location(Location), "location", (Region, LocationCode);
    Vpc(Vpc), "vpc", VpcId;
    VpnGateway(VpnGateway), "vpn-gateway", VpnGatewayId;
    TransitGateway(TransitGateway), "transit-gateway", TransitGatewayId;
    Service(Service), "service", ();
    Lease(Lease), "lease", ();
}

impl Entity {
    /// The account that the entity belongs to; the service's own belong to none.
    pub fn owner(&self) -> Option<AccountId> {
        Some(match self {
            Self::Connection(found) => found.owner,
            Self::Lag(found) => found.owner,
            Self::VirtualInterface(found) => found.owner,
            Self::Gateway(found) => found.owner,
            Self::Association(found) => found.gateway_owner,
            Self::Proposal(found) => found.associated_owner,
            Self::FailoverTest(found) => found.owner,
            Self::ResiliencyGroup(found) => found.owner,
            Self::ClientToken(found) => found.account,
            Self::Customer(found) => found.account,
            Self::Vpc(found) => found.owner,
            Self::VpnGateway(found) => found.owner,
            Self::TransitGateway(found) => found.owner,
            Self::Location(_) | Self::Service(_) | Self::Lease(_) => return None,
        })
    }
}

/// The text is not the key of an entity that this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the key of an entity")]
pub struct InvalidKey(pub String);

/// How the part behind the kind is written.
trait KeyText: Sized {
    fn text(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

macro_rules! plain_key {
    ($($type:ty),+) => {
        $(impl KeyText for $type {
            fn text(&self) -> String {
                self.to_string()
            }

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        })+
    };
}

plain_key!(
    ConnectionId,
    LagId,
    VirtualInterfaceId,
    DirectConnectGatewayId,
    AssociationId,
    ProposalId,
    TestId,
    ResiliencyGroupId,
    ClientTokenKey,
    AccountId,
    VpcId,
    VpnGatewayId,
    TransitGatewayId
);

impl KeyText for (Region, LocationCode) {
    fn text(&self) -> String {
        format!("{}/{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (region, code) = text.split_once('/')?;
        Some((region.parse().ok()?, code.parse().ok()?))
    }
}

impl KeyText for () {
    fn text(&self) -> String {
        "state".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        (text == "state").then_some(())
    }
}

/// One step of state: the only way a World changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Put(Entity),
    Remove(EntityKey),
}

impl Change {
    /// The entity that changes.
    pub fn key(&self) -> EntityKey {
        match self {
            Self::Put(entity) => entity.key(),
            Self::Remove(key) => *key,
        }
    }
}
