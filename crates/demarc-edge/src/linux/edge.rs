//! The task that makes kernel and sessions follow the World.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use demarc_control::{Control, Snapshot};
use demarc_domain::entity::{Entity, VirtualInterface};
use demarc_domain::intent::{self, DeviceIntent, RoutingDomain, VirtualInterfaceIntent};
use demarc_domain::{Report, Route, World};
use demarc_linux::{Attachment, Kernel, KernelError, Link, Namespace, VlanProgram};
use demarc_speaker::GatewayError;
use demarc_store::Revision;
use demarc_types::{ConnectionId, ParentId, VirtualInterfaceId};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

use super::bindings::{Bindings, BindingsError};
use super::fabric::{LinuxFabric, Shared};
use super::gateway::{Gateway, NAMESPACES};
use super::virtual_interface::{INNER_ENDS, OUTER_ENDS, Standing};
use super::{port, report, routes};

/// How often links and sessions are looked at.
const PERIOD: Duration = Duration::from_millis(50);
/// Looks between two full comparisons when nothing seems to have changed, and between two readings
/// of all routes.
const FULL: u32 = 20;

/// Why the edge cannot do something. Each is one line.
#[derive(Debug, thiserror::Error)]
pub enum LinuxError {
    #[error(
        "the Linux fabric needs root: it makes network namespaces and loads a program into the kernel"
    )]
    NotRoot,
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error(transparent)]
    Bindings(#[from] BindingsError),
}

/// The Linux edge of this machine.
pub struct LinuxEdge {
    shared: Arc<Shared>,
    file: PathBuf,
    file_time: Option<SystemTime>,
    bindings: Bindings,
    kernel: Kernel,
    program: VlanProgram,
    ports: BTreeMap<ConnectionId, String>,
    gateways: BTreeMap<RoutingDomain, Gateway>,
    standing: BTreeMap<VirtualInterfaceId, Standing>,
    /// What went wrong for a virtual interface, so that it is logged once.
    failures: BTreeMap<VirtualInterfaceId, String>,
    looks: u32,
    revision: Option<Revision>,
}

impl LinuxEdge {
    /// Probes the kernel and clears away what an earlier process left. `file` holds the bindings.
    ///
    /// # Errors
    /// [`LinuxError`]: not root, no bindings, or a kernel that cannot do it.
    pub fn start(fabric: &LinuxFabric, file: PathBuf) -> Result<Self, LinuxError> {
        if !nix::unistd::geteuid().is_root() {
            return Err(LinuxError::NotRoot);
        }
        let bindings = Bindings::read(&file)?;
        let mut kernel = Kernel::here()?;
        let attachment = demarc_linux::probe()?;
        let program = VlanProgram::load(attachment)?;
        clear(&mut kernel)?;
        let how = match attachment {
            Attachment::Clsact => "clsact",
            Attachment::Tcx => "tcx",
        };
        info!(
            attachment = how,
            ports = bindings.port.len(),
            "Linux edge is up"
        );
        Ok(Self {
            shared: Arc::clone(&fabric.shared),
            file_time: modified(&file),
            file,
            bindings,
            kernel,
            program,
            ports: BTreeMap::new(),
            gateways: BTreeMap::new(),
            standing: BTreeMap::new(),
            failures: BTreeMap::new(),
            looks: 0,
            revision: None,
        })
    }

    /// Follows the World until the future is dropped.
    pub async fn run(mut self, control: Control) {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                // The writer wakes us before it has committed; the next tick sees the rest.
                () = self.shared.wake.notified() => tokio::task::yield_now().await,
            }
            if let Err(error) = self.look(&control).await {
                error!(%error, "the edge could not finish its work; it tries again");
                self.revision = None;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }

    async fn look(&mut self, control: &Control) -> Result<(), LinuxError> {
        self.looks = self.looks.wrapping_add(1);
        let read_again = self.read_bindings();
        let snapshot = control.snapshot();
        let full = self.looks.is_multiple_of(FULL);
        let links = self.kernel.links()?;
        if full || read_again || self.revision != Some(snapshot.revision) {
            self.reconcile(&snapshot.world, &links).await?;
            self.revision = Some(snapshot.revision);
        }
        for gateway in self.gateways.values_mut() {
            gateway.forward().await?;
        }
        let reports = self.reports(&snapshot, &links).await;
        if full {
            self.publish_routes(&snapshot.world).await?;
        }
        if !reports.is_empty() {
            // Sessions that come and go are worth a look at their routes.
            self.publish_routes(&snapshot.world).await?;
            if let Err(error) = control.report(reports).await {
                warn!(%error, "a report was not taken; it will be made again");
            }
        }
        Ok(())
    }

