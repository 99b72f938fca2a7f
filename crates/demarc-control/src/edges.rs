//! Devices and their edges: intents out, statuses in.
//!
//! Intents are derived again when the World changes; those who wait for one hear of it only when it differs.
//! What a status says that the World does not know becomes reports, and so does that none comes. Statuses and
//! routes are kept in memory only: an edge says everything again to a process that knows nothing of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use demarc_domain::device_status::{self, Compared, DeviceStatus, SeenRoute, SeenRoutes};
use demarc_domain::entity::{EntityKey, SilenceStage, VirtualInterface};
use demarc_domain::fabric::Fabric;
use demarc_domain::intent::{self, Derived, VersionedIntent};
use demarc_domain::{ExplainedRoute, Report, Route, RouteSource, World, state};
use demarc_store::Revision;
use demarc_types::{Timestamp, VirtualInterfaceId};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::control::Control;
use crate::health::Role;
use crate::silence::{LastReports, Listening, PATIENCE, is_fresh};
use crate::snapshot::Snapshot;

/// The least time between two derivations: commits that come close together are looked at once.
const REST: Duration = Duration::from_millis(5);
/// Before a report that was not taken is made again.
const RETRY: Duration = Duration::from_millis(500);

/// An edge asks for its intent again within this time: it waits half as long for a change.
const ASKS: Duration = Duration::from_secs(60);

/// All devices that someone asked about, with what their edges said.
#[derive(Debug)]
pub struct Edges {
    devices: Mutex<BTreeMap<String, Device>>,
    /// How long an edge may say nothing before what it said is not known to be so any more.
    patience: Duration,
    /// Counts changes of intents.
    changed: watch::Sender<u64>,
    /// A status has come, or a device.
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Device {
    intent: Option<Arc<VersionedIntent>>,
    /// The World that the intent was compared with last.
    compared: Option<Revision>,
    derived: Derived,
    heard_out: Compared,
    status: Option<Arc<DeviceStatus>>,
    /// The status's, of an edge elsewhere.
    number: u64,
    routes: SeenRoutes,
    /// Its edge is in this process.
    local: bool,
    /// The session that spoke last, and when; of a local edge none.
    session: Option<String>,
    heard: Option<Instant>,
    /// When it last asked this process for the intent.
    asked: Option<Instant>,
    /// When its edge last said what stands: one that cannot work says nothing of the device.
    reported: Option<Instant>,
}

impl Device {
    fn last_report(&self) -> Option<Instant> {
        // An edge in this process says something when something changes; silent it is not.
        let speaks = self.local && self.status.as_ref().is_some_and(|it| it.followed.is_some());
        if speaks {
            Some(Instant::now())
        } else {
            self.reported
        }
    }
}

/// What this process has heard of a device.
#[derive(Clone, Debug)]
pub struct Heard {
    pub device: String,
    pub local: bool,
    pub status: Option<Arc<DeviceStatus>>,
    /// The revision of its intent; `None` where its edge asks another process: that may have another number
    /// for the same.
    pub wanted: Option<u64>,
    /// How long ago its edge was heard last; `None`: never, or it is in this process.
    pub ago: Option<Duration>,
}

impl Default for Edges {
    fn default() -> Self {
        Self::with_patience(PATIENCE)
    }
}

impl Edges {
    /// Edges that are silent after a time of one's own, for tests.
    pub fn with_patience(patience: Duration) -> Self {
        Self {
            devices: Mutex::default(),
            patience,
            changed: watch::Sender::default(),
            arrived: Notify::default(),
        }
    }

    fn devices(&self) -> MutexGuard<'_, BTreeMap<String, Device>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on the intent of this device is kept up to date.
    pub fn attend(&self, device: &str) {
        let mut devices = self.devices();
        let found = devices.entry(device.to_owned()).or_default();
        if found.intent.is_none() {
            self.arrived.notify_one();
        }
    }

    /// As [`Edges::attend`], for a device whose edge is in this process.
    pub fn attend_locally(&self, device: &str) {
        let mut devices = self.devices();
        let found = devices.entry(device.to_owned()).or_default();
        if !found.local {
            found.local = true;
            self.arrived.notify_one();
        }
    }

    /// Whether the device's edge is in this process.
    pub fn is_local(&self, device: &str) -> bool {
        self.devices().get(device).is_some_and(|found| found.local)
    }

    /// A sign of life of a session. Whether all it said before is known here: if not, it has to say
    /// everything.
    pub fn hear(&self, device: &str, session: &str) -> bool {
        let mut devices = self.devices();
        let found = devices.entry(device.to_owned()).or_default();
        found.heard = Some(Instant::now());
        let is_known = found.session.as_deref() == Some(session);
        if !is_known {
            found.session = Some(session.to_owned());
            found.status = None;
            found.routes.clear();
        }
        is_known
    }

    /// The device's edge asks for its intent, or goes on asking.
    pub fn ask(&self, device: &str) {
        let mut devices = self.devices();
        let found = devices.entry(device.to_owned()).or_default();
        found.asked = Some(Instant::now());
    }

