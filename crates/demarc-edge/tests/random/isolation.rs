//! The isolation matrix: whatever an operation is told of another account's objects, it answers as if they
//! did not exist, and nothing changes (architecture.md section 9, invariant 4).

use std::collections::BTreeMap;

use demarc_api::{Operation, Request};
use demarc_domain::decide;
use demarc_types::Span;
use serde_json::{Value, json};

use crate::cast::{ACCOUNTS, Cast};
use crate::furnished;
use crate::simulation::Simulation;

const OWNER: &str = ACCOUNTS[0];
const PARTNER: &str = ACCOUNTS[1];
const STRANGER: &str = ACCOUNTS[2];

/// One object of each kind, by the name that stands for it in the templates.
type Possessions = BTreeMap<&'static str, String>;

/// Ids that nobody has.
fn nobodys() -> Possessions {
    BTreeMap::from(
        [
            ("$connection", "dxcon-ffffffff"),
            ("$interconnect", "dxcon-ffffffff"),
            ("$hosted", "dxcon-ffffffff"),
            ("$lag", "dxlag-ffffffff"),
            ("$interface", "dxvif-ffffffff"),
            ("$public", "dxvif-ffffffff"),
            ("$transit", "dxvif-ffffffff"),
            ("$peer", "dxpeer-ffffffff"),
            ("$gateway", "11111111-2222-4333-8444-555555555555"),
            ("$association", "11111111-2222-4333-8444-555555555555"),
            ("$proposal", "11111111-2222-4333-8444-555555555555"),
            ("$test", "11111111-2222-4333-8444-555555555555"),
            ("$group", "dxrg-fffffffffffffffff"),
            ("$vpn", "vgw-ffffffffffffffff0"),
            (
                "$arn",
                "arn:aws:directconnect:us-east-1:111111111111:dxcon/dxcon-ffffffff",
            ),
        ]
        .map(|(kind, id)| (kind, id.to_owned())),
    )
}

/// What `account` has, made through the API.
fn possess(simulation: &mut Simulation, account: &str) -> Possessions {
    let cast = Cast::of(&simulation.world, account.parse().ok());
    let (port, gateway) = (&cast.ports[0], &cast.gateways[0]);
    let vif = |vlan: u32, more: Value| {
        let mut new = json!({"virtualInterfaceName": "own", "vlan": vlan, "asn": 65_000});
        new.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        new
    };
    let at_gateway = json!({"directConnectGatewayId": gateway});
    let number = account.as_bytes()[0] - b'0';
    let public = json!({"amazonAddress": format!("203.0.113.{}/30", number * 4 + 1),
        "customerAddress": format!("203.0.113.{}/30", number * 4 + 2),
        "routeFilterPrefixes": [{"cidr": "198.51.100.0/24"}]});
    let partners = gateway_of(simulation, PARTNER);
    let host = &cast.interconnects[0];
    for (operation, body) in [
        (
            "CreateLag",
            json!({"location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "own",
            "numberOfConnections": 1, "requestMACSec": true}),
        ),
        (
            "AllocateHostedConnection",
            json!({"connectionId": host, "ownerAccount": account, "bandwidth": "1Gbps",
            "connectionName": "own", "vlan": 300}),
        ),
        (
            "CreatePrivateVirtualInterface",
            json!({"connectionId": port, "newPrivateVirtualInterface": vif(101, at_gateway)}),
        ),
        (
            "CreatePublicVirtualInterface",
            json!({"connectionId": port, "newPublicVirtualInterface": vif(102, public)}),
        ),
        (
            "CreateDirectConnectGatewayAssociation",
            json!({"directConnectGatewayId": gateway, "gatewayId": cast.vpn_gateways[0]}),
        ),
        (
            "CreateDirectConnectGatewayAssociationProposal",
            json!({"directConnectGatewayId": partners,
            "directConnectGatewayOwnerAccount": PARTNER, "gatewayId": cast.transit_gateways[0],
            "addAllowedPrefixesToDirectConnectGateway": [{"cidr": "10.0.0.0/8"}]}),
        ),
        (
            "CreateResiliencyGroup",
            json!({"resiliencyGroupName": "own", "intendedResiliencyModel": "high-resiliency"}),
        ),
    ] {
        simulation
            .call(account, operation, &body)
            .unwrap_or_else(|no| panic!("{operation}: {no}"));
        simulation.advance(Span::from_secs(5));
    }
    let partners = Cast::of(&simulation.world, PARTNER.parse().ok()).ports[0].clone();
    let body = json!({"connectionId": partners, "ownerAccount": account,
        "newTransitVirtualInterfaceAllocation": vif(100 + u32::from(number), json!({}))});
    let allocate = "AllocateTransitVirtualInterface";
    simulation.call(PARTNER, allocate, &body).unwrap();
    let cast = Cast::of(&simulation.world, account.parse().ok());
    let start = json!({"virtualInterfaceId": cast.private[0]});
    simulation
        .call(account, "StartBgpFailoverTest", &start)
        .unwrap();
    named(&Cast::of(&simulation.world, account.parse().ok()))
}

