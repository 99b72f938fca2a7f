//! One routing domain: a namespace, a speaker, uplinks, and the routes that keep section 7 of
//! spec/routing: who may send packets to whom is the choice of the table that they are looked up in.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use demarc_domain::intent::{DomainIntent, RoutingDomain};
use demarc_linux::{Kernel, KernelError, Namespace, NextHop, Table};
use demarc_speaker::{GatewaySpeaker, NamespaceSockets};
use demarc_types::{GatewayRef, Prefix};
use tracing::{info, warn};

use super::bindings::{Bindings, UplinkBinding};
use super::edge::LinuxError;

/// Looked up for packets from a virtual interface: what lies behind the uplinks.
pub(super) const FROM_INTERFACE: Table = Table(1001);
/// The same, and the other interfaces with SiteLink.
pub(super) const FROM_SITE_LINK: Table = Table(1002);
/// Looked up for packets from an uplink: the virtual interfaces, never another uplink.
pub(super) const FROM_UPLINK: Table = Table(1003);

const IPV4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const IPV6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED);

/// edge.md §6.10: forwarding, no redirects, two paths may differ, flows stay together.
const PARAMETERS: [(&str, &str); 9] = [
    ("ipv4/ip_forward", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv6/conf/all/accept_ra", "0"),
    ("ipv4/fib_multipath_hash_policy", "1"),
    ("ipv6/fib_multipath_hash_policy", "1"),
];

/// A neighbor as forwarding sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neighbor {
    pub(super) interface: u32,
    pub(super) site_link: bool,
}

/// An uplink that stands.
#[derive(Clone, Debug, PartialEq)]
struct Uplink {
    binding: UplinkBinding,
    index: u32,
    prefixes: Vec<Prefix>,
}

pub(super) struct Gateway {
    pub(super) namespace: Namespace,
    pub(super) kernel: Kernel,
    pub(super) speaker: GatewaySpeaker,
    /// By address, of all interfaces.
    pub(super) neighbors: BTreeMap<IpAddr, Neighbor>,
    /// What the tables say, by prefix.
    routes: BTreeMap<Prefix, Vec<IpAddr>>,
    uplinks: BTreeMap<GatewayRef, Uplink>,
    announced: Vec<Prefix>,
    warned: BTreeSet<GatewayRef>,
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
    pub(super) fn start(domain: RoutingDomain, router_id: Ipv4Addr) -> Result<Self, LinuxError> {
        let name = namespace_name(domain);
        let namespace = Namespace::ensure(&name)?;
        namespace.set_parameters(&PARAMETERS)?;
        let mut kernel = namespace.kernel()?;
        let loopback = kernel.existing("lo")?;
        kernel.set_up(loopback.index)?;
        for table in [FROM_INTERFACE, FROM_SITE_LINK, FROM_UPLINK] {
            for any in [IPV4, IPV6] {
                kernel.end_table(table, any)?;
            }
        }
        let sockets = NamespaceSockets::new(namespace.path());
        let speaker = GatewaySpeaker::start(Arc::new(sockets), router_id, 1)?;
        info!(namespace = name, "gateway is up");
        Ok(Self {
            namespace,
            kernel,
            speaker,
            neighbors: BTreeMap::new(),
            routes: BTreeMap::new(),
            uplinks: BTreeMap::new(),
            announced: Vec::new(),
            warned: BTreeSet::new(),
        })
    }

    /// Uplinks and announcements as the intent has them.
    pub(super) async fn follow(
        &mut self,
        intent: &DomainIntent,
        bindings: &Bindings,
        host: &mut Kernel,
    ) -> Result<(), LinuxError> {
        let wanted: Vec<GatewayRef> = intent.uplinks.iter().map(|uplink| uplink.gateway).collect();
        let gone: Vec<GatewayRef> = self
            .uplinks
            .iter()
            .filter(|(gateway, uplink)| {
                !wanted.contains(gateway) || bindings.uplink(**gateway) != Some(&uplink.binding)
            })
            .map(|(gateway, _)| *gateway)
            .collect();
        for gateway in gone {
            self.unbind(gateway)?;
        }
        for uplink in &intent.uplinks {
            match bindings.uplink(uplink.gateway) {
                Some(binding) => {
                    // What is announced on behalf of a transit gateway is what lies behind it.
                    let prefixes = if uplink.prefixes.is_empty() {
                        &uplink.announced
                    } else {
                        &uplink.prefixes
                    };
                    self.bind(binding, prefixes, host)?;
                }
                None if self.warned.insert(uplink.gateway) => {
                    warn!(gateway = %uplink.gateway, "no interface is bound to it: its prefixes are announced, packets for them are refused");
                }
                None => {}
            }
        }
        let mut announced: Vec<Prefix> = intent
            .uplinks
            .iter()
            .flat_map(|uplink| uplink.announced.iter().copied())
            .collect();
        announced.sort_unstable();
        announced.dedup();
        if announced != self.announced {
            self.speaker.originate(&announced).await?;
            self.announced = announced;
        }
        Ok(())
    }

