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
            let texts = [member(port), mac_sec(port)].into_iter().flatten();
            remarks.extend(texts.map(|text| format!("{device}: {text}")));
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

/// What MKA says of a port with MACsec.
fn mac_sec(port: &Value) -> Option<String> {
    let mac_sec = port.get("macSec")?;
    let connection = cell(&port["connection"]);
    if mac_sec["encrypted"].as_bool() == Some(true) {
        let cipher = mac_sec["cipher"].as_str().unwrap_or("MACsec");
        let ckn = mac_sec["ckn"].as_str();
        let ckn = ckn.map(|ckn| format!(", CKN {ckn}")).unwrap_or_default();
        return Some(format!("{connection}: encrypted with {cipher}{ckn}"));
    }
    let reason = mac_sec["reason"].as_str().unwrap_or("no reason is known");
    Some(format!("{connection}: not encrypted: {reason}"))
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

    #[test]
    fn a_port_says_whether_it_is_encrypted_and_why_not() {
        let port = |mac_sec: Value| json!({"connection": "dxcon-fg000001", "macSec": mac_sec});
        let rows = [
            (
                port(json!({"encrypted": true, "cipher": "GCM-AES-256", "ckn": "ab"})),
                "dxcon-fg000001: encrypted with GCM-AES-256, CKN ab",
            ),
            (
                port(json!({"encrypted": false, "reason": "no MKA peer is heard"})),
                "dxcon-fg000001: not encrypted: no MKA peer is heard",
            ),
        ];
        for (port, expected) in rows {
            assert_eq!(mac_sec(&port).as_deref(), Some(expected));
        }
        assert_eq!(mac_sec(&json!({"connection": "dxcon-fg000001"})), None);
    }
}
