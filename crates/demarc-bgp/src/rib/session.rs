//! What the tables know about a session.

use std::net::{IpAddr, Ipv4Addr};

use super::bits::BitSet;
use super::decision::RegionId;
use super::group::{DeviceId, GroupIndex};
use super::table::{NetId, RouteId};
use crate::policy::{AmazonScope, ImportPolicy, PrefixLimit, PublicPath, Rejection};
use crate::wire::EncodeError;

/// A session of one family. Index 0 is the network itself, which originates routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionIndex(pub(super) u32);

impl SessionIndex {
    pub(super) const ORIGINATED: Self = Self(0);
}

/// What a neighbor is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Nothing, at no cost.
    Nothing,
    /// What the policy of the interface's kind gives.
    Policy,
}

/// SiteLink is on for an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteLink {
    /// How many routes of other SiteLink interfaces it is sent; `None` is unlimited.
    pub limit: Option<u32>,
}

/// Everything an operator decides about a session that concerns routes. May change while the
/// session is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionConfig {
    pub neighbor: IpAddr,
    pub import: ImportPolicy,
    pub export: Export,
    pub site_link: Option<SiteLink>,
    /// Where the interface's location lies.
    pub region: RegionId,
    /// The logical device that the interface is on.
    pub device: DeviceId,
    /// Distinct prefixes accepted from the neighbor before policy.
    pub prefix_limit: u32,
    pub public_path: PublicPath,
    /// How near what the network originates can be to the interface's location.
    pub nearest: AmazonScope,
}

/// What is settled when a session comes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Established {
    /// The neighbor's BGP identifier; orders routes that are equally good.
    pub router_id: Ipv4Addr,
    /// Both sides have four-octet AS numbers.
    pub four_octet_asn: bool,
    /// Our address: the next hop of what we announce.
    pub next_hop: IpAddr,
    /// Send End-of-RIB behind the first full set (RFC 4724 §2).
    pub end_of_rib: bool,
}

/// Numbers of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Distinct prefixes from the neighbor, before policy.
    pub received: u32,
    pub accepted: u32,
    /// By reason, in the order of [`Rejection::ALL`].
    pub rejected: [u32; Rejection::ALL.len()],
    /// Prefixes that the neighbor has from us.
    pub advertised: u32,
    /// Of them, routes of other SiteLink interfaces; counted only where a limit is set.
    pub advertised_site_link: u32,
}

impl Counters {
    /// All reasons together.
    #[must_use]
    pub fn rejected_total(&self) -> u32 {
        self.rejected.iter().sum()
    }
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: SessionConfig,
    pub(super) limit: PrefixLimit,
    pub(super) router_id: Ipv4Addr,
    /// Our address when the session came up last.
    pub(super) own_next_hop: Option<IpAddr>,
    pub(super) first_route: RouteId,
    pub(super) epoch: u8,
    pub(super) counters: Counters,
    /// Some while the session is established.
    pub(super) up: Option<Up>,
}

/// The sending half of an established session.
#[derive(Debug)]
pub(super) struct Up {
    pub(super) established: Established,
    /// None: nothing to announce, ever.
    pub(super) member: Option<Member>,
    pub(super) end_of_rib_owed: bool,
    /// The neighbor asked for a refresh with markers (RFC 7313): BoRR is to be sent.
    pub(super) begin_refresh_owed: bool,
    pub(super) end_refresh_owed: bool,
    /// It asked before End-of-RIB was out, and whether with markers: they have to wait for it.
    pub(super) refresh_owed: Option<bool>,
}

impl Up {
    /// Everything is to be sent again.
    pub(super) fn begin_refresh(&mut self, enhanced: bool, end: u32) {
        self.begin_refresh_owed = enhanced;
        self.end_refresh_owed = enhanced;
        if let Some(member) = self.member.as_mut() {
            member.walk = Some(Walk {
                next: 0,
                end,
                purpose: WalkPurpose::Renew,
            });
        }
    }

    /// The limit that keeps routes from the neighbor right now.
    pub(super) fn reached_cap(&self) -> Option<u32> {
        let cap = self.member.as_ref()?.cap.as_ref()?;
        cap.reached.then_some(cap.limit)
    }

    /// The first route that did not fit into a message to the neighbor.
    pub(super) fn unsendable(&self) -> Option<(NetId, EncodeError)> {
        self.member.as_ref()?.unsendable
    }
}

/// Membership in an export group: how far the neighbor is.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) group: GroupIndex,
    /// Sequence number of the next log entry to send.
    pub(super) cursor: u64,
    pub(super) walk: Option<Walk>,
    /// Adj-RIB-Out: the prefixes that the neighbor has from us.
    pub(super) advertised: BitSet,
    pub(super) cap: Option<Cap>,
    /// The first route that did not fit into a message.
    pub(super) unsendable: Option<(NetId, EncodeError)>,
    pub(super) is_idle: bool,
}

/// A walk over the whole table: after joining, on refresh, or to fill up below a limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub(super) next: u32,
    /// Prefixes from here on came after the walk began, and come by the log.
    pub(super) end: u32,
    pub(super) purpose: WalkPurpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WalkPurpose {
    /// Send what the neighbor does not have.
    Fill,
    /// Send everything again, and withdraw what has no route any more.
    Renew,
}

/// The SiteLink limit at work.
#[derive(Debug)]
pub(super) struct Cap {
    pub(super) limit: u32,
    pub(super) site_link: BitSet,
    /// Something was left out.
    pub(super) reached: bool,
}
