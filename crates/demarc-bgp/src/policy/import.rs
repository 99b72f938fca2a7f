//! Which of a customer's routes may be used (`spec/routing §3`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

use super::communities::PUBLIC_ASN;
use crate::wire::{AsPath, Asn};

#[cfg(test)]
mod tests;

/// Longer paths are dropped.
pub const MAX_PATH_HOPS: usize = 50;

/// What kind of virtual interface a session runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InterfaceKind {
    Private,
    Transit,
    Public,
}

/// Why a received route is not used. Kept with the route, so that "why is my route not there?"
/// has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
pub enum Rejection {
    #[error("our own AS number is in its AS_PATH")]
    AsPathLoop,
    #[error("its AS_PATH does not begin with the neighbor's AS number")]
    FirstAsMismatch,
    #[error("its AS_PATH has more than 50 hops")]
    AsPathTooLong,
    #[error("its next hop is our own address")]
    OwnNextHop,
    #[error("a default route is not accepted here")]
    DefaultRoute,
    #[error("its prefix is not for use between networks")]
    Martian,
    #[error("its prefix lies inside the peering subnet")]
    PeeringSubnet,
    #[error("its prefix is too long")]
    PrefixTooLong,
    #[error("its prefix is not among the approved route filter prefixes")]
    NotApproved,
}

impl Rejection {
    /// Every reason, for tables and metrics.
    pub const ALL: [Self; 9] = [
        Self::AsPathLoop,
        Self::FirstAsMismatch,
        Self::AsPathTooLong,
        Self::OwnNextHop,
        Self::DefaultRoute,
        Self::Martian,
        Self::PeeringSubnet,
        Self::PrefixTooLong,
        Self::NotApproved,
    ];

    /// A word for metrics and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AsPathLoop => "as_path_loop",
            Self::FirstAsMismatch => "first_as_mismatch",
            Self::AsPathTooLong => "as_path_too_long",
            Self::OwnNextHop => "own_next_hop",
            Self::DefaultRoute => "default_route",
            Self::Martian => "martian",
            Self::PeeringSubnet => "peering_subnet",
            Self::PrefixTooLong => "prefix_too_long",
            Self::NotApproved => "not_approved",
        }
    }
}

/// What is checked on one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportPolicy {
    pub kind: InterfaceKind,
    /// Our ASN on this session: the gateway's, or 7224 on public interfaces.
    pub local_asn: Asn,
    pub neighbor_asn: Asn,
    /// Our address as far as it is known before the session is up.
    pub local_address: Option<IpAddr>,
    /// The subnet that both ends share; `None` when it is not known.
    pub peering_subnet: Option<IpNet>,
    /// Approved `routeFilterPrefixes`; read on public interfaces only.
    pub approved: Vec<IpNet>,
}

impl ImportPolicy {
    /// The checks that depend on attributes alone, so once for all prefixes of an UPDATE.
    ///
    /// # Errors
    /// The first reason that applies.
    pub fn check_path(&self, path: AsPath<'_>, next_hop: Option<IpAddr>) -> Result<(), Rejection> {
        if path.contains(self.local_asn) || self.is_public_loop(path) {
            return Err(Rejection::AsPathLoop);
        }
        if path.first() != Some(self.neighbor_asn) {
            return Err(Rejection::FirstAsMismatch);
        }
        if path.hop_count() > MAX_PATH_HOPS {
            return Err(Rejection::AsPathTooLong);
        }
        // RFC 4271 §6.3: a next hop that is the receiver itself is ignored.
        if next_hop.is_some() && next_hop == self.local_address {
            return Err(Rejection::OwnNextHop);
        }
        Ok(())
    }

    /// Behind every public interface lies the network that is 7224 to the world, whatever number
    /// we have on this session.
    fn is_public_loop(&self, path: AsPath<'_>) -> bool {
        self.kind == InterfaceKind::Public && path.contains(Asn::new(u32::from(PUBLIC_ASN)))
    }

    /// The checks that depend on the prefix.
    ///
    /// # Errors
    /// The first reason that applies.
    pub fn check_prefix(&self, prefix: IpNet) -> Result<(), Rejection> {
        if prefix.prefix_len() == 0 {
            return match self.kind {
                InterfaceKind::Private | InterfaceKind::Transit => Ok(()),
                InterfaceKind::Public => Err(Rejection::DefaultRoute),
            };
        }
        if is_martian(prefix) {
            return Err(Rejection::Martian);
        }
        match self.kind {
            InterfaceKind::Private => Ok(()),
            InterfaceKind::Transit => self.check_peering_subnet(prefix),
            InterfaceKind::Public => {
                self.check_peering_subnet(prefix)?;
                self.check_approved(prefix)
            }
        }
    }

    /// Whether the prefix lies in the subnet of the session itself.
    #[must_use]
    pub fn is_peering_subnet(&self, prefix: IpNet) -> bool {
        self.peering_subnet
            .is_some_and(|subnet| subnet.contains(&prefix))
    }

    fn check_peering_subnet(&self, prefix: IpNet) -> Result<(), Rejection> {
        if self.is_peering_subnet(prefix) {
            Err(Rejection::PeeringSubnet)
        } else {
            Ok(())
        }
    }

    fn check_approved(&self, prefix: IpNet) -> Result<(), Rejection> {
        let longest = match prefix {
            IpNet::V4(_) => 32,
            IpNet::V6(_) => 64,
        };
        if prefix.prefix_len() > longest {
            return Err(Rejection::PrefixTooLong);
        }
        if !self
            .approved
            .iter()
            .any(|approved| approved.contains(&prefix))
        {
            return Err(Rejection::NotApproved);
        }
        Ok(())
    }
}

const fn v4(a: u8, b: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length)
}

const fn v6(first: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), length)
}

const MARTIANS_V4: [Ipv4Net; 5] = [
    v4(0, 0, 8),
    v4(127, 0, 8),
    v4(169, 254, 16),
    v4(224, 0, 4),
    v4(240, 0, 4),
];
const MARTIANS_V6: [Ipv6Net; 3] = [v6(0, 128), v6(0xfe80, 10), v6(0xff00, 8)];

/// Prefixes inside the ranges that never travel between networks. A default route is not one.
pub(super) fn is_martian(prefix: IpNet) -> bool {
    match prefix {
        IpNet::V4(net) => MARTIANS_V4.iter().any(|range| range.contains(&net)),
        IpNet::V6(net) => MARTIANS_V6.iter().any(|range| range.contains(&net)),
    }
}
