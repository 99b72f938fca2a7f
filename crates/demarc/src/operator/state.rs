//! Links of ports and sessions of simulated routers.

use serde_json::json;

use super::client::Client;
use super::output::{Form, print, print_json};
use crate::cli::UpDown;
use crate::failure::Failure;

pub(crate) fn link(client: &Client, state: UpDown, connection: &str) -> Result<(), Failure> {
    set(
        client,
        &format!("connections/{connection}/link"),
        "link",
        state,
        connection,
    )
}

pub(crate) fn session(client: &Client, state: UpDown, peer: &str) -> Result<(), Failure> {
    set(
        client,
        &format!("bgp-peers/{peer}/session"),
        "session",
        state,
        peer,
    )
}

fn set(client: &Client, path: &str, what: &str, state: UpDown, id: &str) -> Result<(), Failure> {
    let answer = client.post(path, &json!({ "state": state.as_str() }))?;
    match client.form() {
        Form::Json => print_json(&answer),
        Form::Table => print(&format!("{what} of {id} is told to be {}", state.as_str())),
    }
}
