//! Route tables of transit gateways, and what customers' routes put into them.
//!
//! A transit gateway has its default table and no other. A Direct Connect gateway in state `associated`
//! propagates what its transit virtual interfaces accept from customers, as the fabric reports it.

use std::collections::BTreeMap;

use demarc_types::{GatewayRef, Prefix};

use super::error::Ec2Error;
use super::filter::{self, Filter, Filtered};
use super::request::{Describe, Ec2Tag, SearchRoutes};
use super::response::{
    Ec2Response, Page, TransitGatewayRouteAttachmentView, TransitGatewayRouteTableView,
    TransitGatewayRouteView,
};
use super::transit_gateway::route_table_id;
use super::transit_gateway_attachment::{RESOURCE_TYPE, attachment_id};
use crate::context::Context;
use crate::entity::{Ec2Phase, TransitGateway};
use crate::gateway_rules;
use crate::route_source::RouteDirection;
use crate::world::World;

/// The caller's transit gateways that have a default route table.
fn with_tables<'w>(
    world: &'w World,
    context: &Context,
) -> impl Iterator<Item = &'w std::sync::Arc<TransitGateway>> {
    world
        .transit_gateways_of(context.account, context.region)
        .filter(|gateway| !matches!(gateway.phase, Ec2Phase::Deleted { .. }))
        .filter(|gateway| {
            gateway.options.default_route_table_association
                || gateway.options.default_route_table_propagation
        })
}

