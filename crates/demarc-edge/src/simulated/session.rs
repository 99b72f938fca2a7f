//! BGP sessions of simulated virtual interfaces.

use demarc_domain::entity::{BgpPeer, PeerPhase, Session, VirtualInterface, VirtualInterfacePhase};
use demarc_domain::intent::{self, PeerIntent, VirtualInterfaceIntent};
use demarc_domain::{PeerReport, Report, World};

use super::Urgency;
use super::routes;

/// The simulated customer's router speaks whenever it can.
fn intended_session(intent: &VirtualInterfaceIntent, peer: &PeerIntent) -> Session {
    if intent.in_service && !peer.shutdown && !peer.simulated_down {
        Session::Up
    } else {
        Session::Down
    }
}

/// How soon the virtual interface needs attention, if at all.
pub(super) fn urgency(world: &World, interface: &VirtualInterface) -> Option<Urgency> {
    if interface.phase == VirtualInterfacePhase::Deleting {
        return Some(Urgency::AfterSettling);
    }
    let intent = intent::virtual_interface(world, interface)?;
    let unconfigured =
        |peer: &BgpPeer| matches!(peer.phase, PeerPhase::Pending | PeerPhase::Deleting);
    let mut urgency = (interface.is_behind() || interface.peers.iter().any(unconfigured))
        .then_some(Urgency::AfterSettling);
    for peer in &intent.peers {
        let stored = interface.peers.iter().find(|stored| stored.id == peer.id);
        let Some(stored) = stored.filter(|stored| stored.phase == PeerPhase::Available) else {
            continue;
        };
        match (intended_session(&intent, peer), stored.session) {
            (Session::Up, Session::Down) => {
                urgency = urgency.or(Some(Urgency::AfterSettling));
            }
            (Session::Down, Session::Up) => return Some(Urgency::Now),
            (Session::Up, Session::Up) if announces_otherwise(interface, stored) => {
                urgency = urgency.or(Some(Urgency::AfterSettling));
            }
            _ => {}
        }
    }
    urgency
}

/// The customer has come to announce more or fewer prefixes: the allocation or the approved prefixes changed.
fn announces_otherwise(interface: &VirtualInterface, peer: &BgpPeer) -> bool {
    peer.prefixes_received != routes::announced_count(interface, peer.family)
}

/// What to say of the virtual interface.
pub(super) fn report(world: &World, interface: &VirtualInterface) -> Option<Report> {
    if interface.phase == VirtualInterfacePhase::Deleting {
        return Some(Report::VirtualInterfaceRemoved { id: interface.id });
    }
    let intent = intent::virtual_interface(world, interface)?;
    let peers = intent
        .peers
        .iter()
        .map(|peer| {
            let session = intended_session(&intent, peer);
            let prefixes_received = if session == Session::Up {
                routes::announced_count(interface, peer.family)
            } else {
                0
            };
            PeerReport {
                wrong_key: false,
                id: peer.id,
                session,
                prefixes_received,
            }
        })
        .collect();
    Some(Report::VirtualInterface {
        id: intent.id,
        generation: intent.generation,
        peers,
    })
}
