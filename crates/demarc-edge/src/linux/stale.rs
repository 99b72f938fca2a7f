//! What carries our names and belongs to nothing that is wanted: ours goes, anything else is reported.

use std::collections::BTreeSet;
use std::path::Path;

use demarc_domain::intent::RoutingDomain;
use demarc_linux::{Kernel, KernelError, Link, Namespace};
use tracing::info;

use super::gateway::NAMESPACES;
use super::virtual_interface::{INNER_ENDS, OUTER_ENDS, device_of};
use super::{macsec, uplink_mark};

/// Namespaces that are made to try the kernel out; the number of the process follows.
const PROBES: &str = "probe-";

/// Removes pairs and MACsec interfaces of our devices that nothing stands on (`ends` are those that it does);
/// tells what is not ours.
pub(super) fn interfaces(
    kernel: &mut Kernel,
    links: &[Link],
    ends: &BTreeSet<u32>,
    devices: &BTreeSet<&str>,
) -> Result<Vec<String>, KernelError> {
    let mut foreign = Vec::new();
    let ours = links.iter().filter(|link| {
        [OUTER_ENDS, macsec::INTERFACES]
            .iter()
            .any(|it| link.name.starts_with(it))
    });
    for link in ours.filter(|link| !ends.contains(&link.index)) {
        match device_of(&link.alias) {
            Some(device) if !devices.contains(device) => {
                foreign.push(format!("interface {} of device {device}", link.name));
            }
            // A pair is marked before it is brought up: one without a mark was left half done.
            None if link.up => foreign.push(format!("interface {}", link.name)),
            _ => {
                info!(
                    interface = link.name,
                    "what nobody wants any more is removed"
                );
                kernel.remove_link(&link.name)?;
            }
        }
    }
    Ok(foreign)
}

/// Removes namespaces of gateways that nothing stands in; tells which are not ours.
pub(super) fn namespaces(gateways: &BTreeSet<RoutingDomain>) -> Result<Vec<String>, KernelError> {
    let mut foreign = Vec::new();
    for name in Namespace::names(NAMESPACES)? {
        let rest = name.strip_prefix(NAMESPACES).unwrap_or_default();
        if let Some(process) = rest.strip_prefix(PROBES) {
            if !Path::new("/proc").join(process).exists() {
                Namespace::remove(&name)?;
            }
            continue;
        }
        match domain(rest) {
            Some(domain) if gateways.contains(&domain) => {}
            Some(_) => foreign.extend(leftover(&name)?),
            None => foreign.push(format!("namespace {name}")),
        }
    }
    Ok(foreign)
}

fn domain(name: &str) -> Option<RoutingDomain> {
    if name == "public" {
        return Some(RoutingDomain::Public);
    }
    let gateway = name.parse().map(RoutingDomain::Gateway);
    gateway
        .or_else(|_| name.parse().map(RoutingDomain::VpnGateway))
        .ok()
}

/// Gives back what is in a namespace that no gateway has, and removes it if it is empty then.
fn leftover(name: &str) -> Result<Vec<String>, KernelError> {
    let mut foreign = Vec::new();
    if let Ok(namespace) = Namespace::open(name) {
        let mut inside = namespace.kernel()?;
        for link in inside.links()? {
            if link.alias.starts_with(uplink_mark::PREFIX) {
                info!(
                    namespace = name,
                    interface = link.name,
                    "an uplink of before is given back"
                );
                inside.take_back(link.index)?;
            } else if link.name.starts_with(INNER_ENDS) {
                // Its other end is looked at first; this one goes with it.
                return Ok(foreign);
            } else if link.name != "lo" {
                foreign.push(format!("interface {} in namespace {name}", link.name));
            }
        }
    }
    if foreign.is_empty() {
        info!(namespace = name, "what nobody wants any more is removed");
        Namespace::remove(name)?;
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_gateways_are_ours() {
        for ours in [
            "public",
            "5f294f92-bafb-4011-916d-9b0bec5e2f05",
            "vgw-0123456789abcdef0",
        ] {
            assert!(domain(ours).is_some(), "{ours}");
        }
        for other in ["", "lab", "tgw-0123456789abcdef0", "publicly"] {
            assert!(domain(other).is_none(), "{other}");
        }
    }
}
