//! State changes, as they were committed.

use std::time::Duration;

use serde_json::Value;

use super::client::{Client, NoAnswer};
use super::output::{Form, cell, print, remark};
use crate::failure::Failure;

/// Seconds that one call waits when following.
const WAIT: u64 = 25;

/// Pause before a service that was there and is not any more is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Prints what comes behind number `after`; goes on for ever when told to `follow`, also over restarts of the
/// service. JSON is one event a line, so that it can be piped.
pub(crate) fn events(client: &Client, after: u64, follow: bool) -> Result<(), Failure> {
    let mut after = after;
    // Whether the last call was answered; nothing before the first one, which has to succeed.
    let mut answered = None;
    loop {
        let wait = if follow { WAIT } else { 0 };
        let asked = client.ask(
            &format!("events?after={after}&wait={wait}"),
            Duration::from_secs(wait),
        );
        let page = match (asked, answered) {
            (Err(NoAnswer::ForNow(why)), Some(before)) if follow => {
                if before {
                    remark(&format!("{why}; trying again"));
                }
                answered = Some(false);
                std::thread::sleep(PAUSE);
                continue;
            }
            (asked, _) => asked?,
        };
        answered = Some(true);
        if page["missed"] == Value::Bool(true) {
            remark("some events are no longer kept");
        }
        let events = page["events"].as_array().cloned().unwrap_or_default();
        for event in &events {
            match client.form() {
                Form::Json => print(&event.to_string())?,
                Form::Table => print(&line(event))?,
            }
        }
        after = page["last"].as_u64().unwrap_or(after);
        if !follow && events.is_empty() {
            return Ok(());
        }
    }
}

fn line(event: &Value) -> String {
    let detail = &event["detail"];
    let kind = cell(&event["detail-type"]);
    let kind = kind
        .trim_start_matches("Direct Connect ")
        .trim_end_matches(" State Change")
        .to_owned();
    let resource = cell(&event["resources"]);
    let resource = resource.rsplit('/').next().unwrap_or_default().to_owned();
    let peer = detail["peer"]
        .as_str()
        .map(|peer| format!(" {peer}"))
        .unwrap_or_default();
    let word = |before: &str, after: &str| match (cell(&detail[before]), cell(&detail[after])) {
        (old, new) if old.is_empty() || old == new => new,
        (old, new) => format!("{old} -> {new}"),
    };
    let status = match word("previousStatus", "status") {
        text if text.is_empty() => text,
        text => format!(" ({text})"),
    };
    format!(
        "{}  {}  {kind} {resource}{peer}: {}{status}",
        cell(&event["time"]),
        cell(&event["account"]),
        word("previousState", "state")
    )
}
