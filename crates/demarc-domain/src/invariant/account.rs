//! What accounts may have of each thing (spec/quotas rows 6, 8 and 9).

use std::collections::BTreeMap;

use super::check;
use crate::entity::Entity;
use crate::settings::Settings;

/// Counts what each account has, as the operations that make one more do.
pub(super) fn of_accounts(entities: &[Entity], settings: &Settings, found: &mut Vec<String>) {
    let (mut ports, mut lags, mut gateways) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for entity in entities {
        match entity {
            Entity::Connection(port) if port.is_live() && !port.is_hosted() => {
                let place = (port.owner, port.region, port.location);
                *ports.entry(place).or_insert(0_usize) += 1;
            }
            Entity::Lag(lag) if lag.is_live() => {
                *lags.entry((lag.owner, lag.region)).or_insert(0_usize) += 1;
            }
            Entity::Gateway(gateway) => {
                let place = (gateway.owner, gateway.partition().as_str());
                *gateways.entry(place).or_insert(0_usize) += 1;
            }
            _ => {}
        }
    }
    let quotas = &settings.quotas;
    for ((owner, region, location), count) in ports {
        check(
            count <= quotas.connections_per_location,
            || format!("account {owner} has {count} ports at {location} in {region}"),
            found,
        );
    }
    for ((owner, region), count) in lags {
        check(
            count <= quotas.lags,
            || format!("account {owner} has {count} LAGs in {region}"),
            found,
        );
    }
    for ((owner, _), count) in gateways {
        check(
            count <= quotas.gateways,
            || format!("account {owner} has {count} Direct Connect gateways"),
            found,
        );
    }
}
