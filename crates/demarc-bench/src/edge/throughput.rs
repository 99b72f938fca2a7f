//! Customer → virtual interface → gateway → VPC, beside three namespaces with plain wires and the kernel's
//! routing. The customer's router tags its frames on its own interface, so that neither path has a hop more.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::Context;
use aya::programs::tc::{NlOptions, TcAttachOptions, qdisc_add_clsact};
use aya::programs::{LinkOrder, SchedClassifier, TcAttachType};
use aya::{Ebpf, include_bytes_aligned};
use demarc_linux::{Kernel, Namespace};
use ipnet::IpNet;

use super::Options;
use super::clock::until;
use super::customers::{Customer, Plan};
use super::service::{GATEWAY_ASN, Order, Service};
use super::traffic::{Rate, Way};
use super::wiring::{MTU, Site, add_cable, add_vpc, cable, wire};
use crate::api::{Table, median};

/// `push` and `pop` of `bpf/tag.bpf.c`.
static TAG: &[u8] = include_bytes_aligned!("../../bpf/tag.bpf.o");
/// The VLAN of [`TAG`].
const VLAN: u16 = 100;

const HERE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const VPC: Ipv4Addr = Ipv4Addr::new(10, 40, 1, 1);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
const CUSTOMER: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 2);
const PATIENCE: Duration = Duration::from_secs(30);

/// Two hosts and whatever is between them.
struct Path {
    name: &'static str,
    customer: Site,
    vpc: Site,
    _between: Option<Site>,
}

impl Path {
    fn to_vpc(&self) -> Way<'_> {
        Way {
            name: self.name,
            from: &self.customer.namespace,
            source: HERE,
            to: &self.vpc.namespace,
            target: VPC,
        }
    }

    fn to_customer(&self) -> Way<'_> {
        Way {
            name: self.name,
            from: &self.vpc.namespace,
            source: VPC,
            to: &self.customer.namespace,
            target: HERE,
        }
    }
}

pub(super) async fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    let plain = plain()?;
    let mut service = Service::start(&options.demarc).await?;
    let (edge, _router) = through_edge(&mut service).await?;
    let time = Duration::from_secs_f64(options.seconds);
    let tcp = |way: Way<'_>| way.tcp(time);
    let udp = |way: Way<'_>| way.udp(time);
    let rounds = options.rounds;
    let bits = ("Gbit/s", 1e9 / 8.0);
    compare("TCP, customer to VPC", bits, rounds, table, || {
        Ok((tcp(plain.to_vpc())?, tcp(edge.to_vpc())?))
    })?;
    compare("TCP, VPC to customer", bits, rounds, table, || {
        Ok((tcp(plain.to_customer())?, tcp(edge.to_customer())?))
    })?;
    let packets = ("thousand packets/s", 1e3);
    let what = "UDP of 64 bytes, customer to VPC";
    compare(what, packets, rounds, table, || {
        Ok((udp(plain.to_vpc())?, udp(edge.to_vpc())?))
    })?;
    let what = "UDP of 64 bytes, VPC to customer";
    compare(what, packets, rounds, table, || {
        Ok((udp(plain.to_customer())?, udp(edge.to_customer())?))
    })
}

/// Measures both in turns. `round` gives what the plain path and ours did; `unit` is its name and how many of
/// what was counted it has.
fn compare(
    what: &str,
    (unit, scale): (&str, f64),
    rounds: usize,
    table: &mut Table,
    mut round: impl FnMut() -> anyhow::Result<(Rate, Rate)>,
) -> anyhow::Result<()> {
    let mut seen = Vec::new();
    for _ in 0..rounds {
        seen.push(round()?);
    }
    let all = |value: &dyn Fn(&(Rate, Rate)) -> f64| seen.iter().map(value).collect::<Vec<_>>();
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let (plain, edge) = (
        best(&all(&|(plain, _)| plain.of_time)),
        best(&all(&|(_, edge)| edge.of_time)),
    );
    let time = median(&mut all(&|(plain, edge)| edge.of_time / plain.of_time));
    let work = median(&mut all(&|(plain, edge)| edge.of_work / plain.of_work));
    table.row(
        what,
        "≥ 90 % of plain veth and routing",
        format!(
            "{} by the best of {rounds} rounds: {:.2} of {:.2} {unit}; median of the rounds {}; for the same \
             processor time {}",
            percent(edge / plain),
            edge / scale,
            plain / scale,
            percent(time),
            percent(work),
        ),
    );
    Ok(())
}

