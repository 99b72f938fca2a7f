//! The service at a glance.

use std::collections::BTreeMap;

use demarc_auth::Identities;
use demarc_domain::entity::Entity;
use http::StatusCode;
use serde_json::json;

use crate::answer::{Answer, json};
use crate::front::Front;

/// Version, time, and how much there is of what.
pub(super) fn show(front: &Front) -> Answer {
    let snapshot = front.control.snapshot();
    let mut counts: BTreeMap<&str, u64> = COUNTED.iter().map(|kind| (*kind, 0)).collect();
    for kind in snapshot.world.entities().filter_map(|entity| kind(&entity)) {
        *counts.entry(kind).or_default() += 1;
    }
    let offset = snapshot
        .world
        .service()
        .map_or(0, |service| service.clock_offset.millis());
    let mode = match front.authenticator.identities() {
        Identities::Configured(_) => "configured",
        Identities::Development => "development",
    };
    let body = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "mode": mode,
        "revision": snapshot.revision.get(),
        "time": front.control.now().to_rfc3339(),
        "clockAdvancedSeconds": offset / 1_000,
        "counts": counts,
    });
    json(StatusCode::OK, &body)
}

const COUNTED: [&str; 9] = [
    "connections",
    "lags",
    "virtualInterfaces",
    "directConnectGateways",
    "associations",
    "proposals",
    "vpcs",
    "virtualPrivateGateways",
    "transitGateways",
];

/// Where an entity is counted; what deletes left behind for a while counts as well.
fn kind(entity: &Entity) -> Option<&'static str> {
    Some(match entity {
        Entity::Connection(_) => "connections",
        Entity::Lag(_) => "lags",
        Entity::VirtualInterface(_) => "virtualInterfaces",
        Entity::Gateway(_) => "directConnectGateways",
        Entity::Association(_) => "associations",
        Entity::Proposal(_) => "proposals",
        Entity::Vpc(_) => "vpcs",
        Entity::VpnGateway(_) => "virtualPrivateGateways",
        Entity::TransitGateway(_) => "transitGateways",
        _ => return None,
    })
}
