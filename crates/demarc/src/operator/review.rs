//! Approval of ports and of public virtual interfaces.

use serde_json::Value;

use super::client::Client;
use super::output::{Form, print, print_json};
use crate::failure::Failure;

/// `id` is that of a connection or of a public virtual interface.
pub(crate) fn approve(client: &Client, id: &str) -> Result<(), Failure> {
    let kind = if id.starts_with("dxvif-") {
        "virtual-interfaces"
    } else {
        "connections"
    };
    decide(
        client,
        &format!("{kind}/{id}/approve"),
        &format!("{id} is approved"),
    )
}

pub(crate) fn reject(client: &Client, id: &str) -> Result<(), Failure> {
    decide(
        client,
        &format!("virtual-interfaces/{id}/reject"),
        &format!("{id} is rejected"),
    )
}

fn decide(client: &Client, path: &str, done: &str) -> Result<(), Failure> {
    let answer = client.post(path, &Value::Null)?;
    match client.form() {
        Form::Json => print_json(&answer),
        Form::Table => print(done),
    }
}
