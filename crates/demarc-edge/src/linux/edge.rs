//! The task that makes kernel and sessions follow the intents.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use demarc_domain::device_status::{DropCounters, SeenRoute, SeenRoutes};
use demarc_domain::entity::Link as PortLink;
use demarc_domain::intent::{DeviceIntent, DomainIntent, RoutingDomain, VirtualInterfaceIntent};
use demarc_linux::{Attachment, Kernel, KernelError, Link, LinkWatch, VlanProgram};
use demarc_speaker::{Activity, GatewayError};
use demarc_types::{BgpPeerId, ConnectionId, ParentId, VirtualInterfaceId};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tracing::info;

use super::bell::Bell;
use super::bindings::{BindingsError, BindingsFile};
use super::gateway::{self, Gateway};
use super::lag::{self, Lags};
use super::peer::RoutesVersion;
use super::status::{Faults, Intents, Views};
use super::virtual_interface::Standing;
use super::{port, stale, status};

/// How often is looked although nothing was heard of: what nothing tells of is small.
const PERIOD: Duration = Duration::from_millis(50);
/// The rest between two looks at what was heard of: a burst is looked at in few.
const PAUSE: Duration = Duration::from_millis(5);
/// Periods between two full comparisons when nothing seems to have changed.
const FULL: u32 = 20;
/// Periods between two readings of all sessions and routes.
pub(super) const ALL: u32 = 200;
/// The rest after an error, before everything is compared again.
const AFTER_ERROR: Duration = Duration::from_millis(500);

/// Why the edge cannot do something. Each is one line.
#[derive(Debug, thiserror::Error)]
pub enum LinuxError {
    #[error(
        "the Linux fabric needs root: it makes network namespaces and loads a program into the kernel"
    )]
    NotRoot,
    #[error("cannot watch the interfaces of this machine: {0}")]
    Watch(#[source] std::io::Error),
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    Bindings(#[from] BindingsError),
}

/// Interfaces to be found by name and index.
struct Links<'a> {
    by_name: HashMap<&'a str, u32>,
    by_index: HashMap<u32, &'a Link>,
}

impl<'a> Links<'a> {
    fn new(links: &'a [Link]) -> Self {
        let by_name = links.iter().map(|link| (link.name.as_str(), link.index));
        let by_index = links.iter().map(|link| (link.index, link));
        Self {
            by_name: by_name.collect(),
            by_index: by_index.collect(),
        }
    }
}

/// The Linux edge of this machine.
pub struct LinuxEdge {
    pub(super) file: BindingsFile,
    pub(super) devices: watch::Sender<BTreeSet<String>>,
    pub(super) kernel: Kernel,
    watch: LinkWatch,
    /// The version of the interfaces that ports were looked at with.
    looked_at: Option<u64>,
    bell: Bell,
    /// Rings when something happens to a session or a table of routes.
    activity: Activity,
    pub(super) program: VlanProgram,
    pub(super) ports: BTreeMap<ConnectionId, String>,
    pub(super) lags: Lags,
    pub(super) gateways: BTreeMap<RoutingDomain, Gateway>,
    pub(super) standing: BTreeMap<VirtualInterfaceId, Standing>,
    /// The intents that were compared last with what stands; `None` after an error.
    compared: Option<Intents>,
    /// The revision that was followed last, by device.
    pub(super) followed: BTreeMap<String, u64>,
    pub(super) faults: Faults,
    /// The routes of each session, and the version that they were read at.
    pub(super) routes: BTreeMap<BgpPeerId, (RoutesVersion, Vec<SeenRoute>)>,
    pub(super) links: BTreeMap<ConnectionId, PortLink>,
    /// By device, until a route changes.
    pub(super) shown_routes: BTreeMap<String, Arc<SeenRoutes>>,
    pub(super) drops: BTreeMap<ConnectionId, DropCounters>,
    pub(super) foreign: Vec<String>,
    /// What went wrong when the kernel was looked over last, and with what.
    disorder: Vec<(String, String)>,
    pub(super) periods: u32,
    /// There may be something to say.
    pub(super) news: bool,
}

/// Why the edge looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// A period is over.
    Period,
    /// Something was heard of, perhaps an intent.
    Event,
}

