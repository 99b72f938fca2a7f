//! Why a destination is reached over a virtual interface, or not (`demarc why`).

use std::net::IpAddr;

use demarc_domain::Refusal;
use demarc_edge::why::why;
use demarc_types::{Prefix, VirtualInterfaceId, parse_prefix};
use http::StatusCode;
use serde_json::json;

use super::Problem;
use super::body::{id, parameter};
use crate::answer::{Answer, json};
use crate::front::Front;

/// `?destination=10.0.0.1` or `?destination=10.0.0.0/8`.
pub(super) fn explain(front: &Front, text: &str, query: Option<&str>) -> Result<Answer, Problem> {
    let interface: VirtualInterfaceId = id("Virtual Interface ID", text)?;
    let given = parameter(query, "destination").unwrap_or_default();
    let destination = destination(&given).ok_or_else(|| {
        let shown: String = given.chars().take(64).collect();
        Problem::bad(format!(
            "destination is `{shown}`, but an address such as 10.0.0.1 or a prefix such as 10.0.0.0/8 is needed."
        ))
    })?;
    let snapshot = front.control.snapshot();
    let found = snapshot
        .world
        .virtual_interface(interface)
        .ok_or_else(|| Refusal::VirtualInterfaceNotFound(text.to_owned()))?;
    let context = front.control.context(found.owner, found.region);
    let explanation = why(&snapshot.world, context.routes.as_ref(), found, destination);
    Ok(json(StatusCode::OK, &json!(explanation)))
}

fn destination(text: &str) -> Option<Prefix> {
    let host = text.parse::<IpAddr>().map(Prefix::from);
    host.ok()
        .or_else(|| parse_prefix(text))
        .map(|prefix| prefix.trunc())
}
