//! Virtual interfaces: the review of public ones, their prefixes, and what is to be done for them.

use demarc_domain::{Order, Refusal, intent};
use demarc_types::VirtualInterfaceId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::body::{id, read};
use super::{Problem, carry_out};
use crate::answer::{Answer, json};
use crate::front::Front;

/// What ids are called in messages.
const WHAT: &str = "Virtual Interface ID";

pub(super) async fn approve(front: &Front, text: &str) -> Result<Answer, Problem> {
    let interface = id(WHAT, text)?;
    let order = Order::ApproveVirtualInterface(interface);
    carry_out(front, order, json!({ "virtualInterfaceId": text })).await
}

pub(super) async fn reject(front: &Front, text: &str) -> Result<Answer, Problem> {
    let interface = id(WHAT, text)?;
    let order = Order::RejectVirtualInterface(interface);
    carry_out(front, order, json!({ "virtualInterfaceId": text })).await
}

/// As the API writes them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PrefixesBody {
    route_filter_prefixes: Vec<PrefixBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrefixBody {
    cidr: String,
}

/// Replaces the prefixes of a public virtual interface while its sessions stay up.
pub(super) async fn set_route_filter_prefixes(
    front: &Front,
    text: &str,
    body: &[u8],
) -> Result<Answer, Problem> {
    let interface = id(WHAT, text)?;
    let PrefixesBody {
        route_filter_prefixes: given,
    } = read(body)?;
    let done = json!({ "virtualInterfaceId": text, "routeFilterPrefixes": given });
    let order = Order::SetRouteFilterPrefixes {
        interface,
        prefixes: given.into_iter().map(|prefix| prefix.cidr).collect(),
    };
    carry_out(front, order, done).await
}

/// What the device is to do for a virtual interface: `null` when nothing, as before it is confirmed.
pub(super) fn intent(front: &Front, text: &str) -> Result<Answer, Problem> {
    let interface: VirtualInterfaceId = id(WHAT, text)?;
    let snapshot = front.control.snapshot();
    let found = snapshot
        .world
        .virtual_interface(interface)
        .ok_or_else(|| Refusal::VirtualInterfaceNotFound(text.to_owned()))?;
    let mut intent = json!(intent::virtual_interface(&snapshot.world, found));
    let peers = intent.get_mut("peers").and_then(Value::as_array_mut);
    for peer in peers.into_iter().flatten() {
        peer["auth_key"] = Value::from("[PROTECTED]");
    }
    let body = json!({ "virtualInterfaceId": text, "intent": intent });
    Ok(json(StatusCode::OK, &body))
}
