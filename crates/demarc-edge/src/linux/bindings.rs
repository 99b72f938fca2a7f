//! What the operator ties together: ports and interfaces, gateways and what lies behind them.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use demarc_domain::intent::RoutingDomain;
use demarc_types::{ConnectionId, GatewayRef, Prefix};
use serde::Deserialize;

use super::macsec;
use super::virtual_interface::{INNER_ENDS, OUTER_ENDS};

mod file;
mod uplink;

pub(super) use file::BindingsFile;
pub use uplink::UplinkFault;

/// The file of bindings. Read again whenever it changes, since gateways come with their ids while
/// the service runs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bindings {
    pub port: Vec<PortBinding>,
    pub uplink: Vec<UplinkBinding>,
}

/// An interface that is a port of a device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortBinding {
    /// A device of a location, as the API shows it in `awsDeviceV2`.
    pub device: String,
    pub interface: String,
    /// The connection that the cable belongs to; when absent, the next connection of the device.
    #[serde(default)]
    pub connection: Option<ConnectionId>,
}

/// An interface behind which the networks of a gateway lie, or the public ones.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UplinkBinding {
    pub gateway: Behind,
    /// The gateway whose namespace it is moved into: one with virtual interfaces, of Direct Connect, or the
    /// VPN gateway itself. When absent, the one that needs it first.
    #[serde(default)]
    pub serves: Option<Serves>,
    pub interface: String,
    /// Our addresses on it, with their lengths.
    pub addresses: Vec<Prefix>,
    /// Who takes the packets there, one for each family.
    pub next_hops: Vec<IpAddr>,
    /// What is announced on public virtual interfaces.
    #[serde(default)]
    pub prefixes: Vec<PublicPrefix>,
}

/// What an uplink leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum Behind {
    /// `vgw-…` or `tgw-…`.
    Gateway(GatewayRef),
    /// `public`: what public virtual interfaces reach.
    Public,
}

impl TryFrom<String> for Behind {
    type Error = <GatewayRef as std::str::FromStr>::Err;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "public" => Ok(Self::Public),
            gateway => gateway.parse().map(Self::Gateway),
        }
    }
}

impl fmt::Display for Behind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gateway(gateway) => gateway.fmt(out),
            Self::Public => out.write_str("public"),
        }
    }
}

/// A gateway with virtual interfaces: of Direct Connect, or `vgw-…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Serves(pub(super) RoutingDomain);

impl TryFrom<String> for Serves {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let direct_connect = text.parse().map(RoutingDomain::Gateway);
        let domain =
            direct_connect.or_else(|_| text.parse().map(RoutingDomain::VpnGateway).map_err(|_| ()));
        domain.map(Self).map_err(|()| {
            format!("`{text}` is not the id of a Direct Connect gateway or a VPN gateway")
        })
    }
}

/// A prefix behind public virtual interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicPrefix {
    pub prefix: Prefix,
    #[serde(default)]
    pub scope: Scope,
}

/// Where a public prefix lies, seen from here (spec/routing §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In this Region: community 7224:8100.
    #[default]
    Region,
    /// On this continent: 7224:8200.
    Continent,
    /// Elsewhere: no community.
    World,
}

/// The bindings cannot be used: one line.
#[derive(Debug, thiserror::Error)]
pub enum BindingsError {
    #[error("cannot read bindings {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("bindings {path}: {message}")]
    Parse { path: PathBuf, message: String },
    #[error("bindings {path}: interface `{interface}` is bound twice")]
    Twice { path: PathBuf, interface: String },
    #[error(
        "bindings {path}: `prefixes` of {gateway}: only `public` has them, others come from the API"
    )]
    Prefixes { path: PathBuf, gateway: Behind },
    #[error(
        "bindings {path}: two uplinks of {gateway} may be taken for the same one: name what each `serves`"
    )]
    Uplinks { path: PathBuf, gateway: Behind },
    #[error("bindings {path}: the uplink of `public` serves all public virtual interfaces")]
    Public { path: PathBuf },
    #[error(
        "bindings {path}: the port `{interface}` has no device: name it as `awsDeviceV2` shows it"
    )]
    Device { path: PathBuf, interface: String },
    #[error("bindings {path}: {fault}")]
    Addresses {
        path: PathBuf,
        #[source]
        fault: UplinkFault,
    },
    #[error("bindings {path}: connection {connection} is bound to two ports")]
    Connection {
        path: PathBuf,
        connection: ConnectionId,
    },
    #[error("bindings {path}: `{interface}` cannot be a port or an uplink: {reason}")]
    Interface {
        path: PathBuf,
        interface: String,
        reason: &'static str,
    },
}

