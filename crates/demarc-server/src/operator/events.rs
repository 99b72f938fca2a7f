//! State changes in commit order, in the envelope of spec/observability §3.

use std::time::Duration;

use demarc_control::NumberedEvent;
use http::StatusCode;
use serde_json::{Value, json};

use super::Problem;
use super::body::number;
use crate::answer::{Answer, json};
use crate::front::Front;

/// The longest that a call waits for an event.
const LONGEST: u64 = 300;

/// `?after=N&wait=S`: events behind number N, waiting up to S seconds for the first one.
pub(super) async fn list(front: &Front, query: Option<&str>) -> Result<Answer, Problem> {
    let (after, wait) = (number(query, "after")?, number(query, "wait")?.min(LONGEST));
    let mut stopping = front.stopping.subscribe();
    let log = front.control.events();
    let page = tokio::select! {
        page = log.after(after, Duration::from_secs(wait)) => Some(page),
        () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => None,
    };
    // When the service stops, whoever waits gets what there is.
    let page = match page {
        Some(page) => page,
        None => log.after(after, Duration::ZERO).await,
    };
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