impl LinuxEdge {
    /// Probes the kernel. What an earlier process left stays until there are intents to compare it with.
    /// `file` holds the bindings. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// [`LinuxError`]: not root, no bindings, or a kernel that cannot do it.
    pub fn start(file: PathBuf) -> Result<Self, LinuxError> {
        if !nix::unistd::geteuid().is_root() {
            return Err(LinuxError::NotRoot);
        }
        let file = BindingsFile::open(file)?;
        let mut kernel = Kernel::here()?;
        let watch = LinkWatch::here(&mut kernel)?;
        let bell = Bell::new(watch.descriptor()?).map_err(LinuxError::Watch)?;
        let attachment = demarc_linux::probe()?;
        let mut program = VlanProgram::load(attachment)?;
        let lags = Lags::start(program.take_bundles()?)?;
        let how = match attachment {
            Attachment::Clsact => "clsact",
            Attachment::Tcx => "tcx",
        };
        let ports = file.bindings.port.len();
        info!(attachment = how, ports, "Linux edge is up");
        Ok(Self {
            devices: watch::Sender::new(file.bindings.devices()),
            file,
            kernel,
            watch,
            looked_at: None,
            bell,
            activity: Activity::default(),
            program,
            ports: BTreeMap::new(),
            lags,
            gateways: BTreeMap::new(),
            standing: BTreeMap::new(),
            compared: None,
            followed: BTreeMap::new(),
            faults: Faults::default(),
            routes: BTreeMap::new(),
            links: BTreeMap::new(),
            shown_routes: BTreeMap::new(),
            drops: BTreeMap::new(),
            foreign: Vec::new(),
            disorder: Vec::new(),
            periods: 0,
            news: true,
        })
    }

    /// The devices that have a port here, by the bindings.
    pub fn devices(&self) -> watch::Receiver<BTreeSet<String>> {
        self.devices.subscribe()
    }

