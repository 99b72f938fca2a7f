//! A body for every operation of the API, about things that are there.

use serde_json::{Value, json};

use crate::cast::{ACCOUNTS, Cast};
use crate::choice::Choice;

const SPEEDS: [&str; 4] = ["1Gbps", "10Gbps", "10Gbps", "100Gbps"];
const HOSTED_SPEEDS: [&str; 4] = ["50Mbps", "500Mbps", "1Gbps", "2Gbps"];
const PREFIXES: [&str; 5] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "172.16.0.0/12",
    "192.168.7.0/24",
    "2001:db8::/32",
];

/// The body of a call.
pub(crate) fn body(operation: &str, cast: &Cast, choice: &mut Choice) -> Value {
    for family in [ports, interfaces, peers, gateways, groups, others] {
        if let Some(body) = family(operation, cast, choice) {
            return body;
        }
    }
    panic!("no body is written for {operation}");
}

fn location(choice: &mut Choice) -> &'static str {
    choice.name(&["EqDC2", "EqDC2", "EqDC2", "EqDA2"])
}

fn account(choice: &mut Choice) -> &'static str {
    choice.name(&ACCOUNTS)
}

fn tags(choice: &mut Choice) -> Value {
    json!([{"key": choice.of(&["a", "b", "c"]), "value": choice.below(3).to_string()}])
}

fn prefixes(choice: &mut Choice) -> Value {
    json!([{"cidr": choice.of(&PREFIXES)}])
}

fn ports(operation: &str, cast: &Cast, choice: &mut Choice) -> Option<Value> {
    let speed = *choice.of(&SPEEDS);
    let secured = choice.once_in(4) && speed != "1Gbps";
    Some(match operation {
        "CreateConnection" => {
            let mut body = json!({"location": location(choice), "bandwidth": speed, "connectionName": "port",
                "requestMACSec": secured, "tags": tags(choice)});
            if choice.once_in(5) {
                body["lagId"] = json!(choice.one(&cast.lags, "dxlag-ffffffff"));
            }
            body
        }
        "CreateInterconnect" => json!({"location": location(choice), "bandwidth": speed,
            "interconnectName": "partner", "requestMACSec": secured}),
        "CreateLag" => {
            let mut body = json!({"location": location(choice), "connectionsBandwidth": speed, "lagName": "lag",
                "numberOfConnections": choice.below(3) + 1, "requestMACSec": secured});
            if choice.once_in(3) {
                body["connectionId"] = json!(cast.connection(choice));
            }
            body
        }
        "AllocateHostedConnection" => {
            json!({"connectionId": cast.host(choice), "ownerAccount": account(choice),
            "bandwidth": choice.of(&HOSTED_SPEEDS), "connectionName": "hosted", "vlan": choice.below(6) + 100})
        }
        "AllocateConnectionOnInterconnect" => json!({"interconnectId": cast.host(choice),
            "ownerAccount": account(choice), "bandwidth": choice.of(&HOSTED_SPEEDS),
            "connectionName": "hosted", "vlan": choice.below(6) + 100}),
        "AssociateHostedConnection" => {
            json!({"connectionId": choice.one(&cast.hosted, "dxcon-ffffffff"),
            "parentConnectionId": cast.host(choice)})
        }
        "AssociateConnectionWithLag" | "DisassociateConnectionFromLag" => json!({
            "connectionId": cast.connection(choice), "lagId": choice.one(&cast.lags, "dxlag-ffffffff")}),
        "ConfirmConnection" => json!({"connectionId": choice.one(&cast.hosted, "dxcon-ffffffff")}),
        "UpdateConnection" => json!({"connectionId": cast.connection(choice),
            "connectionName": format!("port {}", choice.below(4))}),
        "UpdateLag" => json!({"lagId": choice.one(&cast.lags, "dxlag-ffffffff"),
            "minimumLinks": choice.below(4)}),
        "UpdateConnectionsBillingMode" => json!({"connectionIds": [cast.connection(choice)],
            "billingMode": choice.of(&["PayAsYouGo", "FlatRateTier1"])}),
        "AssociateMacSecKey" => {
            let key = choice.below(6);
            json!({"connectionId": cast.connection(choice), "ckn": format!("{key:064x}"),
                "cak": format!("{:064x}", key + 1_000)})
        }
        "DisassociateMacSecKey" => {
            let (port, secret) = match cast.secrets.is_empty() {
                true => (
                    cast.connection(choice),
                    "arn:aws:secretsmanager:::secret:none".to_owned(),
                ),
                false => choice.of(&cast.secrets).clone(),
            };
            json!({"connectionId": port, "secretARN": secret})
        }
        "DeleteConnection"
        | "DescribeConnections"
        | "DescribeHostedConnections"
        | "DescribeConnectionLoa"
        | "DescribeLoa" => json!({"connectionId": cast.connection(choice)}),
        "DeleteInterconnect"
        | "DescribeConnectionsOnInterconnect"
        | "DescribeInterconnects"
        | "DescribeInterconnectLoa" => {
            json!({"interconnectId": choice.one(&cast.interconnects, "dxcon-ffffffff")})
        }
        "DeleteLag" | "DescribeLags" => json!({"lagId": choice.one(&cast.lags, "dxlag-ffffffff")}),
        _ => return None,
    })
}

