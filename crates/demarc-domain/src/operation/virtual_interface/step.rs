//! Reviews, expiry and the end of retention.

use demarc_types::VirtualInterfaceId;

use crate::entity::{BgpPeer, EntityKey, PeerPhase, Tags, VirtualInterface, VirtualInterfacePhase};
use crate::refusal::Refusal;
use crate::state;
use crate::transaction::Transaction;
use crate::world::World;

/// Fires the deadline of a virtual interface.
pub(crate) fn step(tx: &mut Transaction<'_>, interface: &VirtualInterface) {
    match interface.phase {
        VirtualInterfacePhase::Confirming { expires } => {
            let mut next = interface.clone();
            next.phase = VirtualInterfacePhase::Deleted { at: expires };
            next.tags = Tags::default();
            for peer in &mut next.peers {
                peer.phase = PeerPhase::Deleted;
            }
            tx.put(next);
        }
        VirtualInterfacePhase::Verifying { .. } => accept_review(tx, interface, |_| true),
        VirtualInterfacePhase::Active => {
            let now = tx.context.now;
            accept_review(tx, interface, |peer| {
                peer.approval().is_some_and(|at| at <= now)
            });
        }
        VirtualInterfacePhase::Deleted { .. } | VirtualInterfacePhase::Rejected { .. } => {
            let tests: Vec<_> = tx
                .failover_tests_on(interface.id)
                .map(|test| test.id)
                .collect();
            for test in tests {
                tx.remove(EntityKey::FailoverTest(test));
            }
            tx.remove(EntityKey::VirtualInterface(interface.id));
        }
        VirtualInterfacePhase::Deleting => {}
    }
}

/// Ends the review of the peers chosen, and with it that of the virtual interface.
fn accept_review(
    tx: &mut Transaction<'_>,
    interface: &VirtualInterface,
    chosen: impl Fn(&BgpPeer) -> bool,
) {
    let mut next = interface.clone();
    next.phase = VirtualInterfacePhase::Active;
    for peer in &mut next.peers {
        if matches!(peer.phase, PeerPhase::Verifying { .. }) && chosen(peer) {
            peer.phase = PeerPhase::Pending;
        }
    }
    tx.put(next);
}

/// The operator finds a public virtual interface, and all its peers, in order.
pub(crate) fn approve(tx: &mut Transaction<'_>, id: VirtualInterfaceId) -> Result<(), Refusal> {
    let interface = under_review(tx, id)?;
    accept_review(tx, &interface, |_| true);
    Ok(())
}

/// The operator declines a public virtual interface (spec/states §5), or the peers that were added to one
/// in service. The fabric knows nothing of those, so they are gone at once.
pub(crate) fn reject(tx: &mut Transaction<'_>, id: VirtualInterfaceId) -> Result<(), Refusal> {
    let mut interface = under_review(tx, id)?;
    if interface.phase == VirtualInterfacePhase::Active {
        interface
            .peers
            .retain(|peer| !matches!(peer.phase, PeerPhase::Verifying { .. }));
        if interface.live_peers().next().is_none() {
            return Err(Refusal::invalid(format!(
                "Virtual interface {id} has no other BGP peer than what is under review, and needs one: it carries no traffic until it is approved."
            )));
        }
        tx.put(interface);
        return Ok(());
    }
    interface.phase = VirtualInterfacePhase::Rejected { at: tx.context.now };
    interface.tags = Tags::default();
    for peer in &mut interface.peers {
        peer.phase = PeerPhase::Deleted;
    }
    tx.put(interface);
    Ok(())
}

fn under_review(tx: &Transaction<'_>, id: VirtualInterfaceId) -> Result<VirtualInterface, Refusal> {
    let interface = tx
        .virtual_interface(id)
        .ok_or_else(|| Refusal::VirtualInterfaceNotFound(id.to_string()))?
        .as_ref()
        .clone();
    let peer_waits = interface
        .peers
        .iter()
        .any(|peer| matches!(peer.phase, PeerPhase::Verifying { .. }));
    match interface.phase {
        VirtualInterfacePhase::Verifying { .. } => Ok(interface),
        VirtualInterfacePhase::Active if peer_waits => Ok(interface),
        _ => Err(wrong_state(tx, &interface)),
    }
}

