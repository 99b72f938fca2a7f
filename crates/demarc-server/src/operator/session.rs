//! Sessions of simulated customers' routers.

use demarc_domain::Order;
use serde_json::json;

use super::body::{StateBody, UpDown, id, read};
use super::{Problem, carry_out};
use crate::answer::Answer;
use crate::front::Front;

pub(super) async fn set_session(front: &Front, text: &str, body: &[u8]) -> Result<Answer, Problem> {
    let peer = id("BGP Peer ID", text)?;
    let StateBody { state } = read(body)?;
    let order = Order::SetSession {
        peer,
        up: state == UpDown::Up,
    };
    carry_out(
        front,
        order,
        json!({ "bgpPeerId": text, "state": state.as_str() }),
    )
    .await
}
