//! One routing domain: a namespace, a speaker, and the uplinks behind it. Which packets go where is in
//! [`super::forwarding`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use demarc_bgp::policy::AmazonScope;
use demarc_bgp::rib::{DeviceId, Origination, RegionId};
use demarc_domain::intent::{DomainIntent, RoutingDomain};
use demarc_linux::{ChangeWatch, Kernel, KernelError, Namespace, NextHop, Watched};
use demarc_speaker::{
    Activity, ForwardingChange, GatewaySpeaker, NamespaceSockets, NeighborKey, md5,
};
use demarc_types::{GatewayRef, Prefix, Region};
use tracing::info;

use super::adoption::Adoption;
use super::bindings::{Behind, Bindings, Scope, UplinkBinding};
use super::edge::LinuxError;
use super::forwarding::{FROM_INTERFACE, FROM_SITE_LINK, Neighbor, Sources, from_uplink};
use super::uplink_mark;

const IPV4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const IPV6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED);

/// edge.md §6.10: forwarding, no redirects, two paths may differ, flows stay together.
pub(super) const PARAMETERS: [(&str, &str); 19] = [
    ("ipv4/ip_forward", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv6/conf/all/accept_ra", "0"),
    ("ipv4/fib_multipath_hash_policy", "1"),
    ("ipv6/fib_multipath_hash_policy", "1"),
    // An interface answers for its own address only (spec/routing §10): another may have the same.
    ("ipv4/conf/all/arp_ignore", "1"),
    ("ipv4/conf/default/arp_ignore", "1"),
    ("ipv4/conf/all/arp_announce", "2"),
    ("ipv4/conf/default/arp_announce", "2"),
    // A station that is another one, or back, says so: customers remember the one before for half a minute.
    ("ipv4/conf/all/arp_notify", "1"),
    ("ipv6/conf/all/ndisc_notify", "1"),
    // Where rules choose tables, the kernel asks them a second time for each packet: whether its source is an
    // address of ours. IPv6 does not ask, and our tables lead nobody to these addresses.
    ("ipv4/conf/all/accept_local", "1"),
    // Next to nothing that comes in is for a socket here: not each packet is looked up among them.
    ("ipv4/ip_early_demux", "0"),
    // Answers of the kernel itself go where the packet came from: they take its mark ([`super::forwarding::answers`]).
    ("ipv4/fwmark_reflect", "1"),
    ("ipv6/fwmark_reflect", "1"),
];

/// What is to be behind a gateway.
struct Wanted<'a> {
    behind: Behind,
    region: RegionId,
    /// Where packets for the uplink go to.
    prefixes: &'a [Prefix],
    owner: Owner,
}

/// Whose the prefixes of an uplink are when a customer announces the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A VPC: its own route always wins (spec/routing §3).
    Uplink,
    /// A transit gateway: it looks for what it does not know at the customers.
    Customer,
}

/// An uplink that stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Uplink {
    pub(super) binding: UplinkBinding,
    pub(super) index: u32,
    region: RegionId,
    pub(super) owner: Owner,
    pub(super) prefixes: Vec<Prefix>,
    /// What its own packets are not let through for.
    pub(super) refused: Vec<Prefix>,
}

impl Uplink {
    /// Where packets for a prefix behind it go.
    pub(super) fn next_hop(&self, prefix: Prefix) -> Option<NextHop> {
        let family = |address: &&IpAddr| address.is_ipv4() == prefix.addr().is_ipv4();
        let address = self.binding.next_hops.iter().find(family)?;
        Some(NextHop {
            address: *address,
            interface: self.index,
        })
    }

    /// What to say when a prefix has nobody to take its packets.
    fn no_next_hop(&self) -> Option<String> {
        let mut prefixes = self.prefixes.iter();
        let prefix = prefixes.find(|prefix| self.next_hop(**prefix).is_none())?;
        let family = if prefix.addr().is_ipv4() {
            "IPv4"
        } else {
            "IPv6"
        };
        let interface = &self.binding.interface;
        Some(format!(
            "{interface} has no {family} next hop: packets for {prefix} are refused"
        ))
    }
}

