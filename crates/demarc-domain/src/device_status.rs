//! What an edge says of its device, and what the World learns from it.
//!
//! A status is complete and level-triggered, as an intent is: it says what stands, not what changed. What is
//! not in it does not stand, provided that the edge has followed an intent at least as new as the one that
//! the device has now.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use demarc_types::{
    BgpPeerId, ConnectionId, LagId, ParentId, Prefix, Timestamp, VirtualInterfaceId,
};
use serde::{Deserialize, Serialize};

use crate::entity::{
    Connection, ConnectionPhase, Link, MacSecKeyState, PeerPhase, Session, VirtualInterface,
    VirtualInterfacePhase,
};
use crate::observe::{PeerReport, Report};
use crate::route_source::{ExplainedRoute, PathSegment, Rejected, Route, RouteDirection};
use crate::world::World;
use crate::{parent, state};

mod again;

pub use self::again::{Compared, news_again};

/// Everything that an edge knows of its device, but for routes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceStatus {
    pub device: String,
    /// The revision of the intent that was followed; `None`: none yet, or the edge cannot work at all.
    /// Then only `faults` means something.
    pub followed: Option<u64>,
    pub ports: Vec<PortStatus>,
    /// Shared with the statuses before, as long as they do not differ: most do not.
    pub virtual_interfaces: Vec<Arc<VirtualInterfaceStatus>>,
    /// Frames dropped at all ports.
    pub drops: DropCounters,
    /// What is wrong, in words; the edge goes on trying.
    pub faults: Vec<Fault>,
    /// What was found in the way and is not ours: never touched.
    pub foreign: Vec<String>,
}

/// A port and the interface that it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortStatus {
    pub connection: ConnectionId,
    /// The network interface; `None`: none is bound to it.
    pub interface: Option<String>,
    pub link: Link,
    /// Of a member of a LAG.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacp: Option<LacpStatus>,
    /// Of a port with MACsec, where the edge can do that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_sec: Option<MacSecStatus>,
    #[serde(default)]
    pub drops: DropCounters,
}

/// A port as MKA has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MacSecStatus {
    /// Frames are sent and taken under protection.
    pub encrypted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Secrets of the keys that the edge has.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub secrets: BTreeSet<String>,
    /// The key in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ckn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cipher: Option<String>,
    /// Who distributes keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_server: Option<String>,
    /// Who else takes part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<String>,
    pub counters: MacSecCounters,
    /// Frames of MKA that were not believed, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub discarded: BTreeMap<String, u64>,
}

/// Frames of a port with MACsec, since its MACsec interface was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MacSecCounters {
    pub out_encrypted: u64,
    pub in_accepted: u64,
    /// Dropped: repeated, or too far behind.
    pub in_late: u64,
    /// Dropped: not genuine.
    pub in_invalid: u64,
    /// Dropped: of a channel or with a key that is not known.
    pub in_unknown: u64,
}

/// A member of a LAG as LACP has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LacpStatus {
    pub lag: LagId,
    pub state: LacpState,
    /// System and key of the other end, where it is heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// Why it carries nothing, or not both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far a member is on its way into a LAG (IEEE 802.1AX, mux machine).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LacpState {
    Detached,
    Waiting,
    Attached,
    Collecting,
    /// It takes and sends frames.
    Distributing,
}

/// A virtual interface of which something stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualInterfaceStatus {
    pub id: VirtualInterfaceId,
    /// The generation that is in force.
    pub generation: u32,
    #[serde(default)]
    pub counters: TrafficCounters,
    pub peers: Vec<PeerStatus>,
}

/// Packets and bytes, from the customer (in) and to the customer (out), without the VLAN tag. They begin
/// at 0 when the edge does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficCounters {
    pub in_packets: u64,
    pub in_bytes: u64,
    pub out_packets: u64,
    pub out_bytes: u64,
    /// Dropped because the rate was exceeded, in packets and bytes; not in the numbers above.
    pub in_policed: u64,
    pub in_policed_bytes: u64,
    pub out_policed: u64,
    pub out_policed_bytes: u64,
    /// Packets of a public virtual interface from a source that is in no accepted prefix.
    pub wrong_source: u64,
    /// Frames for another station.
    pub wrong_mac: u64,
    /// Packets longer than the MTU.
    pub too_long: u64,
    /// BGP, BFD, ARP and neighbor discovery above their own rate.
    pub control_policed: u64,
    /// TCP segments dropped in the gateway for their MD5 signature while a session of this interface waited:
    /// the kernel does not tell by which interface they came.
    pub wrong_signature: u64,
}