pub(super) fn describe_tables(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<TransitGatewayRouteTableView>, Ec2Error> {
    let all: Vec<TransitGatewayRouteTableView> = with_tables(world, context)
        .map(|gateway| show_table(gateway))
        .collect();
    let is = |view: &TransitGatewayRouteTableView, id: &String| {
        view.transit_gateway_route_table_id == *id
    };
    if let Some(lost) = input
        .ids
        .iter()
        .find(|id| !all.iter().any(|view| is(view, id)))
    {
        return Err(table_not_found(lost));
    }
    let wanted = |view: &TransitGatewayRouteTableView| {
        input.ids.is_empty() || input.ids.iter().any(|id| is(view, id))
    };
    filter::page(input, all.into_iter().filter(wanted).collect())
}

fn table_not_found(id: &str) -> Ec2Error {
    Ec2Error::TransitGatewayRouteTableNotFound(id.chars().take(128).collect())
}

fn show_table(gateway: &TransitGateway) -> TransitGatewayRouteTableView {
    TransitGatewayRouteTableView {
        transit_gateway_route_table_id: route_table_id(gateway),
        transit_gateway_id: gateway.id.to_string(),
        state: gateway.phase.as_str(),
        default_association_route_table: gateway.options.default_route_table_association,
        default_propagation_route_table: gateway.options.default_route_table_propagation,
        creation_time: gateway.created,
    }
}

/// The most routes that an answer holds.
const LARGEST: usize = 1_000;

/// Looks routes up in a table. EC2 wants a filter; without one everything is found.
pub(super) fn search(
    world: &World,
    context: &Context,
    input: &SearchRoutes,
) -> Result<Ec2Response, Ec2Error> {
    let id = &input.transit_gateway_route_table_id;
    let gateway = with_tables(world, context)
        .find(|gateway| route_table_id(gateway) == *id)
        .ok_or_else(|| table_not_found(id))?;
    let limit = match input.max_results {
        None => LARGEST,
        Some(number) => usize::try_from(number)
            .ok()
            .filter(|number| (5..=LARGEST).contains(number))
            .ok_or_else(|| Ec2Error::value(&number.to_string(), "maxResults", "Use 5 to 1000."))?,
    };
    let (by_prefix, others): (Vec<Filter>, Vec<Filter>) = input
        .filters
        .iter()
        .cloned()
        .partition(|filter| filter.name.starts_with("route-search."));
    let table = propagated(world, context, gateway);
    let mut found: Vec<Prefix> = table.keys().copied().collect();
    for filter in &by_prefix {
        found = search_by(filter, &found)?;
    }
    let views = found
        .iter()
        .map(|prefix| show_route(*prefix, &table[prefix]))
        .collect();
    let mut routes = filter::apply(&others, views)?;
    let additional_routes_available = routes.len() > limit;
    routes.truncate(limit);
    Ok(Ec2Response::TransitGatewayRoutes {
        routes,
        additional_routes_available,
    })
}

/// What the attached Direct Connect gateways propagate, with the ways to each prefix.
fn propagated(
    world: &World,
    context: &Context,
    gateway: &TransitGateway,
) -> BTreeMap<Prefix, Vec<TransitGatewayRouteAttachmentView>> {
    let mut table: BTreeMap<Prefix, Vec<_>> = BTreeMap::new();
    if !gateway.options.default_route_table_propagation {
        return table;
    }
    for association in world
        .associations_with(GatewayRef::Transit(gateway.id))
        .filter(|association| association.is_in_force())
    {
        let way = TransitGatewayRouteAttachmentView {
            resource_id: association.gateway.to_string(),
            transit_gateway_attachment_id: attachment_id(association),
            resource_type: RESOURCE_TYPE,
        };
        for interface in gateway_rules::attached(world, association.gateway) {
            let routes = context.routes.routes(world, interface).into_iter();
            for route in routes.filter(|route| route.direction == RouteDirection::Accepted) {
                let ways = table.entry(route.prefix).or_default();
                if !ways.contains(&way) {
                    ways.push(way.clone());
                }
            }
        }
    }
    table
}

/// The routes that a `route-search.` filter takes.
fn search_by(filter: &Filter, routes: &[Prefix]) -> Result<Vec<Prefix>, Ec2Error> {
    let mut wanted = Vec::new();
    for value in &filter.values {
        let prefix: Prefix = value
            .parse()
            .map_err(|_| Ec2Error::value(value, &filter.name, "This is not a valid CIDR block."))?;
        wanted.push(prefix.trunc());
    }
    let takes: fn(&Prefix, &Prefix) -> bool = match filter.name.as_str() {
        "route-search.exact-match" => |route, wanted| route == wanted,
        "route-search.subnet-of-match" => |route, wanted| wanted.contains(route),
        "route-search.supernet-of-match" => |route, wanted| route.contains(wanted),
        "route-search.longest-prefix-match" => {
            return Ok(wanted
                .iter()
                .filter_map(|wanted| longest_match(routes, wanted))
                .collect());
        }
        other => {
            let shown: String = other.chars().take(128).collect();
            return Err(Ec2Error::ParameterValue(format!(
                "The filter '{shown}' is invalid"
            )));
        }
    };
    Ok(routes
        .iter()
        .filter(|route| wanted.iter().any(|wanted| takes(route, wanted)))
        .copied()
        .collect())
}

fn longest_match(routes: &[Prefix], wanted: &Prefix) -> Option<Prefix> {
    routes
        .iter()
        .filter(|route| route.contains(wanted))
        .max_by_key(|route| route.prefix_len())
        .copied()
}

fn show_route(
    prefix: Prefix,
    ways: &[TransitGatewayRouteAttachmentView],
) -> TransitGatewayRouteView {
    TransitGatewayRouteView {
        destination_cidr_block: prefix.to_string(),
        attachments: ways.to_vec(),
        route_type: "propagated",
        state: "active",
    }
}

impl Filtered for TransitGatewayRouteView {
    const NAMES: &'static [&'static str] = &[
        "attachment.resource-id",
        "attachment.resource-type",
        "attachment.transit-gateway-attachment-id",
        "prefix-list-id",
        "state",
        "type",
    ];

    fn values(&self, name: &str) -> Vec<String> {
        let ways = self.attachments.iter();
        match name {
            "attachment.resource-id" => ways.map(|way| way.resource_id.clone()).collect(),
            "attachment.resource-type" => ways.map(|way| way.resource_type.to_owned()).collect(),
            "attachment.transit-gateway-attachment-id" => ways
                .map(|way| way.transit_gateway_attachment_id.clone())
                .collect(),
            "state" => vec![self.state.to_owned()],
            "type" => vec![self.route_type.to_owned()],
            // No route comes from a prefix list.
            _ => Vec::new(),
        }
    }

    fn tags(&self) -> Option<&[Ec2Tag]> {
        None
    }

    fn id(&self) -> String {
        self.destination_cidr_block.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_by_prefix_in_four_ways() {
        let routes: Vec<Prefix> = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "192.168.0.0/16"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        for (name, value, expected) in [
            ("exact-match", "10.1.0.0/16", vec!["10.1.0.0/16"]),
            (
                "subnet-of-match",
                "10.1.0.0/16",
                vec!["10.1.0.0/16", "10.1.2.0/24"],
            ),
            (
                "supernet-of-match",
                "10.1.0.0/16",
                vec!["10.0.0.0/8", "10.1.0.0/16"],
            ),
            ("longest-prefix-match", "10.1.9.9/32", vec!["10.1.0.0/16"]),
            ("longest-prefix-match", "172.16.0.0/12", vec![]),
        ] {
            let filter = Filter {
                name: format!("route-search.{name}"),
                values: vec![value.to_owned()],
            };
            let found: Vec<String> = search_by(&filter, &routes)
                .unwrap()
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(found, expected, "{name} {value}");
        }
    }
}