pub(super) struct Gateway {
    pub(super) namespace: Namespace,
    pub(super) kernel: Kernel,
    pub(super) speaker: GatewaySpeaker,
    pub(super) neighbors: BTreeMap<NeighborKey, Neighbor>,
    /// The speaker's stamp when it was asked for changes.
    pub(super) forwarded: u64,
    /// The speaker's stamp of all sessions when these were asked how they are.
    heard: u64,
    /// What the speaker said last, by prefix.
    pub(super) routes: BTreeMap<Prefix, ForwardingChange>,
    pub(super) uplinks: BTreeMap<Behind, Uplink>,
    pub(super) sources: Sources,
    /// Regions with uplinks, each with a table.
    pub(super) tables: BTreeSet<RegionId>,
    /// Uplinks may reach each other by a customer's route.
    pub(super) hairpin: bool,
    /// Names by number.
    regions: Vec<Region>,
    devices: Vec<String>,
    announced: Vec<Origination>,
    /// What is wrong with what is to be behind it.
    troubles: BTreeMap<Behind, String>,
    /// Hears what others do to the namespace.
    pub(super) watch: ChangeWatch,
    /// Address and MTU of the stations inside, by index, as they were looked at last.
    pub(super) inside: HashMap<u32, ([u8; 6], u32)>,
    /// Segments that the kernel had dropped for their signature when it was asked last.
    pub(super) wrong_signatures: u64,
    /// While what an earlier process left is still in use.
    pub(super) adoption: Option<Adoption>,
    /// Rules of an earlier process have not been looked through yet.
    pub(super) has_old_rules: bool,
}

const UNBOUND: &str =
    "no interface is bound to it: its prefixes are announced, packets for them are refused";

/// What to say of an uplink that another gateway was first to have.
fn in_use(binding: &UplinkBinding) -> String {
    format!(
        "its uplink {} is in the namespace of another gateway: bind one for each that carries virtual \
         interfaces, with `serves`",
        binding.interface
    )
}

/// Names of our namespaces begin like this.
pub(super) const NAMESPACES: &str = "dmc-";

pub(super) fn namespace_name(domain: RoutingDomain) -> String {
    match domain {
        RoutingDomain::Gateway(id) => format!("{NAMESPACES}{id}"),
        RoutingDomain::VpnGateway(id) => format!("{NAMESPACES}{id}"),
        RoutingDomain::Public => format!("{NAMESPACES}public"),
    }
}

impl Gateway {
    pub(super) async fn start(
        domain: RoutingDomain,
        router_id: Ipv4Addr,
        activity: Activity,
    ) -> Result<Self, LinuxError> {
        let name = namespace_name(domain);
        let was_there = Namespace::open(&name).is_ok();
        let namespace = Namespace::ensure(&name)?;
        namespace.set_parameters(&PARAMETERS)?;
        let mut kernel = namespace.kernel()?;
        let watch = namespace.watch(Watched::Routing, &kernel)?;
        let loopback = kernel.existing("lo")?;
        kernel.set_up(loopback.index)?;
        let adoption = if was_there {
            Adoption::begin(&mut kernel)?
        } else {
            None
        };
        for table in [FROM_INTERFACE, FROM_SITE_LINK] {
            for any in [IPV4, IPV6] {
                kernel.end_table(table, any)?;
            }
        }
        let wrong_signatures = namespace.inside(md5::dropped_segments)?;
        let sockets = NamespaceSockets::new(namespace.path());
        let mut speaker = GatewaySpeaker::start(Arc::new(sockets), router_id, 1, activity)?;
        speaker.set_restarted(adoption.is_some()).await?;
        let routes = adoption.as_ref().map(Adoption::routes);
        info!(namespace = name, adopted = routes, "gateway is up");
        Ok(Self {
            namespace,
            kernel,
            speaker,
            neighbors: BTreeMap::new(),
            forwarded: 0,
            heard: 0,
            routes: BTreeMap::new(),
            uplinks: BTreeMap::new(),
            sources: Sources::default(),
            tables: BTreeSet::new(),
            hairpin: false,
            regions: Vec::new(),
            devices: Vec::new(),
            announced: Vec::new(),
            troubles: BTreeMap::new(),
            watch,
            inside: HashMap::new(),
            wrong_signatures,
            adoption,
            has_old_rules: was_there,
        })
    }

    /// Segments that the kernel has dropped for their signature since the last call.
    pub(super) fn wrong_signatures(&mut self) -> Result<u64, KernelError> {
        let now = self.namespace.inside(md5::dropped_segments)?;
        let before = std::mem::replace(&mut self.wrong_signatures, now);
        Ok(now.saturating_sub(before))
    }

    /// Whether something may have happened to a session since the last call.
    pub(super) fn sessions_have_news(&mut self) -> bool {
        let heard = self.speaker.sessions_stamp();
        std::mem::replace(&mut self.heard, heard) != heard
    }

