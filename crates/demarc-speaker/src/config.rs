//! The configuration file of `demarc speaker`: TOML in, checked values out.
//!
//! Every mistake is one line that names the file, the place and the value.

mod check;
mod file;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use demarc_bgp::policy::InterfaceKind;
use demarc_bgp::wire::{Asn, Family};
use ipnet::IpNet;

/// What a speaker is to do.
#[derive(Clone, Debug)]
pub struct SpeakerConfig {
    pub asn: Asn,
    pub router_id: Ipv4Addr,
    /// Where neighbors may connect to; also the source addresses of our own connections.
    pub listen: Vec<SocketAddr>,
    /// HTTP for operators; `None` is no such server.
    pub control: Option<SocketAddr>,
    pub neighbors: Vec<NeighborConfig>,
    pub originate: Vec<IpNet>,
    /// TTL or hop limit of our packets: 1, since a session is one hop (spec/routing §1).
    pub ttl: u8,
}

/// One neighbor, which is one session of one family.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NeighborConfig {
    pub address: IpAddr,
    pub asn: Asn,
    /// TCP MD5 key (RFC 2385).
    pub password: Option<Secret>,
    /// Port to connect to; `None` only waits.
    pub port: Option<u16>,
    pub family: Family,
    pub interface_kind: InterfaceKind,
    pub site_link: bool,
    pub export: ExportMode,
    /// Routes of other SiteLink interfaces sent to this neighbor; `None` is unlimited.
    pub site_link_limit: Option<u32>,
    pub prefix_limit: u32,
    /// Approved prefixes of a public interface; of no meaning on others.
    pub route_filter: Vec<IpNet>,
    pub local_region: bool,
    pub bfd: bool,
}

/// What a neighbor is announced.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
pub enum ExportMode {
    /// What the policy of its interface's kind gives.
    Policy,
    /// Nothing.
    None,
}

/// A key that never shows in logs or errors.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(key.into())
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A configuration that cannot be used: one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{file}: cannot be read: {source}")]
    Unreadable {
        file: String,
        source: std::io::Error,
    },
    #[error("{file}:{line}: {message}")]
    Syntax {
        file: String,
        line: usize,
        message: String,
    },
    #[error("{file}: {problem}")]
    Invalid {
        file: String,
        problem: ConfigProblem,
    },
}

/// Values that do not fit each other or what a speaker can do.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConfigProblem {
    #[error("asn {asn} is reserved")]
    ReservedAsn { asn: Asn },
    #[error("neighbor {address}: asn {asn} is reserved")]
    ReservedNeighborAsn { address: IpAddr, asn: Asn },
    #[error("neighbor {address}: asn {asn} is our own; sessions are between different networks")]
    SameAsn { address: IpAddr, asn: Asn },
    #[error("router_id {router_id} is not a BGP identifier")]
    RouterId { router_id: Ipv4Addr },
    #[error("listen is empty: give at least one address and port")]
    NoListen,
    #[error("{name} {address}: a multicast or broadcast address cannot be listened on")]
    NotOurs {
        name: &'static str,
        address: SocketAddr,
    },
    #[error("{name} {address}: port 0 is not a port to listen on")]
    ZeroPort {
        name: &'static str,
        address: SocketAddr,
    },
    #[error("{first_name} {first} and {second_name} {second} clash")]
    ClashingPorts {
        first_name: &'static str,
        first: SocketAddr,
        second_name: &'static str,
        second: SocketAddr,
    },
    #[error("neighbor {address} is there twice")]
    DuplicateNeighbor { address: IpAddr },
    #[error("neighbor {address}: not an address that a neighbor can have")]
    NeighborAddress { address: IpAddr },
    #[error("neighbor {address}: it is also a listen address")]
    NeighborIsUs { address: IpAddr },
    #[error("neighbor {address}: families must name one family, ipv4 or ipv6")]
    Families { address: IpAddr },
    #[error("neighbor {address}: listen has no {family} address to connect from")]
    NoSource { address: IpAddr, family: Family },
    #[error("neighbor {address}: listen has no {family} address to use as next hop")]
    NoNextHop { address: IpAddr, family: Family },
    #[error("neighbor {address}: password must have 6 to 80 bytes, this one has {length}")]
    PasswordLength { address: IpAddr, length: usize },
    #[error("neighbor {address}: site_link is not for interface_kind = \"public\"")]
    PublicSiteLink { address: IpAddr },
    #[error("neighbor {address}: route_filter {prefix} is not for a session of {family}")]
    RouteFilterFamily {
        address: IpAddr,
        prefix: IpNet,
        family: Family,
    },
    #[error("{prefix}: bits are set past the prefix length; {network} may be meant")]
    HostBits { prefix: IpNet, network: IpNet },
    #[error("originate {prefix} is there twice")]
    DuplicateOrigination { prefix: IpNet },
}

impl SpeakerConfig {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`]: print it and exit with status 2.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&file, &text),
            Err(source) => Err(ConfigError::Unreadable { file, source }),
        }
    }

    /// Parses and checks the text of a file; `file` is its name for errors.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let raw: file::File =
            toml::from_str(text).map_err(|error| file::syntax(file, text, &error))?;
        check::check(raw).map_err(|problem| ConfigError::Invalid {
            file: file.to_owned(),
            problem,
        })
    }

    /// The address to connect from, and to be the next hop, for a family: the first of `listen`.
    pub(crate) fn local_address(&self, family: Family) -> Option<SocketAddr> {
        self.listen
            .iter()
            .copied()
            .find(|address| family_of(address.ip()) == family)
    }
}

impl NeighborConfig {
    /// The family of the connection, which may differ from that of the routes.
    pub(crate) const fn transport(&self) -> Family {
        family_of(self.address)
    }
}

pub(crate) const fn family_of(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::Ipv4,
        IpAddr::V6(_) => Family::Ipv6,
    }
}

#[cfg(test)]
mod tests;
