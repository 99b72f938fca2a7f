//! The accounts that the service knows.

use std::time::Duration;

use serde_json::Value;

use super::client::Client;
use super::output::{Form, cell, print, print_json, table};
use crate::failure::Failure;

pub(crate) fn accounts(client: &Client) -> Result<(), Failure> {
    let answer = client.get("accounts", Duration::ZERO)?;
    if client.form() == Form::Json {
        return print_json(&answer);
    }
    let accounts = answer["accounts"].as_array().cloned().unwrap_or_default();
    let row = |account: &Value| {
        let keys = account["accessKeys"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|key| cell(&key["accessKeyId"]));
        vec![
            cell(&account["accountId"]),
            cell(&account["partnerType"]),
            cell(&account["name"]),
            keys.collect::<Vec<_>>().join(" "),
            cell(&account["roles"]),
        ]
    };
    let rows: Vec<Vec<String>> = accounts.iter().map(row).collect();
    let note = cell(&answer["note"]);
    print(&format!(
        "{note}\n{}",
        table(
            &["ACCOUNT", "PARTNER", "NAME", "ACCESS KEYS", "ROLES"],
            &rows
        )
    ))
}
