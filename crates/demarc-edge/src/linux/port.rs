//! Which interface is which connection's port, and whether its link is up.

use std::collections::BTreeMap;

use demarc_domain::entity::Link as PortLink;
use demarc_domain::intent::{DeviceIntent, PortIntent};
use demarc_linux::{Kernel, KernelError, Link, MacSecLink};
use demarc_types::ConnectionId;

use super::bindings::Bindings;

/// The marks that an assignment leaves on its interface, so that a restart finds it again.
const ALIAS: &str = "demarc:";
/// Octets of a VLAN tag.
const TAG: u32 = 4;

/// Interfaces by connection. Explicit bindings first, then what an interface is marked with, then
/// what was assigned before, then the first free interface of the device.
pub(super) fn assign(
    bindings: &Bindings,
    devices: &[&DeviceIntent],
    links: &[Link],
    before: &BTreeMap<ConnectionId, String>,
) -> BTreeMap<ConnectionId, String> {
    let mut assigned = BTreeMap::new();
    for device in devices {
        let wanted: Vec<ConnectionId> = device.ports.iter().map(|port| port.connection).collect();
        let own = bindings
            .port
            .iter()
            .filter(|port| port.device == device.device);
        let (fixed, free): (Vec<_>, Vec<_>) = own.partition(|port| port.connection.is_some());
        for binding in fixed {
            if let Some(connection) = binding.connection.filter(|it| wanted.contains(it)) {
                assigned.insert(connection, binding.interface.clone());
            }
        }
        let mut free: Vec<&str> = free.iter().map(|port| port.interface.as_str()).collect();
        let mut take = |connection: ConnectionId, assigned: &mut BTreeMap<_, _>, name: &str| {
            if !assigned.contains_key(&connection) && free.contains(&name) {
                free.retain(|other| *other != name);
                assigned.insert(connection, name.to_owned());
            }
        };
        for connection in &wanted {
            let mark = mark(*connection);
            if let Some(link) = links.iter().find(|link| link.alias == mark) {
                take(*connection, &mut assigned, &link.name);
            }
        }
        for connection in &wanted {
            if let Some(name) = before.get(connection) {
                take(*connection, &mut assigned, name);
            }
        }
        for connection in &wanted {
            if !assigned.contains_key(connection) && !free.is_empty() {
                let name = free.remove(0);
                assigned.insert(*connection, name.to_owned());
            }
        }
    }
    assigned
}

/// Marks the interface of a port and brings it up.
pub(super) fn prepare(
    kernel: &mut Kernel,
    port: &PortIntent,
    link: &Link,
) -> Result<(), KernelError> {
    let mark = mark(port.connection);
    if link.alias != mark {
        kernel.set_alias(link.index, &mark)?;
    }
    let mtu = if port.jumbo { 9_001 } else { 1_500 };
    let mtu = match &port.encryption_mode {
        // Tag and frame are in the packet that MACsec makes of them.
        Some(_) => mtu + TAG + MacSecLink::OVERHEAD,
        None => mtu,
    };
    if link.mtu < mtu {
        kernel.set_mtu(link.index, mtu)?;
    }
    if !link.up {
        kernel.set_up(link.index)?;
    }
    Ok(())
}

pub(super) fn mark(connection: ConnectionId) -> String {
    format!("{ALIAS}{connection}")
}

/// What to say of a port that is to be encrypted where the kernel has no MACsec, and why not. The API shows
/// such a port as `Encryption Down`, and one that must be encrypted as down.
pub(super) fn unencrypted(port: &PortIntent, missing: &str) -> Option<String> {
    let mode = port.encryption_mode.as_deref()?;
    let consequence = match mode {
        "no_encrypt" => return None,
        "must_encrypt" => "carries nothing",
        _ => "is in the clear",
    };
    Some(format!(
        "the kernel of this edge has no MACsec ({missing}): the port is {mode}, so it {consequence}"
    ))
}

/// A link is up when both ends say so.
pub(super) fn state(link: Option<&Link>) -> PortLink {
    match link {
        Some(link) if link.up && link.carrier => PortLink::Up,
        _ => PortLink::Down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(number: u32) -> ConnectionId {
        format!("dxcon-{number:08x}").parse().unwrap()
    }

    fn device(ports: &[u32]) -> DeviceIntent {
        let port = |number: &u32| PortIntent {
            connection: connection(*number),
            megabits: 1_000,
            lag: None,
            jumbo: true,
            encryption_mode: None,
            mac_sec_keys: Vec::new(),
        };
        DeviceIntent {
            device: "d".to_owned(),
            ports: ports.iter().map(port).collect(),
            lags: Vec::new(),
            virtual_interfaces: Vec::new(),
            domains: Vec::new(),
        }
    }

    fn bindings(text: &[&str]) -> Bindings {
        let port = |name: &&str| super::super::bindings::PortBinding {
            device: "d".to_owned(),
            interface: (*name).to_owned(),
            connection: None,
        };
        Bindings {
            port: text.iter().map(port).collect(),
            uplink: Vec::new(),
        }
    }

    #[test]
    fn a_connection_keeps_its_interface_when_another_goes() {
        let bindings = bindings(&["a", "b"]);
        let first = assign(&bindings, &[&device(&[1, 2])], &[], &BTreeMap::new());
        assert_eq!(first[&connection(2)], "b");
        let second = assign(&bindings, &[&device(&[2, 3])], &[], &first);
        assert_eq!(second[&connection(2)], "b");
        assert_eq!(second[&connection(3)], "a");
    }

    #[test]
    fn a_mark_on_the_interface_is_remembered_over_a_restart() {
        let marked = Link {
            name: "b".to_owned(),
            alias: mark(connection(1)),
            ..Link::default()
        };
        let found = assign(
            &bindings(&["a", "b"]),
            &[&device(&[1])],
            &[marked],
            &BTreeMap::new(),
        );
        assert_eq!(found[&connection(1)], "b");
    }

    #[test]
    fn more_connections_than_interfaces_leave_some_without() {
        let found = assign(
            &bindings(&["a"]),
            &[&device(&[1, 2])],
            &[],
            &BTreeMap::new(),
        );
        assert_eq!(found.len(), 1);
    }
}
