//! Transit gateways, their attachments and their routes.

use std::sync::Arc;

use demarc_types::Timestamp;
use serde_json::json;

use crate::entity::connection::RETENTION;
use crate::entity::{Attachment, VirtualInterface};
use crate::neighbor::testing::{by_filters, by_ids, filter};
use crate::neighbor::{
    Describe, Ec2Request, Ec2Response, Filter, ModifyTransitGateway, SearchRoutes,
    TransitGatewayAttachmentView, TransitGatewayChanges, TransitGatewayOrder, TransitGatewayView,
};
use crate::route_source::{Route, RouteDirection, RouteSource};
use crate::testing::{ALICE, BOB, Lab, text};
use crate::world::World;

fn transit_gateways(lab: &mut Lab, input: Describe) -> Vec<TransitGatewayView> {
    match lab.ec2(ALICE, Ec2Request::DescribeTransitGateways(input)) {
        Ec2Response::TransitGateways(page) => page.items,
        other => panic!("{other:?}"),
    }
}

fn attachments(lab: &mut Lab, account: &str, input: Describe) -> Vec<TransitGatewayAttachmentView> {
    match lab.ec2(
        account,
        Ec2Request::DescribeTransitGatewayAttachments(input),
    ) {
        Ec2Response::TransitGatewayAttachments(page) => page.items,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_transit_gateway_is_pending_available_deleting_deleted() {
    let mut lab = Lab::new();
    let order = TransitGatewayOrder {
        description: Some("one".to_owned()),
        options: TransitGatewayChanges {
            dns_support: Some(false),
            multicast_support: Some(true),
            add_cidr_blocks: vec!["10.99.0.0/24".to_owned()],
            ..TransitGatewayChanges::default()
        },
        ..TransitGatewayOrder::default()
    };
    let made = match lab.ec2(ALICE, Ec2Request::CreateTransitGateway(order)) {
        Ec2Response::TransitGateway(gateway) => gateway,
        other => panic!("{other:?}"),
    };
    let id = made.transit_gateway_id.clone();
    assert_eq!((made.state, made.amazon_side_asn), ("pending", 64_512));
    assert_eq!(
        made.transit_gateway_arn,
        format!("arn:aws:ec2:us-east-1:{ALICE}:transit-gateway/{id}")
    );
    assert!(!made.dns_support && made.multicast_support && made.vpn_ecmp_support);
    assert_eq!(made.transit_gateway_cidr_blocks, ["10.99.0.0/24"]);
    let table = made.association_default_route_table_id.clone().unwrap();
    assert!(table.starts_with("tgw-rtb-"), "{table}");
    assert_eq!(made.propagation_default_route_table_id, Some(table));
    let modify = Ec2Request::ModifyTransitGateway(ModifyTransitGateway {
        transit_gateway_id: id.clone(),
        description: Some("two".to_owned()),
        options: TransitGatewayChanges {
            amazon_side_asn: Some(64_520),
            remove_cidr_blocks: vec!["10.99.0.0/24".to_owned()],
            default_route_table_propagation: Some(false),
            ..TransitGatewayChanges::default()
        },
    });
    assert_eq!(
        lab.ec2_refused(ALICE, modify.clone()).0,
        "IncorrectState",
        "pending"
    );
    lab.settle();
    lab.ec2(ALICE, modify.clone());
    let shown = transit_gateways(&mut lab, by_ids(&[&id])).remove(0);
    assert_eq!(
        (shown.state, shown.amazon_side_asn, &*shown.description),
        ("available", 64_520, "two")
    );
    assert!(shown.transit_gateway_cidr_blocks.is_empty());
    assert_eq!(shown.propagation_default_route_table_id, None);
    assert_eq!(
        lab.ec2_refused(BOB, modify.clone()).0,
        "InvalidTransitGatewayID.NotFound"
    );

    let delete = Ec2Request::DeleteTransitGateway {
        transit_gateway_id: id.clone(),
    };
    assert_eq!(
        lab.ec2_refused(BOB, delete.clone()).0,
        "InvalidTransitGatewayID.NotFound"
    );
    lab.ec2(ALICE, delete.clone());
    assert_eq!(
        transit_gateways(&mut lab, by_ids(&[&id]))[0].state,
        "deleting"
    );
    assert_eq!(
        lab.ec2_refused(ALICE, modify).0,
        "IncorrectState",
        "deleting"
    );
    lab.settle();
    assert_eq!(
        transit_gateways(&mut lab, by_ids(&[&id]))[0].state,
        "deleted"
    );
    assert_eq!(
        lab.ec2_refused(ALICE, delete).0,
        "InvalidTransitGatewayID.NotFound"
    );
    lab.advance(RETENTION);
    assert!(transit_gateways(&mut lab, Describe::default()).is_empty());
}

#[test]
fn filters_choose_transit_gateways() {
    let mut lab = Lab::new();
    let (one, two) = (
        lab.transit_gateway(ALICE, 64_512),
        lab.transit_gateway(ALICE, 64_513),
    );
    for (name, value, expected) in [
        ("transit-gateway-id", &*one, vec![&one]),
        ("options.amazon-side-asn", "64513", vec![&two]),
        ("options.dns-support", "enable", vec![&one, &two]),
        ("options.auto-accept-shared-attachments", "enable", vec![]),
        ("owner-id", ALICE, vec![&one, &two]),
        ("state", "available", vec![&one, &two]),
    ] {
        let found = transit_gateways(&mut lab, by_filters(vec![filter(name, value)]));
        let ids: Vec<&String> = found
            .iter()
            .map(|gateway| &gateway.transit_gateway_id)
            .collect();
        assert_eq!(ids, expected, "{name}={value}");
    }
}

#[test]
fn an_association_is_an_attachment_of_the_transit_gateway() {
    let mut lab = Lab::new();
    let (gateway, tgw) = (lab.gateway(ALICE), lab.transit_gateway(ALICE, 64_512));
    lab.gateway(ALICE);
    let association = lab.associate(ALICE, &gateway, &tgw, &["10.0.0.0/8"]);
    let wanted = || {
        by_filters(vec![
            filter("resource-type", "direct-connect-gateway"),
            filter("resource-id", &gateway),
            filter("transit-gateway-id", &tgw),
        ])
    };
    let found = attachments(&mut lab, ALICE, wanted());
    assert_eq!(found.len(), 1);
    let attachment = &found[0];
    assert_eq!(attachment.state, "available");
    assert_eq!(
        (
            &*attachment.transit_gateway_owner_id,
            &*attachment.resource_owner_id
        ),
        (ALICE, ALICE)
    );
    let (table, state) = attachment.association.clone().unwrap();
    assert_eq!(state, "associated");
    assert_eq!(
        transit_gateways(&mut lab, Describe::default())[0].association_default_route_table_id,
        Some(table)
    );
    let id = attachment.transit_gateway_attachment_id.clone();
    assert_eq!(id.len(), "tgw-attach-".len() + 17);
    assert_eq!(attachments(&mut lab, ALICE, by_ids(&[&id])).len(), 1);
    let unknown = Ec2Request::DescribeTransitGatewayAttachments(by_ids(&["tgw-attach-1"]));
    assert_eq!(
        lab.ec2_refused(ALICE, unknown).0,
        "InvalidTransitGatewayAttachmentID.NotFound"
    );
    assert!(attachments(&mut lab, BOB, Describe::default()).is_empty());

    // It keeps the transit gateway from going and its ASN from changing.
    let delete = Ec2Request::DeleteTransitGateway {
        transit_gateway_id: tgw.clone(),
    };
    let (code, message) = lab.ec2_refused(ALICE, delete.clone());
    assert_eq!(code, "IncorrectState");
    assert_eq!(
        message,
        format!("{tgw} has non-deleted DirectConnect Gateway Attachments: {id}.")
    );
    let modify = Ec2Request::ModifyTransitGateway(ModifyTransitGateway {
        transit_gateway_id: tgw.clone(),
        options: TransitGatewayChanges {
            amazon_side_asn: Some(64_600),
            ..TransitGatewayChanges::default()
        },
        ..ModifyTransitGateway::default()
    });
    assert_eq!(lab.ec2_refused(ALICE, modify).0, "IncorrectState");
    lab.ok(
        ALICE,
        "DeleteDirectConnectGatewayAssociation",
        json!({"associationId": association}),
    );
    assert_eq!(attachments(&mut lab, ALICE, wanted())[0].state, "deleting");
    lab.settle();
    assert!(attachments(&mut lab, ALICE, wanted()).is_empty());
    lab.ec2(ALICE, delete);
}

#[test]
fn both_owners_see_an_attachment_across_accounts() {
    let mut lab = Lab::new();
    let (gateway, tgw) = (lab.gateway(ALICE), lab.transit_gateway(BOB, 64_512));
    let answer = lab.ok(
        BOB,
        "CreateDirectConnectGatewayAssociationProposal",
        json!({
            "directConnectGatewayId": gateway, "directConnectGatewayOwnerAccount": ALICE, "gatewayId": tgw,
            "addAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.0.0.0/8"}],
        }),
    );
    let proposal = text(
        &answer["directConnectGatewayAssociationProposal"],
        "proposalId",
    );
    lab.ok(
        ALICE,
        "AcceptDirectConnectGatewayAssociationProposal",
        json!({"directConnectGatewayId": gateway, "associatedGatewayOwnerAccount": BOB, "proposalId": proposal}),
    );
    for account in [ALICE, BOB] {
        let found = attachments(&mut lab, account, Describe::default());
        assert_eq!(found.len(), 1, "{account}");
        assert_eq!(found[0].state, "pending");
        assert_eq!(
            (
                &*found[0].transit_gateway_owner_id,
                &*found[0].resource_owner_id
            ),
            (BOB, ALICE)
        );
    }
    lab.go_to("us-west-2");
    assert!(attachments(&mut lab, BOB, Describe::default()).is_empty());
}

