//! Calls that are tried on a copy of the state.

use std::io::{ErrorKind, Read};
use std::path::Path;

use serde_json::{Value, json};

use super::client::Client;
use super::output::{Form, cell, list, print, print_json, table};
use crate::aws_cli;
use crate::cli::WhatIfArguments;
use crate::failure::Failure;

pub(crate) fn what_if(arguments: WhatIfArguments) -> Result<(), Failure> {
    let calls = calls(&arguments)?;
    let client = Client::new(arguments.service)?;
    let seconds = arguments.after.0.millis() / 1_000;
    let answer = client.post("what-if", &json!({ "calls": calls, "seconds": seconds }))?;
    match client.form() {
        Form::Json => print_json(&answer),
        Form::Table => print(&describe(&answer)),
    }
}

/// The calls that the words or the file name, each with its account and Region.
fn calls(arguments: &WhatIfArguments) -> Result<Vec<Value>, Failure> {
    // No operation has a slash or a dot in its name.
    let is_file =
        |word: &str| word == "-" || word.contains(['/', '.']) || Path::new(word).is_file();
    let mut calls = match arguments.what.as_slice() {
        [file] if is_file(file) => read(file)?,
        words => {
            let (operation, input) = aws_cli::read(words).map_err(Failure::Usage)?;
            aws_cli::check(&operation, &input).map_err(Failure::Usage)?;
            vec![json!({ "operation": operation, "input": input })]
        }
    };
    for call in &mut calls {
        if !call.is_object() {
            return Err(Failure::Usage(format!("a call is an object, not {call}")));
        }
        if call["region"].is_null() {
            call["region"] = json!(arguments.region);
        }
        if call["account"].is_null() {
            let account = arguments.account.as_ref();
            let needed =
                || Failure::Usage("whose call is it? --account names the account".to_owned());
            call["account"] = json!(account.ok_or_else(needed)?);
        }
    }
    Ok(calls)
}

fn read(file: &str) -> Result<Vec<Value>, Failure> {
    let text = if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| {
        Failure::Usage(match error.kind() {
            ErrorKind::NotFound => format!("cannot read {file}: no such file"),
            _ => format!("cannot read {file}: {error}"),
        })
    })?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("{file} is not a list of calls: {error}")))
}

fn describe(answer: &Value) -> String {
    let outcome = |call: &Value| {
        if call["accepted"] == true {
            "would be accepted".to_owned()
        } else {
            format!(
                "would be refused: {} ({})",
                cell(&call["message"]),
                cell(&call["exception"])
            )
        }
    };
    let mut text: Vec<String> = list(&answer["calls"])
        .map(|call| {
            format!(
                "{} by {} {}",
                cell(&call["operation"]),
                cell(&call["account"]),
                outcome(call)
            )
        })
        .collect();
    let effects = &answer["effects"];
    let mut rows = Vec::new();
    for (kind, name) in [
        ("port", "ports"),
        ("virtual interface", "virtualInterfaces"),
    ] {
        for effect in list(&effects[name]) {
            rows.push(vec![
                kind.to_owned(),
                cell(&effect["id"]),
                cell(&effect["effect"]),
                members(&effect["members"]),
            ]);
        }
    }
    for effect in list(&effects["sessions"]) {
        rows.push(vec![
            "session".to_owned(),
            cell(&effect["bgpPeerId"]),
            cell(&effect["effect"]),
            format!("of {}", cell(&effect["virtualInterfaceId"])),
        ]);
    }
    for effect in list(&effects["announcements"]) {
        for (verb, name) in [("announced", "added"), ("withdrawn", "withdrawn")] {
            for prefix in list(&effect[name]) {
                rows.push(vec![
                    "prefix".to_owned(),
                    cell(prefix),
                    verb.to_owned(),
                    format!("to {}", cell(&effect["virtualInterfaceId"])),
                ]);
            }
        }
    }
    if rows.is_empty() {
        text.push("nothing would change for the fabric".to_owned());
    } else {
        let devices = cell(&effects["devices"]);
        if !devices.is_empty() {
            text.push(format!("devices: {devices}"));
        }
        text.push(table(&["WHAT", "ID", "EFFECT", "DETAIL"], &rows));
    }
    text.join("\n")
}

/// `mtu 1500 -> 9001`.
fn members(differing: &Value) -> String {
    let members = differing.as_object().into_iter().flatten();
    let members = members.map(|(name, difference)| {
        format!(
            "{name} {} -> {}",
            cell(&difference["before"]),
            cell(&difference["after"])
        )
    });
    members.collect::<Vec<_>>().join(", ")
}
