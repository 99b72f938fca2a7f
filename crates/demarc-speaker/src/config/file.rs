//! The file as it is written: one struct per table, keys as documented.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ipnet::IpNet;
use serde::Deserialize;

use super::ConfigError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) asn: u32,
    pub(super) router_id: Ipv4Addr,
    pub(super) listen: Vec<SocketAddr>,
    pub(super) control: Option<SocketAddr>,
    #[serde(default, rename = "neighbor")]
    pub(super) neighbors: Vec<Neighbor>,
    #[serde(default, rename = "originate")]
    pub(super) originations: Vec<Originate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Neighbor {
    pub(super) address: IpAddr,
    pub(super) asn: u32,
    pub(super) password: Option<String>,
    #[serde(default = "bgp_port")]
    pub(super) port: u16,
    pub(super) families: Option<Vec<FamilyName>>,
    #[serde(default)]
    pub(super) interface_kind: Kind,
    #[serde(default)]
    pub(super) site_link: bool,
    #[serde(default)]
    pub(super) export: Export,
    pub(super) site_link_limit: Option<u32>,
    pub(super) prefix_limit: Option<u32>,
    #[serde(default)]
    pub(super) route_filter: Vec<IpNet>,
    #[serde(default = "yes")]
    pub(super) local_region: bool,
    #[serde(default)]
    pub(super) bfd: bool,
}

const fn bgp_port() -> u16 {
    179
}

const fn yes() -> bool {
    true
}

#[derive(Copy, Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FamilyName {
    Ipv4,
    Ipv6,
}

#[derive(Copy, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    #[default]
    Private,
    Transit,
    Public,
}

#[derive(Copy, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Export {
    #[default]
    Policy,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Originate {
    pub(super) prefix: IpNet,
}

/// Keys whose values are no secrets.
const SHOWN: [&str; 17] = [
    "asn",
    "router_id",
    "listen",
    "control",
    "address",
    "port",
    "families",
    "interface_kind",
    "site_link",
    "site_link_limit",
    "export",
    "prefix_limit",
    "route_filter",
    "local_region",
    "bfd",
    "prefix",
    "neighbor",
];

/// Whether a line of the file can be repeated. A value of a key that we do not know may be a
/// password whose key is misspelt, and so may anything within braces.
fn can_be_shown(line: &str) -> bool {
    let key = line.split_once('=').map(|(key, _)| key.trim());
    let known = key.is_some_and(|key| SHOWN.contains(&key));
    known && !line.contains('{') && !line.contains("password")
}

/// One line out of a TOML error: the line number, what is wrong, and the line unless it may hold
/// a key.
pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let source = text.lines().nth(line - 1).unwrap_or_default().trim();
    let words = error.message().lines().collect::<Vec<_>>().join("; ");
    let message = if can_be_shown(source) {
        format!("{words}: {source}")
    } else if words.starts_with("invalid type") || words.starts_with("invalid value") {
        // These words repeat the value.
        "the value is not of the type that its key has".to_owned()
    } else {
        words
    };
    ConfigError::Syntax {
        file: file.to_owned(),
        line,
        message,
    }
}