fn gateway_of(simulation: &Simulation, account: &str) -> String {
    Cast::of(&simulation.world, account.parse().ok()).gateways[0].clone()
}

fn named(cast: &Cast) -> Possessions {
    let peers = cast
        .peers
        .iter()
        .find(|(interface, _)| *interface == cast.private[0]);
    BTreeMap::from([
        ("$connection", cast.ports[0].clone()),
        ("$interconnect", cast.interconnects[0].clone()),
        ("$hosted", cast.hosted[0].clone()),
        ("$lag", cast.lags[0].clone()),
        ("$interface", cast.private[0].clone()),
        ("$public", cast.public[0].clone()),
        ("$transit", cast.transit[0].clone()),
        ("$peer", peers.unwrap().1.clone()),
        ("$gateway", cast.gateways[0].clone()),
        ("$association", cast.associations[0].clone()),
        ("$proposal", cast.proposals[0].0.clone()),
        ("$test", cast.tests[0].clone()),
        ("$group", cast.groups[0].clone()),
        ("$vpn", cast.vpn_gateways[0].clone()),
        ("$arn", cast.arns[0].clone()),
    ])
}

/// A body of each operation with names for ids; an empty one for those that take none.
fn template(operation: &str) -> Value {
    for family in [ports, interfaces, gateways, others] {
        if let Some(body) = family(operation) {
            return body;
        }
    }
    panic!("{operation} has no row");
}

fn ports(operation: &str) -> Option<Value> {
    Some(match operation {
        "CreateConnection" => {
            json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "x", "lagId": "$lag"})
        }
        "CreateInterconnect" => {
            json!({"location": "EqDC2", "bandwidth": "10Gbps", "interconnectName": "x", "lagId": "$lag"})
        }
        "CreateLag" => {
            json!({"location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "x",
            "numberOfConnections": 1, "connectionId": "$connection"})
        }
        "AllocateHostedConnection" => {
            json!({"connectionId": "$interconnect", "ownerAccount": PARTNER,
            "bandwidth": "1Gbps", "connectionName": "x", "vlan": 301})
        }
        "AllocateConnectionOnInterconnect" => {
            json!({"interconnectId": "$interconnect", "ownerAccount": PARTNER,
            "bandwidth": "1Gbps", "connectionName": "x", "vlan": 301})
        }
        "AssociateHostedConnection" => {
            json!({"connectionId": "$hosted", "parentConnectionId": "$interconnect"})
        }
        "AssociateConnectionWithLag" | "DisassociateConnectionFromLag" => {
            json!({"connectionId": "$connection", "lagId": "$lag"})
        }
        "ConfirmConnection" => json!({"connectionId": "$hosted"}),
        "UpdateConnection" => json!({"connectionId": "$connection", "connectionName": "y"}),
        "UpdateLag" => json!({"lagId": "$lag", "lagName": "y"}),
        "UpdateConnectionsBillingMode" => {
            json!({"connectionIds": ["$connection"], "billingMode": "FlatRateTier1"})
        }
        "AssociateMacSecKey" => {
            json!({"connectionId": "$lag", "ckn": "ab".repeat(32), "cak": "cd".repeat(32)})
        }
        "DisassociateMacSecKey" => {
            json!({"connectionId": "$lag", "secretARN": "arn:aws:secretsmanager:us-east-1:111111111111:secret:x"})
        }
        "DeleteConnection" | "DescribeConnections" | "DescribeConnectionLoa" | "DescribeLoa" => {
            json!({"connectionId": "$connection"})
        }
        "DescribeHostedConnections" => json!({"connectionId": "$interconnect"}),
        "DeleteInterconnect"
        | "DescribeConnectionsOnInterconnect"
        | "DescribeInterconnects"
        | "DescribeInterconnectLoa" => json!({"interconnectId": "$interconnect"}),
        "DeleteLag" | "DescribeLags" => json!({"lagId": "$lag"}),
        _ => return None,
    })
}

