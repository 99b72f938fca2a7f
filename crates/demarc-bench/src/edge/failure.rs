//! Two paths to a customer, one of which fails while packets are on their way to it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use demarc_linux::Kernel;
use ipnet::IpNet;

use super::Options;
use super::clock::{summary, until};
use super::customers::{Customer, Plan};
use super::flows::{Flows, HERE, VPC};
use super::service::{GATEWAY_ASN, Order, Service};
use super::wiring::{Cage, Site, Vlan, add_vpc};
use crate::api::Table;

const CABLES: [u32; 2] = [0, 1];
const VLAN: u16 = 100;
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
/// How often each link fails.
const ROUNDS: usize = 3;
const SETTLE: Duration = Duration::from_secs(2);

/// How a link fails.
#[derive(Clone, Copy, PartialEq)]
enum Failure {
    /// Frames vanish; only BFD can tell.
    Silent,
    /// The carrier is lost.
    Carrier,
}

/// A customer with two cables, each with a virtual interface.
struct Lab {
    cage: Cage,
    customer: Site,
    vpc: Site,
    vlans: Vec<Vlan>,
    /// Of the VLANs' interfaces at the customer.
    names: Vec<String>,
    interfaces: Vec<String>,
}

pub(super) async fn measure(options: &Options, table: &mut Table) -> anyhow::Result<()> {
    let mut service = Service::start(&options.demarc).await?;
    let mut lab = Lab::build(&mut service).await?;
    let mut gaps = lab.gaps(&service, Failure::Silent).await?;
    let what = "silent link with BFD: traffic on the other path";
    table.row(what, "< 1.2 s", summary(&mut gaps));
    let mut gaps = lab.gaps(&service, Failure::Carrier).await?;
    let what = "carrier lost without BFD: traffic on the other path";
    table.row(what, "< 100 ms", summary(&mut gaps));
    Ok(())
}

impl Lab {
    async fn build(service: &mut Service) -> anyhow::Result<Self> {
        let mut kernel = Kernel::here()?;
        let mut lab = Self {
            cage: Cage::new()?,
            customer: Site::new("customer")?,
            vpc: Site::new("vpc")?,
            vlans: Vec::new(),
            names: Vec::new(),
            interfaces: Vec::new(),
        };
        lab.customer.host(HERE)?;
        add_vpc(&mut kernel, CABLES[0], &mut lab.vpc, VPC)?;
        let gateway = service.gateway(CABLES[0], "10.40.0.0/16").await?;
        for number in CABLES {
            lab.cage.add_cable(&mut kernel, number)?;
            let connection = service.connection(number).await?;
            let (ours, theirs) = addresses(number)?;
            let IpAddr::V4(address) = ours else {
                continue;
            };
            let order = Order {
                connection: &connection,
                gateway: &gateway,
                vlan: VLAN,
                address,
            };
            lab.interfaces.push(service.interface(order).await?);
            let site = &mut lab.customer;
            let (vlan, name) = lab.cage.add_vlan(site, number, VLAN, theirs)?;
            lab.vlans.push(vlan);
            lab.names.push(name);
        }
        Ok(lab)
    }

    async fn routers(&self, bfd: bool) -> anyhow::Result<Vec<Customer>> {
        let mut routers = Vec::new();
        for (number, name) in CABLES.into_iter().zip(&self.names) {
            let (neighbor, own) = addresses(number)?;
            let plan = Plan {
                site: &self.customer.namespace,
                interface: name,
                own,
                neighbor,
                neighbor_asn: GATEWAY_ASN,
                announce: IpNet::new(HERE.into(), 24)?.trunc(),
                bfd,
            };
            routers.push(Customer::start(&plan).await?);
        }
        Ok(routers)
    }

    /// The longest silence of a flow at each failure of one of the links.
    async fn gaps(&mut self, service: &Service, failure: Failure) -> anyhow::Result<Vec<Duration>> {
        let bfd = failure == Failure::Silent;
        let routers = self.routers(bfd).await?;
        let mut gaps = Vec::new();
        for round in 0..ROUNDS {
            for interface in &self.interfaces {
                service.wait_available(interface).await?;
            }
            let sessions = if bfd { CABLES.len() } else { 0 };
            until("BFD on both links", PATIENCE, PAUSE, async || {
                Ok((service.bfd_sessions().await? == sessions).then_some(()))
            })
            .await?;
            // The routes of both have to be in the kernel, and BFD to settle at its interval.
            tokio::time::sleep(SETTLE).await;
            gaps.push(self.fail(failure, round % 2)?);
        }
        for router in routers {
            router.end().await;
        }
        Ok(gaps)
    }

    fn fail(&mut self, failure: Failure, link: usize) -> anyhow::Result<Duration> {
        let cable = CABLES[link];
        let flows = Flows::start(&self.vpc.namespace, &self.customer.namespace)?;
        match failure {
            Failure::Silent => self.cage.silence(self.vlans[link]),
            Failure::Carrier => self.cage.plug(cable, false)?,
        }
        let gap = flows.longest_gap()?;
        match failure {
            Failure::Silent => self.cage.restore(self.vlans[link])?,
            Failure::Carrier => self.cage.plug(cable, true)?,
        }
        Ok(gap)
    }
}

/// The gateway's address and the customer's at a cable.
fn addresses(number: u32) -> anyhow::Result<(IpAddr, IpNet)> {
    let third = u8::try_from(number)? + 1;
    let ours = Ipv4Addr::new(169, 254, third, 1);
    let theirs = IpNet::new(Ipv4Addr::new(169, 254, third, 2).into(), 30)?;
    Ok((ours.into(), theirs))
}
