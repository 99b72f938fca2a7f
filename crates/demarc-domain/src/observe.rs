//! What a fabric reports, entering by the same door as every other change.
//!
//! Reports say what is, not what changed: the same report twice changes nothing the second time.

use std::collections::BTreeSet;

use demarc_types::{BgpPeerId, ConnectionId, LagId, ParentId, Timestamp, VirtualInterfaceId};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::entity::{
    BgpPeer, Change, Connection, ConnectionPhase, Lag, LagPhase, Link, MacSec, MacSecKeyState,
    PeerPhase, Session, Silence, SilenceStage, Tags, TestStatus, VirtualInterface,
    VirtualInterfacePhase,
};
use crate::operation::failover_test;
use crate::operator::service;
use crate::transaction::Transaction;
use crate::world::World;
use crate::{device_status, state};

/// One thing that an edge saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Report {
    /// The link of a port.
    Port {
        connection: ConnectionId,
        link: Link,
    },
    /// Whether a member of a LAG takes and sends frames, by LACP.
    Lacp {
        connection: ConnectionId,
        distributing: bool,
    },
    /// Whether a key is live with the far side of a port.
    Encryption {
        connection: ConnectionId,
        encrypted: bool,
    },
    /// Keys of this port or LAG are in place: those of these secrets, or all.
    MacSecKeysInstalled {
        port: ParentId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secrets: Option<BTreeSet<String>>,
    },
    /// The virtual interface stands as of `generation`, with these peers and no others.
    VirtualInterface {
        id: VirtualInterfaceId,
        generation: u32,
        peers: Vec<PeerReport>,
    },
    /// Nothing of the virtual interface is left.
    VirtualInterfaceRemoved { id: VirtualInterfaceId },
    /// The edge of a device has not been heard since. The stages come one after the other: one that does not
    /// follow from what is known is passed over, since somebody has heard the edge meanwhile. While it is asked
    /// about, who has heard it later may say so.
    DeviceSilent {
        device: String,
        since: Timestamp,
        stage: SilenceStage,
    },
    /// The edge of a device is heard, or has nothing left to report.
    DeviceHeard { device: String },
    /// What the edge of a device has said in its status of this number. It is passed over when another session
    /// speaks for the device, or a later status was taken already: who hears an edge late does not know better.
    OfEdge {
        device: String,
        session: String,
        number: u64,
        reports: Vec<Self>,
    },
}

/// A BGP session as its edge sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerReport {
    pub id: BgpPeerId,
    pub session: Session,
    /// Distinct prefixes in the Adj-RIB-In.
    #[serde(default)]
    pub prefixes_received: u32,
    /// The customer's router seems to have another key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrong_key: bool,
}

/// Takes reports into the World, in order. Reports on what is not there are passed over.
pub fn observe(world: &World, context: &mut Context, reports: &[Report]) -> (World, Vec<Change>) {
    let mut transaction = Transaction::new(world, context);
    for report in reports {
        take(&mut transaction, report);
    }
    transaction.finish()
}

fn take(tx: &mut Transaction<'_>, report: &Report) {
    match report {
        Report::Port { connection, link } => on_port(tx, *connection, |port| port.link = *link),
        Report::Lacp {
            connection,
            distributing,
        } => on_port(tx, *connection, |port| {
            port.distributing = *distributing && port.lag.is_some();
        }),
        Report::Encryption {
            connection,
            encrypted,
        } => on_port(tx, *connection, |port| {
            if let Some(mac_sec) = &mut port.mac_sec {
                mac_sec.encrypted = *encrypted;
            }
        }),
        Report::MacSecKeysInstalled { port, secrets } => {
            keys_installed(tx, *port, secrets.as_ref());
        }
        Report::VirtualInterface {
            id,
            generation,
            peers,
        } => {
            if let Some(found) = tx.virtual_interface(*id).cloned() {
                virtual_interface(tx, &found, *generation, peers);
            }
        }
        Report::VirtualInterfaceRemoved { id } => {
            if let Some(found) = tx.virtual_interface(*id).cloned() {
                removed(tx, &found);
            }
        }
        Report::DeviceSilent {
            device,
            since,
            stage,
        } => silent(tx, device, *since, *stage),
        Report::DeviceHeard { device } => {
            if tx.silence(device).is_some() {
                let mut service = service(tx);
                service.silent.remove(device);
                tx.put(service);
            }
        }
        Report::OfEdge {
            device,
            session,
            number,
            reports,
        } => of_edge(tx, device, session, *number, reports),
    }
}

fn of_edge(tx: &mut Transaction<'_>, device: &str, session: &str, number: u64, reports: &[Report]) {
    let speaks = tx.edge_session(device).filter(|it| it.session == session);
    let Some(latest) = speaks.map(|it| it.status).filter(|it| *it <= number) else {
        return;
    };
    for report in reports {
        take(tx, report);
    }
    if latest < number {
        let mut service = service(tx);
        if let Some(speaks) = service.edges.get_mut(device) {
            speaks.status = number;
        }
        tx.put(service);
    }
}

