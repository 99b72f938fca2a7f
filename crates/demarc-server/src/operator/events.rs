//! State changes in commit order, in the envelope of spec/observability §3.

use std::time::Duration;

use demarc_control::NumberedEvent;
use http::StatusCode;
use serde_json::{Value, json};

use super::Problem;
use super::body::parameter;
use crate::answer::{Answer, json};
use crate::front::Front;

/// The longest that a call waits for an event.
const LONGEST: u64 = 300;

/// `?after=N&wait=S`: events behind number N, waiting up to S seconds for the first one.
pub(super) async fn list(front: &Front, query: Option<&str>) -> Result<Answer, Problem> {
    let number = |name: &str| match parameter(query, name) {
        None => Ok(0),
        Some(text) => text.parse::<u64>().map_err(|_| {
            let shown: String = text.chars().take(32).collect();
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("{name} is `{shown}`, but a number is needed."),
            )
        }),
    };
    let (after, wait) = (number("after")?, number("wait")?.min(LONGEST));
    let page = front
        .control
        .events()
        .after(after, Duration::from_secs(wait))
        .await;
    let events: Vec<Value> = page.events.iter().map(envelope).collect();
    Ok(json(
        StatusCode::OK,
        &json!({ "events": events, "last": page.last, "missed": page.missed }),
    ))
}

/// EventBridge's form, with the number that leads on.
fn envelope(numbered: &NumberedEvent) -> Value {
    let event = &numbered.event;
    json!({
        "number": numbered.number,
        "version": "0",
        "id": uuid::Builder::from_random_bytes(u128::from(numbered.number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()).into_uuid(),
        "detail-type": event.detail_type,
        "source": "aws.directconnect",
        "account": event.account,
        "time": event.time.to_rfc3339(),
        "region": event.region.map(|region| region.to_string()).unwrap_or_default(),
        "resources": event.resources,
        "detail": event.detail,
    })
}
