//! The wire format: messages, path attributes, prefixes, and what to do when they are malformed.
//!
//! Decoding borrows from the read buffer. [`Header::peek`] finds the length of the next message,
//! [`decode`] turns one whole message into a [`Message`]. An error of either is the
//! [`Notification`] to send before closing. A malformed path attribute is not such an error unless
//! RFC 7606 says so: the [`Update`] then reports its routes as withdrawn and lists the [`Fault`]s.
//!
//! [`PathAttributes`] is the owned form for RIBs: one shared slice of canonical bytes, cheap to
//! clone, to hash and to compare. [`UpdateEncoder`] packs prefixes that share attributes.

mod as_path;
mod asn;
mod attribute;
mod builder;
mod capability;
mod community;
mod encode;
mod family;
mod message;
mod nlri;
mod notification;
mod open;
mod path_attributes;
mod reader;
mod route_refresh;
mod update;

pub use as_path::{AsPath, Segment, SegmentKind};
pub use asn::Asn;
pub use attribute::{Fault, FaultReason, Treatment, attribute_name};
pub use builder::AttributesBuilder;
pub use capability::{Capabilities, GracefulRestart, GracefulRestartFamily, UnknownCapability};
pub use community::{Community, ExtendedCommunity, LargeCommunity};
pub use encode::{EncodeError, UpdateEncoder};
pub use family::Family;
pub use message::{
    HEADER_LENGTH, Header, MAX_MESSAGE_LENGTH, Message, MessageType, decode, encode_keepalive,
};
pub use nlri::{Nlri, encoded_length};
pub use notification::{ErrorCode, Notification};
pub use open::Open;
pub use path_attributes::{Aggregator, Origin, PathAttributes, UnknownAttribute};
pub use route_refresh::{RefreshKind, RouteRefresh};
pub use update::{SessionContext, Update};

#[cfg(test)]
mod tests;
