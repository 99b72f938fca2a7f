//! SiteLink between devices whose edges are different processes: nothing carries packets from one to the other.

use std::collections::BTreeMap;

use demarc_types::{DirectConnectGatewayId, VirtualInterfaceId};

use crate::entity::{EdgeSession, VirtualInterface};
use crate::parent;
use crate::world::World;

/// A virtual interface with SiteLink, and one of the same gateway that it does not reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    pub id: VirtualInterfaceId,
    /// Of the interface.
    pub device: String,
    pub other: VirtualInterfaceId,
    pub other_device: String,
}

/// Each virtual interface with SiteLink that does not reach another one, with the first such. A device that has
/// no session has its edge in the service's own process.
pub fn apart(world: &World) -> Vec<Apart> {
    let mut by_gateway: BTreeMap<DirectConnectGatewayId, Vec<(&VirtualInterface, String)>> =
        BTreeMap::new();
    for interface in world.virtual_interfaces() {
        let wanted = interface.site_link && interface.holds_resources();
        let gateway = interface.gateway().filter(|_| wanted);
        if let Some((gateway, device)) = gateway.zip(parent::device(world, interface.parent)) {
            let of_gateway = by_gateway.entry(gateway).or_default();
            of_gateway.push((interface, device));
        }
    }
    let session = |device: &str| -> Option<&EdgeSession> { world.service()?.edges.get(device) };
    let process = |device: &str| session(device).map(|it| it.session.as_str());
    let mut found = Vec::new();
    for of_gateway in by_gateway.into_values() {
        for (interface, device) in &of_gateway {
            let mut others = of_gateway.iter();
            let other = others.find(|(_, other)| process(other) != process(device));
            found.extend(other.map(|(other, other_device)| Apart {
                id: interface.id,
                device: device.clone(),
                other: other.id,
                other_device: other_device.clone(),
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use demarc_types::Timestamp;

    use super::*;
    use crate::entity::Service;
    use crate::testing::{ALICE, Lab};

    #[test]
    fn interfaces_on_devices_of_different_edges_are_apart() {
        let mut lab = Lab::new();
        let gateway = lab.gateway(ALICE);
        let mut made = Vec::new();
        for (place, vlan) in [(0, 101), (1, 102), (2, 103)] {
            let port = lab.dedicated(ALICE);
            let mut connection = lab.connection(&port);
            connection.device = Some(format!("device {place}"));
            lab.put(connection);
            let mut interface = lab.virtual_interface_on(ALICE, &port, vlan);
            interface.attachment =
                crate::entity::Attachment::DirectConnectGateway(gateway.parse().unwrap());
            interface.site_link = true;
            lab.put(interface.clone());
            made.push(interface.id);
        }
        assert_eq!(apart(&lab.world), [], "all in the service's own process");
        let edges = |sessions: [&str; 3]| -> Service {
            let mut service = Service {
                token_key: String::new(),
                clock_offset: demarc_types::Span::default(),
                edges: BTreeMap::new(),
                silent: BTreeMap::new(),
            };
            for (place, session) in sessions.into_iter().enumerate() {
                let session = EdgeSession {
                    session: session.to_owned(),
                    host: "h".to_owned(),
                    since: Timestamp::from_millis(0),
                    status: 0,
                };
                service.edges.insert(format!("device {place}"), session);
            }
            service
        };
        let (same, other) = (edges(["a", "a", "a"]), edges(["a", "a", "b"]));
        lab.put(same);
        assert_eq!(apart(&lab.world), []);
        lab.put(other);
        let pairs = apart(&lab.world);
        let pairs: BTreeMap<_, _> = pairs.iter().map(|it| (it.id, it.other)).collect();
        assert_eq!(pairs.len(), 3);
        assert_eq!((pairs[&made[0]], pairs[&made[1]]), (made[2], made[2]));
        assert!([made[0], made[1]].contains(&pairs[&made[2]]));
    }
}
