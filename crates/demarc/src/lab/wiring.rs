//! The lab in the kernel: cables, sites and VPCs.
//!
//! ```text
//!  namespace of a customer        cage                 the edge's namespace
//!  vlan101 ═══ vlan0 ── program ── cable1 ═══════════ port1     uplink1 ═══ lan0 in a VPC's namespace
//! ```
//!
//! The customers' side tags frames by the same program that takes the tags off at the edge, so that a
//! lab needs no VLAN interfaces of the kernel.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Child;
use std::time::Duration;

use demarc_linux::{
    Kernel, KernelError, Namespace, NextHop, Table, VethSpec, VlanDelivery, VlanProgram, probe,
};
use demarc_types::{PeerAddress, Prefix};

use super::order::{Answer, Order};
use super::topology::first_host;
use super::{icmp, router};

const CAGE: &str = "cage";
const MTU: u16 = 1_500;
/// A port takes frames of 9001 bytes and a tag.
const CABLE_MTU: u32 = 9_001;

/// The customers' end of a VLAN.
struct Vlan {
    cable: usize,
    outer: String,
}

/// What was built. It lives as long as the process.
pub(crate) struct Wiring {
    /// The edge's namespace, where this process lives.
    edge: Kernel,
    cage: Namespace,
    cage_kernel: Kernel,
    program: VlanProgram,
    sites: BTreeMap<String, Namespace>,
    vlans: Vec<Vlan>,
    routers: Vec<Child>,
}

/// One line.
type Failed = String;

fn said(error: KernelError) -> Failed {
    error.to_string()
}

fn missing(site: &str) -> Failed {
    format!("there is no `{site}` in the lab")
}

/// The names of a cable's ends: at the edge, and in the cage.
pub(crate) fn port(number: usize) -> String {
    format!("port{number}")
}

fn cable(number: usize) -> String {
    format!("cable{number}")
}

/// The edge's interface to a VPC, our address on it and the VPC's.
pub(crate) fn uplink(number: usize) -> (String, Ipv4Addr, Ipv4Addr) {
    let number = u32::try_from(number).unwrap_or(u32::MAX) & 0xffff;
    let base = u32::from(Ipv4Addr::new(100, 64, 0, 0)) + number * 4;
    (
        format!("uplink{number}"),
        Ipv4Addr::from(base + 1),
        Ipv4Addr::from(base + 2),
    )
}

/// Sends packets from a site. Wires may be changed meanwhile.
pub(crate) fn look(order: Order) -> Answer {
    match order {
        Order::Ping {
            from,
            source,
            target,
            count,
            milliseconds,
        } => {
            let interval = Duration::from_millis(milliseconds);
            let result = inside(&from, || icmp::ping(source, target, count, interval));
            result.map_or_else(Answer::Failed, Answer::Received)
        }
        Order::Trace {
            from,
            source,
            target,
        } => {
            let result = inside(&from, || icmp::trace(source, target));
            result.map_or_else(Answer::Failed, Answer::Hops)
        }
        _ => Answer::Failed("this order does not look at anything".to_owned()),
    }
}

fn inside<T: Send>(
    site: &str,
    task: impl FnOnce() -> std::io::Result<T> + Send,
) -> Result<T, Failed> {
    let namespace = Namespace::open(site).map_err(said)?;
    let result = namespace.inside(task).map_err(said)?;
    result.map_err(|error| format!("{site} cannot send packets: {error}"))
}

impl Wiring {
    /// Takes the present network namespace for the edge's.
    pub(crate) fn new() -> Result<Self, Failed> {
        let mut edge = Kernel::here().map_err(said)?;
        let loopback = edge.existing("lo").map_err(said)?;
        edge.set_up(loopback.index).map_err(said)?;
        let cage = Namespace::ensure(CAGE).map_err(said)?;
        let cage_kernel = cage.kernel().map_err(said)?;
        let program = VlanProgram::load(probe().map_err(said)?).map_err(said)?;
        Ok(Self {
            edge,
            cage,
            cage_kernel,
            program,
            sites: BTreeMap::new(),
            vlans: Vec::new(),
            routers: Vec::new(),
        })
    }

    /// Does as it is told.
    pub(crate) fn carry_out(&mut self, order: Order) -> Answer {
        let done = |result: Result<(), Failed>| match result {
            Ok(()) => Answer::Done,
            Err(message) => Answer::Failed(message),
        };
        match order {
            Order::Vpc { name, number, cidr } => done(self.add_vpc(&name, number, cidr)),
            Order::Cable { number } => done(self.add_cable(number)),
            Order::Customer { name, network } => done(self.add_site(&name, network).map(|_| ())),
            Order::Vlan {
                customer,
                cable,
                vlan,
                address,
            } => done(self.add_vlan(&customer, cable, vlan, &address)),
            Order::Router(plan) => done(self.start_router(&plan)),
            Order::Plug { cable, up } => done(self.plug(cable, up).map_err(said)),
            Order::Ping { .. } | Order::Trace { .. } => look(order),
        }
    }

    fn site(&self, name: &str) -> Result<&Namespace, Failed> {
        self.sites.get(name).ok_or_else(|| missing(name))
    }

