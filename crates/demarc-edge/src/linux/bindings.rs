//! What the operator ties together: ports and interfaces, gateways and what lies behind them.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use demarc_types::{ConnectionId, GatewayRef, Prefix};
use serde::Deserialize;
use tracing::info;

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
}

impl Bindings {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`BindingsError`].
    pub fn read(path: &Path) -> Result<Self, BindingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| BindingsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
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
        let ports = bindings.port.iter().map(|port| &port.interface);
        let uplinks = bindings.uplink.iter().map(|uplink| &uplink.interface);
        let mut names: Vec<_> = ports.chain(uplinks).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(BindingsError::Twice {
                path: path.to_owned(),
                interface: pair[0].clone(),
            }),
            None => Ok(bindings),
        }
    }

    /// The devices that have a port here.
    pub fn devices(&self) -> BTreeSet<String> {
        self.port.iter().map(|port| port.device.clone()).collect()
    }

    pub fn uplink(&self, gateway: Behind) -> Option<&UplinkBinding> {
        self.uplink.iter().find(|uplink| uplink.gateway == gateway)
    }
}

/// The file of bindings, looked at again and again.
pub(super) struct BindingsFile {
    path: PathBuf,
    seen: Option<SystemTime>,
    pub(super) bindings: Bindings,
    /// Why the bindings are older than the file.
    pub(super) error: Option<String>,
}

impl BindingsFile {
    pub(super) fn open(path: PathBuf) -> Result<Self, BindingsError> {
        let seen = modified(&path);
        let bindings = Bindings::read(&path)?;
        Ok(Self {
            path,
            seen,
            bindings,
            error: None,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again if it has changed; whether the bindings are new.
    pub(super) fn refresh(&mut self) -> bool {
        let modified = modified(&self.path);
        if modified == self.seen {
            return false;
        }
        self.seen = modified;
        match Bindings::read(&self.path) {
            Ok(bindings) => {
                info!(file = %self.path.display(), "bindings are read again");
                self.error = None;
                self.bindings = bindings;
                true
            }
            Err(error) => {
                self.error = Some(format!("{error}; the bindings stay as they were"));
                false
            }
        }
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file)
        .and_then(|data| data.modified())
        .ok()
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
        assert!(bindings.uplink(bindings.uplink[0].gateway).is_some());
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

    #[test]
    fn an_interface_has_one_place() {
        let port = "[[port]]\ndevice = \"d\"\ninterface = \"eth1\"\n";
        let message = parse(&port.repeat(2)).unwrap_err();
        assert!(message.contains("`eth1` is bound twice"), "{message}");
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
