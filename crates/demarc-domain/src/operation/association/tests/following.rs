//! What happens to an association when its VPC or its virtual private gateway changes.

use serde_json::json;

use super::{list, state};
use crate::gateway_rules::allowed_prefixes;
use crate::neighbor::testing::{association, cidrs};
use crate::neighbor::{CidrBlockOrder, Ec2Request, Ec2Response};
use crate::testing::{ALICE, BOB, Lab, text};

fn add_cidr(lab: &mut Lab, account: &str, vpc: &str, cidr: &str) -> String {
    let request = Ec2Request::AssociateVpcCidrBlock {
        vpc_id: vpc.to_owned(),
        block: CidrBlockOrder {
            cidr_block: Some(cidr.to_owned()),
            ..CidrBlockOrder::default()
        },
    };
    match lab.ec2(account, request) {
        Ec2Response::CidrBlock(answer) => answer.block.association_id,
        other => panic!("{other:?}"),
    }
}

fn remove_cidr(lab: &mut Lab, account: &str, association_id: String) {
    lab.ec2(
        account,
        Ec2Request::DisassociateVpcCidrBlock { association_id },
    );
}

fn announced(lab: &Lab, id: &str) -> Vec<String> {
    let association = lab.world.association(id.parse().unwrap()).unwrap();
    allowed_prefixes::announced(&lab.world, association)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn allowed(lab: &mut Lab, id: &str) -> serde_json::Value {
    lab.association(ALICE, id).unwrap()["allowedPrefixesToDirectConnectGateway"].clone()
}

#[test]
fn a_list_that_was_never_set_follows_the_vpc() {
    let mut lab = Lab::new();
    let (gateway, (vgw, vpc)) = (lab.gateway(ALICE), lab.vpn_gateway_on(ALICE, "10.0.0.0/16"));
    let id = lab.associate(ALICE, &gateway, &vgw, &[]);
    let block = add_cidr(&mut lab, ALICE, &vpc, "10.1.0.0/16");
    assert_eq!(state(&mut lab, &id), "updating");
    assert_eq!(
        allowed(&mut lab, &id),
        cidrs(&["10.0.0.0/16", "10.1.0.0/16"])
    );
    lab.settle();
    assert_eq!(state(&mut lab, &id), "associated");
    assert_eq!(announced(&lab, &id), ["10.0.0.0/16", "10.1.0.0/16"]);
    remove_cidr(&mut lab, ALICE, block);
    assert_eq!(state(&mut lab, &id), "updating");
    assert_eq!(allowed(&mut lab, &id), cidrs(&["10.0.0.0/16"]));
}

#[test]
fn a_list_that_was_set_stays_but_filters_the_new_cidr() {
    let mut lab = Lab::new();
    let (gateway, (vgw, vpc)) = (lab.gateway(ALICE), lab.vpn_gateway_on(ALICE, "10.0.0.0/16"));
    let id = lab.associate(ALICE, &gateway, &vgw, &["10.0.0.0/15"]);
    assert_eq!(announced(&lab, &id), ["10.0.0.0/16"]);
    add_cidr(&mut lab, ALICE, &vpc, "10.1.0.0/16");
    assert_eq!(state(&mut lab, &id), "updating", "the list covers it");
    lab.settle();
    add_cidr(&mut lab, ALICE, &vpc, "10.2.0.0/16");
    assert_eq!(
        state(&mut lab, &id),
        "associated",
        "the list does not cover it"
    );
    assert_eq!(allowed(&mut lab, &id), cidrs(&["10.0.0.0/15"]));
    assert_eq!(announced(&lab, &id), ["10.0.0.0/16", "10.1.0.0/16"]);
}

#[test]
fn another_accounts_vpc_is_followed_only_by_a_new_proposal() {
    let mut lab = Lab::new();
    let (gateway, (vgw, vpc)) = (lab.gateway(ALICE), lab.vpn_gateway_on(BOB, "10.0.0.0/16"));
    let accept = |lab: &mut Lab| {
        let answer = lab.ok(
            BOB,
            "CreateDirectConnectGatewayAssociationProposal",
            json!({
                "directConnectGatewayId": gateway, "directConnectGatewayOwnerAccount": ALICE, "gatewayId": vgw,
            }),
        );
        let proposal = text(
            &answer["directConnectGatewayAssociationProposal"],
            "proposalId",
        );
        let answer = lab.ok(
            ALICE,
            "AcceptDirectConnectGatewayAssociationProposal",
            json!({
                "directConnectGatewayId": gateway, "associatedGatewayOwnerAccount": BOB, "proposalId": proposal,
            }),
        );
        lab.settle();
        text(&answer["directConnectGatewayAssociation"], "associationId")
    };
    let id = accept(&mut lab);
    add_cidr(&mut lab, BOB, &vpc, "10.1.0.0/16");
    assert_eq!(state(&mut lab, &id), "associated");
    assert_eq!(announced(&lab, &id), ["10.0.0.0/16"]);
    assert_eq!(accept(&mut lab), id);
    assert_eq!(announced(&lab, &id), ["10.0.0.0/16", "10.1.0.0/16"]);
}

#[test]
fn a_cidr_that_overlaps_another_association_is_withheld_until_there_is_room() {
    let mut lab = Lab::new();
    let gateway = lab.gateway(ALICE);
    let (first, _) = lab.vpn_gateway_on(ALICE, "10.1.0.0/16");
    let (second, vpc) = lab.vpn_gateway_on(ALICE, "10.0.0.0/16");
    let other = lab.associate(ALICE, &gateway, &first, &[]);
    let id = lab.associate(ALICE, &gateway, &second, &[]);
    add_cidr(&mut lab, ALICE, &vpc, "10.1.128.0/20");
    let shown = lab.association(ALICE, &id).unwrap();
    assert_eq!(
        shown["stateChangeError"],
        "VPC CIDR 10.1.128.0/20 overlaps a VPC CIDR of another association and is not announced."
    );
    assert_eq!(announced(&lab, &id), ["10.0.0.0/16"]);
    assert_eq!(announced(&lab, &other), ["10.1.0.0/16"]);
    lab.settle();
    lab.ok(
        ALICE,
        "DeleteDirectConnectGatewayAssociation",
        json!({"associationId": other}),
    );
    lab.settle();
    let shown = lab.association(ALICE, &id).unwrap();
    assert!(shown.get("stateChangeError").is_none(), "{shown}");
    assert_eq!(shown["associationState"], "updating");
    assert_eq!(announced(&lab, &id), ["10.0.0.0/16", "10.1.128.0/20"]);
}

#[test]
fn detaching_the_virtual_private_gateway_ends_the_association() {
    for while_updating in [false, true] {
        let mut lab = Lab::new();
        let (gateway, (vgw, vpc)) = (lab.gateway(ALICE), lab.vpn_gateway_on(ALICE, "10.0.0.0/16"));
        let id = lab.associate(ALICE, &gateway, &vgw, &[]);
        if while_updating {
            add_cidr(&mut lab, ALICE, &vpc, "10.1.0.0/16");
        }
        lab.ec2(
            ALICE,
            Ec2Request::DetachVpnGateway {
                vpn_gateway_id: vgw.clone(),
                vpc_id: vpc,
            },
        );
        assert_eq!(state(&mut lab, &id), "disassociating");
        lab.settle();
        assert_eq!(state(&mut lab, &id), "gone");
        assert!(list(&mut lab, ALICE, json!({"associatedGatewayId": vgw})).is_empty());
    }
}

#[test]
fn an_association_begins_to_announce_when_it_is_associated() {
    let mut lab = Lab::new();
    let (gateway, (vgw, _)) = (lab.gateway(ALICE), lab.vpn_gateway_on(ALICE, "10.0.0.0/16"));
    let domain = crate::intent::RoutingDomain::Gateway(gateway.parse().unwrap());
    let uplinks = |lab: &Lab| {
        crate::intent::domain(&lab.world, domain)
            .unwrap()
            .uplinks
            .len()
    };
    lab.ok(
        ALICE,
        "CreateDirectConnectGatewayAssociation",
        association(&gateway, &vgw, &[]),
    );
    assert_eq!(uplinks(&lab), 0);
    lab.settle();
    assert_eq!(uplinks(&lab), 1);
}
