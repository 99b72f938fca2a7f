//! What a lab shows: who reaches whom, a link that fails, a failover test.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::json;

use super::build::{Builder, until};
use super::order::{Answer, Keeper, Order};
use super::topology::{Customer, Topology, VirtualInterface, Vpc, first_host};
use crate::failure::Failure;
use crate::operator::{print, table};

/// Pings at a time when a change is watched, and how far apart.
const WATCHED: u16 = 40;
const APART: u64 = 50;
/// How long routes may take to settle after a change.
const PATIENCE: Duration = Duration::from_secs(15);

/// A customer with two ways into one gateway, and somewhere to go.
struct Redundant<'a> {
    customer: &'a Customer,
    first: &'a VirtualInterface,
    second: &'a VirtualInterface,
    vpc: &'a Vpc,
}

fn redundant(topology: &Topology) -> Option<Redundant<'_>> {
    topology.customer.iter().find_map(|customer| {
        let mut own: Vec<_> = topology.interfaces_of(&customer.name).collect();
        own.sort_by_key(|interface| std::cmp::Reverse(interface.preference.local()));
        let first = *own.first()?;
        let second = own
            .iter()
            .find(|other| other.connection != first.connection && other.gateway == first.gateway)?;
        let behind = topology.gateway(&first.gateway)?.vpcs.first()?;
        let vpc = topology.vpc.iter().find(|vpc| vpc.name == *behind)?;
        Some(Redundant {
            customer,
            first,
            second,
            vpc,
        })
    })
}

/// From a site to a host in the cloud.
struct Walk<'a> {
    site: &'a str,
    source: Ipv4Addr,
    target: Ipv4Addr,
}

impl Walk<'_> {
    /// The addresses on the way.
    fn trace(&self, keeper: &mut Keeper) -> Result<Vec<Option<Ipv4Addr>>, Failure> {
        let order = Order::Trace {
            from: self.site.to_owned(),
            source: self.source,
            target: self.target,
        };
        match keeper.give(&order)? {
            Answer::Hops(hops) => Ok(hops),
            _ => Err(Failure::Other("a trace has no result".to_owned())),
        }
    }

    fn show(&self, when: &str, hops: &[Option<Ipv4Addr>], remark: &str) -> Result<(), Failure> {
        let shown = hops
            .iter()
            .map(|hop| hop.map_or_else(|| "*".to_owned(), |it| it.to_string()));
        let way = shown.collect::<Vec<_>>().join(" > ");
        print(format!("  {when:8} {} > {way}   {remark}", self.source).trim_end())
    }
}