    /// What is wrong inside, with whom: uplinks that are not bound or not whole, and what the kernel would
    /// not do.
    pub(super) fn troubles(&self) -> Vec<(String, String)> {
        let uplinks = self.troubles.iter();
        let mut all: Vec<_> = uplinks
            .map(|(behind, text)| (behind.to_string(), text.clone()))
            .collect();
        for (behind, uplink) in &self.uplinks {
            all.extend(uplink.no_next_hop().map(|text| (behind.to_string(), text)));
        }
        for (interface, error) in self.kernel.failing() {
            let of_it = |uplink: &&Uplink| Some(uplink.index) == interface;
            all.push(match self.uplinks.values().find(of_it) {
                Some(uplink) => {
                    let text = format!("{}: {error}", uplink.binding.interface);
                    (uplink.binding.gateway.to_string(), text)
                }
                None => (self.namespace.name().to_owned(), error.to_string()),
            });
        }
        all
    }

    /// The number of a Region.
    pub(super) fn region(&mut self, region: Region) -> RegionId {
        RegionId(number(&mut self.regions, &region))
    }

    /// The number of a device.
    pub(super) fn device(&mut self, device: Option<&str>) -> DeviceId {
        DeviceId(number(
            &mut self.devices,
            &device.unwrap_or_default().to_owned(),
        ))
    }