// ===== route tables =====

/// A fabric whose customers announce two networks and learn a third.
struct TwoNetworks;

impl RouteSource for TwoNetworks {
    fn routes(&self, _: &World, _: &VirtualInterface) -> Vec<Route> {
        let route = |direction, prefix: &str| Route {
            direction,
            prefix: prefix.parse().unwrap(),
            as_path: Vec::new(),
            communities: Vec::new(),
            installed: Timestamp::MIN,
        };
        vec![
            route(RouteDirection::Accepted, "192.168.0.0/16"),
            route(RouteDirection::Accepted, "192.168.1.0/24"),
            route(RouteDirection::Advertised, "10.0.0.0/8"),
        ]
    }
}

#[test]
fn the_default_table_has_what_customers_announce() {
    let mut lab = Lab::new();
    let (gateway, tgw) = (lab.gateway(ALICE), lab.transit_gateway(ALICE, 64_512));
    let tables = |lab: &mut Lab, account: &str, filters: Vec<Filter>| {
        let request = Ec2Request::DescribeTransitGatewayRouteTables(by_filters(filters));
        match lab.ec2(account, request) {
            Ec2Response::TransitGatewayRouteTables(page) => page.items,
            other => panic!("{other:?}"),
        }
    };
    let found = tables(&mut lab, ALICE, vec![filter("transit-gateway-id", &tgw)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].default_association_route_table && found[0].default_propagation_route_table);
    assert!(tables(&mut lab, BOB, vec![]).is_empty());
    let table = found[0].transit_gateway_route_table_id.clone();

    let search = |lab: &mut Lab, filters: Vec<Filter>| {
        let mut context = lab.context(ALICE);
        context.routes = Arc::new(TwoNetworks);
        let request = Ec2Request::SearchTransitGatewayRoutes(SearchRoutes {
            transit_gateway_route_table_id: table.clone(),
            filters,
            max_results: None,
        });
        match crate::neighbor::query(&lab.world, &context, &request).unwrap() {
            Ec2Response::TransitGatewayRoutes { routes, .. } => routes
                .into_iter()
                .map(|route| (route.destination_cidr_block, route.attachments.len()))
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert!(search(&mut lab, vec![]).is_empty(), "nothing is attached");
    lab.associate(ALICE, &gateway, &tgw, &["10.0.0.0/8"]);
    let port = lab.dedicated(ALICE);
    for vlan in [100, 101] {
        let mut interface = lab.virtual_interface_on(ALICE, &port, vlan);
        interface.attachment = Attachment::DirectConnectGateway(gateway.parse().unwrap());
        lab.put(interface);
    }
    let both = vec![
        ("192.168.0.0/16".to_owned(), 1),
        ("192.168.1.0/24".to_owned(), 1),
    ];
    for (name, value, expected) in [
        ("type", "propagated", both.clone()),
        ("type", "static", vec![]),
        ("state", "active", both.clone()),
        (
            "attachment.resource-type",
            "direct-connect-gateway",
            both.clone(),
        ),
        ("attachment.resource-id", &gateway, both.clone()),
        (
            "route-search.subnet-of-match",
            "192.168.1.0/24",
            both[1..].to_vec(),
        ),
    ] {
        assert_eq!(
            search(&mut lab, vec![filter(name, value)]),
            expected,
            "{name}={value}"
        );
    }
    let unknown = Ec2Request::SearchTransitGatewayRoutes(SearchRoutes {
        transit_gateway_route_table_id: "tgw-rtb-1".to_owned(),
        ..SearchRoutes::default()
    });
    assert_eq!(
        lab.ec2_refused(ALICE, unknown).0,
        "InvalidRouteTableID.NotFound"
    );
}