/// Frames of ports that belong to no virtual interface, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DropCounters {
    pub untagged: u64,
    pub unknown_vlan: u64,
    pub failed: u64,
}

/// A BGP session as its edge sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerStatus {
    pub id: BgpPeerId,
    pub session: Session,
    /// The state of RFC 4271 §8.2.2, in its words.
    #[serde(default)]
    pub state: String,
    /// Why it is not up, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The customer's router seems to have another key: the kernel drops TCP segments for their signature
    /// (spec/routing §13, row 12).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrong_key: bool,
    /// BFD's view of the path, where BFD runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bfd: Option<Session>,
    /// Distinct prefixes in the Adj-RIB-In.
    #[serde(default)]
    pub prefixes_received: u32,
    #[serde(default)]
    pub prefixes_accepted: u32,
    #[serde(default)]
    pub prefixes_advertised: u32,
}

/// Something that keeps the edge from what it is to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// What it is about: an id, an interface, a file, `kernel`.
    pub subject: String,
    pub message: String,
}

impl Fault {
    pub fn new(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            message: message.into(),
        }
    }
}

/// A route of a session, as the edge has it. When it came is told by its session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenRoute {
    pub direction: RouteDirection,
    pub prefix: Prefix,
    pub as_path: Vec<PathSegment>,
    pub communities: Vec<(u16, u16)>,
    #[serde(default)]
    pub med: u32,
    /// It came from the customer and is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Rejected>,
}

impl SeenRoute {
    /// As the API shows it.
    pub fn since(&self, installed: Timestamp) -> Route {
        Route {
            direction: self.direction,
            prefix: self.prefix,
            as_path: self.as_path.clone(),
            communities: self.communities.clone(),
            installed,
        }
    }

    /// With what decides about it.
    pub fn explained(&self, installed: Timestamp) -> ExplainedRoute {
        ExplainedRoute {
            route: self.since(installed),
            med: self.med,
            rejected: self.rejected.clone(),
        }
    }
}

/// The routes of each session.
pub type SeenRoutes = BTreeMap<BgpPeerId, Vec<SeenRoute>>;

/// What goes over the wire: the whole status, and the routes of the sessions whose routes have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusUpdate {
    pub status: DeviceStatus,
    /// Counts the statuses of the session: the edge tells each server every one, and some hear them late.
    #[serde(default)]
    pub number: u64,
    /// These replace what was said before about the same sessions; an empty list ends one.
    #[serde(default)]
    pub routes: SeenRoutes,
    /// `routes` holds all sessions that have routes: forget the others.
    #[serde(default)]
    pub all_routes: bool,
}

/// What the World does not know yet of a status. An edge can say something about its own device only.
///
/// `current`: the edge has followed what the device is to do now, so that what it does not mention is not
/// there.
pub fn news(world: &World, status: &DeviceStatus, current: bool) -> Vec<Report> {
    if status.followed.is_none() {
        return Vec::new();
    }
    let ports = status.ports.iter();
    let mut reports: Vec<Report> = ports
        .flat_map(|port| of_port(world, &status.device, port))
        .collect();
    let seen = status.virtual_interfaces.iter();
    let seen = seen.map(|it| (it.id, it.as_ref()));
    let seen: HashMap<VirtualInterfaceId, &VirtualInterfaceStatus> = seen.collect();
    for stored in interfaces_of(world, &status.device) {
        match seen.get(&stored.id) {
            Some(seen) => reports.extend(of_standing(stored, seen)),
            None if current => reports.extend(of_nothing(stored)),
            None => {}
        }
    }
    reports
}

fn of_port(world: &World, device: &str, seen: &PortStatus) -> Vec<Report> {
    let mut reports = Vec::new();
    let known = world
        .connection(seen.connection)
        .filter(|known| known.is_live() && known.device.as_deref() == Some(device));
    let Some(known) = known else {
        return reports;
    };
    let connection = seen.connection;
    if known.link != seen.link {
        reports.push(Report::Port {
            connection,
            link: seen.link,
        });
    }
    encryption(world, known, seen.mac_sec.as_ref(), &mut reports);
    // What is said of another LAG than the one that the port is in by now is of the past.
    let lacp = seen.lacp.as_ref();
    if let Some(lacp) = lacp.filter(|lacp| known.lag == Some(lacp.lag)) {
        let distributing = lacp.state == LacpState::Distributing;
        if known.distributing != distributing {
            reports.push(Report::Lacp {
                connection,
                distributing,
            });
        }
    }
    reports
}