    fn read_bindings(&mut self) -> bool {
        let time = modified(&self.file);
        if time == self.file_time {
            return false;
        }
        self.file_time = time;
        match Bindings::read(&self.file) {
            Ok(bindings) => {
                info!(file = %self.file.display(), "bindings are read again");
                self.bindings = bindings;
                true
            }
            Err(error) => {
                error!(%error, "the bindings stay as they were");
                false
            }
        }
    }

    async fn reconcile(&mut self, world: &World, links: &[Link]) -> Result<(), LinuxError> {
        let devices: Vec<DeviceIntent> = self
            .bindings
            .devices()
            .into_iter()
            .map(|device| intent::device(world, device))
            .collect();
        self.ports = port::assign(&self.bindings, &devices, links, &self.ports);
        self.prepare_ports(&devices, links)?;
        let wanted: BTreeMap<VirtualInterfaceId, &VirtualInterfaceIntent> = devices
            .iter()
            .flat_map(|device| &device.virtual_interfaces)
            .map(|interface| (interface.id, interface))
            .collect();
        let gone: Vec<VirtualInterfaceId> = self
            .standing
            .iter()
            .filter(|(id, standing)| {
                wanted
                    .get(id)
                    .is_none_or(|wanted| self.must_move(standing, wanted, links))
            })
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.remove(id).await?;
        }
        for (id, interface) in wanted {
            match self.follow(interface, links).await {
                Ok(()) => _ = self.failures.remove(&id),
                Err(error) => {
                    let text = error.to_string();
                    if self.failures.get(&id) != Some(&text) {
                        error!(interface = %id, %error, "the virtual interface is not up");
                        self.failures.insert(id, text);
                    }
                }
            }
        }
        self.follow_domains(world).await
    }

    /// Brings ports up, marks them, and takes their frames.
    fn prepare_ports(
        &mut self,
        devices: &[DeviceIntent],
        links: &[Link],
    ) -> Result<(), LinuxError> {
        for port in devices.iter().flat_map(|device| &device.ports) {
            let Some(name) = self.ports.get(&port.connection) else {
                continue;
            };
            let Some(link) = links.iter().find(|link| link.name == *name) else {
                continue;
            };
            let mark = port::mark(port.connection);
            if link.alias != mark {
                self.kernel.set_alias(link.index, &mark)?;
            }
            let mtu = if port.jumbo { 9_001 } else { 1_500 };
            if link.mtu < mtu {
                self.kernel.set_mtu(link.index, mtu)?;
            }
            self.program.attach_port(&mut self.kernel, name)?;
            if !link.up {
                self.kernel.set_up(link.index)?;
            }
        }
        Ok(())
    }

    fn port_index(&self, carrier: ParentId, links: &[Link]) -> Option<u32> {
        let ParentId::Connection(connection) = carrier else {
            return None;
        };
        let name = self.ports.get(&connection)?;
        links
            .iter()
            .find(|link| link.name == *name)
            .map(|link| link.index)
    }

    /// What cannot be changed in place.
    fn must_move(
        &self,
        standing: &Standing,
        wanted: &VirtualInterfaceIntent,
        links: &[Link],
    ) -> bool {
        let port = self.port_index(wanted.carrier, links);
        let there = links
            .iter()
            .any(|link| link.index == standing.delivery.outer_end);
        standing.intent.domain != wanted.domain
            || standing.delivery.vlan != wanted.vlan.get()
            || port != Some(standing.delivery.port)
            || !there
    }

    async fn follow(
        &mut self,
        wanted: &VirtualInterfaceIntent,
        links: &[Link],
    ) -> Result<(), LinuxError> {
        let Some(port) = self.port_index(wanted.carrier, links) else {
            // A LAG, or a port that no interface is bound to: nothing stands, nothing is reported.
            return Ok(());
        };
        let gateway = match self.gateways.entry(wanted.domain) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => place.insert(Gateway::start(wanted.domain, router_id(wanted))?),
        };
        let standing = match self.standing.entry(wanted.id) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => {
                let (kernel, program) = (&mut self.kernel, &mut self.program);
                place.insert(Standing::make(wanted, port, gateway, kernel, program)?)
            }
        };
        standing.follow(wanted, gateway, &mut self.kernel).await
    }

    async fn remove(&mut self, id: VirtualInterfaceId) -> Result<(), LinuxError> {
        let Some(standing) = self.standing.remove(&id) else {
            return Ok(());
        };
        match self.gateways.get_mut(&standing.intent.domain) {
            Some(gateway) => {
                standing
                    .end(gateway, &mut self.kernel, &mut self.program)
                    .await
            }
            None => Ok(()),
        }
    }

    /// Uplinks of the gateways that carry something; the others go.
    async fn follow_domains(&mut self, world: &World) -> Result<(), LinuxError> {
        let idle: Vec<RoutingDomain> = self
            .gateways
            .keys()
            .copied()
            .filter(|domain| {
                !self
                    .standing
                    .values()
                    .any(|one| one.intent.domain == *domain)
            })
            .collect();
        for domain in idle {
            if let Some(gateway) = self.gateways.remove(&domain) {
                gateway.end()?;
            }
        }
        for (domain, gateway) in &mut self.gateways {
            if let Some(intent) = intent::domain(world, *domain) {
                gateway
                    .follow(&intent, &self.bindings, &mut self.kernel)
                    .await?;
            }
        }
        Ok(())
    }

    async fn reports(&mut self, snapshot: &Snapshot, links: &[Link]) -> Vec<Report> {
        let world = &snapshot.world;
        let mut reports = Vec::new();
        for (connection, name) in &self.ports {
            let link = port::state(links.iter().find(|link| link.name == *name));
            if world
                .connection(*connection)
                .is_some_and(|known| known.link != link)
            {
                info!(%connection, interface = name, ?link, "link");
                reports.push(Report::Port {
                    connection: *connection,
                    link,
                });
            }
        }
        for (id, standing) in &mut self.standing {
            let Some(stored) = world.virtual_interface(*id) else {
                continue;
            };
            let Some(gateway) = self.gateways.get(&standing.intent.domain) else {
                continue;
            };
            let peers = standing.peer_reports(gateway).await;
            let generation = standing.intent.generation;
            reports.extend(report::of_virtual_interface(stored, generation, peers));
        }
        let fallen =
            virtual_interfaces(world).filter(|stored| !self.standing.contains_key(&stored.id));
        reports.extend(fallen.filter_map(|stored| report::of_nothing(&stored)));
        reports
    }

    async fn publish_routes(&mut self, world: &World) -> Result<(), LinuxError> {
        let mut all: BTreeMap<VirtualInterfaceId, Vec<Route>> = BTreeMap::new();
        for (id, standing) in &self.standing {
            let (Some(stored), Some(gateway)) = (
                world.virtual_interface(*id),
                self.gateways.get(&standing.intent.domain),
            ) else {
                continue;
            };
            for (peer, key) in standing.sessions() {
                let since = stored.peers.iter().find(|stored| stored.id == peer);
                let Some(since) = since.map(|stored| stored.session_since) else {
                    continue;
                };
                let seen = gateway.speaker.routes(key).await?;
                all.entry(*id)
                    .or_default()
                    .extend(routes::of_session(&seen, since));
            }
        }
        self.shared.routes.store(Arc::new(all));
        Ok(())
    }
}

fn virtual_interfaces(world: &World) -> impl Iterator<Item = Arc<VirtualInterface>> + '_ {
    world.entities().filter_map(|entity| match entity {
        Entity::VirtualInterface(found) => Some(found),
        _ => None,
    })
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

fn modified(file: &std::path::Path) -> Option<SystemTime> {
    std::fs::metadata(file)
        .and_then(|data| data.modified())
        .ok()
}

/// Gives uplinks back and removes what carries our names.
fn clear(kernel: &mut Kernel) -> Result<(), KernelError> {
    for name in Namespace::names(NAMESPACES)? {
        if let Ok(namespace) = Namespace::open(&name) {
            let mut inside = namespace.kernel()?;
            for link in inside.links()? {
                if link.name != "lo" && !link.name.starts_with(INNER_ENDS) {
                    inside.take_back(link.index)?;
                }
            }
        }
        Namespace::remove(&name)?;
        info!(
            namespace = name,
            "cleared away what an earlier process left"
        );
    }
    for link in kernel.links()? {
        if link.name.starts_with(OUTER_ENDS) {
            kernel.remove_link(&link.name)?;
        }
    }
    Ok(())
}
