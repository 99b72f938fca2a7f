//! Short cuts of the bench for gateways and what they are associated with.

use demarc_types::Span;
use serde_json::{Value, json};

use super::{
    Describe, Ec2Error, Ec2Request, Ec2Response, Filter, TransitGatewayChanges,
    TransitGatewayOrder, VpcOrder, VpnGatewayOrder,
};
use crate::entity::Entity;
use crate::testing::{Lab, text};

/// A filter with one value.
pub(crate) fn filter(name: &str, value: &str) -> Filter {
    Filter {
        name: name.to_owned(),
        values: vec![value.to_owned()],
    }
}

/// A Describe call for some ids.
pub(crate) fn by_ids(ids: &[&str]) -> Describe {
    Describe {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Describe::default()
    }
}

/// A Describe call with filters.
pub(crate) fn by_filters(filters: Vec<Filter>) -> Describe {
    Describe {
        filters,
        ..Describe::default()
    }
}

impl Lab {
    /// One EC2 call, a millisecond after the call before.
    pub(crate) fn call_ec2(
        &mut self,
        account: &str,
        request: &Ec2Request,
    ) -> Result<Ec2Response, Ec2Error> {
        self.advance(Span::from_millis(1));
        let mut context = self.context(account);
        let (world, changes, response) = super::decide(&self.world, &mut context, request)?;
        self.check(&changes, &world);
        self.world = world;
        Ok(response)
    }

    /// An EC2 call that must succeed.
    pub(crate) fn ec2(&mut self, account: &str, request: Ec2Request) -> Ec2Response {
        self.call_ec2(account, &request)
            .unwrap_or_else(|error| panic!("{request:?}: {} {error}", error.code()))
    }

    /// An EC2 call that must be refused and change nothing; gives code and text.
    pub(crate) fn ec2_refused(&mut self, account: &str, request: Ec2Request) -> (String, String) {
        self.advance(Span::from_millis(1));
        let before: Vec<Entity> = self.world.entities().collect();
        let mut context = self.context(account);
        match super::decide(&self.world, &mut context, &request) {
            Ok((.., answer)) => panic!("{request:?} was answered with {answer:?}"),
            Err(error) => {
                assert!(self.world.entities().eq(before), "{request:?}");
                (error.code().to_owned(), error.to_string())
            }
        }
    }

    /// Calls go to another Region until further notice.
    pub(crate) fn go_to(&mut self, region: &str) {
        self.region = region.parse().unwrap();
    }

    /// A VPC with that CIDR. Gives its id.
    pub(crate) fn vpc(&mut self, account: &str, cidr: &str) -> String {
        let order = VpcOrder {
            cidr_block: Some(cidr.to_owned()),
            ..VpcOrder::default()
        };
        match self.ec2(account, Ec2Request::CreateVpc(order)) {
            Ec2Response::Vpc(vpc) => vpc.vpc_id,
            other => panic!("{other:?}"),
        }
    }

    /// A virtual private gateway that is attached to nothing. Gives its id.
    pub(crate) fn vpn_gateway(&mut self, account: &str) -> String {
        let order = VpnGatewayOrder {
            gateway_type: Some("ipsec.1".to_owned()),
            ..VpnGatewayOrder::default()
        };
        match self.ec2(account, Ec2Request::CreateVpnGateway(order)) {
            Ec2Response::VpnGateway(gateway) => gateway.vpn_gateway_id,
            other => panic!("{other:?}"),
        }
    }

    /// A virtual private gateway attached to a new VPC with that CIDR. Gives the ids of both.
    pub(crate) fn vpn_gateway_on(&mut self, account: &str, cidr: &str) -> (String, String) {
        let (vpn_gateway_id, vpc_id) = (self.vpn_gateway(account), self.vpc(account, cidr));
        let request = Ec2Request::AttachVpnGateway {
            vpn_gateway_id: vpn_gateway_id.clone(),
            vpc_id: vpc_id.clone(),
        };
        self.ec2(account, request);
        self.settle();
        (vpn_gateway_id, vpc_id)
    }

    /// An available transit gateway with that ASN. Gives its id.
    pub(crate) fn transit_gateway(&mut self, account: &str, asn: i64) -> String {
        let order = TransitGatewayOrder {
            options: TransitGatewayChanges {
                amazon_side_asn: Some(asn),
                ..TransitGatewayChanges::default()
            },
            ..TransitGatewayOrder::default()
        };
        let answer = self.ec2(account, Ec2Request::CreateTransitGateway(order));
        self.settle();
        match answer {
            Ec2Response::TransitGateway(gateway) => gateway.transit_gateway_id,
            other => panic!("{other:?}"),
        }
    }

    /// An available Direct Connect gateway with ASN 64600. Gives its id.
    pub(crate) fn gateway(&mut self, account: &str) -> String {
        let answer = self.ok(
            account,
            "CreateDirectConnectGateway",
            json!({"directConnectGatewayName": "gateway", "amazonSideAsn": 64_600}),
        );
        self.settle();
        text(&answer["directConnectGateway"], "directConnectGatewayId")
    }

    /// Associates and waits. Gives the id of the association.
    pub(crate) fn associate(
        &mut self,
        account: &str,
        gateway: &str,
        associated: &str,
        prefixes: &[&str],
    ) -> String {
        let answer = self.ok(
            account,
            "CreateDirectConnectGatewayAssociation",
            association(gateway, associated, prefixes),
        );
        self.settle();
        text(&answer["directConnectGatewayAssociation"], "associationId")
    }

    /// The association as its owner sees it; `None` once it is gone.
    pub(crate) fn association(&mut self, account: &str, id: &str) -> Option<Value> {
        let answer = self.ok(
            account,
            "DescribeDirectConnectGatewayAssociations",
            json!({"associationId": id}),
        );
        let list = answer["directConnectGatewayAssociations"].as_array();
        list.unwrap().first().cloned()
    }
}

/// The body of `CreateDirectConnectGatewayAssociation`.
pub(crate) fn association(gateway: &str, associated: &str, prefixes: &[&str]) -> Value {
    let mut body = json!({"directConnectGatewayId": gateway, "gatewayId": associated});
    if !prefixes.is_empty() {
        body["addAllowedPrefixesToDirectConnectGateway"] = cidrs(prefixes);
    }
    body
}

/// A list of prefixes on the wire.
pub(crate) fn cidrs(prefixes: &[&str]) -> Value {
    prefixes.iter().map(|cidr| json!({"cidr": cidr})).collect()
}