fn wrong_state(world: &World, interface: &VirtualInterface) -> Refusal {
    Refusal::VirtualInterfaceState {
        id: interface.id.to_string(),
        state: state::virtual_interface(world, interface),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::operator::Order;
    use crate::testing::{ALICE, Lab, text};

    /// A public virtual interface that the operator has approved and that is up.
    fn approved(lab: &mut Lab, connection: &str) -> String {
        let id = lab.public_on(ALICE, connection);
        lab.order(&Order::ApproveVirtualInterface(id.parse().unwrap()))
            .unwrap();
        lab.converge();
        id
    }

    fn add_peer(lab: &mut Lab, id: &str) -> Value {
        let body = json!({"virtualInterfaceId": id, "newBGPPeer": {"asn": 65001, "addressFamily": "ipv6"}});
        lab.ok(ALICE, "CreateBGPPeer", body)["virtualInterface"].clone()
    }

    fn shown(lab: &mut Lab, id: &str) -> Value {
        let named = json!({"virtualInterfaceId": id});
        lab.ok(ALICE, "DescribeVirtualInterfaces", named)["virtualInterfaces"][0].clone()
    }

    /// `bgpPeerState` of each peer.
    fn peer_states(interface: &Value) -> Vec<String> {
        let peers = interface["bgpPeers"].as_array().unwrap();
        peers
            .iter()
            .map(|peer| text(peer, "bgpPeerState"))
            .collect()
    }

    #[test]
    fn a_peer_added_to_a_public_virtual_interface_is_reviewed_by_itself() {
        let mut lab = Lab::new();
        let connection = lab.dedicated(ALICE);
        let id = lab.public_on(ALICE, &connection);
        lab.advance(demarc_types::Span::from_secs(5));
        lab.ok(ALICE, "CreateBGPPeer", json!({"virtualInterfaceId": id, "newBGPPeer": {"asn": 65001, "addressFamily": "ipv6"}}));
        lab.advance(demarc_types::Span::from_secs(5));
        let shown = lab.ok(
            ALICE,
            "DescribeVirtualInterfaces",
            json!({"virtualInterfaceId": id}),
        );
        assert_eq!(
            shown["virtualInterfaces"][0]["bgpPeers"][1]["bgpPeerState"],
            "pending"
        );
    }

    /// spec/states §6: who reviews is not asked by moving.
    #[test]
    fn a_move_does_not_end_the_review_of_a_peer() {
        let mut lab = Lab::with(|settings| settings.approve_public_virtual_interfaces = false);
        let (from, to) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
        let id = approved(&mut lab, &from);
        add_peer(&mut lab, &id);
        let moved = lab.ok(
            ALICE,
            "AssociateVirtualInterface",
            json!({"virtualInterfaceId": id, "connectionId": to}),
        );
        assert_eq!(
            peer_states(&moved),
            ["deleting", "deleting", "pending", "verifying"]
        );
        lab.converge();
        lab.ok(
            ALICE,
            "CreateLag",
            json!({"numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps",
                "lagName": "lag", "connectionId": to}),
        );
        lab.converge();
        assert_eq!(
            peer_states(&shown(&mut lab, &id)),
            ["available", "verifying"]
        );
        let order = Order::ApproveVirtualInterface(id.parse().unwrap());
        lab.order(&order).unwrap();
        assert_eq!(peer_states(&shown(&mut lab, &id)), ["available", "pending"]);
    }

    #[test]
    fn a_review_that_ends_by_itself_does_so_after_a_move() {
        let mut lab = Lab::new();
        let (from, to) = (lab.dedicated(ALICE), lab.dedicated(ALICE));
        let id = approved(&mut lab, &from);
        add_peer(&mut lab, &id);
        lab.ok(
            ALICE,
            "AssociateVirtualInterface",
            json!({"virtualInterfaceId": id, "connectionId": to}),
        );
        lab.converge();
        assert_eq!(
            peer_states(&shown(&mut lab, &id)),
            ["available", "verifying"]
        );
        lab.settle();
        assert_eq!(peer_states(&shown(&mut lab, &id)), ["available", "pending"]);
    }

    /// What was there before goes on; what waits alone stays with its virtual interface.
    #[test]
    fn a_peer_added_to_a_live_virtual_interface_can_be_declined() {
        let mut lab = Lab::with(|settings| settings.approve_public_virtual_interfaces = false);
        let port = lab.dedicated(ALICE);
        let id = approved(&mut lab, &port);
        let reject = Order::RejectVirtualInterface(id.parse().unwrap());
        lab.order(&reject).unwrap_err();
        add_peer(&mut lab, &id);
        lab.order(&reject).unwrap();
        let after = shown(&mut lab, &id);
        assert_eq!(after["virtualInterfaceState"], "available");
        assert_eq!(peer_states(&after), ["available"]);
        lab.order(&reject).unwrap_err();

        let first = text(&after["bgpPeers"][0], "bgpPeerId");
        add_peer(&mut lab, &id);
        lab.ok(
            ALICE,
            "DeleteBGPPeer",
            json!({"virtualInterfaceId": id, "bgpPeerId": first}),
        );
        let refusal = lab.order(&reject).unwrap_err();
        assert!(
            refusal.to_string().contains("has no other BGP peer"),
            "{refusal}"
        );
        lab.converge();
        assert_eq!(peer_states(&shown(&mut lab, &id)), ["verifying"]);
    }
}