    /// Wakes those who wait for a change of an intent: perhaps they wait in vain.
    pub fn wake(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// What this process has heard, device by device.
    pub fn heard(&self) -> Vec<Heard> {
        let devices = self.devices();
        let heard = devices.iter().map(|(device, found)| Heard {
            device: device.clone(),
            local: found.local,
            status: found.status.clone(),
            wanted: found
                .intent
                .as_ref()
                .filter(|_| found.local || found.asked.is_some_and(|at| at.elapsed() < ASKS))
                .map(|intent| intent.revision),
            ago: found.heard.map(|at| at.elapsed()),
        });
        heard.collect()
    }

    /// What a device is to do; `None` until that has been derived.
    pub fn intent(&self, device: &str) -> Option<Arc<VersionedIntent>> {
        self.devices().get(device)?.intent.clone()
    }

    /// Tells of every change of any intent.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Takes a status in. What is new in it becomes part of the World soon. `number`: which of its session's
    /// statuses it is; of an edge in this process 0.
    pub fn take_status(&self, status: impl Into<Arc<DeviceStatus>>, number: u64) {
        let status = status.into();
        let mut devices = self.devices();
        let device = devices.entry(status.device.clone()).or_default();
        if status.followed.is_some() {
            let before = device.reported.replace(Instant::now());
            if before.is_none_or(|at| !is_fresh(at, self.patience)) {
                // Perhaps it was held to be lost.
                self.arrived.notify_one();
            }
        }
        if device.status.as_ref() != Some(&status) || device.number != number {
            (device.status, device.number) = (Some(status), number);
            self.arrived.notify_one();
        }
    }

    /// Takes routes in; `all`: sessions that are not mentioned have none.
    pub fn take_routes(&self, device: &str, routes: SeenRoutes, all: bool) {
        let mut devices = self.devices();
        let device = devices.entry(device.to_owned()).or_default();
        if all {
            device.routes = routes;
        } else {
            device.routes.extend(routes);
        }
        device.routes.retain(|_, routes| !routes.is_empty());
    }

    /// Follows the World and takes statuses to it, until the future is dropped.
    pub async fn run(self: Arc<Self>, control: Control) {
        let mut applied = control.shared.applied.subscribe();
        let mut listening = Listening::new(self.patience);
        let mut before: Option<Arc<Snapshot>> = None;
        loop {
            applied.mark_unchanged();
            let snapshot = control.snapshot();
            let differ = before
                .as_deref()
                .and_then(|it| interfaces_that_differ(it, &snapshot));
            self.derive(&snapshot, differ.as_deref());
            let mut reports = self.news(&snapshot.world, differ.as_deref());
            before = Some(Arc::clone(&snapshot));
            // After the news: what was not known is not shown before it is right again.
            reports.extend(self.silences(&mut listening, &control, &snapshot));
            if !reports.is_empty()
                && let Err(error) = control.report(reports).await
            {
                tracing::warn!(%error, "what an edge said was not taken; it is tried again");
                tokio::time::sleep(RETRY).await;
                continue;
            }
            tokio::time::sleep(REST).await;
            tokio::select! {
                // Nobody publishes any more: the service is ending.
                changed = applied.changed() => if changed.is_err() { return },
                () = self.arrived.notified() => {}
                () = sleep_until(listening.due()) => {}
            }
        }
    }

    /// `differ`: the virtual interfaces in which the World differs from that of the last call, if it differs in
    /// these alone.
    fn derive(&self, snapshot: &Snapshot, differ: Option<&[VirtualInterfaceId]>) {
        let (world, revision) = (&snapshot.world, snapshot.revision);
        let mut news = false;
        for (name, device) in self.devices().iter_mut() {
            if device.compared == Some(revision) {
                continue;
            }
            device.compared = Some(revision);
            if differ.is_none() {
                device.derived = Derived::default();
            }
            let holds = |differ| device.derived.holds(world, name, differ);
            if device.intent.is_some() && few(differ).is_some_and(holds) {
                continue;
            }
            let intent = intent::device_again(world, name, &mut device.derived);
            if device
                .intent
                .as_ref()
                .is_none_or(|old| old.intent != intent)
            {
                let revision = revision.get();
                device.intent = Some(Arc::new(VersionedIntent { revision, intent }));
                news = true;
            }
        }
        if news {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// Which edges say nothing, and which do so again.
    fn silences(
        &self,
        listening: &mut Listening,
        control: &Control,
        snapshot: &Snapshot,
    ) -> Vec<Report> {
        let last: LastReports = {
            let devices = self.devices();
            let last = devices.iter().filter_map(|(name, device)| {
                let at = device.last_report()?;
                Some((name.clone(), at))
            });
            last.collect()
        };
        let standing = &control.shared.standing;
        let acts = standing.role() != Role::Follower
            && standing.ended().is_none()
            && standing.read_only().is_none();
        let time = control.now();
        let mut reports = listening.heard(&snapshot.world, &last, time);
        reports.extend(listening.look(&snapshot.world, &last, acts, time));
        reports
    }

    /// What edges have said and the World does not know.
    fn news(&self, world: &World, differ: Option<&[VirtualInterfaceId]>) -> Vec<Report> {
        let mut devices = self.devices();
        let mut news = Vec::new();
        for (name, device) in devices.iter_mut() {
            let (Some(status), Some(intent)) = (&device.status, &device.intent) else {
                // What differs until there is a status again is not followed.
                device.heard_out = Compared::default();
                continue;
            };
            let current = status.followed.is_some_and(|it| it >= intent.revision);
            let known = &mut device.heard_out;
            let reports = device_status::news_again(world, status, current, few(differ), known);
            match &device.session {
                _ if reports.is_empty() => {}
                Some(session) if !device.local => news.push(Report::OfEdge {
                    device: name.clone(),
                    session: session.clone(),
                    number: device.number,
                    reports,
                }),
                _ => news.extend(reports),
            }
        }
        news
    }
}

/// The virtual interfaces in which a World differs from an earlier one, if it differs in these alone.
fn interfaces_that_differ(before: &Snapshot, now: &Snapshot) -> Option<Vec<VirtualInterfaceId>> {
    let alone = before.world.differs_in_interfaces_alone(&now.world);
    alone.then(|| before.world.interfaces_that_differ(&now.world))
}

/// So many are looked at one by one, for each device; of more each device looks at its own.
const FEW: usize = 64;

fn few(differ: Option<&[VirtualInterfaceId]>) -> Option<&[VirtualInterfaceId]> {
    differ.filter(|differ| differ.len() <= FEW)
}

/// The fabric of devices with edges. Reports come by [`Edges`], but for what has no edge.
#[derive(Debug, Default)]
pub struct EdgeFabric {
    edges: Arc<Edges>,
    /// On their way out with nobody to take them down, and since when.
    leaving: BTreeMap<VirtualInterfaceId, Timestamp>,
}

impl EdgeFabric {
    pub fn new(edges: Arc<Edges>) -> Self {
        Self {
            edges,
            leaving: BTreeMap::new(),
        }
    }
}

impl Fabric for EdgeFabric {
    fn touched(
        &mut self,
        world: &World,
        keys: &mut dyn Iterator<Item = EntityKey>,
        now: Timestamp,
    ) {
        for key in keys {
            if let EntityKey::VirtualInterface(id) = key
                && device_status::has_no_edge(world, id, |device| {
                    self.edges.is_local(device) || world.edge_session(device).is_some()
                })
            {
                self.leaving.entry(id).or_insert(now);
            }
        }
    }

    fn next_report(&self) -> Option<Timestamp> {
        self.leaving.values().min().copied()
    }

    fn poll(&mut self, _: &World, _: Timestamp) -> Vec<Report> {
        let leaving = std::mem::take(&mut self.leaving).into_keys();
        leaving
            .map(|id| Report::VirtualInterfaceRemoved { id })
            .collect()
    }

    fn routes(&self) -> Arc<dyn RouteSource> {
        Arc::new(RoutesOfEdges(Arc::clone(&self.edges)))
    }
}

/// The routes of the sessions, as the edges said last.
struct RoutesOfEdges(Arc<Edges>);

impl RoutesOfEdges {
    /// What the edges said of a virtual interface's sessions, with when those came up.
    fn seen<T>(
        &self,
        world: &World,
        interface: &VirtualInterface,
        take: impl Fn(&SeenRoute, Timestamp) -> Option<T>,
    ) -> Vec<T> {
        if state::silence(world, interface.parent) == Some(SilenceStage::Lost) {
            // Its sessions are down, and routes end with their session.
            return Vec::new();
        }
        let devices = self.0.devices();
        let of_peers = interface.peers.iter().flat_map(|peer| {
            let found = devices
                .values()
                .find_map(|device| device.routes.get(&peer.id));
            let routes = found.map(Vec::as_slice).unwrap_or_default();
            let taken = routes.iter().filter_map(|it| take(it, peer.session_since));
            taken.collect::<Vec<_>>()
        });
        of_peers.collect()
    }
}

impl RouteSource for RoutesOfEdges {
    fn routes(&self, world: &World, interface: &VirtualInterface) -> Vec<Route> {
        self.seen(world, interface, |route, since| {
            route.rejected.is_none().then(|| route.since(since))
        })
    }

    fn explained(&self, world: &World, interface: &VirtualInterface) -> Vec<ExplainedRoute> {
        self.seen(world, interface, |route, since| {
            Some(route.explained(since))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_to_take_down_is_gone_when_it_was_to_go_and_not_before_time_began() {
        let mut fabric = EdgeFabric::default();
        assert_eq!(fabric.next_report(), None);
        let now = Timestamp::from_millis(1_790_000_000_000);
        let id = "dxvif-ffabcdef".parse().expect("an id");
        fabric.leaving.insert(id, now);
        assert_eq!(fabric.next_report(), Some(now));
        let reports = fabric.poll(&World::default(), now);
        assert!(
            matches!(reports[..], [Report::VirtualInterfaceRemoved { id: removed }] if removed == id)
        );
        assert_eq!(fabric.next_report(), None);
    }
}
