//! What is worth saying: only what the World does not know yet.

use demarc_domain::entity::{PeerPhase, Session, VirtualInterface, VirtualInterfacePhase};
use demarc_domain::{PeerReport, Report};

/// The report on a virtual interface that stands, unless the World knows all of it.
pub(super) fn of_virtual_interface(
    stored: &VirtualInterface,
    generation: u32,
    peers: Vec<PeerReport>,
) -> Option<Report> {
    let known = |report: &PeerReport| {
        let peer = stored.peers.iter().find(|peer| peer.id == report.id);
        peer.is_none_or(|peer| {
            peer.phase == PeerPhase::Available
                && peer.session == report.session
                && peer.prefixes_received == report.prefixes_received
        })
    };
    let leaving = stored
        .peers
        .iter()
        .any(|peer| peer.phase == PeerPhase::Deleting);
    let nothing_new = stored.programmed == generation && !leaving && peers.iter().all(known);
    (!nothing_new).then_some(Report::VirtualInterface {
        id: stored.id,
        generation,
        peers,
    })
}

/// The report on a virtual interface of which nothing stands: after a restart, when its port is gone,
/// or when it could not be made.
pub(super) fn of_nothing(stored: &VirtualInterface) -> Option<Report> {
    match stored.phase {
        VirtualInterfacePhase::Deleting => Some(Report::VirtualInterfaceRemoved { id: stored.id }),
        VirtualInterfacePhase::Active => {
            let wrong = stored.peers.iter().any(|peer| {
                peer.phase == PeerPhase::Deleting
                    || (peer.phase == PeerPhase::Available && peer.session == Session::Up)
            });
            let available = stored
                .peers
                .iter()
                .filter(|peer| peer.phase == PeerPhase::Available);
            wrong.then(|| Report::VirtualInterface {
                id: stored.id,
                generation: stored.programmed,
                peers: available
                    .map(|peer| PeerReport {
                        id: peer.id,
                        session: Session::Down,
                        prefixes_received: 0,
                    })
                    .collect(),
            })
        }
        _ => None,
    }
}
