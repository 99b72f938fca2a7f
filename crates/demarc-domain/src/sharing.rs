//! Objects that concern two accounts: hosted connections and virtual interfaces on another account's port.

use std::collections::BTreeSet;

use demarc_types::{AccountId, ConnectionId, VirtualInterfaceId};

use crate::parent;
use crate::world::World;

/// Whose the connection or virtual interface is, and whose what carries it. Empty for other ids.
pub fn owners(world: &World, id: &str) -> BTreeSet<AccountId> {
    let interface = id
        .parse::<VirtualInterfaceId>()
        .ok()
        .and_then(|id| world.virtual_interface(id));
    if let Some(interface) = interface {
        return [interface.owner, interface.connection_owner].into();
    }
    let connection = id
        .parse::<ConnectionId>()
        .ok()
        .and_then(|id| world.connection(id));
    connection
        .map(|connection| {
            let carrier = connection.parent();
            let carriers = carrier.and_then(|carrier| parent::owner(world, carrier));
            std::iter::once(connection.owner).chain(carriers).collect()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{ALICE, BOB, Lab, text};

    #[test]
    fn what_is_on_another_accounts_port_is_shared() {
        let mut lab = Lab::new();
        let port = lab.dedicated(ALICE);
        let interface = lab.ok(
            ALICE,
            "AllocatePrivateVirtualInterface",
            json!({"connectionId": port, "ownerAccount": BOB, "newPrivateVirtualInterfaceAllocation":
                {"virtualInterfaceName": "v", "vlan": 5, "asn": 65_001}}),
        );
        let both: BTreeSet<AccountId> = [ALICE, BOB].map(|account| account.parse().unwrap()).into();
        let alone: BTreeSet<AccountId> = [ALICE.parse().unwrap()].into();
        assert_eq!(
            owners(&lab.world, &text(&interface, "virtualInterfaceId")),
            both
        );
        assert_eq!(owners(&lab.world, &port), alone);
        assert!(owners(&lab.world, "dxlag-fg0").is_empty());
    }
}