fn best(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn subnet(address: Ipv4Addr, length: u8) -> anyhow::Result<IpNet> {
    Ok(IpNet::new(address.into(), length)?)
}

/// The same without an edge: a router with two wires.
fn plain() -> anyhow::Result<Path> {
    let (mut customer, mut router, mut vpc) = (
        Site::new("plain-customer")?,
        Site::new("plain-router")?,
        Site::new("plain-vpc")?,
    );
    let (ours, theirs) = (Ipv4Addr::new(100, 64, 9, 1), Ipv4Addr::new(100, 64, 9, 2));
    let addresses = [subnet(CUSTOMER, 30)?, subnet(GATEWAY, 30)?];
    wire(&mut customer, &mut router, ["wan", "wan"], addresses)?;
    let addresses = [subnet(ours, 30)?, subnet(theirs, 30)?];
    wire(&mut router, &mut vpc, ["lan", "lan"], addresses)?;
    customer.host(HERE)?;
    vpc.host(VPC)?;
    customer.way_out("wan", GATEWAY)?;
    vpc.way_out("lan", ours)?;
    router.route(subnet(HERE, 24)?.trunc(), "wan", CUSTOMER)?;
    router.route(subnet(VPC, 16)?.trunc(), "lan", theirs)?;
    Ok(Path {
        name: "plain",
        customer,
        vpc,
        _between: Some(router),
    })
}

/// A virtual interface with a session, and packets through it.
async fn through_edge(service: &mut Service) -> anyhow::Result<(Path, Customer)> {
    let (mut customer, mut vpc) = (Site::new("customer")?, Site::new("vpc")?);
    let mut kernel = Kernel::here()?;
    add_vpc(&mut kernel, 0, &mut vpc, VPC)?;
    add_cable(&mut kernel, 0, &customer.namespace)?;
    let name = cable(0);
    customer.address(&name, subnet(CUSTOMER, 30)?)?;
    customer.host(HERE)?;
    customer.way_out(&name, GATEWAY)?;
    tag(&customer.namespace, &name)?;
    let gateway = service.gateway(0, "10.40.0.0/16").await?;
    let connection = service.connection(0).await?;
    let interface = service
        .interface(Order {
            connection: &connection,
            gateway: &gateway,
            vlan: VLAN,
            address: GATEWAY,
        })
        .await?;
    let router = Customer::start(&Plan {
        site: &customer.namespace,
        interface: &name,
        own: subnet(CUSTOMER, 30)?,
        neighbor: IpAddr::V4(GATEWAY),
        neighbor_asn: GATEWAY_ASN,
        announce: subnet(HERE, 24)?.trunc(),
        bfd: false,
    })
    .await?;
    service.wait_available(&interface).await?;
    // The port takes long frames, as its cable does; the way ends at what the VLAN takes.
    let link = customer.kernel.existing(&name)?;
    customer.kernel.set_mtu(link.index, u32::from(MTU))?;
    let path = Path {
        name: "edge",
        customer,
        vpc,
        _between: None,
    };
    let pause = Duration::from_millis(20);
    until("packets both ways", PATIENCE, pause, async || {
        let both = path.to_vpc().arrives()? && path.to_customer().arrives()?;
        Ok(both.then_some(()))
    })
    .await?;
    Ok((path, router))
}

/// The customer's interface is in the VLAN from now on.
fn tag(namespace: &Namespace, interface: &str) -> anyhow::Result<()> {
    let mut object = Ebpf::load(TAG)?;
    let ways = [
        ("push", TcAttachType::Egress),
        ("pop", TcAttachType::Ingress),
    ];
    for (name, way) in ways {
        let program = object.program_mut(name).context("no such program")?;
        let program: &mut SchedClassifier = program.try_into()?;
        program.load()?;
        let id = namespace.inside(|| {
            // Before Linux 6.6 there is no tcx.
            let tcx = TcAttachOptions::TcxOrder(LinkOrder::default());
            program
                .attach_with_options(interface, way, tcx)
                .or_else(|_| {
                    // The second of the two finds it there.
                    _ = qdisc_add_clsact(interface);
                    let options = TcAttachOptions::Netlink(NlOptions::default());
                    program.attach_with_options(interface, way, options)
                })
        })??;
        // It stays as long as the interface, or as this process.
        std::mem::forget(program.take_link(id)?);
    }
    Ok(())
}