fn interfaces(operation: &str) -> Option<Value> {
    let new = json!({"virtualInterfaceName": "x", "vlan": 199, "asn": 65_000});
    let mut to_gateway = new.clone();
    to_gateway["directConnectGatewayId"] = json!("$gateway");
    let mut public = new.clone();
    public["amazonAddress"] = json!("203.0.113.129/30");
    public["customerAddress"] = json!("203.0.113.130/30");
    public["routeFilterPrefixes"] = json!([{"cidr": "198.51.100.0/24"}]);
    Some(match operation {
        "CreatePrivateVirtualInterface" => {
            json!({"connectionId": "$connection", "newPrivateVirtualInterface": to_gateway})
        }
        "CreateTransitVirtualInterface" => {
            json!({"connectionId": "$connection", "newTransitVirtualInterface": to_gateway})
        }
        "CreatePublicVirtualInterface" => {
            json!({"connectionId": "$connection", "newPublicVirtualInterface": public})
        }
        "AllocatePrivateVirtualInterface" => {
            json!({"connectionId": "$connection", "ownerAccount": PARTNER,
            "newPrivateVirtualInterfaceAllocation": new})
        }
        "AllocateTransitVirtualInterface" => {
            json!({"connectionId": "$connection", "ownerAccount": PARTNER,
            "newTransitVirtualInterfaceAllocation": new})
        }
        "AllocatePublicVirtualInterface" => {
            json!({"connectionId": "$connection", "ownerAccount": PARTNER,
            "newPublicVirtualInterfaceAllocation": public})
        }
        "AssociateVirtualInterface" => {
            json!({"virtualInterfaceId": "$interface", "connectionId": "$connection"})
        }
        "ConfirmPrivateVirtualInterface" => {
            json!({"virtualInterfaceId": "$interface", "directConnectGatewayId": "$gateway"})
        }
        "ConfirmTransitVirtualInterface" => {
            json!({"virtualInterfaceId": "$transit", "directConnectGatewayId": "$gateway"})
        }
        "ConfirmPublicVirtualInterface" => json!({"virtualInterfaceId": "$public"}),
        "UpdateVirtualInterfaceAttributes" => {
            json!({"virtualInterfaceId": "$interface", "virtualInterfaceName": "y"})
        }
        "CreateBGPPeer" => {
            json!({"virtualInterfaceId": "$interface", "newBGPPeer": {"asn": 65_000, "addressFamily": "ipv6"}})
        }
        "DeleteBGPPeer" => json!({"virtualInterfaceId": "$interface", "bgpPeerId": "$peer"}),
        "DeleteVirtualInterface"
        | "DescribeVirtualInterfaces"
        | "DescribeRouterConfiguration"
        | "ListVirtualInterfaceRoutes"
        | "StartBgpFailoverTest"
        | "StopBgpFailoverTest" => {
            json!({"virtualInterfaceId": "$interface"})
        }
        "ListVirtualInterfaceTestHistory" => {
            json!({"testId": "$test", "virtualInterfaceId": "$interface"})
        }
        _ => return None,
    })
}

fn gateways(operation: &str) -> Option<Value> {
    let prefixes = json!([{"cidr": "10.9.0.0/16"}]);
    Some(match operation {
        "UpdateDirectConnectGateway" => {
            json!({"directConnectGatewayId": "$gateway", "newDirectConnectGatewayName": "y"})
        }
        "CreateDirectConnectGatewayAssociation" => {
            json!({"directConnectGatewayId": "$gateway", "gatewayId": "$vpn",
            "addAllowedPrefixesToDirectConnectGateway": prefixes})
        }
        "UpdateDirectConnectGatewayAssociation" => json!({"associationId": "$association",
            "addAllowedPrefixesToDirectConnectGateway": prefixes}),
        "DeleteDirectConnectGatewayAssociation" => json!({"associationId": "$association"}),
        // A proposal is made to another account's gateway, by who knows its id and owner.
        "CreateDirectConnectGatewayAssociationProposal" => json!({
            "directConnectGatewayId": "$counterpart",
            "directConnectGatewayOwnerAccount": PARTNER, "gatewayId": "$vpn"}),
        "AcceptDirectConnectGatewayAssociationProposal" => json!({"proposalId": "$proposal",
            "directConnectGatewayId": "$gateway", "associatedGatewayOwnerAccount": OWNER}),
        "DeleteDirectConnectGatewayAssociationProposal" => json!({"proposalId": "$proposal"}),
        "DescribeDirectConnectGatewayAssociationProposals" => json!({"proposalId": "$proposal"}),
        "DescribeDirectConnectGatewayAssociations" => json!({"associationId": "$association"}),
        "DescribeDirectConnectGatewayAttachments" => {
            json!({"virtualInterfaceId": "$interface", "directConnectGatewayId": "$gateway"})
        }
        "DeleteDirectConnectGateway" | "DescribeDirectConnectGateways" => {
            json!({"directConnectGatewayId": "$gateway"})
        }
        _ => return None,
    })
}

