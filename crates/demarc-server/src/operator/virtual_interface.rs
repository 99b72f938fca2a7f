//! The review of public virtual interfaces.

use demarc_domain::Order;
use serde_json::json;

use super::body::id;
use super::{Problem, carry_out};
use crate::answer::Answer;
use crate::front::Front;

pub(super) async fn approve(front: &Front, text: &str) -> Result<Answer, Problem> {
    let interface = id("Virtual Interface ID", text)?;
    carry_out(
        front,
        Order::ApproveVirtualInterface(interface),
        json!({ "virtualInterfaceId": text }),
    )
    .await
}

pub(super) async fn reject(front: &Front, text: &str) -> Result<Answer, Problem> {
    let interface = id("Virtual Interface ID", text)?;
    carry_out(
        front,
        Order::RejectVirtualInterface(interface),
        json!({ "virtualInterfaceId": text }),
    )
    .await
}
