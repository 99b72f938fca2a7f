//! Hundreds of virtual interfaces on one device: from an empty kernel to all sessions, one more, and what it
//! costs when there is nothing to do.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::Context;
use demarc_linux::{Kernel, Namespace};
use ipnet::IpNet;

use super::Options;
use super::clock::{processor_time, summary, until};
use super::customers::{Customer, Plan};
use super::service::{GATEWAY_ASN, Order, Service};
use super::wiring::{Cage, Site, add_vpc};
use crate::api::Table;

/// Virtual interfaces on a port, as the quota has it.
const ON_A_PORT: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at one virtual interface that comes up.
const PAUSE: Duration = Duration::from_millis(2);
/// How often one more is added.
const ONE_MORE: u32 = 10;
/// How long the edge is watched with nothing to do.
const IDLE: Duration = Duration::from_secs(15);

pub(super) async fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    let mut fleet = Fleet::new(&options.demarc, options.on_a_gateway).await?;
    fleet.grow(1).await?;
    let idle = fleet.idle().await?;
    let few = fleet.one_more(idle.share).await?;
    fleet.grow(options.interfaces).await?;
    let all = fleet.start_over().await?;
    let what = format!(
        "{} virtual interfaces: from an empty kernel to all sessions",
        options.interfaces
    );
    table.row(
        &what,
        "< 30 s",
        format!(
            "{:.1?} with {:.1?} of processor time of the service",
            all.elapsed, all.work
        ),
    );
    let idle = fleet.idle().await?;
    let many = fleet.one_more(idle.share).await?;
    let mut times = many.times;
    let what = format!("one added to {}: order to `available`", options.interfaces);
    table.row(&what, "< 300 ms", summary(&mut times));
    let mut times = few.times;
    table.row(
        "one added to 1: order to `available`",
        "",
        summary(&mut times),
    );
    table.row(
        "processor time of adding one",
        "independent of the others",
        format!(
            "{:.1?} with {}, {:.1?} with 1",
            many.work, options.interfaces, few.work
        ),
    );
    table.row(
        "a pass that compares everything and finds nothing to do",
        "< 50 ms",
        format!("{:.2?} on average of {}", idle.pass, idle.passes),
    );
    table.row(
        "processor time of the service with nothing to do",
        "",
        format!("{:.1} % of a core", idle.share * 100.0),
    );
    Ok(())
}

/// What something took.
struct Cost {
    elapsed: Duration,
    work: Duration,
}

/// What one more took, several times.
struct OneMore {
    times: Vec<Duration>,
    /// Processor time of the service for one, without what it uses anyhow.
    work: Duration,
}

/// What nothing takes.
struct Idle {
    /// Of a core.
    share: f64,
    pass: Duration,
    passes: u64,
}

/// One device with its customers.
struct Fleet {
    service: Service,
    kernel: Kernel,
    cage: Cage,
    customers: Site,
    vpcs: Vec<Site>,
    connections: Vec<String>,
    gateways: Vec<String>,
    /// Names of the customers' interfaces; one more than are in use, for the one that is added.
    vlans: Vec<String>,
    routers: Vec<Customer>,
    on_a_gateway: u32,
}

impl Fleet {
    async fn new(program: &std::path::Path, on_a_gateway: u32) -> anyhow::Result<Self> {
        Ok(Self {
            service: Service::start(program).await?,
            kernel: Kernel::here()?,
            cage: Cage::new()?,
            customers: Site::new("customers")?,
            vpcs: Vec::new(),
            connections: Vec::new(),
            gateways: Vec::new(),
            vlans: Vec::new(),
            routers: Vec::new(),
            on_a_gateway,
        })
    }

    /// Virtual interfaces up to this number, each with its customer's router.
    async fn grow(&mut self, number: u32) -> anyhow::Result<()> {
        for next in u32::try_from(self.routers.len())?..number {
            self.wire(next).await?;
            self.routers.push(self.router(next).await?);
            self.service.interface(self.order(next)?).await?;
        }
        // The one that is added later.
        self.wire(number).await?;
        self.wait(number).await
    }

    async fn wait(&self, number: u32) -> anyhow::Result<()> {
        let pause = Duration::from_millis(100);
        until("all virtual interfaces", PATIENCE, pause, async || {
            // What the API says may be of an earlier process.
            let up = self.service.sessions().await? >= number as usize
                && self.service.available().await? >= number as usize;
            Ok(up.then_some(()))
        })
        .await
    }

    /// The customer's side of a virtual interface, and what it needs at ours.
    async fn wire(&mut self, number: u32) -> anyhow::Result<()> {
        if number as usize >= self.connections.len() * ON_A_PORT as usize {
            let cable = number / ON_A_PORT;
            self.cage.add_cable(&mut self.kernel, cable)?;
            self.connections.push(self.service.connection(cable).await?);
        }
        if number >= u32::try_from(self.gateways.len())? * self.on_a_gateway {
            let uplink = number / self.on_a_gateway;
            let mut site = Site::new(&format!("vpc-{uplink}"))?;
            add_vpc(
                &mut self.kernel,
                uplink,
                &mut site,
                Ipv4Addr::new(10, 40, 1, 1),
            )?;
            self.vpcs.push(site);
            let gateway = self.service.gateway(uplink, "10.40.0.0/16").await?;
            self.gateways.push(gateway);
        }
        if number as usize >= self.vlans.len() {
            let (_, own) = addresses(number)?;
            let (cable, vlan) = (number / ON_A_PORT, vlan(number)?);
            let site = &mut self.customers;
            let (_, name) = self.cage.add_vlan(site, cable, vlan, own)?;
            self.vlans.push(name);
        }
        Ok(())
    }