impl Bindings {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`BindingsError`].
    pub fn read(path: &Path) -> Result<Self, BindingsError> {
        Self::parse(path, &file::read(path)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, BindingsError> {
        let bindings: Self = toml::from_str(text).map_err(|error| BindingsError::Parse {
            path: path.to_owned(),
            message: error.to_string().replace('\n', " "),
        })?;
        let fixed = |uplink: &&UplinkBinding| {
            uplink.gateway != Behind::Public && !uplink.prefixes.is_empty()
        };
        if let Some(uplink) = bindings.uplink.iter().find(fixed) {
            return Err(BindingsError::Prefixes {
                path: path.to_owned(),
                gateway: uplink.gateway,
            });
        }
        bindings.check_interfaces(path)?;
        bindings.check_uplinks(path)?;
        for uplink in &bindings.uplink {
            uplink::check(uplink).map_err(|fault| BindingsError::Addresses {
                path: path.to_owned(),
                fault,
            })?;
        }
        let mut ports = bindings.port.iter();
        if let Some(port) = ports.find(|port| port.device.trim().is_empty()) {
            return Err(BindingsError::Device {
                path: path.to_owned(),
                interface: port.interface.clone(),
            });
        }
        let connections = bindings.port.iter().filter_map(|port| port.connection);
        if let Some(connection) = twice(connections) {
            let path = path.to_owned();
            return Err(BindingsError::Connection { path, connection });
        }
        Ok(bindings)
    }

    /// Each is an interface that may be taken, and has one place.
    fn check_interfaces(&self, path: &Path) -> Result<(), BindingsError> {
        let ports = self.port.iter().map(|port| &port.interface);
        let uplinks = self.uplink.iter().map(|uplink| &uplink.interface);
        let all = ports.chain(uplinks);
        for interface in all.clone() {
            if let Some(reason) = unfit(interface) {
                return Err(BindingsError::Interface {
                    path: path.to_owned(),
                    interface: interface.clone(),
                    reason,
                });
            }
        }
        if let Some(interface) = twice(all) {
            return Err(BindingsError::Twice {
                path: path.to_owned(),
                interface: interface.clone(),
            });
        }
        Ok(())
    }

    /// Of each it is clear which namespace it serves.
    fn check_uplinks(&self, path: &Path) -> Result<(), BindingsError> {
        let serves = |uplink: &UplinkBinding| uplink.serves.is_some();
        let mut public = self.uplink.iter().filter(|it| it.gateway == Behind::Public);
        if public.any(serves) {
            let path = path.to_owned();
            return Err(BindingsError::Public { path });
        }
        let places = self.uplink.iter();
        let places = places.map(|uplink| (uplink.gateway, uplink.serves.map(|it| it.0)));
        if let Some((gateway, _)) = twice(places) {
            let path = path.to_owned();
            return Err(BindingsError::Uplinks { path, gateway });
        }
        Ok(())
    }

    /// The devices that have a port here.
    pub fn devices(&self) -> BTreeSet<String> {
        self.port.iter().map(|port| port.device.clone()).collect()
    }

    /// The uplink of a gateway that serves a namespace: its own, or the one for whoever needs it.
    pub(super) fn uplink(
        &self,
        gateway: Behind,
        namespace: RoutingDomain,
    ) -> Option<&UplinkBinding> {
        let find = |serves: Option<Serves>| {
            let mut all = self.uplink.iter();
            all.find(|uplink| uplink.gateway == gateway && uplink.serves == serves)
        };
        find(Some(Serves(namespace))).or_else(|| find(None))
    }
}

/// The longest name of an interface, in bytes (IFNAMSIZ without its end).
const LONGEST_NAME: usize = 15;
/// Names of the edge's own interfaces begin like this.
const OURS: [&str; 3] = [OUTER_ENDS, INNER_ENDS, macsec::INTERFACES];

/// Why an interface of this name is not to be taken.
fn unfit(interface: &str) -> Option<&'static str> {
    let strange = |character: char| character == '/' || character.is_whitespace();
    match interface {
        "lo" => Some("the machine needs its loopback"),
        "" | "." | ".." => Some("no interface has such a name"),
        name if name.contains(strange) => Some("no interface has such a name"),
        name if name.len() > LONGEST_NAME => Some("names have at most 15 bytes"),
        name if OURS.iter().any(|ours| name.starts_with(ours)) => {
            Some("the edge names its own interfaces so")
        }
        _ => None,
    }
}

