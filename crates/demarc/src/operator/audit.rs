//! Calls that clients made.

use std::time::Duration;

use serde_json::Value;

use super::client::Client;
use super::output::{Form, cell, list, print, remark};
use crate::failure::Failure;

/// Prints the records behind number `after`: one a line, as JSON or for people.
pub(crate) fn audit(client: &Client, after: u64) -> Result<(), Failure> {
    let mut after = after;
    loop {
        let page = client.get(&format!("audit?after={after}"), Duration::ZERO)?;
        if page["missed"] == Value::Bool(true) {
            remark("some records are no longer kept");
        }
        let mut count = 0;
        for record in list(&page["records"]) {
            count += 1;
            match client.form() {
                Form::Json => print(&record.to_string())?,
                Form::Table => print(&line(record))?,
            }
        }
        if count == 0 {
            return Ok(());
        }
        after = page["last"].as_u64().unwrap_or(after);
    }
}

fn line(record: &Value) -> String {
    let who = &record["userIdentity"];
    let who = match cell(&who["arn"]) {
        arn if arn.is_empty() => "unknown caller".to_owned(),
        arn => arn,
    };
    let outcome = match cell(&record["errorCode"]) {
        code if code.is_empty() => "ok".to_owned(),
        code => format!("{code}: {}", cell(&record["errorMessage"])),
    };
    format!(
        "{}  {}  {who}  {}  {outcome}",
        cell(&record["eventTime"]),
        cell(&record["awsRegion"]),
        cell(&record["eventName"]),
    )
}
