//! Direct Connect gateways: what an operator may choose for them.

use demarc_domain::Order;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::body::{id, read};
use super::{Problem, carry_out};
use crate::answer::Answer;
use crate::front::Front;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HairpinBody {
    allow_gateway_hairpin: bool,
}

/// Whether associations reach each other where a customer's wider route covers both (spec/routing §7).
pub(super) async fn set_hairpin(front: &Front, text: &str, body: &[u8]) -> Result<Answer, Problem> {
    let gateway = id("DirectConnectGatewayID", text)?;
    let HairpinBody {
        allow_gateway_hairpin: allowed,
    } = read(body)?;
    let order = Order::SetHairpin { gateway, allowed };
    let done = json!({ "directConnectGatewayId": text, "allowGatewayHairpin": allowed });
    carry_out(front, order, done).await
}