    async fn router(&self, number: u32) -> anyhow::Result<Customer> {
        let (neighbor, own) = addresses(number)?;
        let interface = self.vlans.get(number as usize);
        // 172.16.0.0 and on: a /24 each.
        let prefix = Ipv4Addr::from(0xac10_0000 + (number << 8));
        Customer::start(&Plan {
            site: &self.customers.namespace,
            interface: interface.context("the VLAN of a router")?,
            own,
            neighbor: IpAddr::V4(neighbor),
            neighbor_asn: GATEWAY_ASN,
            announce: IpNet::new(prefix.into(), 24)?,
            bfd: false,
        })
        .await
    }

    fn order(&self, number: u32) -> anyhow::Result<Order<'_>> {
        let connection = self.connections.get((number / ON_A_PORT) as usize);
        let gateway = self.gateways.get((number / self.on_a_gateway) as usize);
        Ok(Order {
            connection: connection.context("a connection")?,
            gateway: gateway.context("a gateway")?,
            vlan: vlan(number)?,
            address: addresses(number)?.0,
        })
    }

    /// One more than there are, up and away again, several times. `idle`: the share of a core that the
    /// service uses anyhow.
    async fn one_more(&self, idle: f64) -> anyhow::Result<OneMore> {
        let number = u32::try_from(self.routers.len())?;
        let process = self.service.server()?.id();
        let (mut times, mut work) = (Vec::new(), 0.0);
        for _ in 0..ONE_MORE {
            let router = self.router(number).await?;
            // The customer's router is ready when the order comes.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let (begin, before) = (Instant::now(), processor_time(process)?);
            let interface = self.service.interface(self.order(number)?).await?;
            until("one more", PATIENCE, PAUSE, async || {
                Ok(self.service.is_available(&interface).await?.then_some(()))
            })
            .await?;
            let elapsed = begin.elapsed();
            times.push(elapsed);
            let used = (processor_time(process)? - before).as_secs_f64();
            work += (used - idle * elapsed.as_secs_f64()).max(0.0);
            router.end().await;
            self.service.delete(&interface).await?;
        }
        Ok(OneMore {
            times,
            work: Duration::from_secs_f64(work / f64::from(ONE_MORE)),
        })
    }

    /// The service ends, everything of it in the kernel goes, and it starts again.
    async fn start_over(&mut self) -> anyhow::Result<Cost> {
        let number = u32::try_from(self.routers.len())?;
        for router in self.routers.drain(..) {
            router.end().await;
        }
        self.service.kill();
        self.empty()?;
        for next in 0..number {
            self.routers.push(self.router(next).await?);
        }
        let begin = Instant::now();
        self.service.begin().await?;
        self.wait(number).await?;
        Ok(Cost {
            elapsed: begin.elapsed(),
            work: processor_time(self.service.server()?.id())?,
        })
    }

    fn empty(&mut self) -> anyhow::Result<()> {
        for name in Namespace::names("dmc-")? {
            let namespace = Namespace::open(&name)?;
            let mut inside = namespace.kernel()?;
            for link in inside.links()? {
                if link.name.starts_with("uplink") {
                    // It is a cable of the machine, and no work of the service.
                    inside.take_back(link.index)?;
                }
            }
            drop((inside, namespace));
            Namespace::remove(&name)?;
        }
        for link in self.kernel.links()? {
            if link.name.starts_with("dmcv") {
                self.kernel.remove_link(&link.name)?;
            }
        }
        Ok(())
    }

    async fn idle(&self) -> anyhow::Result<Idle> {
        let server = self.service.server()?;
        // What came before has to come to rest.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let (begin, used) = (Instant::now(), processor_time(server.id())?);
        let before = Passes::read(&server.metrics().await?)?;
        tokio::time::sleep(IDLE).await;
        let after = Passes::read(&server.metrics().await?)?;
        let used = processor_time(server.id())? - used;
        let passes = after.count - before.count;
        let seconds = (after.seconds - before.seconds) / (passes.max(1) as f64);
        Ok(Idle {
            share: used.as_secs_f64() / begin.elapsed().as_secs_f64(),
            pass: Duration::from_secs_f64(seconds),
            passes,
        })
    }
}

/// Passes of the edge as the service counts them.
struct Passes {
    count: u64,
    seconds: f64,
}

impl Passes {
    fn read(text: &str) -> anyhow::Result<Self> {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let line = line.with_context(|| format!("no {name} among the metrics"))?;
            Ok::<_, anyhow::Error>(line.trim().to_owned())
        };
        Ok(Self {
            count: value("demarc_edge_pass_seconds_count ")?.parse()?,
            seconds: value("demarc_edge_pass_seconds_sum ")?.parse()?,
        })
    }
}

fn vlan(number: u32) -> anyhow::Result<u16> {
    Ok(u16::try_from(100 + number % ON_A_PORT)?)
}

/// The gateway's address and the customer's.
fn addresses(number: u32) -> anyhow::Result<(Ipv4Addr, IpNet)> {
    let base = u32::from(Ipv4Addr::new(169, 254, 64, 0)) + number * 4;
    let customer = Ipv4Addr::from(base + 2);
    Ok((Ipv4Addr::from(base + 1), IpNet::new(customer.into(), 30)?))
}