    /// A namespace with a host at the first address of a network.
    fn add_site(&mut self, name: &str, network: Prefix) -> Result<Kernel, Failed> {
        let namespace = Namespace::ensure(name).map_err(said)?;
        let parameters = [("ipv4/ip_forward", "1"), ("ipv4/conf/all/rp_filter", "0")];
        namespace.set_parameters(&parameters).map_err(said)?;
        let mut kernel = namespace.kernel().map_err(said)?;
        let loopback = kernel.existing("lo").map_err(said)?;
        kernel.set_up(loopback.index).map_err(said)?;
        kernel
            .add_address(
                loopback.index,
                IpAddr::V4(first_host(network)),
                network.prefix_len(),
            )
            .map_err(said)?;
        self.sites.insert(name.to_owned(), namespace);
        Ok(kernel)
    }

    fn add_vpc(&mut self, name: &str, number: usize, cidr: Prefix) -> Result<(), Failed> {
        let mut inside = self.add_site(name, cidr)?;
        let (uplink, ours, theirs) = uplink(number);
        let namespace = (self.sites.get(name)).ok_or_else(|| missing(name))?;
        let spec = VethSpec {
            name: &uplink,
            peer: "lan0",
            namespace,
            mtu: CABLE_MTU,
        };
        self.edge.add_veth(spec).map_err(said)?;
        let lan = inside.existing("lan0").map_err(said)?;
        inside
            .add_address(lan.index, IpAddr::V4(theirs), 30)
            .map_err(said)?;
        inside.set_up(lan.index).map_err(said)?;
        let way_out = NextHop {
            address: IpAddr::V4(ours),
            interface: lan.index,
        };
        let all = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        // Customers know the VPC, and not what is between it and its gateway.
        let host = IpAddr::V4(first_host(cidr));
        inside
            .replace_route_from(Table::MAIN, all, 0, way_out, host)
            .map_err(said)
    }

    fn add_cable(&mut self, number: usize) -> Result<(), Failed> {
        let (port, cable) = (port(number), cable(number));
        let spec = VethSpec {
            name: &port,
            peer: &cable,
            namespace: &self.cage,
            mtu: CABLE_MTU,
        };
        self.edge.add_veth(spec).map_err(said)?;
        let (kernel, program) = (&mut self.cage_kernel, &mut self.program);
        let attached = self
            .cage
            .inside(|| program.attach_port(kernel, &cable))
            .map_err(said)?;
        attached.map_err(said)?;
        self.plug(number, true).map_err(said)
    }

    /// The VLAN on the cable, as an interface of the customer's router.
    fn add_vlan(
        &mut self,
        customer: &str,
        cable_number: usize,
        vlan: u16,
        address: &PeerAddress,
    ) -> Result<(), Failed> {
        let (outer, inner) = (format!("vlan{}", self.vlans.len()), format!("vlan{vlan}"));
        let (kernel, program) = (&mut self.cage_kernel, &mut self.program);
        let namespace = self.sites.get(customer).ok_or_else(|| missing(customer))?;
        let spec = VethSpec {
            name: &outer,
            peer: &inner,
            namespace,
            mtu: u32::from(MTU),
        };
        kernel.add_veth(spec).map_err(said)?;
        let mut site = namespace.kernel().map_err(said)?;
        let inside = site.existing(&inner).map_err(said)?;
        site.add_address(
            inside.index,
            address.address(),
            address.network().prefix_len(),
        )
        .map_err(said)?;
        site.set_up(inside.index).map_err(said)?;
        let port = kernel.existing(&cable(cable_number)).map_err(said)?;
        let outside = kernel.existing(&outer).map_err(said)?;
        let attached = self
            .cage
            .inside(|| program.attach_outer_end(kernel, &outer))
            .map_err(said)?;
        attached.map_err(said)?;
        kernel.set_up(outside.index).map_err(said)?;
        program
            .deliver(VlanDelivery {
                port: port.index,
                vlan,
                outer_end: outside.index,
                mac: inside.mac,
                mtu: MTU,
                source_check: false,
            })
            .map_err(said)?;
        self.vlans.push(Vlan {
            cable: cable_number,
            outer,
        });
        Ok(())
    }

    fn start_router(&mut self, plan: &super::order::RouterPlan) -> Result<(), Failed> {
        let started = router::start(plan, self.site(&plan.customer)?)?;
        self.routers.extend(started);
        // One that does not like its configuration ends at once.
        std::thread::sleep(Duration::from_millis(200));
        let ended = self
            .routers
            .iter_mut()
            .any(|child| matches!(child.try_wait(), Ok(Some(_))));
        if !ended {
            return Ok(());
        }
        let log = router::directory(&plan.customer).join("log");
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let last = text.lines().last().unwrap_or("it said nothing").to_owned();
        Err(format!("the router of {} has ended: {last}", plan.customer))
    }

    /// The router behind sees it, too, as on an interface of its own.
    fn plug(&mut self, number: usize, up: bool) -> Result<(), KernelError> {
        let vlans = self.vlans.iter().filter(|vlan| vlan.cable == number);
        let names = std::iter::once(cable(number)).chain(vlans.map(|vlan| vlan.outer.clone()));
        for name in names.collect::<Vec<_>>() {
            let link = self.cage_kernel.existing(&name)?;
            if up {
                self.cage_kernel.set_up(link.index)?;
            } else {
                self.cage_kernel.set_down(link.index)?;
            }
        }
        Ok(())
    }
}
