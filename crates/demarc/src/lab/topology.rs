//! What a lab consists of: the file that `--topology` names.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::Path;

use demarc_types::{AccountId, Asn, LocationCode, Prefix, Region, VlanId, overlaps};
use serde::Deserialize;

/// A lab. Things refer to each other by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Topology {
    pub(crate) region: Region,
    pub(crate) account: Vec<Account>,
    #[serde(default)]
    pub(crate) vpc: Vec<Vpc>,
    pub(crate) gateway: Vec<Gateway>,
    pub(crate) connection: Vec<Connection>,
    pub(crate) customer: Vec<Customer>,
    pub(crate) virtual_interface: Vec<VirtualInterface>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) id: AccountId,
}

/// A VPC with a virtual private gateway, and a host at its first address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vpc {
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) cidr: Prefix,
}

/// A Direct Connect gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gateway {
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) asn: Asn,
    #[serde(default)]
    pub(crate) vpcs: Vec<String>,
}

/// A dedicated connection, and the cable that comes with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connection {
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) location: LocationCode,
    #[serde(default = "one_gigabit")]
    pub(crate) bandwidth: String,
}

fn one_gigabit() -> String {
    "1Gbps".to_owned()
}

/// A site with a router, and a host at the first address of its network.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Customer {
    pub(crate) name: String,
    pub(crate) asn: Asn,
    pub(crate) network: Prefix,
}

/// A private virtual interface to a Direct Connect gateway. Where the gateway is another account's than
/// the connection, the one allocates it and the other confirms.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VirtualInterface {
    pub(crate) name: String,
    pub(crate) connection: String,
    pub(crate) customer: String,
    pub(crate) gateway: String,
    pub(crate) vlan: VlanId,
    #[serde(default)]
    pub(crate) site_link: bool,
    #[serde(default)]
    pub(crate) preference: Preference,
}

/// Which way the customer wants traffic to go, both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Preference {
    High,
    #[default]
    Medium,
    Low,
}

impl Preference {
    /// The community that asks for it (spec/routing §5).
    pub(crate) fn community(self) -> (u16, u16) {
        match self {
            Self::High => (7_224, 7_300),
            Self::Medium => (7_224, 7_200),
            Self::Low => (7_224, 7_100),
        }
    }

    /// The local preference of what is learned there.
    pub(crate) fn local(self) -> u32 {
        match self {
            Self::High => 300,
            Self::Medium => 200,
            Self::Low => 100,
        }
    }
}

pub(crate) const DEFAULT: &str = include_str!("default.toml");
/// Taken: what the lab itself is made of.
const RESERVED: [&str; 1] = ["cage"];
/// Interfaces are named by number, and an interface's name has 15 bytes; this is plenty for one machine.
const MOST: usize = 200;
/// What neither a VPC nor a customer can have here.
const UNUSABLE: [(&str, &str); 5] = [
    ("0.0.0.0/8", "is no network of hosts"),
    ("127.0.0.0/8", "stays within a host"),
    ("169.254.0.0/16", "is for the addresses of BGP sessions"),
    ("224.0.0.0/3", "is no network of hosts"),
    ("100.64.0.0/16", "is between gateways and VPCs in the lab"),
];