    /// Uplinks and announcements as the intent has them. `taken`: the interfaces of uplinks, each
    /// with the gateway that has it.
    pub(super) async fn follow(
        &mut self,
        intent: &DomainIntent,
        bindings: &Bindings,
        taken: &BTreeMap<String, RoutingDomain>,
        host: &mut Kernel,
    ) -> Result<(), LinuxError> {
        let public = match intent.domain {
            RoutingDomain::Public => bindings.uplink(Behind::Public, intent.domain),
            RoutingDomain::Gateway(_) | RoutingDomain::VpnGateway(_) => None,
        };
        let public_prefixes: Vec<Prefix> = public
            .iter()
            .flat_map(|binding| binding.prefixes.iter().map(|one| one.prefix.trunc()))
            .collect();
        let mut wanted = self.wanted(intent);
        wanted.extend(public.map(|_| Wanted {
            behind: Behind::Public,
            region: RegionId::default(),
            prefixes: &public_prefixes,
            owner: Owner::Uplink,
        }));
        let gone: Vec<Behind> = self
            .uplinks
            .iter()
            .filter(|(behind, uplink)| {
                let same = |wanted: &Wanted<'_>| {
                    wanted.behind == **behind
                        && (wanted.region, wanted.owner) == (uplink.region, uplink.owner)
                };
                !wanted.iter().any(same)
                    || bindings.uplink(**behind, intent.domain) != Some(&uplink.binding)
            })
            .map(|(behind, _)| *behind)
            .collect();
        self.troubles.clear();
        for behind in gone {
            if let Err(error) = self.unbind(behind) {
                self.troubles.insert(behind, error.to_string());
            }
        }
        let is_taken = |interface: &String| {
            let by = taken.get(interface);
            by.is_some_and(|by| *by != intent.domain)
        };
        // One that cannot be bound keeps nothing from the others.
        for wanted in wanted {
            let trouble = match bindings.uplink(wanted.behind, intent.domain) {
                Some(binding) if is_taken(&binding.interface) => Some(in_use(binding)),
                Some(binding) => {
                    let bound = self.bind(binding, &wanted, host);
                    bound.err().map(|error| error.to_string())
                }
                None => Some(UNBOUND.to_owned()),
            };
            self.troubles
                .extend(trouble.map(|text| (wanted.behind, text)));
        }
        let announced = match public {
            Some(binding) => binding.prefixes.iter().map(of_public).collect(),
            None => of_uplinks(intent),
        };
        self.set_hairpin(intent.hairpin)?;
        if announced != self.announced {
            self.speaker.originate(announced.clone()).await?;
            self.announced = announced;
        }
        Ok(())
    }

    fn wanted<'a>(&mut self, intent: &'a DomainIntent) -> Vec<Wanted<'a>> {
        let uplinks = intent.uplinks.iter();
        let wanted = uplinks.map(|uplink| {
            let (prefixes, owner) = match uplink.gateway {
                GatewayRef::VirtualPrivate(_) => (&uplink.prefixes, Owner::Uplink),
                // What is announced on behalf of a transit gateway is what lies behind it.
                GatewayRef::Transit(_) => (&uplink.announced, Owner::Customer),
            };
            Wanted {
                behind: Behind::Gateway(uplink.gateway),
                region: self.region(uplink.region),
                prefixes,
                owner,
            }
        });
        wanted.collect()
    }

    fn bind(
        &mut self,
        binding: &UplinkBinding,
        wanted: &Wanted<'_>,
        host: &mut Kernel,
    ) -> Result<(), LinuxError> {
        let (index, old, refused) = match self.uplinks.get(&binding.gateway) {
            Some(uplink) if uplink.prefixes == wanted.prefixes => return Ok(()),
            Some(uplink) => (
                uplink.index,
                uplink.prefixes.clone(),
                uplink.refused.clone(),
            ),
            None => {
                self.open_table(wanted.region)?;
                let index = self.take_in(binding, wanted.region, host)?;
                // An earlier process may have left some.
                self.kernel.refuse_input(&binding.interface, &[])?;
                (index, Vec::new(), Vec::new())
            }
        };
        let uplink = Uplink {
            binding: binding.clone(),
            index,
            region: wanted.region,
            owner: wanted.owner,
            prefixes: wanted.prefixes.to_vec(),
            refused,
        };
        self.uplinks.insert(binding.gateway, uplink.clone());
        for prefix in old.iter().filter(|old| !wanted.prefixes.contains(old)) {
            self.uplink_route(*prefix, None);
        }
        for prefix in wanted.prefixes {
            if let Some(next_hop) = uplink.next_hop(*prefix) {
                self.uplink_route(*prefix, Some(next_hop));
            }
        }
        info!(gateway = %binding.gateway, interface = binding.interface, "uplink is up");
        Ok(())
    }

    /// Makes the table of packets from the uplinks of a Region.
    fn open_table(&mut self, region: RegionId) -> Result<(), LinuxError> {
        if !self.tables.insert(region) {
            return Ok(());
        }
        for any in [IPV4, IPV6] {
            self.kernel.end_table(from_uplink(region), any)?;
        }
        Ok(())
    }

    /// Moves the interface of an uplink into the namespace and gives it its addresses.
    fn take_in(
        &mut self,
        binding: &UplinkBinding,
        region: RegionId,
        host: &mut Kernel,
    ) -> Result<u32, KernelError> {
        if let Some(outside) = host.link(&binding.interface)? {
            host.move_link(outside.index, &self.namespace)?;
        }
        let link = self.kernel.existing(&binding.interface)?;
        let mark = uplink_mark::of(binding.gateway);
        if link.alias != mark {
            self.kernel.set_alias(link.index, &mark)?;
        }
        for address in &binding.addresses {
            self.kernel
                .add_address(link.index, address.addr(), address.prefix_len())?;
        }
        self.kernel
            .set_input_table(&binding.interface, link.index, Some(from_uplink(region)))?;
        self.kernel.set_up(link.index)?;
        Ok(link.index)
    }

    fn unbind(&mut self, gateway: Behind) -> Result<(), LinuxError> {
        let Some(uplink) = self.uplinks.remove(&gateway) else {
            return Ok(());
        };
        for prefix in &uplink.prefixes {
            self.uplink_route(*prefix, None);
        }
        let interface = &uplink.binding.interface;
        self.kernel.set_input_table(interface, uplink.index, None)?;
        self.kernel.refuse_input(interface, &[])?;
        self.kernel.take_back(uplink.index)?;
        info!(%gateway, interface = uplink.binding.interface, "uplink is given back");
        Ok(())
    }

    /// Gives the uplinks back and removes the namespace.
    pub(super) fn end(mut self) -> Result<(), LinuxError> {
        for gateway in self.uplinks.keys().copied().collect::<Vec<_>>() {
            self.unbind(gateway)?;
        }
        let name = self.namespace.name().to_owned();
        let foreign = self.look_at_links()?;
        drop(self);
        if !foreign.is_empty() {
            // It would go with the namespace.
            return Ok(());
        }
        Namespace::remove(&name)?;
        info!(namespace = name, "gateway is gone");
        Ok(())
    }
}

/// The place of a value in a list, which it joins if it is new.
fn number<T: Clone + PartialEq>(known: &mut Vec<T>, value: &T) -> u16 {
    let place = known.iter().position(|known| known == value);
    let place = place.unwrap_or_else(|| {
        known.push(value.clone());
        known.len() - 1
    });
    u16::try_from(place).unwrap_or(u16::MAX)
}

fn of_uplinks(intent: &DomainIntent) -> Vec<Origination> {
    let uplinks = intent.uplinks.iter();
    let mut prefixes: Vec<Prefix> = uplinks
        .flat_map(|uplink| &uplink.announced)
        .copied()
        .collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes.into_iter().map(Origination::new).collect()
}

fn of_public(public: &super::bindings::PublicPrefix) -> Origination {
    Origination {
        scope: match public.scope {
            Scope::Region => AmazonScope::Region,
            Scope::Continent => AmazonScope::Continent,
            Scope::World => AmazonScope::World,
        },
        ..Origination::new(public.prefix.trunc())
    }
}