    fn bind(
        &mut self,
        binding: &UplinkBinding,
        prefixes: &[Prefix],
        host: &mut Kernel,
    ) -> Result<(), LinuxError> {
        let (index, old) = match self.uplinks.get(&binding.gateway) {
            Some(uplink) if uplink.prefixes == prefixes => return Ok(()),
            Some(uplink) => (uplink.index, uplink.prefixes.clone()),
            None => (self.take_in(binding, host)?, Vec::new()),
        };
        for prefix in old.iter().filter(|prefix| !prefixes.contains(prefix)) {
            self.uplink_route(*prefix, None)?;
        }
        for prefix in prefixes {
            let next_hop = binding
                .next_hops
                .iter()
                .find(|address| address.is_ipv4() == prefix.addr().is_ipv4());
            let Some(address) = next_hop else {
                warn!(%prefix, interface = binding.interface, "no next hop of its family is bound");
                continue;
            };
            let next_hop = NextHop {
                address: *address,
                interface: index,
            };
            self.uplink_route(*prefix, Some(next_hop))?;
        }
        let uplink = Uplink {
            binding: binding.clone(),
            index,
            prefixes: prefixes.to_vec(),
        };
        self.uplinks.insert(binding.gateway, uplink);
        info!(gateway = %binding.gateway, interface = binding.interface, "uplink is up");
        Ok(())
    }

    /// Moves the interface of an uplink into the namespace and gives it its addresses.
    fn take_in(&mut self, binding: &UplinkBinding, host: &mut Kernel) -> Result<u32, KernelError> {
        if let Some(outside) = host.link(&binding.interface)? {
            host.move_link(outside.index, &self.namespace)?;
        }
        let link = self.kernel.existing(&binding.interface)?;
        for address in &binding.addresses {
            self.kernel
                .add_address(link.index, address.addr(), address.prefix_len())?;
        }
        self.kernel
            .set_input_table(&binding.interface, link.index, Some(FROM_UPLINK))?;
        self.kernel.set_up(link.index)?;
        Ok(link.index)
    }

    fn unbind(&mut self, gateway: GatewayRef) -> Result<(), LinuxError> {
        let Some(uplink) = self.uplinks.remove(&gateway) else {
            return Ok(());
        };
        for prefix in &uplink.prefixes {
            self.uplink_route(*prefix, None)?;
        }
        self.kernel
            .set_input_table(&uplink.binding.interface, uplink.index, None)?;
        self.kernel.take_back(uplink.index)?;
        info!(%gateway, interface = uplink.binding.interface, "uplink is given back");
        Ok(())
    }

    fn uplink_route(&mut self, prefix: Prefix, to: Option<NextHop>) -> Result<(), KernelError> {
        for table in [FROM_INTERFACE, FROM_SITE_LINK, Table::MAIN] {
            set(&mut self.kernel, table, prefix, to.as_slice())?;
        }
        Ok(())
    }

    /// Takes routes from the speaker's tables into the kernel.
    pub(super) async fn forward(&mut self) -> Result<(), LinuxError> {
        for change in self.speaker.forwarding_changes().await? {
            if change.neighbors.is_empty() {
                self.routes.remove(&change.prefix);
            } else {
                self.routes.insert(change.prefix, change.neighbors.clone());
            }
            self.program(change.prefix, &change.neighbors)?;
        }
        Ok(())
    }

    /// Programs all routes again: what an interface may do has changed.
    pub(super) fn reprogram(&mut self) -> Result<(), LinuxError> {
        for (prefix, neighbors) in self.routes.clone() {
            self.program(prefix, &neighbors)?;
        }
        Ok(())
    }

    fn program(&mut self, prefix: Prefix, neighbors: &[IpAddr]) -> Result<(), LinuxError> {
        let known: Vec<(NextHop, bool)> = neighbors
            .iter()
            .filter_map(|address| {
                let neighbor = self.neighbors.get(address)?;
                let next_hop = NextHop {
                    address: *address,
                    interface: neighbor.interface,
                };
                Some((next_hop, neighbor.site_link))
            })
            .collect();
        let all: Vec<NextHop> = known.iter().map(|(next_hop, _)| *next_hop).collect();
        let site_link = known.iter().filter(|(_, on)| *on);
        let site_link: Vec<NextHop> = site_link.map(|(next_hop, _)| *next_hop).collect();
        set(&mut self.kernel, FROM_UPLINK, prefix, &all)?;
        // The gateway's own networks are not for a customer to take over.
        let own = self
            .uplinks
            .values()
            .any(|uplink| uplink.prefixes.contains(&prefix));
        if !own {
            set(&mut self.kernel, Table::MAIN, prefix, &all)?;
            set(&mut self.kernel, FROM_SITE_LINK, prefix, &site_link)?;
        }
        Ok(())
    }

    /// Gives the uplinks back and removes the namespace.
    pub(super) fn end(mut self) -> Result<(), LinuxError> {
        for gateway in self.uplinks.keys().copied().collect::<Vec<_>>() {
            self.unbind(gateway)?;
        }
        let name = self.namespace.name().to_owned();
        drop(self);
        Namespace::remove(&name)?;
        info!(namespace = name, "gateway is gone");
        Ok(())
    }
}

fn set(
    kernel: &mut Kernel,
    table: Table,
    prefix: Prefix,
    next_hops: &[NextHop],
) -> Result<(), KernelError> {
    if next_hops.is_empty() {
        kernel.remove_route(table, prefix.network(), prefix.prefix_len())
    } else {
        kernel.replace_route(table, prefix.network(), prefix.prefix_len(), next_hops)
    }
}
