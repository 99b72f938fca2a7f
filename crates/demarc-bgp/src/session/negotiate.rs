//! Is the neighbor's OPEN acceptable, and what holds between the two (RFC 4271 §6.2).

use std::net::Ipv4Addr;
use std::time::Duration;

use super::config::SessionConfig;
use crate::wire::{Asn, Capabilities, ErrorCode, Family, Notification, Open, SessionContext};

/// What both OPENs together mean.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Negotiated {
    pub family: Family,
    pub peer_asn: Asn,
    pub peer_router_id: Ipv4Addr,
    /// The lower of both offers, in seconds, at least 3.
    pub hold_time: u16,
    /// A third of the hold time.
    pub keepalive_interval: Duration,
    pub four_octet_asn: bool,
    pub route_refresh: bool,
    pub enhanced_route_refresh: bool,
    /// What the neighbor can do, as it said.
    pub peer_capabilities: Capabilities,
}

impl Negotiated {
    /// How to read the neighbor's UPDATEs.
    #[must_use]
    pub const fn context(&self) -> SessionContext {
        SessionContext {
            family: self.family,
            four_octet_asn: self.four_octet_asn,
        }
    }

    /// How long routes outlive a lost connection: the neighbor's restart time, at most ours.
    /// `None` unless it can preserve forwarding for the family of the session (RFC 4724 §4.2).
    #[must_use]
    pub fn restart_time(&self) -> Option<Duration> {
        let restart = self.peer_capabilities.graceful_restart.as_ref()?;
        restart.family(self.family)?;
        let time = Duration::from_secs(u64::from(restart.restart_time));
        Some(time.min(SessionConfig::RESTART_TIME)).filter(|time| !time.is_zero())
    }

    /// The neighbor says that it kept forwarding while it was away (RFC 4724 §4.2).
    #[must_use]
    pub fn forwarding_preserved(&self) -> bool {
        let restart = self.peer_capabilities.graceful_restart.as_ref();
        let family = restart.and_then(|restart| restart.family(self.family));
        family.is_some_and(|entry| entry.forwarding_preserved)
    }
}

/// Judges an OPEN.
///
/// # Errors
/// The NOTIFICATION to refuse it with: 2/2, 2/3, 2/6 or 2/7.
pub(super) fn negotiate(config: &SessionConfig, open: &Open) -> Result<Negotiated, Notification> {
    let capabilities = &open.capabilities;
    if open.asn() != config.peer_asn || open.two_octet_asn == 0 {
        // The RFC gives this error no data: the number that was judged helps both operators.
        let data = match capabilities.four_octet_asn {
            Some(asn) if open.two_octet_asn != 0 => asn.get().to_be_bytes().to_vec(),
            _ => open.two_octet_asn.to_be_bytes().to_vec(),
        };
        return Err(Notification::with_data(ErrorCode::OPEN_BAD_PEER_AS, data));
    }
    // RFC 6286 §2.2; an identifier like ours is an error on internal sessions only.
    if open.router_id.is_unspecified() {
        let identifier = open.router_id.octets();
        return Err(Notification::with_data(
            ErrorCode::OPEN_BAD_IDENTIFIER,
            identifier,
        ));
    }
    // Zero, which RFC 4271 allows to mean "never", is not supported (spec/routing §1).
    if open.hold_time < SessionConfig::MIN_HOLD_TIME {
        let offered = open.hold_time.to_be_bytes();
        return Err(Notification::with_data(
            ErrorCode::OPEN_UNACCEPTABLE_HOLD_TIME,
            offered,
        ));
    }
    if !capabilities.supports(config.family) {
        let wanted = Capabilities::multiprotocol_bytes(config.family);
        return Err(Notification::with_data(
            ErrorCode::OPEN_UNSUPPORTED_CAPABILITY,
            wanted,
        ));
    }
    let hold_time = config.hold_time.min(open.hold_time);
    Ok(Negotiated {
        family: config.family,
        peer_asn: config.peer_asn,
        peer_router_id: open.router_id,
        hold_time,
        keepalive_interval: Duration::from_secs(u64::from(hold_time)) / 3,
        four_octet_asn: capabilities.four_octet_asn.is_some(),
        route_refresh: capabilities.route_refresh,
        enhanced_route_refresh: capabilities.enhanced_route_refresh,
        peer_capabilities: capabilities.clone(),
    })
}