fn others(operation: &str) -> Option<Value> {
    Some(match operation {
        "UpdateResiliencyGroup" => {
            json!({"resiliencyGroupId": "$group", "resiliencyGroupName": "renamed"})
        }
        "AssociateConnectionsToResiliencyGroup" | "DisassociateConnectionsFromResiliencyGroup" => {
            json!({"resiliencyGroupId": "$group", "connectionIdentifiers": ["$connection"]})
        }
        "DeleteResiliencyGroup" | "GetResiliencyGroup" | "ListResiliencyGroupAssociations" => {
            json!({"resiliencyGroupId": "$group"})
        }
        "TagResource" => json!({"resourceArn": "$arn", "tags": [{"key": "k", "value": "v"}]}),
        "UntagResource" => json!({"resourceArn": "$arn", "tagKeys": ["k"]}),
        "DescribeTags" => json!({"resourceArns": ["$arn"]}),
        "ConfirmCustomerAgreement"
        | "CreateDirectConnectGateway"
        | "CreateResiliencyGroup"
        | "DescribeCustomerMetadata"
        | "DescribeLocations"
        | "DescribeVirtualGateways"
        | "ListResiliencyGroups" => json!({}),
        _ => return None,
    })
}

/// The template with ids: those of `possessions`, but for one name.
fn filled(template: &Value, possessions: &Possessions, name: &str, id: &str) -> String {
    let mut text = template.to_string();
    for (other, own) in possessions {
        let with = if *other == name { id } else { own };
        text = text.replace(&format!("\"{other}\""), &format!("\"{with}\""));
    }
    text
}

/// What would be answered and changed; nothing is.
fn answer(
    simulation: &Simulation,
    account: &str,
    operation: Operation,
    body: &str,
) -> (String, Vec<String>) {
    let request = Request::decode(operation, body.as_bytes())
        .unwrap_or_else(|no| panic!("{operation} {body}: {no}"));
    let mut context = simulation.seeded_context(account, 7);
    match decide(&simulation.world, &mut context, &request) {
        Err(refusal) => (format!("{:?} {refusal}", refusal.exception()), Vec::new()),
        Ok(decision) => (
            String::from_utf8(decision.response.to_json()).unwrap(),
            decision
                .changes
                .iter()
                .map(|change| change.key().to_string())
                .collect(),
        ),
    }
}

/// What is wrong with what is answered to a stranger; empty when all is well.
fn leak(
    simulation: &Simulation,
    operation: Operation,
    name: &str,
    [owned, strangers, partners]: [&Possessions; 3],
) -> Option<String> {
    let template = template(operation.name());
    let (foreign, nobodys) = (&owned[name], &nobodys()[name]);
    let ask = |account: &str, own: &Possessions, id: &str| {
        let body = filled(&template, own, name, id);
        answer(simulation, account, operation, &body)
    };
    let (refused, changed) = ask(STRANGER, strangers, foreign);
    let (not_found, made) = ask(STRANGER, strangers, nobodys);
    let refused = refused.replace(foreign, nobodys);
    if refused != not_found {
        return Some(format!(
            "{operation} with another's {name}: {refused}, with nobody's: {not_found}"
        ));
    }
    if changed != made {
        return Some(format!(
            "{operation} with another's {name} changed {changed:?}"
        ));
    }
    // A proposal is accepted by the account it was made to.
    let (allowed, _) = match operation {
        Operation::AcceptDirectConnectGatewayAssociationProposal => {
            ask(PARTNER, partners, &partners[name])
        }
        _ => ask(OWNER, owned, foreign),
    };
    (allowed.replace(foreign, nobodys) == not_found)
        .then(|| format!("{operation} does not look at {name}: {not_found}"))
}

#[test]
fn a_strangers_object_is_answered_like_one_that_does_not_exist() {
    let mut simulation = furnished(true);
    let mut owned = possess(&mut simulation, OWNER);
    let mut strangers = possess(&mut simulation, STRANGER);
    let counterpart = gateway_of(&simulation, PARTNER);
    let partners = BTreeMap::from([
        ("$gateway", counterpart.clone()),
        ("$proposal", owned["$proposal"].clone()),
    ]);
    let names: Vec<&str> = owned.keys().copied().collect();
    for possessions in [&mut owned, &mut strangers] {
        possessions.insert("$counterpart", counterpart.clone());
    }
    let mut leaks = Vec::new();
    let mut checked = 0;
    for operation in Operation::ALL {
        let template = template(operation.name()).to_string();
        for name in &names {
            if template.contains(&format!("\"{name}\"")) {
                leaks.extend(leak(
                    &simulation,
                    *operation,
                    name,
                    [&owned, &strangers, &partners],
                ));
                checked += 1;
            }
        }
    }
    assert_eq!(leaks, Vec::<String>::new());
    assert!(
        checked >= 80,
        "only {checked} pairs of an operation and an id"
    );
}
