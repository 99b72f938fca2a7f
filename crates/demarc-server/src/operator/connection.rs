//! Ports: their links, their approval, and what is to be done for them.

use demarc_domain::{Order, Refusal, intent};
use demarc_types::ConnectionId;
use http::StatusCode;
use serde_json::{Value, json};

use super::body::{StateBody, UpDown, id, read};
use super::{Problem, carry_out};
use crate::answer::{Answer, json};
use crate::front::Front;

pub(super) async fn set_link(front: &Front, text: &str, body: &[u8]) -> Result<Answer, Problem> {
    let connection = id("Connection ID", text)?;
    let StateBody { state } = read(body)?;
    let order = Order::SetLink {
        connection,
        up: state == UpDown::Up,
    };
    carry_out(
        front,
        order,
        json!({ "connectionId": text, "state": state.as_str() }),
    )
    .await
}

pub(super) async fn approve(front: &Front, text: &str) -> Result<Answer, Problem> {
    let connection = id("Connection ID", text)?;
    carry_out(
        front,
        Order::ApproveConnection(connection),
        json!({ "connectionId": text }),
    )
    .await
}

/// What the device is to do for a port: `null` when nothing, as for a hosted connection.
pub(super) fn intent(front: &Front, text: &str) -> Result<Answer, Problem> {
    let connection: ConnectionId = id("Connection ID", text)?;
    let snapshot = front.control.snapshot();
    let found = snapshot
        .world
        .connection(connection)
        .ok_or_else(|| Refusal::ConnectionNotFound(text.to_owned()))?;
    let mut intent = json!(intent::connection(&snapshot.world, found));
    let keys = intent.get_mut("mac_sec_keys").and_then(Value::as_array_mut);
    for key in keys
        .into_iter()
        .flatten()
        .filter(|key| key.get("cak").is_some())
    {
        key["cak"] = Value::from("[PROTECTED]");
    }
    let body = json!({
        "connectionId": text,
        "device": found.device,
        "intent": intent,
    });
    Ok(json(StatusCode::OK, &body))
}
