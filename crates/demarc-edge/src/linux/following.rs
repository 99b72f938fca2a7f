//! Making what stands be as the intents have it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use demarc_domain::entity::Link as PortLink;
use demarc_domain::intent::{
    DeviceIntent, DomainIntent, PortIntent, RoutingDomain, VirtualInterfaceIntent,
};
use demarc_linux::Link;
use demarc_types::{ConnectionId, ParentId, VirtualInterfaceId};

use super::edge::{LinuxEdge, LinuxError};
use super::gateway::{self, Gateway};
use super::status::Intents;
use super::virtual_interface::Standing;
use super::{lag, macsec, port};

/// Interfaces to be found by index, and ports by name.
pub(super) struct Links<'a> {
    pub(super) ports: HashMap<&'a str, u32>,
    pub(super) by_index: HashMap<u32, &'a Link>,
}

impl<'a> Links<'a> {
    pub(super) fn new(links: &'a [Link], ports: &BTreeMap<ConnectionId, String>) -> Self {
        let names: HashSet<&str> = ports.values().map(String::as_str).collect();
        let ports = links.iter().filter(|link| names.contains(&*link.name));
        let by_index = links.iter().map(|link| (link.index, link));
        Self {
            ports: ports.map(|link| (&*link.name, link.index)).collect(),
            by_index: by_index.collect(),
        }
    }
}

impl LinuxEdge {
    /// Makes what stands be as it is wanted; which virtual interfaces that concerned. `full`: also looks over
    /// what should have stayed as it was, in all of the kernel.
    pub(super) async fn reconcile(
        &mut self,
        intents: &Intents,
        links: &[Link],
        full: bool,
    ) -> Result<BTreeSet<VirtualInterfaceId>, LinuxError> {
        self.program.hear_of_attachments();
        if full {
            self.program.look_at_attachments();
        }
        if let Some(error) = self.file.error.clone() {
            self.faults.say(self.file.path().display(), error);
        }
        let devices: Vec<&DeviceIntent> = intents.values().map(|wanted| &wanted.intent).collect();
        self.ports = port::assign(&self.file.bindings, &devices, links, &self.ports);
        self.prepare_ports(&devices, links);
        self.follow_mac_secs(&devices, links);
        self.follow_lags(&devices, links);
        let found = Links::new(links, &self.ports);
        let wanted: BTreeMap<VirtualInterfaceId, (&str, &Arc<VirtualInterfaceIntent>)> = devices
            .iter()
            .flat_map(|device| {
                let interfaces = device.virtual_interfaces.iter();
                interfaces.map(|it| (it.id, (device.device.as_str(), it)))
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
        self.attach_ports(&devices, links, full);
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
            let text = match self.mac_secs.missing() {
                Some(missing) => port::unencrypted(port, missing),
                None => macsec::unknown_keys(port),
            };
            if let Some(text) = text {
                self.faults.say(port.connection, text);
            }
            if let Err(error) = port::prepare(&mut self.kernel, port, link) {
                self.faults.say(port.connection, error);
            }
        }
    }

    /// Speaks MKA on ports with MACsec. Before the LAGs: it says which interfaces their members' frames go by.
    fn follow_mac_secs(&mut self, devices: &[&DeviceIntent], links: &[Link]) {
        let interface = |connection: ConnectionId| {
            let name = self.ports.get(&connection)?;
            links.iter().find(|link| link.name == *name)
        };
        let wanted = macsec::wanted(devices, interface);
        for (connection, text) in self.mac_secs.follow(&wanted, links) {
            self.faults.say(connection, text);
        }
    }

    /// Speaks LACP on the members of LAGs. Before the virtual interfaces: what goes out by one has to have
    /// somewhere to go.
    fn follow_lags(&mut self, devices: &[&DeviceIntent], links: &[Link]) {
        let has_mac_sec = self.mac_secs.missing().is_none();
        let interface = |port: &PortIntent| {
            let name = self.ports.get(&port.connection)?;
            let link = links.iter().find(|link| link.name == *name)?;
            let must = port.encryption_mode.as_deref() == Some("must_encrypt");
            let carrier = self.mac_secs.carrier(port.connection);
            match carrier.filter(|_| has_mac_sec) {
                Some(carrier) => Some((carrier, true)),
                None => Some((link.index, !must)),
            }
        };
        let wanted = lag::wanted(devices, interface);
        // MACsec interfaces may have been made just now.
        let all = self.look_at_links(false);
        let links = all.as_deref().map_or(links, Vec::as_slice);
        for (subject, error) in self.lags.follow(&wanted, links, &mut self.kernel) {
            self.faults.say(subject, error);
        }
    }

    /// Takes the frames of ports, and of those alone that the bindings name, or that carry their frames encrypted.
    fn attach_ports(&mut self, devices: &[&DeviceIntent], links: &[Link], full: bool) {
        let encrypted = self.mac_secs.interfaces();
        for index in self.program.ports() {
            let is_port = |link: &&Link| {
                let mut bound = self.file.bindings.port.iter();
                bound.any(|port| port.interface == link.name)
                    || encrypted.iter().any(|(_, name, _)| *name == link.name)
            };
            let link = links.iter().find(|link| link.index == index);
            if let Some(link) = link.filter(|link| !is_port(link)) {
                self.program.leave_port(&link.name, index);
            }
        }
        for (connection, name, index) in encrypted {
            if !full && self.program.is_attached(index) {
                continue;
            }
            if let Err(error) = self.program.attach_port(&mut self.kernel, &name) {
                self.faults.say(connection, error);
            }
        }
        let ports = devices.iter().flat_map(|device| &device.ports);
        for port in ports {
            let Some(name) = self.ports.get(&port.connection) else {
                continue;
            };
            let link = links.iter().find(|link| link.name == *name);
            if link.is_none_or(|link| !full && self.program.is_attached(link.index)) {
                continue;
            }
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
        let index = links.ports.get(name.as_str()).copied()?;
        Some(self.mac_secs.number(connection).unwrap_or(index))
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
            || standing.is_broken
    }

    /// Whether there was something to do.
    async fn follow(
        &mut self,
        device: &str,
        wanted: &Arc<VirtualInterfaceIntent>,
        links: &Links<'_>,
    ) -> Result<bool, LinuxError> {
        let cut_off;
        let wanted = if wanted.in_service && self.is_cut_off(wanted.carrier) {
            cut_off = Arc::new(VirtualInterfaceIntent {
                in_service: false,
                ..VirtualInterfaceIntent::clone(wanted)
            });
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