impl Builder<'_> {
    /// Shows everything that the topology has to show.
    pub(crate) fn tour(&mut self) -> Result<(), Failure> {
        print("\nWho reaches whom, by packets from the hosts of the sites:")?;
        self.settle()?;
        print(&reachability(self.topology, &mut self.keeper)?)?;
        let Some(found) = redundant(self.topology) else {
            return print(
                "\nNo customer has two ways into a gateway with a VPC: nothing to fail over.",
            );
        };
        let walk = Walk {
            site: &found.customer.name,
            source: first_host(found.customer.network),
            target: first_host(found.vpc.cidr),
        };
        print(&format!(
            "\nThe cable of {} is pulled, while {} sends to {}:",
            found.first.connection, found.customer.name, found.vpc.name
        ))?;
        self.pull_the_cable(found.first, &walk)?;
        print(&format!(
            "\nA failover test of {}; {} is to carry the traffic:",
            found.first.name, found.second.name
        ))?;
        self.test_failover(found.first, &walk)
    }

    fn pull_the_cable(&mut self, first: &VirtualInterface, walk: &Walk<'_>) -> Result<(), Failure> {
        let connections = &self.topology.connection;
        let cable = connections
            .iter()
            .position(|it| it.name == first.connection);
        let cable = cable.unwrap_or_default();
        walk.show("before", &walk.trace(&mut self.keeper)?, "")?;
        let lost = self.watched(walk, |builder| {
            let order = Order::Plug { cable, up: false };
            builder.keeper.give(&order).map(|_| ())
        })?;
        self.state(first, "down")?;
        walk.show("without", &walk.trace(&mut self.keeper)?, &lost)?;
        self.keeper.give(&Order::Plug { cable, up: true })?;
        self.established(first)?;
        walk.show("again", &self.back(walk, first)?, "")
    }

    fn test_failover(&mut self, first: &VirtualInterface, walk: &Walk<'_>) -> Result<(), Failure> {
        let owner = self.owner(first)?;
        let named = json!({ "virtualInterfaceId": self.ids.interfaces.get(&first.name) });
        let lost = self.watched(walk, |builder| {
            let started = builder.api.call(owner, "StartBgpFailoverTest", &named);
            started.map(|_| ())
        })?;
        self.state(first, "testing")?;
        walk.show("during", &walk.trace(&mut self.keeper)?, &lost)?;
        self.api.call(owner, "StopBgpFailoverTest", &named)?;
        self.established(first)?;
        walk.show("after", &self.back(walk, first)?, "")
    }

    /// Waits until every customer reaches the VPCs behind its gateways.
    fn settle(&mut self) -> Result<(), Failure> {
        let topology = self.topology;
        for interface in &topology.virtual_interface {
            let customer = topology
                .customer
                .iter()
                .find(|it| it.name == interface.customer);
            let behind = topology
                .gateway(&interface.gateway)
                .map(|it| it.vpcs.as_slice());
            for vpc in topology
                .vpc
                .iter()
                .filter(|it| behind.is_some_and(|all| all.contains(&it.name)))
            {
                let Some(customer) = customer else { continue };
                let (source, target) = (first_host(customer.network), first_host(vpc.cidr));
                until(&format!("{} reaches {}", customer.name, vpc.name), || {
                    let received = ping(&mut self.keeper, &customer.name, source, target, 1)?;
                    Ok((received > 0).then_some(()))
                })?;
            }
        }
        Ok(())
    }

    /// Pings while something is done, and says how many were lost.
    fn watched(
        &mut self,
        walk: &Walk<'_>,
        action: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<String, Failure> {
        let mut second = Keeper::connect(&self.place.file(super::keeper::SOCKET))?;
        let order = Order::Ping {
            from: walk.site.to_owned(),
            source: walk.source,
            target: walk.target,
            count: WATCHED,
            milliseconds: APART,
        };
        std::thread::scope(|scope| {
            let watching = scope.spawn(move || second.give(&order));
            std::thread::sleep(Duration::from_millis(u64::from(WATCHED) * APART / 4));
            action(self)?;
            let answer = watching
                .join()
                .map_err(|_| Failure::Other("a ping failed".to_owned()))??;
            let Answer::Received(received) = answer else {
                return Err(Failure::Other("a ping has no result".to_owned()));
            };
            let lost = WATCHED.saturating_sub(received);
            Ok(format!(
                "{lost} of {WATCHED} packets lost, one every {APART} ms"
            ))
        })
    }

    /// Waits until packets go by a virtual interface again, and gives their way.
    fn back(
        &mut self,
        walk: &Walk<'_>,
        interface: &VirtualInterface,
    ) -> Result<Vec<Option<Ipv4Addr>>, Failure> {
        let shown = self.shown(interface)?;
        let address = shown["bgpPeers"][0]["amazonAddress"]
            .as_str()
            .unwrap_or_default();
        let own: Option<Ipv4Addr> = address.split('/').next().and_then(|text| text.parse().ok());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            // The kernel reports few expired packets a second.
            std::thread::sleep(Duration::from_millis(300));
            let hops = walk.trace(&mut self.keeper)?;
            if hops.first() == Some(&own) {
                return Ok(hops);
            }
        }
        Err(Failure::Other(format!(
            "packets of {} do not come back to {}",
            walk.site, interface.name
        )))
    }

    /// Waits for a virtual interface to be in a state, and says so.
    fn state(&self, interface: &VirtualInterface, state: &str) -> Result<(), Failure> {
        until(&format!("{} is {state}", interface.name), || {
            let shown = self.shown(interface)?;
            Ok((shown["virtualInterfaceState"] == state).then_some(()))
        })?;
        let id = self
            .ids
            .interfaces
            .get(&interface.name)
            .map_or("", String::as_str);
        print(&format!("  {id}  {} is {state}", interface.name))
    }
}

fn ping(
    keeper: &mut Keeper,
    from: &str,
    source: Ipv4Addr,
    target: Ipv4Addr,
    count: u16,
) -> Result<u16, Failure> {
    let order = Order::Ping {
        from: from.to_owned(),
        source,
        target,
        count,
        milliseconds: 20,
    };
    match keeper.give(&order)? {
        Answer::Received(received) => Ok(received),
        _ => Err(Failure::Other("a ping has no result".to_owned())),
    }
}

/// A table of sites by what they reach.
pub(crate) fn reachability(topology: &Topology, keeper: &mut Keeper) -> Result<String, Failure> {
    let clouds = topology
        .vpc
        .iter()
        .map(|vpc| (&vpc.name, first_host(vpc.cidr)));
    let sites = topology
        .customer
        .iter()
        .map(|it| (&it.name, first_host(it.network)));
    let targets: Vec<(&String, Ipv4Addr)> = clouds.chain(sites.clone()).collect();
    let titles: Vec<String> = targets
        .iter()
        .map(|(name, address)| format!("{name} {address}"))
        .collect();
    let mut heads = vec!["  FROM"];
    heads.extend(titles.iter().map(String::as_str));
    let mut rows = Vec::new();
    for (name, source) in sites {
        let mut row = vec![format!("  {name}")];
        for (other, target) in &targets {
            let same = targets.iter().filter(|(_, it)| it == target).count();
            row.push(if *other == name {
                "-".to_owned()
            } else if same > 1 {
                // An answer would not tell whose it is.
                "?".to_owned()
            } else if ping(keeper, name, source, *target, 3)? > 0 {
                "yes".to_owned()
            } else {
                "no".to_owned()
            });
        }
        rows.push(row);
    }
    Ok(table(&heads, &rows))
}
