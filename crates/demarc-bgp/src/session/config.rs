//! What a session is configured with, and the numbers of spec/routing §1.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::wire::{Asn, Capabilities, Family, GracefulRestart, GracefulRestartFamily, Open};

/// What we say of restarts of our own (RFC 4724 §3).
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq)]
pub enum Restart {
    /// Nothing is forwarded here, or not without us: we only help neighbors through theirs.
    #[default]
    Helper,
    /// Forwarding goes on without us.
    Preserving,
    /// It did, and we are back: until the session has come up once.
    Restarted,
}

/// Configuration of one session; but for `restart` fixed while it lives.
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
    pub restart: Restart,
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

    fn graceful_restart(&self) -> GracefulRestart {
        let family = GracefulRestartFamily {
            afi: self.family.afi(),
            safi: self.family.safi(),
            forwarding_preserved: true,
        };
        GracefulRestart {
            restarting: self.restart == Restart::Restarted,
            notification: false,
            restart_time: 120,
            // A helper names no family: its own forwarding state is not preserved (RFC 4724 §3).
            families: match self.restart {
                Restart::Helper => Vec::new(),
                Restart::Preserving | Restart::Restarted => vec![family],
            },
        }
    }

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
                graceful_restart: Some(self.graceful_restart()),
                unknown: Vec::new(),
            },
        }
    }
}
