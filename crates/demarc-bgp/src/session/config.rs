//! What a session is configured with, and the numbers of spec/routing §1.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::wire::{Asn, Capabilities, Family, GracefulRestart, Open};

/// Configuration of one session; fixed while it lives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SessionConfig {
    pub local_asn: Asn,
    pub peer_asn: Asn,
    pub router_id: Ipv4Addr,
    pub family: Family,
    /// Never open a connection, only accept.
    pub passive: bool,
    /// Seconds that we offer, at least 3.
    pub hold_time: u16,
}

impl SessionConfig {
    /// Offered hold time in seconds.
    pub const HOLD_TIME: u16 = 90;
    /// Least hold time in seconds that we accept.
    pub const MIN_HOLD_TIME: u16 = 3;
    /// Graceful restart time that we offer, and the longest that we keep stale routes.
    pub const RESTART_TIME: Duration = Duration::from_secs(120);
    /// Hold time until the neighbor's OPEN has come (RFC 4271 §8.2.2 suggests four minutes).
    pub const OPEN_HOLD_TIME: Duration = Duration::from_secs(240);

    /// Our OPEN.
    #[must_use]
    pub fn open(&self) -> Open {
        Open {
            two_octet_asn: self.local_asn.two_octets(),
            hold_time: self.hold_time,
            router_id: self.router_id,
            capabilities: Capabilities {
                multiprotocol: vec![(self.family.afi(), self.family.safi())],
                four_octet_asn: Some(self.local_asn),
                route_refresh: true,
                enhanced_route_refresh: true,
                // A helper names no family: its own forwarding state is not preserved
                // (RFC 4724 §3).
                graceful_restart: Some(GracefulRestart {
                    restarting: false,
                    notification: false,
                    restart_time: 120,
                    families: Vec::new(),
                }),
                unknown: Vec::new(),
            },
        }
    }
}
