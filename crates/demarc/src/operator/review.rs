//! Reviews: ports, public virtual interfaces, and what those may announce.

use demarc_types::VirtualInterfaceId;
use serde_json::{Value, json};

use super::client::Client;
use super::output::{Form, print, print_json};
use crate::cli::Reviewed;
use crate::failure::Failure;

pub(crate) fn approve(client: &Client, id: Reviewed) -> Result<(), Failure> {
    let path = id.path();
    let shown = path.split('/').next_back().unwrap_or_default();
    decide(
        client,
        &format!("{path}/approve"),
        &format!("{shown} is approved"),
    )
}

pub(crate) fn reject(client: &Client, id: VirtualInterfaceId) -> Result<(), Failure> {
    let path = format!("virtual-interfaces/{id}/reject");
    decide(
        client,
        &path,
        &format!("what was under review of {id} is rejected"),
    )
}

fn decide(client: &Client, path: &str, done: &str) -> Result<(), Failure> {
    let answer = client.post(path, &Value::Null)?;
    told(client, &answer, done)
}

/// Replaces the prefixes of a public virtual interface.
pub(crate) fn prefixes(
    client: &Client,
    id: VirtualInterfaceId,
    prefixes: &[String],
) -> Result<(), Failure> {
    let list: Vec<Value> = prefixes
        .iter()
        .map(|cidr| json!({ "cidr": cidr }))
        .collect();
    let path = format!("virtual-interfaces/{id}/route-filter-prefixes");
    let answer = client.put(&path, &json!({ "routeFilterPrefixes": list }))?;
    told(
        client,
        &answer,
        &format!("{id} may announce {}", prefixes.join(" ")),
    )
}

fn told(client: &Client, answer: &Value, done: &str) -> Result<(), Failure> {
    match client.form() {
        Form::Json => print_json(answer),
        Form::Table => print(done),
    }
}
