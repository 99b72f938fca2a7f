//! State changes in commit order, in the envelope of spec/observability §3.

use std::time::Duration;

use demarc_control::NumberedEvent;
use demarc_domain::event::Detail;
use demarc_types::AccountId;
use http::StatusCode;
use serde::Serialize;
use uuid::Uuid;

use super::Problem;
use super::body::{number, seconds};
use crate::answer::{Answer, json, whole_seconds};
use crate::front::Front;

/// The longest that a call waits for an event, in seconds.
const LONGEST: f64 = 300.0;

/// `?after=N&wait=S`: events behind number N, waiting up to S seconds for the first one.
pub(super) async fn list(front: &Front, query: Option<&str>) -> Result<Answer, Problem> {
    let after = number(query, "after")?;
    let wait = seconds(query, "wait")?;
    if wait > LONGEST {
        let text = format!("wait is `{wait}`, but a call waits {LONGEST} seconds at most.");
        return Err(Problem::bad(text));
    }
    let mut stopping = front.stopping.subscribe();
    let log = front.control.events();
    let page = tokio::select! {
        page = log.after(after, Duration::from_secs_f64(wait)) => Some(page),
        () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => None,
    };
    // When the service stops, whoever waits gets what there is.
    let page = match page {
        Some(page) => page,
        None => log.after(after, Duration::ZERO).await,
    };
    let shown = Page {
        events: page.events.iter().map(envelope).collect(),
        last: page.last,
        missed: page.missed,
    };
    Ok(json(StatusCode::OK, &shown))
}

/// EventBridge's form, its members in the order of the example, with the number that leads on.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Envelope<'a> {
    version: &'static str,
    id: Uuid,
    detail_type: &'static str,
    source: &'static str,
    account: AccountId,
    time: String,
    /// Empty for what belongs to no Region.
    region: String,
    /// The ARN of what it is about, or its id where it has none.
    resources: [String; 1],
    detail: &'a Detail,
    number: u64,
}

#[derive(Serialize)]
struct Page<'a> {
    events: Vec<Envelope<'a>>,
    last: u64,
    missed: bool,
}

fn envelope(numbered: &NumberedEvent) -> Envelope<'_> {
    let event = &numbered.event;
    Envelope {
        version: "0",
        id: id_of(numbered.number),
        detail_type: event.detail_type,
        source: "aws.directconnect",
        account: event.account,
        time: whole_seconds(event.time),
        region: event
            .region
            .map(|region| region.to_string())
            .unwrap_or_default(),
        resources: [event.subject.to_string()],
        detail: &event.detail,
        number: numbered.number,
    }
}

/// The same id each time that an event is read: its number, with the bits spread.
fn id_of(number: u64) -> Uuid {
    const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let bytes = u128::from(number).wrapping_mul(SPREAD).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
