//! The edges of devices, and what is wrong with them.

use std::time::Duration;

use serde_json::Value;

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
        for port in list(&edge["ports"]) {
            remarks.extend(member(port).map(|text| format!("{device}: {text}")));
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

/// What LACP says of a port that is a member of a LAG.
fn member(port: &Value) -> Option<String> {
    let lacp = port.get("lacp")?;
    let partner = match lacp["partner"].as_str() {
        Some(partner) => format!(" with {partner}"),
        None => String::new(),
    };
    let reason = match lacp["reason"].as_str() {
        Some(reason) => format!(": {reason}"),
        None => String::new(),
    };
    let [connection, lag, state] = [&port["connection"], &lacp["lag"], &lacp["state"]].map(cell);
    Some(format!(
        "{connection} in {lag}: LACP {state}{partner}{reason}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_says_how_it_is_and_why() {
        let port = |lacp: Value| json!({"connection": "dxcon-fg000001", "lacp": lacp});
        let up = json!({"lag": "dxlag-fg000002", "state": "distributing", "partner": "02:00:00:00:00:09 key 5"});
        let rows = [
            (
                port(up),
                "dxcon-fg000001 in dxlag-fg000002: LACP distributing with 02:00:00:00:00:09 key 5",
            ),
            (
                port(
                    json!({"lag": "dxlag-fg000002", "state": "detached", "reason": "there is no link"}),
                ),
                "dxcon-fg000001 in dxlag-fg000002: LACP detached: there is no link",
            ),
        ];
        for (port, expected) in rows {
            assert_eq!(member(&port).as_deref(), Some(expected));
        }
        assert_eq!(member(&json!({"connection": "dxcon-fg000001"})), None);
    }
}