impl Topology {
    /// Reads and checks a file; without one, the example. Errors are one line.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else {
            return Self::parse(DEFAULT);
        };
        let shown = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("cannot read {shown}: {error}"))?;
        Self::parse(&text).map_err(|message| format!("{shown}: {message}"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let topology: Self =
            toml::from_str(text).map_err(|error| error.to_string().trim().replace('\n', " "))?;
        topology.check()?;
        Ok(topology)
    }

    fn check(&self) -> Result<(), String> {
        names("account", self.account.iter().map(|it| &it.name))?;
        names("gateway", self.gateway.iter().map(|it| &it.name))?;
        names("connection", self.connection.iter().map(|it| &it.name))?;
        names(
            "virtual_interface",
            self.virtual_interface.iter().map(|it| &it.name),
        )?;
        // These become namespaces.
        let vpcs = self.vpc.iter().map(|it| &it.name);
        names(
            "customer or vpc",
            self.customer.iter().map(|it| &it.name).chain(vpcs),
        )?;
        for owned in [
            self.vpc.iter().map(|it| &it.account).collect::<Vec<_>>(),
            self.gateway.iter().map(|it| &it.account).collect(),
            self.connection.iter().map(|it| &it.account).collect(),
        ] {
            for name in owned {
                find("account", &self.account, name, |it| &it.name)?;
            }
        }
        for gateway in &self.gateway {
            let mut vpcs = BTreeSet::new();
            for name in &gateway.vpcs {
                if !vpcs.insert(name) {
                    return Err(format!("gateway `{}` has vpc `{name}` twice", gateway.name));
                }
                let vpc = find("vpc", &self.vpc, name, |it| &it.name)?;
                if vpc.account != gateway.account {
                    return Err(format!(
                        "vpc `{name}` and gateway `{}` belong to different accounts",
                        gateway.name
                    ));
                }
            }
        }
        self.check_numbers()?;
        let mut ids = BTreeSet::new();
        if let Some(account) = self.account.iter().find(|it| !ids.insert(it.id)) {
            return Err(format!("account {} is there twice", account.id));
        }
        self.check_networks()?;
        self.check_interfaces()
    }

    fn check_numbers(&self) -> Result<(), String> {
        for gateway in &self.gateway {
            if !gateway.asn.is_private() {
                return Err(format!(
                    "gateway `{}` has AS number {}: one of 64512-65534 or 4200000000-4294967294 is needed",
                    gateway.name, gateway.asn
                ));
            }
        }
        for customer in &self.customer {
            let asn = customer.asn;
            if Asn::new(i64::from(asn.get())).is_none() || asn.is_reserved() {
                return Err(format!("AS number {asn} is reserved"));
            }
        }
        Ok(())
    }

    fn check_networks(&self) -> Result<(), String> {
        let networks = self.vpc.iter().map(|it| it.cidr);
        for network in networks.chain(self.customer.iter().map(|it| it.network)) {
            if !network.addr().is_ipv4() || network.prefix_len() > 30 {
                return Err(format!(
                    "{network}: an IPv4 network of /30 or more addresses is needed"
                ));
            }
            if let Some((taken, why)) = UNUSABLE
                .iter()
                .filter_map(|(text, why)| Some((text.parse::<Prefix>().ok()?, why)))
                .find(|(taken, _)| overlaps(taken, &network))
            {
                return Err(format!("{network}: {taken} {why}"));
            }
        }
        // Two VPCs may have the same network, behind gateways of their own.
        for (at, customer) in self.customer.iter().enumerate() {
            let others = self.customer[..at].iter().map(|it| (&it.name, it.network));
            let mut all = others.chain(self.vpc.iter().map(|it| (&it.name, it.cidr)));
            if let Some((other, network)) = all.find(|it| overlaps(&it.1, &customer.network)) {
                return Err(format!(
                    "the networks of `{}` and `{other}` overlap: {} and {network}",
                    customer.name, customer.network
                ));
            }
        }
        for vpc in &self.vpc {
            let length = vpc.cidr.prefix_len();
            if !(16..=28).contains(&length) {
                return Err(format!("{}: a VPC is a /16 to a /28", vpc.cidr));
            }
        }
        Ok(())
    }

    fn check_interfaces(&self) -> Result<(), String> {
        let mut vlans = BTreeSet::new();
        let mut own = BTreeSet::new();
        for interface in &self.virtual_interface {
            find(
                "connection",
                &self.connection,
                &interface.connection,
                |it| &it.name,
            )?;
            let customer = find("customer", &self.customer, &interface.customer, |it| {
                &it.name
            })?;
            let gateway = find("gateway", &self.gateway, &interface.gateway, |it| &it.name)?;
            if customer.asn == gateway.asn {
                return Err(format!(
                    "customer `{}` and gateway `{}` both have AS number {}",
                    customer.name, gateway.name, gateway.asn
                ));
            }
            let vlan = interface.vlan.get();
            if VlanId::new(i64::from(vlan)).is_none() {
                return Err(format!("VLAN {vlan}: a number from 1 to 4094 is needed"));
            }
            if !vlans.insert((&interface.connection, vlan)) {
                return Err(format!(
                    "VLAN {vlan} is on connection `{}` twice",
                    interface.connection
                ));
            }
            if !own.insert((&interface.customer, vlan)) {
                return Err(format!(
                    "customer `{}` has VLAN {vlan} twice",
                    interface.customer
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn account(&self, name: &str) -> Option<&Account> {
        self.account.iter().find(|account| account.name == name)
    }

    pub(crate) fn gateway(&self, name: &str) -> Option<&Gateway> {
        self.gateway.iter().find(|gateway| gateway.name == name)
    }

    pub(crate) fn connection(&self, name: &str) -> Option<&Connection> {
        self.connection
            .iter()
            .find(|connection| connection.name == name)
    }

    /// The virtual interfaces of a customer.
    pub(crate) fn interfaces_of<'a>(
        &'a self,
        customer: &'a str,
    ) -> impl Iterator<Item = &'a VirtualInterface> {
        let all = self.virtual_interface.iter();
        all.filter(move |interface| interface.customer == customer)
    }
}

/// The first address of a network: its host in the lab.
pub(crate) fn first_host(network: Prefix) -> Ipv4Addr {
    match network.network() {
        std::net::IpAddr::V4(address) => Ipv4Addr::from(u32::from(address).saturating_add(1)),
        // Refused when the topology was read.
        std::net::IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

fn names<'a>(what: &str, all: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for name in all {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let begins_well = name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase());
        if !begins_well || name.len() > 40 || !name.bytes().all(good) {
            return Err(format!(
                "{what} `{name}`: a name of at most 40 lower-case letters, digits and hyphens is needed"
            ));
        }
        if RESERVED.contains(&name.as_str()) || name.starts_with("dmc-") {
            return Err(format!("{what} `{name}`: the lab uses this name itself"));
        }
        if !known.insert(name) {
            return Err(format!("{what} `{name}` is there twice"));
        }
    }
    if known.len() > MOST {
        return Err(format!(
            "{} times {what} is too much for one lab: {MOST} at most",
            known.len()
        ));
    }
    Ok(())
}

fn find<'a, T>(
    what: &str,
    all: &'a [T],
    name: &str,
    named: impl Fn(&T) -> &String,
) -> Result<&'a T, String> {
    all.iter()
        .find(|one| named(one) == name)
        .ok_or_else(|| format!("there is no {what} `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_good_topology() {
        let topology = Topology::read(None).unwrap();
        assert_eq!(topology.interfaces_of("hq").count(), 2);
        assert_eq!(
            first_host(topology.vpc[0].cidr),
            Ipv4Addr::new(10, 40, 0, 1)
        );
    }

    #[test]
    fn what_does_not_fit_together_is_named_on_one_line() {
        for (from, to, said) in [
            (
                "gateway = \"acme-gateway\"",
                "gateway = \"nobody\"",
                "no gateway `nobody`",
            ),
            (
                "connection = \"acme-reston\"",
                "connection = \"x\"",
                "no connection `x`",
            ),
            (
                "vlan = 102",
                "vlan = 101",
                "customer `hq` has VLAN 101 twice",
            ),
            (
                "vlan = 201",
                "vlan = 101",
                "VLAN 101 is on connection `acme-ashburn` twice",
            ),
            ("vlan = 201", "vlan = 4095", "4095"),
            (
                "name = \"branch\"\nasn",
                "name = \"cage\"\nasn",
                "`cage`: the lab uses",
            ),
            (
                "name = \"branch\"\nasn",
                "name = \"Branch\"\nasn",
                "`Branch`: a name",
            ),
            (
                "name = \"hq\"\nasn",
                "name = \"acme-vpc\"\nasn",
                "`acme-vpc` is there twice",
            ),
            (
                "vpcs = [\"acme-vpc\"]",
                "vpcs = [\"globex-vpc\"]",
                "different accounts",
            ),
            (
                "vpcs = [\"acme-vpc\"]",
                "vpcs = [\"acme-vpc\", \"acme-vpc\"]",
                "`acme-gateway` has vpc `acme-vpc` twice",
            ),
            ("asn = 64512", "asn = 7224", "AS number 7224: one of"),
            ("asn = 65001", "asn = 23456", "AS number 23456 is reserved"),
            ("10.40.0.0/16", "fd00::/16", "an IPv4 network"),
            ("10.40.0.0/16", "100.64.8.0/24", "between gateways and VPCs"),
            ("192.168.2.0/24", "127.1.0.0/16", "stays within a host"),
            ("asn = 65001", "asn = 64512", "both have AS number 64512"),
            (
                "222222222222",
                "111111111111",
                "account 111111111111 is there twice",
            ),
            ("site_link = true", "sitelink = true", "sitelink"),
        ] {
            let text = DEFAULT.replacen(from, to, 1);
            assert_ne!(text, DEFAULT, "{from}");
            let message = Topology::parse(&text).unwrap_err();
            assert!(
                message.contains(said) && !message.contains('\n'),
                "{from}: {message}"
            );
        }
    }
}
