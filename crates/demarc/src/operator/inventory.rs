//! Locations, devices and ports.

use std::path::Path;
use std::time::Duration;

use demarc_types::{LocationCode, Region};
use serde_json::Value;

use super::client::Client;
use super::output::{Form, cell, list, print, print_json, table};
use crate::failure::Failure;

pub(crate) fn locations(client: &Client, region: Region) -> Result<(), Failure> {
    let answer = client.get(&format!("locations?region={region}"), Duration::ZERO)?;
    if client.form() == Form::Json {
        return print_json(&answer);
    }
    let rows: Vec<Vec<String>> = list(&answer["locations"])
        .map(|location| {
            let devices = list(&location["devices"])
                .map(|device| cell(&device["name"]))
                .collect::<Vec<_>>()
                .join(" ");
            let member = |name: &str| cell(&location[name]);
            vec![
                member("locationCode"),
                member("availablePortSpeeds"),
                member("availableMacSecPortSpeeds"),
                member("locationName"),
                devices,
            ]
        })
        .collect();
    print(&table(
        &["CODE", "SPEEDS", "MACSEC", "NAME", "DEVICES"],
        &rows,
    ))
}

/// Stores the location that `file` describes, in the form that `locations --json` prints.
pub(crate) fn put_location(
    client: &Client,
    code: LocationCode,
    file: &Path,
) -> Result<(), Failure> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    let text =
        text.map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))?;
    let body: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("{} is not JSON: {error}", file.display())))?;
    let answer = client.put(&format!("locations/{code}"), &body)?;
    match client.form() {
        Form::Json => print_json(&answer),
        Form::Table => print(&format!("location {code} is stored")),
    }
}