/// Changes a port, which may bring it into service.
fn on_port(tx: &mut Transaction<'_>, id: ConnectionId, change: impl FnOnce(&mut Connection)) {
    let Some(found) = tx.connection(id) else {
        return;
    };
    // A port without approval has no link yet: one reported for a draft that others overtook must not
    // linger until the approval, since a link that is up already is not reported again.
    let in_service = matches!(
        found.phase,
        ConnectionPhase::Pending { .. } | ConnectionPhase::Live
    );
    if found.is_hosted() || !in_service {
        return;
    }
    let mut port = found.as_ref().clone();
    change(&mut port);
    tx.put(port);
    port_may_be_up(tx, id);
}

/// A port that has a link for the first time, a secured one where it must encrypt, comes into service
/// (spec/states §1), and perhaps its LAG with it.
pub(crate) fn port_may_be_up(tx: &mut Transaction<'_>, id: ConnectionId) {
    let Some(found) = tx.connection(id) else {
        return;
    };
    let lag = found.lag;
    let waits = matches!(found.phase, ConnectionPhase::Pending { .. }) && !found.is_hosted();
    if waits && state::has_link(tx, found) {
        let port = Connection {
            phase: ConnectionPhase::Live,
            ..found.as_ref().clone()
        };
        tx.put(port);
    }
    if let Some(lag) = lag {
        lag_may_be_up(tx, lag);
    }
}

/// A LAG that has enough links for the first time is remembered to have been up.
pub(crate) fn lag_may_be_up(tx: &mut Transaction<'_>, id: LagId) {
    let Some(lag) = tx.lag(id) else { return };
    if lag.phase == (LagPhase::Active { been_up: false }) && state::has_enough_links(tx, lag) {
        let lag = Lag {
            phase: LagPhase::Active { been_up: true },
            ..lag.as_ref().clone()
        };
        tx.put(lag);
    }
}

fn keys_installed(tx: &mut Transaction<'_>, port: ParentId, secrets: Option<&BTreeSet<String>>) {
    let install = |mac_sec: &mut MacSec| {
        for key in &mut mac_sec.keys {
            if secrets.is_none_or(|secrets| secrets.contains(&key.secret_arn)) {
                key.state = MacSecKeyState::Associated;
            }
        }
    };
    match port {
        ParentId::Connection(id) => on_port(tx, id, |port| {
            if let Some(mac_sec) = &mut port.mac_sec {
                install(mac_sec);
            }
        }),
        ParentId::Lag(id) => {
            if let Some(lag) = tx.lag(id) {
                let mut lag = lag.as_ref().clone();
                if let Some(mac_sec) = &mut lag.mac_sec {
                    install(mac_sec);
                }
                tx.put(lag);
            }
        }
    }
}

fn virtual_interface(
    tx: &mut Transaction<'_>,
    found: &VirtualInterface,
    generation: u32,
    reports: &[PeerReport],
) {
    if found.phase != VirtualInterfacePhase::Active {
        return;
    }
    let now = tx.context.now;
    let mut next = found.clone();
    next.programmed = generation.min(next.generation);
    // A peer on the way out that the edge no longer has is gone.
    next.peers.retain(|peer| {
        peer.phase != PeerPhase::Deleting || reports.iter().any(|report| report.id == peer.id)
    });
    for peer in &mut next.peers {
        if let Some(report) = reports.iter().find(|report| report.id == peer.id) {
            take_peer(peer, report, now);
        }
    }
    tx.put(next);
}

fn take_peer(peer: &mut BgpPeer, report: &PeerReport, now: Timestamp) {
    if peer.phase == PeerPhase::Pending {
        peer.phase = PeerPhase::Available;
    }
    if peer.phase != PeerPhase::Available {
        return;
    }
    if peer.session != report.session {
        peer.session = report.session;
        peer.session_since = now;
    }
    peer.prefixes_received = report.prefixes_received;
    peer.wrong_key = report.wrong_key;
}

fn removed(tx: &mut Transaction<'_>, found: &VirtualInterface) {
    if found.phase != VirtualInterfacePhase::Deleting {
        return;
    }
    let mut next = found.clone();
    next.phase = VirtualInterfacePhase::Deleted { at: tx.context.now };
    next.programmed = 0;
    // Those that it was given while it was deleting.
    next.tags = Tags::default();
    for peer in &mut next.peers {
        peer.phase = PeerPhase::Deleted;
        peer.session = Session::Down;
    }
    tx.put(next);
}

/// A device goes one stage further into silence. What its edge said last stays as it is.
fn silent(tx: &mut Transaction<'_>, device: &str, since: Timestamp, stage: SilenceStage) {
    let since = match tx.silence(device) {
        None if stage == SilenceStage::Asked => since,
        Some(known) if known.stage == SilenceStage::Asked && known.stage == stage => {
            known.since.max(since)
        }
        Some(known) if known.stage.next() == Some(stage) => known.since,
        _ => return,
    };
    let mut service = service(tx);
    let silence = Silence { since, stage };
    service.silent.insert(device.to_owned(), silence);
    tx.put(service);
    if stage == SilenceStage::Unknown {
        // Nobody knows whether these are still held (spec/states §11, `failed`).
        let interfaces = device_status::interfaces_of(tx, device).into_iter();
        let tests: Vec<_> = interfaces.filter_map(|interface| interface.test).collect();
        for test in tests {
            failover_test::finish(tx, test, TestStatus::Failed);
        }
    }
}

#[cfg(test)]
mod tests;