/// The members that new virtual interfaces of all kinds share. Few VLANs and addresses, so that they meet.
fn new_interface(choice: &mut Choice) -> Value {
    let mut new = json!({"virtualInterfaceName": "vif", "vlan": choice.below(6) + 100,
        "asn": 65_000 + choice.below(3), "tags": tags(choice)});
    if choice.once_in(4) {
        let third = choice.below(6);
        new["amazonAddress"] = json!(format!("169.254.{third}.1/30"));
        new["customerAddress"] = json!(format!("169.254.{third}.2/30"));
    } else if choice.once_in(4) {
        new["addressFamily"] = json!("ipv6");
    }
    if choice.once_in(8) {
        new["rateLimit"] = json!(choice.of(&["50Mbps", "500Mbps"]));
    }
    new
}

fn interfaces(operation: &str, cast: &Cast, choice: &mut Choice) -> Option<Value> {
    let mut new = new_interface(choice);
    let connection = cast.carrier(choice);
    if operation.ends_with("PublicVirtualInterface") {
        let third = choice.below(8);
        new["amazonAddress"] = json!(format!("203.0.113.{}/30", third * 4 + 1));
        new["customerAddress"] = json!(format!("203.0.113.{}/30", third * 4 + 2));
        new["routeFilterPrefixes"] = json!([{"cidr": "198.51.100.0/24"}]);
    }
    let jumbo = [1_500, *choice.of(&[1_500, 8_500, 9_001])];
    Some(match operation {
        "CreatePrivateVirtualInterface" => {
            new["mtu"] = json!(choice.of(&jumbo));
            if choice.once_in(3) {
                new["virtualGatewayId"] = json!(choice.one(&cast.vpn_gateways, "vgw-00000000"));
            } else {
                new["directConnectGatewayId"] = json!(cast.gateway(choice));
            }
            json!({"connectionId": connection, "newPrivateVirtualInterface": new})
        }
        "CreateTransitVirtualInterface" => {
            new["directConnectGatewayId"] = json!(cast.gateway(choice));
            new["enableSiteLink"] = json!(choice.once_in(2));
            json!({"connectionId": connection, "newTransitVirtualInterface": new})
        }
        "CreatePublicVirtualInterface" => {
            json!({"connectionId": connection, "newPublicVirtualInterface": new})
        }
        "AllocatePrivateVirtualInterface" => json!({"connectionId": connection,
            "ownerAccount": account(choice), "newPrivateVirtualInterfaceAllocation": new}),
        "AllocatePublicVirtualInterface" => json!({"connectionId": connection,
            "ownerAccount": account(choice), "newPublicVirtualInterfaceAllocation": new}),
        "AllocateTransitVirtualInterface" => json!({"connectionId": connection,
            "ownerAccount": account(choice), "newTransitVirtualInterfaceAllocation": new}),
        "AssociateVirtualInterface" => {
            json!({"virtualInterfaceId": cast.interface(choice), "connectionId": connection})
        }
        "ConfirmPrivateVirtualInterface" => {
            let id = choice.one(&cast.private, "dxvif-ffffffff");
            if choice.once_in(3) {
                let gateway = choice.one(&cast.vpn_gateways, "vgw-00000000");
                json!({"virtualInterfaceId": id, "virtualGatewayId": gateway})
            } else {
                json!({"virtualInterfaceId": id, "directConnectGatewayId": cast.gateway(choice)})
            }
        }
        "ConfirmPublicVirtualInterface" => {
            json!({"virtualInterfaceId": choice.one(&cast.public, "dxvif-ffffffff")})
        }
        "ConfirmTransitVirtualInterface" => json!({
            "virtualInterfaceId": choice.one(&cast.transit, "dxvif-ffffffff"),
            "directConnectGatewayId": cast.gateway(choice)}),
        _ => return None,
    })
}

