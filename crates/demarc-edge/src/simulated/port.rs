//! Links and encryption of simulated ports.

use demarc_domain::entity::{
    Connection, ConnectionPhase, EncryptionMode, Lag, Link, MacSec, MacSecKeyState,
};
use demarc_domain::{Report, World, state};
use demarc_types::ParentId;

use super::Urgency;

/// The link that the simulated far end gives: up, unless it was told otherwise.
fn intended_link(port: &Connection) -> Option<Link> {
    let in_service = matches!(
        port.phase,
        ConnectionPhase::Pending { .. } | ConnectionPhase::Live
    );
    if port.is_hosted() || !in_service {
        return None;
    }
    Some(if port.simulated_down {
        Link::Down
    } else {
        Link::Up
    })
}

/// The far end has every key that the near end has; so a link with a key is encrypted, unless the mode
/// says not to.
fn intended_encryption(world: &World, port: &Connection) -> bool {
    let in_force = state::mac_sec_in_force(world, port);
    let has_key =
        |mac_sec: &MacSec| mac_sec.mode != EncryptionMode::NoEncrypt && !mac_sec.keys.is_empty();
    intended_link(port) == Some(Link::Up) && in_force.is_some_and(has_key)
}

/// The far end of a member runs LACP.
fn intended_lacp(port: &Connection) -> bool {
    port.lag.is_some() && intended_link(port) == Some(Link::Up)
}

fn is_encrypted(port: &Connection) -> bool {
    port.mac_sec
        .as_ref()
        .is_some_and(|mac_sec| mac_sec.encrypted)
}

fn has_new_keys(mac_sec: Option<&MacSec>) -> bool {
    mac_sec.is_some_and(|mac_sec| {
        mac_sec
            .keys
            .iter()
            .any(|key| key.state == MacSecKeyState::Associating)
    })
}

/// How soon the port needs attention, if at all.
pub(super) fn urgency(world: &World, port: &Connection) -> Option<Urgency> {
    let intended = intended_link(port)?;
    if port.link != intended {
        // The first link takes a technician; afterwards a change is a change.
        let first = matches!(port.phase, ConnectionPhase::Pending { .. });
        return Some(if first {
            Urgency::AfterSettling
        } else {
            Urgency::Now
        });
    }
    if port.distributing != intended_lacp(port) {
        return Some(Urgency::Now);
    }
    let encrypts = port.mac_sec.is_some() && is_encrypted(port) != intended_encryption(world, port);
    (encrypts || has_new_keys(port.mac_sec.as_ref())).then_some(Urgency::AfterSettling)
}

/// What to say of the port.
pub(super) fn reports(world: &World, port: &Connection) -> Vec<Report> {
    let Some(link) = intended_link(port) else {
        return Vec::new();
    };
    let mut reports = Vec::new();
    if port.link != link {
        reports.push(Report::Port {
            connection: port.id,
            link,
        });
    }
    let distributing = intended_lacp(port);
    if port.distributing != distributing {
        reports.push(Report::Lacp {
            connection: port.id,
            distributing,
        });
    }
    let encrypted = intended_encryption(world, port);
    if port.mac_sec.is_some() && is_encrypted(port) != encrypted {
        reports.push(Report::Encryption {
            connection: port.id,
            encrypted,
        });
    }
    if has_new_keys(port.mac_sec.as_ref()) {
        reports.push(Report::MacSecKeysInstalled {
            port: ParentId::Connection(port.id),
            secrets: None,
        });
    }
    reports
}

/// A LAG's own keys.
pub(super) fn lag_urgency(lag: &Lag) -> Option<Urgency> {
    has_new_keys(lag.mac_sec.as_ref()).then_some(Urgency::AfterSettling)
}

pub(super) fn lag_report(lag: &Lag) -> Option<Report> {
    has_new_keys(lag.mac_sec.as_ref()).then_some(Report::MacSecKeysInstalled {
        port: ParentId::Lag(lag.id),
        secrets: None,
    })
}
