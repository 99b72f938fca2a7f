//! Why a destination is reached over a virtual interface, or not.

use std::net::IpAddr;
use std::time::Duration;

use demarc_types::{VirtualInterfaceId, parse_prefix};

use super::client::Client;
use super::output::{Form, cell, list, print, print_json};
use crate::failure::Failure;

pub(crate) fn why(
    client: &Client,
    interface: VirtualInterfaceId,
    destination: &str,
) -> Result<(), Failure> {
    if destination.parse::<IpAddr>().is_err() && parse_prefix(destination).is_none() {
        return Err(Failure::Usage(format!(
            "`{destination}` is neither an address such as 10.0.0.1 nor a route such as 10.0.0.0/8"
        )));
    }
    let path = format!("virtual-interfaces/{interface}/why?destination={destination}");
    let answer = client.get(&path, Duration::ZERO)?;
    if client.form() == Form::Json {
        return print_json(&answer);
    }
    let sentences: Vec<String> = list(&answer["summary"]).map(cell).collect();
    print(&sentences.join("\n"))
}
