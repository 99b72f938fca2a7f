//! Locations on offer. Source: spec/operations §10.

use demarc_api::{self as api, AvailableBillingMode, BillingMode, Locations, RequestBillingMode};
use demarc_types::Bandwidth;

use super::billing;
use crate::context::Context;
use crate::entity::Location;
use crate::inventory;
use crate::world::World;

pub(crate) fn describe(world: &World, context: &Context) -> Locations {
    let locations = inventory::locations(world, context.region);
    Locations {
        locations: Some(locations.iter().map(|location| show(location)).collect()),
    }
}

fn show(from: &Location) -> api::Location {
    api::Location {
        location_code: Some(from.code.to_string()),
        location_name: Some(from.name.clone()),
        region: Some(from.region.to_string()),
        available_port_speeds: Some(from.port_speeds.clone()),
        available_providers: Some(from.providers.clone()),
        available_mac_sec_port_speeds: Some(from.mac_sec_port_speeds.clone()),
        available_billing_modes: Some(billing_modes(from)),
    }
}

/// Each mode with the speeds that it is offered for; a flat rate is for traffic of the location's own
/// Region, the one that this service has.
fn billing_modes(location: &Location) -> Vec<AvailableBillingMode> {
    let offered = |mode: RequestBillingMode| {
        let speeds: Vec<String> = location
            .port_speeds
            .iter()
            .filter(|speed| {
                Bandwidth::from_port_speed(speed)
                    .is_some_and(|bandwidth| billing::is_offered(mode.as_str(), bandwidth))
            })
            .cloned()
            .collect();
        (!speeds.is_empty()).then(|| AvailableBillingMode {
            billing_mode: mode.as_str().parse::<BillingMode>().ok(),
            available_port_speeds: Some(speeds),
            included_regions: Some(vec![location.region.to_string()]),
        })
    };
    RequestBillingMode::ALL
        .iter()
        .filter_map(|mode| offered(*mode))
        .collect()
}

#[cfg(test)]
mod tests;