/// What is there more than once.
fn twice<T: Ord>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut known = BTreeSet::new();
    for one in all {
        if known.contains(&one) {
            return Some(one);
        }
        known.insert(one);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Bindings, String> {
        Bindings::parse(Path::new("b.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn ports_and_uplinks_are_read() {
        let bindings = parse(
            "[[port]]\ndevice = \"EqDC2-1\"\ninterface = \"eth1\"\n\
             [[uplink]]\ngateway = \"vgw-0123456789abcdef0\"\ninterface = \"eth2\"\n\
             addresses = [\"10.255.0.1/30\"]\nnext_hops = [\"10.255.0.2\"]\n",
        )
        .unwrap();
        assert_eq!(bindings.devices(), ["EqDC2-1".to_owned()].into());
        assert_eq!(bindings.port[0].connection, None);
        let gateway = bindings.uplink[0].gateway;
        assert!(bindings.uplink(gateway, RoutingDomain::Public).is_some());
    }

    #[test]
    fn public_prefixes_say_where_they_lie_and_belong_to_public_alone() {
        let uplink = |gateway: &str| {
            format!(
                "[[uplink]]\ngateway = \"{gateway}\"\ninterface = \"eth2\"\naddresses = []\n\
                 next_hops = []\nprefixes = [{{ prefix = \"198.51.100.0/24\" }}, \
                 {{ prefix = \"203.0.113.0/24\", scope = \"world\" }}]\n"
            )
        };
        let public = parse(&uplink("public")).unwrap();
        let scopes = public.uplink[0].prefixes.iter().map(|one| one.scope);
        assert_eq!(scopes.collect::<Vec<_>>(), [Scope::Region, Scope::World]);
        let message = parse(&uplink("vgw-0123456789abcdef0")).unwrap_err();
        assert!(message.contains("only `public`"), "{message}");
        assert!(parse(&uplink("vpc-1")).is_err());
    }

    const FIRST: &str = "5f294f92-bafb-4011-916d-9b0bec5e2f05";
    const SECOND: &str = "vgw-0123456789abcdef0";

    fn uplinks(serve: &[Option<&str>]) -> Result<Bindings, String> {
        let one = |(number, serves): (usize, &Option<&str>)| {
            let serves = serves.map_or_else(String::new, |it| format!("serves = \"{it}\"\n"));
            format!(
                "[[uplink]]\ngateway = \"{SECOND}\"\ninterface = \"eth{number}\"\n{serves}\
                 addresses = []\nnext_hops = []\n"
            )
        };
        let text: String = serve.iter().enumerate().map(one).collect();
        parse(&text)
    }

    #[test]
    fn a_gateway_may_have_an_uplink_for_each_namespace() {
        let bindings = uplinks(&[None, Some(FIRST), Some(SECOND)]).unwrap();
        let gateway = bindings.uplink[0].gateway;
        let first = RoutingDomain::Gateway(FIRST.parse().unwrap());
        let second = RoutingDomain::VpnGateway(SECOND.parse().unwrap());
        let others = "5f294f92-bafb-4011-916d-9b0bec5e2f06".parse().unwrap();
        for (namespace, interface) in [
            (first, "eth1"),
            (second, "eth2"),
            (RoutingDomain::Gateway(others), "eth0"),
        ] {
            let uplink = bindings.uplink(gateway, namespace).unwrap();
            assert_eq!(uplink.interface, interface);
        }
        let bindings = uplinks(&[Some(FIRST)]).unwrap();
        assert!(bindings.uplink(gateway, first).is_some());
        assert_eq!(bindings.uplink(gateway, second), None);
    }

    #[test]
    fn uplinks_that_may_be_taken_for_each_other_are_refused() {
        for pair in [[None, None], [Some(FIRST), Some(FIRST)]] {
            let message = uplinks(&pair).unwrap_err();
            assert!(message.contains("name what each `serves`"), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
        let message = uplinks(&[Some("tgw-0123456789abcdef0")]).unwrap_err();
        assert!(message.contains("is not the id of"), "{message}");
    }

    #[test]
    fn an_interface_has_one_place() {
        let port = "[[port]]\ndevice = \"d\"\ninterface = \"eth1\"\n";
        let message = parse(&port.repeat(2)).unwrap_err();
        assert!(message.contains("`eth1` is bound twice"), "{message}");
    }

    #[test]
    fn the_loopback_and_what_is_no_name_are_refused() {
        for (name, reason) in [
            ("lo", "needs its loopback"),
            ("", "no interface"),
            ("a b", "no interface"),
            ("../eth0", "no interface"),
            ("sixteen-bytes-it", "at most 15 bytes"),
            ("dmcvfg6ny8dd", "names its own"),
            ("dmcmfg6ny8dd", "names its own"),
            ("vif-fg6ny8dd", "names its own"),
        ] {
            let port = format!("[[port]]\ndevice = \"d\"\ninterface = \"{name}\"\n");
            let message = parse(&port).unwrap_err();
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn a_port_is_of_a_device() {
        let message = parse("[[port]]\ndevice = \"\"\ninterface = \"eth1\"\n").unwrap_err();
        assert!(message.contains("`eth1` has no device"), "{message}");
    }

    #[test]
    fn a_connection_has_one_port() {
        let port = |name: &str| {
            format!(
                "[[port]]\ndevice = \"d\"\ninterface = \"{name}\"\nconnection = \"dxcon-00000001\"\n"
            )
        };
        let message = parse(&[port("eth1"), port("eth2")].concat()).unwrap_err();
        assert!(
            message.contains("dxcon-00000001 is bound to two"),
            "{message}"
        );
    }

    #[test]
    fn typing_errors_are_named_on_one_line() {
        let message = parse("[[port]]\ndevise = \"d\"\n").unwrap_err();
        assert!(
            message.contains("devise") && !message.contains('\n'),
            "{message}"
        );
    }
}
