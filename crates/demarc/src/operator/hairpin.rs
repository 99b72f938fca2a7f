//! Whether associations of a gateway reach each other.

use demarc_types::DirectConnectGatewayId;
use serde_json::json;

use super::client::Client;
use super::output::{Form, print, print_json};
use crate::cli::AllowDeny;
use crate::failure::Failure;

pub(crate) fn hairpin(
    client: &Client,
    choice: AllowDeny,
    gateway: DirectConnectGatewayId,
) -> Result<(), Failure> {
    let allowed = choice == AllowDeny::Allow;
    let path = format!("direct-connect-gateways/{gateway}/hairpin");
    let answer = client.put(&path, &json!({ "allowGatewayHairpin": allowed }))?;
    match client.form() {
        Form::Json => print_json(&answer),
        Form::Table if allowed => print(&format!(
            "associations of {gateway} reach each other where a customer's route covers both"
        )),
        Form::Table => print(&format!("associations of {gateway} are kept apart")),
    }
}
