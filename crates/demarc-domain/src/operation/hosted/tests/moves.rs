//! Rows of spec/operations §4 `AssociateHostedConnection`.

use demarc_types::{Span, VlanId};
use serde_json::json;

use super::{in_each_state, offer, offer_with, partner_lag};
use crate::entity::{Change, ConnectionPhase, EntityKey, PeerPhase};
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

#[test]
fn a_move_takes_virtual_interfaces_along_and_cycles_their_peers() {
    let (_, mut lab, id) = in_each_state().swap_remove(2);
    let interface = lab.virtual_interface_on(ALICE, &id, 101);
    let (lag, member) = partner_lag(&mut lab);
    let answer = lab.ok(
        PAULA,
        "AssociateHostedConnection",
        json!({"connectionId": id, "parentConnectionId": lag}),
    );
    assert_eq!(answer["lagId"], json!(lag));
    assert_eq!(answer["connectionState"], "available");
    let moved = lab.now_of(&interface);
    assert_eq!(
        moved.parent.to_string(),
        id,
        "it stays on the hosted connection"
    );
    assert_eq!(moved.device, lab.connection(&member).device);
    let phases: Vec<PeerPhase> = moved.peers.iter().map(|peer| peer.phase).collect();
    assert_eq!(phases, [PeerPhase::Deleting, PeerPhase::Pending]);
    assert_eq!(moved.peers[0].auth_key, moved.peers[1].auth_key);
    assert_eq!(moved.peers[0].amazon_address, moved.peers[1].amazon_address);
    let interconnect = lab.interconnect(PAULA);
    let back = lab.ok(
        PAULA,
        "AssociateHostedConnection",
        json!({"connectionId": id, "parentConnectionId": interconnect}),
    );
    assert!(
        back.get("lagId").is_none(),
        "on an interconnect there is no LAG"
    );
}

#[test]
fn moving_to_where_it_is_changes_nothing() {
    let (_, mut lab, id) = in_each_state().swap_remove(2);
    let interface = lab.virtual_interface_on(ALICE, &id, 101);
    let parent = lab.connection(&id).parent().unwrap().to_string();
    lab.ok(
        PAULA,
        "AssociateHostedConnection",
        json!({"connectionId": id, "parentConnectionId": parent}),
    );
    assert_eq!(lab.now_of(&interface), interface);
}

#[test]
fn moves_are_checked_row_by_row() {
    let (_, mut lab, id) = in_each_state().swap_remove(2);
    let own = lab.dedicated(PAULA);
    let target = lab.interconnect(PAULA);
    let foreign = lab.interconnect(BOB);
    let fresh = text(
        &lab.ok(
            PAULA,
            "CreateInterconnect",
            json!({"location": "EqDC2", "bandwidth": "10Gbps", "interconnectName": "i"}),
        ),
        "interconnectId",
    );
    let rows: [(&str, &str, &str, &str); 7] = [
        (
            "hosted id unknown",
            "dxcon-ffffffff",
            &target,
            "Could not find Connection with ID dxcon-ffffffff",
        ),
        ("not hosted", &own, &target, "is not a hosted connection"),
        (
            "target unknown",
            &id,
            "dxlag-ffffffff",
            "Could not find Lag with ID dxlag-ffffffff",
        ),
        (
            "target of another",
            &id,
            &foreign,
            "Could not find Connection with ID",
        ),
        (
            "target no interconnect",
            &id,
            &own,
            "Hosted connections cannot be created on",
        ),
        (
            "target not ready",
            &id,
            &fresh,
            "The specified Connection ID is not available",
        ),
        (
            "target format",
            &id,
            "nonsense",
            "Connection ID nonsense has an invalid format.",
        ),
    ];
    for (row, connection, parent, part) in rows {
        let body = json!({"connectionId": connection, "parentConnectionId": parent});
        let message = lab.message(PAULA, "AssociateHostedConnection", body);
        assert!(message.contains(part), "{row}: {message}");
    }
    let refusal = lab.refused(
        ALICE,
        "AssociateHostedConnection",
        json!({"connectionId": id, "parentConnectionId": target}),
    );
    assert!(
        refusal
            .to_string()
            .contains("is not a hosted connection of account"),
        "{refusal}"
    );
    lab.ok(PAULA, "AllocateHostedConnection", offer(&target));
    let body = json!({"connectionId": id, "parentConnectionId": target});
    assert_eq!(
        lab.message(PAULA, "AssociateHostedConnection", body),
        "VLAN 101 is already in use",
        "M21"
    );
}

#[test]
fn a_move_is_refused_when_addresses_meet() {
    let (_, mut lab, id) = in_each_state().swap_remove(2);
    lab.virtual_interface_on(ALICE, &id, 101);
    let target = lab.interconnect(PAULA);
    let neighbor = |lab: &mut Lab, customer: &str, vlan: i64| {
        let members = json!({"vlan": vlan, "ownerAccount": customer});
        let answer = lab.ok(
            PAULA,
            "AllocateHostedConnection",
            offer_with(&target, members),
        );
        text(&answer, "connectionId")
    };
    // The same automatic subnet of another customer is no conflict.
    let other = neighbor(&mut lab, BOB, 5);
    let mut theirs = lab.virtual_interface_on(BOB, &other, 101);
    theirs.vlan = VlanId::new(5).unwrap();
    lab.put(theirs);
    let own = neighbor(&mut lab, ALICE, 6);
    let clash = lab.virtual_interface_on(ALICE, &own, 101);
    let body = json!({"connectionId": id, "parentConnectionId": target});
    let message = lab.message(PAULA, "AssociateHostedConnection", body.clone());
    assert!(
        message.contains(&format!(
            "conflict with those of virtual interface {}",
            clash.id
        )),
        "{message}"
    );
    lab.world
        .apply(&Change::Remove(EntityKey::VirtualInterface(clash.id)));
    lab.ok(PAULA, "AssociateHostedConnection", body);
}

#[test]
fn only_a_live_hosted_connection_moves() {
    for (state, mut lab, id) in in_each_state() {
        let target = lab.interconnect(PAULA);
        if state == "deleting" {
            // Not to lose the state to the time that the interconnect took.
            let mut connection = lab.connection(&id);
            connection.phase = ConnectionPhase::Deleting {
                until: lab.now + Span::from_minutes(1),
            };
            lab.put(connection);
        }
        let body = json!({"connectionId": id, "parentConnectionId": target});
        if matches!(state, "deleting" | "deleted" | "rejected") {
            lab.refused(PAULA, "AssociateHostedConnection", body);
        } else {
            lab.ok(PAULA, "AssociateHostedConnection", body);
            let parent = lab.connection(&id).parent().unwrap().to_string();
            assert_eq!(parent, target, "{state}");
        }
    }
}
