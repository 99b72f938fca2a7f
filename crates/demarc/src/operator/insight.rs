//! The service at a glance, and what it means to do.

use std::time::Duration;

use demarc_types::ResiliencyGroupId;

use super::client::Client;
use super::output::{Form, cell, list, print, print_json, table};
use crate::cli::Reviewed;
use crate::failure::Failure;

pub(crate) fn show(client: &Client) -> Result<(), Failure> {
    let answer = client.get("summary", Duration::ZERO)?;
    if client.form() == Form::Json {
        return print_json(&answer);
    }
    let mut rows: Vec<Vec<String>> = [
        "version",
        "mode",
        "revision",
        "time",
        "clockAdvancedSeconds",
    ]
    .map(|name| vec![name.to_owned(), cell(&answer[name])])
    .into();
    let counts = answer["counts"].as_object().into_iter().flatten();
    rows.extend(counts.map(|(name, count)| vec![name.clone(), cell(count)]));
    print(&table(&["WHAT", "VALUE"], &rows))
}

/// What the fabric is told to do: a document, printed as it is.
pub(crate) fn intent(client: &Client, id: Reviewed) -> Result<(), Failure> {
    let answer = client.get(&format!("{}/intent", id.path()), Duration::ZERO)?;
    if client.form() == Form::Table && answer["intent"].is_null() {
        return print("nothing is to be done for it");
    }
    print_json(&answer)
}

pub(crate) fn judge(client: &Client, group: ResiliencyGroupId) -> Result<(), Failure> {
    let answer = client.get(
        &format!("resiliency-groups/{group}/judgement"),
        Duration::ZERO,
    )?;
    if client.form() == Form::Json {
        return print_json(&answer);
    }
    let model = cell(&answer["intendedModel"]);
    let verdict = match answer["lacking"].as_str() {
        None => format!("{group} has what {model} needs"),
        Some(lacking) => format!("{group} falls short of {model}: {lacking}"),
    };
    let rows: Vec<Vec<String>> = list(&answer["sites"])
        .map(|site| vec![cell(&site["location"]), cell(&site["devices"])])
        .collect();
    print(&format!(
        "{verdict}\n{}",
        table(&["LOCATION", "DEVICES"], &rows)
    ))
}

pub(crate) fn router_types(client: &Client) -> Result<(), Failure> {
    let answer = client.get("router-types", Duration::ZERO)?;
    if client.form() == Form::Json {
        return print_json(&answer);
    }
    let members = ["routerTypeIdentifier", "vendor", "platform", "software"];
    let rows: Vec<Vec<String>> = list(&answer["routerTypes"])
        .map(|found| members.map(|name| cell(&found[name])).into())
        .collect();
    print(&table(
        &["IDENTIFIER", "VENDOR", "PLATFORM", "SOFTWARE"],
        &rows,
    ))
}
