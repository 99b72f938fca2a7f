//! The service's clock.

use serde_json::json;

use super::client::Client;
use super::output::{Form, print, print_json};
use crate::failure::Failure;

/// `seconds` is how far to go.
pub(crate) fn advance(client: &Client, seconds: f64) -> Result<(), Failure> {
    let answer = client.post("clock/advance", &json!({ "seconds": seconds }))?;
    match client.form() {
        Form::Json => print_json(&answer),
        Form::Table => print(&format!(
            "the clock is {seconds} s further; what was due by then has happened"
        )),
    }
}
