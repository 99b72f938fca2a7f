//! Links of ports and sessions of simulated routers.

use demarc_types::{BgpPeerId, ConnectionId};
use serde_json::json;

use super::client::Client;
use super::output::{Form, print, print_json};
use crate::cli::UpDown;
use crate::failure::Failure;

pub(crate) fn link(client: &Client, state: UpDown, id: ConnectionId) -> Result<(), Failure> {
    let (path, what) = (format!("connections/{id}/link"), format!("link of {id}"));
    set(client, &path, &what, state)
}

pub(crate) fn session(client: &Client, state: UpDown, id: BgpPeerId) -> Result<(), Failure> {
    let (path, what) = (
        format!("bgp-peers/{id}/session"),
        format!("session of {id}"),
    );
    set(client, &path, &what, state)
}

fn set(client: &Client, path: &str, what: &str, state: UpDown) -> Result<(), Failure> {
    let answer = client.post(path, &json!({ "state": state.as_str() }))?;
    match client.form() {
        Form::Json => print_json(&answer),
        Form::Table => print(&format!("{what} is told to be {}", state.as_str())),
    }
}
