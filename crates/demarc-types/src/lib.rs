//! Validated values that every layer shares: a value of one of these types is well formed.
//!
//! Parsing happens once, at the border; inside, an [`Asn`] is a usable autonomous system number and a
//! [`ConnectionId`] looks like one. Nothing here knows whether a named thing exists.

mod account;
mod arn;
mod asn;
mod bandwidth;
mod ec2;
mod id;
mod location;
mod name;
mod peer_address;
mod prefix;
mod region;
mod timestamp;
mod uuid_id;
mod vlan;

pub use account::AccountId;
pub use arn::{ArnResource, ResourceArn};
pub use asn::Asn;
pub use bandwidth::{Bandwidth, RateLimit};
pub use ec2::{GatewayRef, TransitGatewayId, VpcId, VpnGatewayId};
pub use id::{BgpPeerId, ConnectionId, LagId, ParentId, ResiliencyGroupId, VirtualInterfaceId};
pub use location::LocationCode;
pub use name::{is_name, is_resiliency_group_name};
pub use peer_address::{AddressFamily, PeerAddress};
pub use prefix::{Prefix, overlaps, parse_prefix};
pub use region::{Partition, Region};
pub use timestamp::{Span, Timestamp};
pub use uuid_id::{AssociationId, DirectConnectGatewayId, ProposalId, TestId};
pub use vlan::{NoVlan, VlanId};