    /// Follows intents and says what it sees, until the future is dropped. Devices without an intent are
    /// left alone.
    pub async fn run(mut self, mut intents: watch::Receiver<Intents>, views: watch::Sender<Views>) {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut occasion, mut there) = (Occasion::Period, true);
        let mut lags = self.lags.changes();
        loop {
            let wanted = intents.borrow_and_update().clone();
            let outcome = self.look(&wanted, occasion).await;
            if let Err(error) = &outcome {
                self.faults.say("kernel", error);
                self.news = true;
            }
            if std::mem::take(&mut self.news) {
                let seen = self.views(&wanted);
                views.send_if_modified(|views| status::replace(views, seen));
            }
            if outcome.is_err() {
                tokio::time::sleep(AFTER_ERROR).await;
                self.compared = None;
                occasion = Occasion::Period;
                continue;
            }
            let rest = Instant::now() + PAUSE;
            let (activity, bell) = (&self.activity, &self.bell);
            occasion = tokio::select! {
                _ = tick.tick() => Occasion::Period,
                changed = intents.changed(), if there => {
                    // Else nobody has anything to say any more: the last intents stay in force.
                    there = changed.is_ok();
                    Occasion::Event
                }
                () = activity.happened() => Occasion::Event,
                () = bell.rings() => Occasion::Event,
                // For who waits to hear of it.
                Ok(()) = lags.changed() => {
                    self.news = true;
                    Occasion::Event
                }
            };
            if occasion == Occasion::Event {
                sleep_until(rest).await;
            }
        }
    }

    /// Takes in what the kernel tells of interfaces.
    fn look_at_links(&mut self, all: bool) -> Result<Arc<Vec<Link>>, KernelError> {
        let watch = &mut self.watch;
        watch.update(&mut self.kernel)?;
        if all {
            // Also what was missed, whatever the reason.
            watch.read_again(&mut self.kernel)?;
        }
        let links = watch.links();
        Ok(links)
    }

    /// One look at everything that something was heard of, or at all of it.
    async fn look(&mut self, intents: &Intents, occasion: Occasion) -> Result<(), LinuxError> {
        let mut full = false;
        let mut read_again = false;
        if occasion == Occasion::Period {
            self.periods = self.periods.wrapping_add(1);
            full = self.periods.is_multiple_of(FULL);
            read_again = self.file.refresh();
        }
        if read_again {
            self.devices.send_replace(self.file.bindings.devices());
        }
        let began = Instant::now();
        let links = self.look_at_links(full)?;
        self.lags.look_at(&links);
        // Nothing crosses a link that is down: sessions hear it now, not when the intent says so.
        let version = self.watch.version();
        let changed = self.looked_at != Some(version);
        let lost_or_found = changed && self.look_at_ports(&links);
        self.looked_at = Some(version);
        self.news |= changed;
        // Whatever woke us: an intent may have come together with it.
        let is_new = self
            .compared
            .as_ref()
            .is_none_or(|it| !status::same(it, intents));
        // At first, and after an error, nobody knows what stands.
        full |= self.compared.is_none();
        let compare = full || read_again || is_new || lost_or_found;
        let mut touched = BTreeSet::new();
        if compare {
            self.compared = Some(intents.clone());
            self.news = true;
            self.faults.begin();
            touched = self.reconcile(intents, &links, full).await?;
            self.faults.end();
            metrics::histogram!("demarc_edge_pass_seconds").record(began.elapsed().as_secs_f64());
            let revisions = intents.iter();
            self.followed = revisions
                .map(|(device, wanted)| (device.clone(), wanted.revision))
                .collect();
        }
        for gateway in self.gateways.values_mut() {
            if compare || gateway.has_news() {
                gateway.forward(&mut self.program).await?;
            }
        }
        if compare {
            self.look_at_ports(&links);
        }
        if full {
            self.count_strays(&links);
        }
        self.look_at_sessions(full, touched).await?;
        if occasion == Occasion::Period {
            self.leave_behind().await?;
        }
        Ok(())
    }

    /// Makes what stands be as it is wanted; which virtual interfaces that concerned. `full`: also looks over
    /// what should have stayed as it was, in all of the kernel.
    async fn reconcile(
        &mut self,
        intents: &Intents,
        links: &[Link],
        full: bool,
    ) -> Result<BTreeSet<VirtualInterfaceId>, LinuxError> {
        self.program.look_at_filters();
        if let Some(error) = self.file.error.clone() {
            self.faults.say(self.file.path().display(), error);
        }
        let devices: Vec<&DeviceIntent> = intents.values().map(|wanted| &wanted.intent).collect();
        self.ports = port::assign(&self.file.bindings, &devices, links, &self.ports);
        self.prepare_ports(&devices, links);
        self.follow_lags(&devices, links);
        let found = Links::new(links);
        let wanted: BTreeMap<VirtualInterfaceId, (&str, &VirtualInterfaceIntent)> = devices
            .iter()
            .flat_map(|device| {
                let interfaces = device.virtual_interfaces.iter();
                interfaces.map(|it| (it.id, (device.device.as_str(), it.as_ref())))
            })
            .collect();
        let gone: Vec<VirtualInterfaceId> = self
            .standing
            .iter()
            .filter(|(id, standing)| {
                wanted
                    .get(id)
                    .is_none_or(|(_, wanted)| self.must_move(standing, wanted, &found))
            })
            .map(|(id, _)| *id)
            .collect();
        let mut touched = BTreeSet::new();
        for id in gone {
            touched.insert(id);
            if let Err(error) = self.remove(id).await {
                self.faults
                    .say(id, format!("it cannot be removed: {error}"));
            }
        }
        for (id, (device, interface)) in wanted {
            match self.follow(device, interface, &found).await {
                Ok(true) => _ = touched.insert(id),
                Ok(false) => {}
                Err(error) => {
                    self.faults.say(id, format!("it is not up: {error}"));
                    touched.insert(id);
                }
            }
        }
        // Behind the virtual interfaces: a program that an earlier process left delivers until ours knows
        // where to.
        self.attach_ports(&devices, links);
        self.follow_domains(intents).await?;
        if full {
            self.look_around(intents)?;
            touched.extend(self.standing.keys());
        }
        for (subject, text) in &self.disorder {
            self.faults.say(subject, text);
        }
        for (subject, text) in self.gateways.values().flat_map(Gateway::troubles) {
            self.faults.say(subject, text);
        }
        Ok(touched)
    }

    /// Finds what somebody else did to what is ours, and what is left of an earlier process.
    fn look_around(&mut self, intents: &Intents) -> Result<(), LinuxError> {
        self.disorder.clear();
        // With what was made and removed just now.
        let links = self.look_at_links(false)?;
        let mut foreign = Vec::new();
        for (domain, gateway) in &mut self.gateways {
            match gateway.look_around() {
                Ok(found) => foreign.extend(found),
                Err(error) => {
                    let subject = gateway::namespace_name(*domain);
                    self.disorder.push((subject, error.to_string()));
                }
            }
        }
        self.heal_outer_ends(&links)?;
        // Without an intent nobody knows what is wanted.
        if !intents.is_empty() {
            let ends: BTreeSet<u32> = self
                .standing
                .values()
                .map(|standing| standing.delivery.outer_end)
                .collect();
            let devices: BTreeSet<&str> = intents.keys().map(String::as_str).collect();
            let gateways: BTreeSet<RoutingDomain> = self.gateways.keys().copied().collect();
            foreign.extend(stale::interfaces(
                &mut self.kernel,
                &links,
                &ends,
                &devices,
            )?);
            foreign.extend(stale::namespaces(&gateways)?);
        }
        foreign.sort_unstable();
        for object in foreign.iter().filter(|it| !self.foreign.contains(it)) {
            tracing::warn!(object, "it is in the way and not ours: it is left alone");
        }
        self.foreign = foreign;
        Ok(())
    }

    /// Brings the ends beside the ports up, and delivers there and back, where somebody changed that.
    fn heal_outer_ends(&mut self, links: &[Link]) -> Result<(), KernelError> {
        let found = Links::new(links);
        for (id, standing) in &self.standing {
            let end = standing.delivery.outer_end;
            let Some(link) = found.by_index.get(&end) else {
                continue;
            };
            if !link.up {
                self.kernel.set_up(end)?;
            }
            let mtu = u32::from(standing.intent.mtu);
            if link.mtu != mtu {
                info!(interface = link.name, mtu, "its MTU is set back");
                self.kernel.set_mtu(end, mtu)?;
            }
            let Some(gateway) = self.gateways.get_mut(&standing.intent.domain) else {
                continue;
            };
            let (kernel, program) = (&mut self.kernel, &mut self.program);
            if let Err(error) = standing.keep_delivery(gateway, kernel, program) {
                self.disorder.push((id.to_string(), error.to_string()));
            }
        }
        Ok(())
    }

    /// Marks ports and brings them up.
    fn prepare_ports(&mut self, devices: &[&DeviceIntent], links: &[Link]) {
        for (device, port) in devices
            .iter()
            .flat_map(|device| device.ports.iter().map(|port| (&device.device, port)))
        {
            let Some(name) = self.ports.get(&port.connection) else {
                let text = format!("no interface is bound to this port of {device}");
                self.faults.say(port.connection, text);
                continue;
            };
            let Some(link) = links.iter().find(|link| link.name == *name) else {
                let text = format!("its interface {name} does not exist");
                self.faults.say(port.connection, text);
                continue;
            };
            if let Some(text) = port::unencrypted(port) {
                self.faults.say(port.connection, text);
            }
            if let Err(error) = port::prepare(&mut self.kernel, port, link) {
                self.faults.say(port.connection, error);
            }
        }
    }

    /// Speaks LACP on the members of LAGs. Before the virtual interfaces: what goes out by one has to have
    /// somewhere to go.
    fn follow_lags(&mut self, devices: &[&DeviceIntent], links: &[Link]) {
        let interface = |connection: ConnectionId| {
            let name = self.ports.get(&connection)?;
            let link = links.iter().find(|link| link.name == *name)?;
            Some(link.index)
        };
        let wanted = lag::wanted(devices, interface);
        for (subject, error) in self.lags.follow(&wanted, links, &mut self.kernel) {
            self.faults.say(subject, error);
        }
    }

    /// Takes the frames of ports.
    fn attach_ports(&mut self, devices: &[&DeviceIntent], links: &[Link]) {
        let there = |name: &String| links.iter().any(|link| link.name == *name);
        let ports = devices.iter().flat_map(|device| &device.ports);
        for port in ports {
            let name = self.ports.get(&port.connection);
            let Some(name) = name.filter(|name| there(name)) else {
                continue;
            };
            if let Err(error) = self.program.attach_port(&mut self.kernel, name) {
                self.faults.say(port.connection, error);
            }
        }
    }

    /// What stands for a port or LAG in the data path.
    fn port_index(&self, carrier: ParentId, links: &Links<'_>) -> Option<u32> {
        let connection = match carrier {
            ParentId::Connection(connection) => connection,
            ParentId::Lag(lag) => return self.lags.number(lag),
        };
        let name = self.ports.get(&connection)?;
        links.by_name.get(name.as_str()).copied()
    }

    /// Whether the link of a port is down.
    fn is_cut_off(&self, carrier: ParentId) -> bool {
        let ParentId::Connection(connection) = carrier else {
            return false;
        };
        self.links.get(&connection) == Some(&PortLink::Down)
    }

    /// What cannot be changed in place.
    fn must_move(
        &self,
        standing: &Standing,
        wanted: &VirtualInterfaceIntent,
        links: &Links<'_>,
    ) -> bool {
        let port = self.port_index(wanted.carrier, links);
        let there = links.by_index.contains_key(&standing.delivery.outer_end);
        standing.intent.domain != wanted.domain
            || standing.delivery.vlan != wanted.vlan.get()
            || port != Some(standing.delivery.port)
            || !there
    }

    /// Whether there was something to do.
    async fn follow(
        &mut self,
        device: &str,
        wanted: &VirtualInterfaceIntent,
        links: &Links<'_>,
    ) -> Result<bool, LinuxError> {
        let cut_off;
        let wanted = if wanted.in_service && self.is_cut_off(wanted.carrier) {
            cut_off = VirtualInterfaceIntent {
                in_service: false,
                ..wanted.clone()
            };
            &cut_off
        } else {
            wanted
        };
        let Some(port) = self.port_index(wanted.carrier, links) else {
            // A port that no interface is bound to: nothing stands.
            return Ok(false);
        };
        if self
            .standing
            .get(&wanted.id)
            .is_some_and(|it| it.is_as(wanted))
        {
            return Ok(false);
        }
        let gateway = match self.gateways.entry(wanted.domain) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => {
                let activity = self.activity.clone();
                let started = Gateway::start(wanted.domain, router_id(wanted), activity);
                place.insert(started.await?)
            }
        };
        let standing = match self.standing.entry(wanted.id) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => {
                let (kernel, program) = (&mut self.kernel, &mut self.program);
                place.insert(Standing::make(
                    wanted, device, port, gateway, kernel, program,
                )?)
            }
        };
        standing
            .follow(wanted, gateway, &mut self.kernel, &mut self.program)
            .await?;
        Ok(true)
    }

    async fn remove(&mut self, id: VirtualInterfaceId) -> Result<(), LinuxError> {
        let Some(standing) = self.standing.get_mut(&id) else {
            return Ok(());
        };
        if let Some(gateway) = self.gateways.get_mut(&standing.intent.domain) {
            let (kernel, program) = (&mut self.kernel, &mut self.program);
            standing.end(gateway, kernel, program).await?;
        }
        self.standing.remove(&id);
        Ok(())
    }

    /// The interfaces of uplinks, each with the gateway that has it.
    fn taken(&self) -> BTreeMap<String, RoutingDomain> {
        let gateways = self.gateways.iter();
        let uplinks = gateways.flat_map(|(domain, gateway)| {
            let uplinks = gateway.uplinks.values();
            uplinks.map(|uplink| (uplink.binding.interface.clone(), *domain))
        });
        uplinks.collect()
    }

    /// Uplinks of the gateways that carry something; the others go.
    async fn follow_domains(&mut self, intents: &Intents) -> Result<(), LinuxError> {
        let standing = self.standing.values();
        let busy: BTreeSet<RoutingDomain> = standing.map(|one| one.intent.domain).collect();
        let gateways = self.gateways.keys().copied();
        let idle: Vec<RoutingDomain> = gateways.filter(|it| !busy.contains(it)).collect();
        for domain in idle {
            if let Some(gateway) = self.gateways.remove(&domain) {
                gateway.end()?;
            }
        }
        // Devices that share a gateway say the same of it; the latest says it as it is now.
        let mut latest: BTreeMap<RoutingDomain, (u64, &DomainIntent)> = BTreeMap::new();
        for wanted in intents.values() {
            for domain in &wanted.intent.domains {
                let known = latest.get(&domain.domain);
                if known.is_none_or(|(revision, _)| *revision < wanted.revision) {
                    latest.insert(domain.domain, (wanted.revision, domain));
                }
            }
        }
        let taken = self.taken();
        for (domain, gateway) in &mut self.gateways {
            if let Some((_, intent)) = latest.get(domain) {
                let (bindings, kernel) = (&self.file.bindings, &mut self.kernel);
                if let Err(error) = gateway.follow(intent, bindings, &taken, kernel).await {
                    self.faults.say(gateway::namespace_name(*domain), error);
                }
            }
        }
        Ok(())
    }
}

/// A BGP identifier: an address of ours that the gateway really has, where there is one.
fn router_id(interface: &VirtualInterfaceIntent) -> Ipv4Addr {
    let own = interface
        .peers
        .iter()
        .find_map(|peer| match peer.local.address() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
    own.unwrap_or_else(|| {
        let number = interface.id.suffix().bytes().fold(0_u16, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(u16::from(byte))
        });
        let [high, low] = number.to_be_bytes();
        Ipv4Addr::new(100, 127, high, low)
    })
}