/// Keys in place, and whether one is in use: who has no MACsec says nothing of it.
fn encryption(
    world: &World,
    known: &Connection,
    seen: Option<&MacSecStatus>,
    reports: &mut Vec<Report>,
) {
    let connection = known.id;
    let Some(own) = &known.mac_sec else { return };
    let in_force = state::mac_sec_in_force(world, known);
    let keys = in_force.map(|it| it.keys.as_slice()).unwrap_or_default();
    // What is said of keys that are gone by now is of the past.
    let encrypted = seen.is_some_and(|seen| seen.encrypted) && !keys.is_empty();
    if own.encrypted != encrypted {
        reports.push(Report::Encryption {
            connection,
            encrypted,
        });
    }
    let Some(seen) = seen else { return };
    let new = keys.iter().filter(|key| {
        key.state == MacSecKeyState::Associating && seen.secrets.contains(&key.secret_arn)
    });
    let new: BTreeSet<String> = new.map(|key| key.secret_arn.clone()).collect();
    if !new.is_empty() {
        reports.push(Report::MacSecKeysInstalled {
            port: known
                .lag
                .map_or(ParentId::Connection(connection), ParentId::Lag),
            secrets: Some(new),
        });
    }
}

/// Whether nobody will ever say that a virtual interface is gone: it is on its way out, and its device has
/// no edge. `served` tells which devices have one.
pub fn has_no_edge(world: &World, id: VirtualInterfaceId, served: impl Fn(&str) -> bool) -> bool {
    world.virtual_interface(id).is_some_and(|stored| {
        stored.phase == VirtualInterfacePhase::Deleting
            && parent::device(world, stored.parent).is_none_or(|device| !served(&device))
    })
}

/// The devices that have a port in service: their edges have something to say.
pub fn in_service(world: &World) -> BTreeSet<&str> {
    let ports = world
        .connections()
        .filter(|port| port.phase == ConnectionPhase::Live && !port.is_hosted());
    ports.filter_map(|port| port.device.as_deref()).collect()
}

/// The virtual interfaces whose frames come in by a device. However many other devices have, these are found
/// by the ports of this one.
pub(crate) fn interfaces_of<'w>(world: &'w World, device: &str) -> Vec<&'w VirtualInterface> {
    let ports = world
        .connections()
        .filter(|it| it.parent().is_none() && it.device.as_deref() == Some(device))
        .map(|it| ParentId::Connection(it.id));
    let lags = world.lags().filter(|it| it.device == device);
    let carriers: Vec<ParentId> = ports.chain(lags.map(|it| ParentId::Lag(it.id))).collect();
    let hosted = carriers.iter().flat_map(|it| world.hosted_on(*it));
    let hosted: Vec<ParentId> = hosted.map(|it| ParentId::Connection(it.id)).collect();
    let parents = carriers.iter().chain(&hosted);
    let mut interfaces: Vec<&VirtualInterface> = parents
        .flat_map(|it| parent::holding(world, *it))
        .map(AsRef::as_ref)
        .collect();
    interfaces.sort_unstable_by_key(|it| it.id);
    interfaces
}

fn of_standing(stored: &VirtualInterface, seen: &VirtualInterfaceStatus) -> Option<Report> {
    let known = |status: &PeerStatus| {
        let peer = stored.peers.iter().find(|peer| peer.id == status.id);
        peer.is_none_or(|peer| {
            peer.phase == PeerPhase::Available
                && peer.session == status.session
                && peer.prefixes_received == status.prefixes_received
                && peer.wrong_key == status.wrong_key
        })
    };
    let gone = |peer: BgpPeerId| !seen.peers.iter().any(|status| status.id == peer);
    let leaving = stored
        .peers
        .iter()
        .any(|peer| peer.phase == PeerPhase::Deleting && gone(peer.id));
    let nothing_new = stored.programmed == seen.generation.min(stored.generation)
        && !leaving
        && seen.peers.iter().all(known);
    let report = || Report::VirtualInterface {
        id: stored.id,
        generation: seen.generation,
        peers: seen.peers.iter().map(PeerReport::from).collect(),
    };
    (stored.phase == VirtualInterfacePhase::Active && !nothing_new).then(report)
}

impl From<&PeerStatus> for PeerReport {
    fn from(status: &PeerStatus) -> Self {
        Self {
            id: status.id,
            session: status.session,
            prefixes_received: status.prefixes_received,
            wrong_key: status.wrong_key,
        }
    }
}

/// The report on a virtual interface of which nothing stands: its port is gone, or it could not be made.
fn of_nothing(stored: &VirtualInterface) -> Option<Report> {
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
                        wrong_key: false,
                    })
                    .collect(),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
