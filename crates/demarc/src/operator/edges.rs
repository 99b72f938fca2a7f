//! The edges of devices, and what is wrong with them.

use std::time::Duration;

use super::client::Client;
use super::output::{Form, cell, list, print, print_json, table};
use crate::failure::Failure;

pub(crate) fn edges(client: &Client) -> Result<(), Failure> {
    let answer = client.get("edges", Duration::ZERO)?;
    if client.form() == Form::Json {
        return print_json(&answer);
    }
    let mut rows = Vec::new();
    let mut remarks = Vec::new();
    for edge in list(&answer["edges"]) {
        let device = cell(&edge["device"]);
        for fault in list(&edge["faults"]) {
            let (subject, message) = (cell(&fault["subject"]), cell(&fault["message"]));
            remarks.push(format!("{device}: {subject}: {message}"));
        }
        for object in list(&edge["foreign"]) {
            remarks.push(format!("{device}: not ours: {}", cell(object)));
        }
        let host = match edge["local"].as_bool() {
            Some(true) => "(this service)".to_owned(),
            _ => cell(&edge["host"]),
        };
        let ports = list(&edge["ports"]).count();
        let interfaces = list(&edge["virtualInterfaces"]).count();
        rows.push(vec![
            device,
            cell(&edge["state"]),
            host,
            cell(&edge["since"]),
            ports.to_string(),
            interfaces.to_string(),
        ]);
    }
    let heads = ["DEVICE", "STATE", "HOST", "SINCE", "PORTS", "INTERFACES"];
    remarks.insert(0, table(&heads, &rows));
    print(&remarks.join("\n"))
}
