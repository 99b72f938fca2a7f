//! Links and approval of ports.

use demarc_domain::Order;
use serde_json::json;

use super::body::{StateBody, UpDown, id, read};
use super::{Problem, carry_out};
use crate::answer::Answer;
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