fn peers(operation: &str, cast: &Cast, choice: &mut Choice) -> Option<Value> {
    let id = cast.interface(choice);
    Some(match operation {
        "UpdateVirtualInterfaceAttributes" => match choice.below(5) {
            0 => json!({"virtualInterfaceId": id, "mtu": choice.of(&[1_500, 8_500, 9_001])}),
            1 => json!({"virtualInterfaceId": id, "enableSiteLink": choice.once_in(2)}),
            2 => {
                json!({"virtualInterfaceId": id, "prefixPoolAllocatedCountIpv4": choice.below(300)})
            }
            3 => json!({"virtualInterfaceId": id, "rateLimit": choice.of(&["50Mbps", "1Gbps"])}),
            _ => json!({"virtualInterfaceId": id, "virtualInterfaceName": "renamed"}),
        },
        "CreateBGPPeer" => {
            let mut new = json!({"asn": 65_000 + choice.below(3),
                "addressFamily": choice.of(&["ipv6", "ipv6", "ipv4"])});
            if choice.once_in(3) {
                let third = choice.below(8);
                new["addressFamily"] = json!("ipv4");
                new["amazonAddress"] = json!(format!("169.254.{third}.1/30"));
                new["customerAddress"] = json!(format!("169.254.{third}.2/30"));
            }
            json!({"virtualInterfaceId": id, "newBGPPeer": new})
        }
        "DeleteBGPPeer" => match choice.below(3) {
            0 => json!({"virtualInterfaceId": id, "asn": 65_000 + choice.below(3)}),
            _ if cast.peers.is_empty() => json!({"bgpPeerId": "dxpeer-ffffffff"}),
            _ => {
                let (interface, peer) = choice.of(&cast.peers);
                json!({"virtualInterfaceId": interface, "bgpPeerId": peer})
            }
        },
        "StartBgpFailoverTest" => {
            json!({"virtualInterfaceId": id, "testDurationInMinutes": choice.below(4) + 1})
        }
        "DeleteVirtualInterface"
        | "DescribeVirtualInterfaces"
        | "DescribeRouterConfiguration"
        | "ListVirtualInterfaceRoutes"
        | "StopBgpFailoverTest" => json!({"virtualInterfaceId": id}),
        "ListVirtualInterfaceTestHistory" => json!({}),
        _ => return None,
    })
}

