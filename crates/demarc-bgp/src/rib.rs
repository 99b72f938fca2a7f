//! Routing tables: what neighbors sent, what is best of it, and what neighbors are sent.
//!
//! A [`Domain`] is one routing domain: a Direct Connect gateway, a virtual private gateway with
//! its own interfaces, or all of a stand-alone speaker. It holds one [`Rib`] per address family,
//! and a session belongs to exactly one of them (`spec/routing §1`).
//!
//! ```text
//!   UPDATE ──▶ Adj-RIB-In (before policy) ──▶ verdict per route ──▶ candidates of a prefix
//!                                                                       │ best or ECMP set,
//!              one log of changed prefixes per group of neighbors ◀─────┘ asked for when needed
//!                          │ segments: encoded once per group
//!                          ▼
//!              Adj-RIB-Out: one bit per prefix and neighbor ──▶ UPDATE
//! ```
//!
//! What keeps it small and quick:
//! - A route is 28 bytes in two intrusive lists (of its prefix, of its session); attributes are
//!   interned; the best route is computed from the few candidates of one prefix, never stored.
//! - Neighbors that are to be sent the same bytes form a group. A change costs one log entry per
//!   group, not per neighbor, and a neighbor with `export = none` is in no group at all.
//! - A neighbor is a cursor into its group's log. A slow one holds memory only for prefixes, each
//!   once: the log is compacted when it outgrows the table.
//!
//! The driver calls [`Domain::update`] and friends, then wakes whom [`Domain::take_ready`] names;
//! those call [`Domain::poll_transmit`] as far as their sockets have room.

mod attributes;
mod bits;
mod decision;
mod delivery;
mod domain;
mod engine;
mod event;
mod export;
mod group;
mod membership;
mod prefix;
mod segment;
mod session;
mod slab;
mod table;
mod view;

#[cfg(test)]
mod tests;

pub use decision::RegionId;
pub use domain::{Domain, SessionId};
pub use engine::Rib;
pub use event::{Event, LimitExceeded};
pub use export::Progress;
pub use group::{DeviceId, Origination};
pub use prefix::{Ipv4Key, Ipv6Key, PrefixKey};
pub use session::{Counters, Established, Export, SessionConfig, SessionIndex, SiteLink};
pub use table::Verdict;
pub use view::{MemoryUse, Place, RouteView};