fn gateways(operation: &str, cast: &Cast, choice: &mut Choice) -> Option<Value> {
    let gateway = cast.gateway(choice);
    Some(match operation {
        "CreateDirectConnectGateway" => json!({"directConnectGatewayName": "gateway"}),
        "UpdateDirectConnectGateway" => json!({"directConnectGatewayId": gateway,
            "newDirectConnectGatewayName": format!("gateway {}", choice.below(4))}),
        "CreateDirectConnectGatewayAssociation" => {
            let mut body =
                json!({"directConnectGatewayId": gateway, "gatewayId": cast.associable(choice)});
            if !choice.once_in(4) {
                body["addAllowedPrefixesToDirectConnectGateway"] = prefixes(choice);
            }
            body
        }
        "UpdateDirectConnectGatewayAssociation" => {
            let member = choice.of(&["add", "remove"]);
            json!({"associationId": association(cast, choice),
                format!("{member}AllowedPrefixesToDirectConnectGateway"): prefixes(choice)})
        }
        "DeleteDirectConnectGatewayAssociation" => {
            json!({"associationId": association(cast, choice)})
        }
        "CreateDirectConnectGatewayAssociationProposal" => {
            let (gateway, owner) = match cast.known_gateways.is_empty() {
                true => (gateway, account(choice).to_owned()),
                false => choice.of(&cast.known_gateways).clone(),
            };
            json!({"directConnectGatewayId": gateway, "directConnectGatewayOwnerAccount": owner,
                "gatewayId": cast.associable(choice),
                "addAllowedPrefixesToDirectConnectGateway": prefixes(choice)})
        }
        "AcceptDirectConnectGatewayAssociationProposal" => {
            let (id, gateway, owner) = proposal(cast, choice);
            let mut body = json!({"proposalId": id, "directConnectGatewayId": gateway,
                "associatedGatewayOwnerAccount": owner});
            if choice.once_in(3) {
                body["overrideAllowedPrefixesToDirectConnectGateway"] = prefixes(choice);
            }
            body
        }
        "DeleteDirectConnectGatewayAssociationProposal" => {
            json!({"proposalId": proposal(cast, choice).0})
        }
        "DeleteDirectConnectGateway"
        | "DescribeDirectConnectGateways"
        | "DescribeDirectConnectGatewayAssociations"
        | "DescribeDirectConnectGatewayAssociationProposals"
        | "DescribeDirectConnectGatewayAttachments" => json!({"directConnectGatewayId": gateway}),
        _ => return None,
    })
}

fn association(cast: &Cast, choice: &mut Choice) -> String {
    choice.one(&cast.associations, "11111111-2222-4333-8444-555555555555")
}

fn proposal(cast: &Cast, choice: &mut Choice) -> (String, String, String) {
    if cast.proposals.is_empty() {
        let unknown = "11111111-2222-4333-8444-555555555555".to_owned();
        (unknown.clone(), unknown, ACCOUNTS[0].to_owned())
    } else {
        choice.of(&cast.proposals).clone()
    }
}

fn groups(operation: &str, cast: &Cast, choice: &mut Choice) -> Option<Value> {
    let group = choice.one(&cast.groups, "dxrg-fffffffffffffffff");
    Some(match operation {
        "CreateResiliencyGroup" => {
            json!({"resiliencyGroupName": format!("group-{}", choice.below(1_000)),
            "intendedResiliencyModel": choice.of(&["maximum-resiliency", "high-resiliency", "basic-resiliency"])})
        }
        "UpdateResiliencyGroup" => json!({"resiliencyGroupId": group,
            "resiliencyGroupName": format!("group-{}", choice.below(1_000))}),
        "DisassociateConnectionsFromResiliencyGroup" if !cast.members.is_empty() => {
            let (group, member) = choice.of(&cast.members);
            json!({"resiliencyGroupId": group, "connectionIdentifiers": [member]})
        }
        "AssociateConnectionsToResiliencyGroup" | "DisassociateConnectionsFromResiliencyGroup" => {
            json!({"resiliencyGroupId": group, "connectionIdentifiers": [cast.connection(choice)]})
        }
        "DeleteResiliencyGroup" | "GetResiliencyGroup" | "ListResiliencyGroupAssociations" => {
            json!({"resiliencyGroupId": group})
        }
        "ListResiliencyGroups" => json!({}),
        _ => return None,
    })
}

fn others(operation: &str, cast: &Cast, choice: &mut Choice) -> Option<Value> {
    let arn = choice.one(
        &cast.arns,
        "arn:aws:directconnect:us-east-1:111111111111:dxcon/dxcon-ffffffff",
    );
    Some(match operation {
        "TagResource" => json!({"resourceArn": arn, "tags": tags(choice)}),
        "UntagResource" => json!({"resourceArn": arn, "tagKeys": [choice.of(&["a", "b", "c"])]}),
        "DescribeTags" => json!({"resourceArns": [arn]}),
        "ConfirmCustomerAgreement" => json!({"agreementName": "terms"}),
        "DescribeCustomerMetadata" | "DescribeLocations" | "DescribeVirtualGateways" => json!({}),
        _ => return None,
    })
}
