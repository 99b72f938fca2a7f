//! `demarc lab status`.

use demarc_types::AccountId;
use serde_json::{Value, json};

use super::api::Api;
use super::keeper::SOCKET;
use super::order::Keeper;
use super::place::{Place, Record};
use super::topology::Topology;
use super::tour::reachability;
use crate::cli::StatusArguments;
use crate::failure::Failure;
use crate::operator::{cell, list, print, print_json, table};

pub(crate) fn run(arguments: &StatusArguments) -> Result<(), Failure> {
    let place = Place::new(arguments.place.dir.clone())?;
    let record = place.needed()?;
    let topology = Topology::read(record.topology.as_deref()).map_err(Failure::Usage)?;
    let api = Api::new(&record.url, topology.region);
    let mut interfaces = Vec::new();
    for account in &topology.account {
        let shown = api.call(account.id, "DescribeVirtualInterfaces", &json!({}))?;
        let own = list(&shown["virtualInterfaces"])
            .filter(|it| it["ownerAccount"] == json!(account.id.to_string()));
        for interface in own {
            interfaces.push(row(&api, account.id, interface)?);
        }
    }
    if arguments.json {
        return print_json(&json!({
            "url": record.url,
            "pid": record.pid,
            "directory": place.directory(),
            "customers": record.customers,
            "vpcs": record.vpcs,
            "virtualInterfaces": interfaces,
        }));
    }
    let names = [
        "virtualInterfaceId",
        "virtualInterfaceName",
        "account",
        "location",
        "vlan",
        "state",
        "bgp",
        "accepted",
        "advertised",
    ];
    let rows: Vec<Vec<String>> = interfaces
        .iter()
        .map(|it| names.map(|name| cell(&it[name])).into())
        .collect();
    let heads = [
        "VIF",
        "NAME",
        "ACCOUNT",
        "LOCATION",
        "VLAN",
        "STATE",
        "BGP",
        "ACCEPTED",
        "ADVERTISED",
    ];
    let mut keeper = Keeper::connect(&place.file(SOCKET))?;
    let reached = reachability(&topology, &mut keeper)?;
    print(&format!(
        "{}\n\n{}\n\n{reached}",
        head(&place, &record),
        table(&heads, &rows)
    ))
}

fn head(place: &Place, record: &Record) -> String {
    format!(
        "The lab in {} is up: service at {}, pid {}\ncustomers: {}   VPCs: {}",
        place.directory().display(),
        record.url,
        record.pid,
        record.customers.join(" "),
        record.vpcs.join(" ")
    )
}

/// What is worth knowing of a virtual interface.
fn row(api: &Api, account: AccountId, interface: &Value) -> Result<Value, Failure> {
    let named = json!({ "virtualInterfaceId": interface["virtualInterfaceId"] });
    let peer = &interface["bgpPeers"][0];
    let up = peer["bgpStatus"] == "up";
    let routes = if up {
        api.call(account, "ListVirtualInterfaceRoutes", &named)?
    } else {
        Value::Null
    };
    Ok(json!({
        "virtualInterfaceId": interface["virtualInterfaceId"],
        "virtualInterfaceName": interface["virtualInterfaceName"],
        "account": account.to_string(),
        "location": interface["location"],
        "vlan": interface["vlan"],
        "state": interface["virtualInterfaceState"],
        "bgp": peer["bgpStatus"],
        "accepted": prefixes(&routes, "accepted"),
        "advertised": prefixes(&routes, "advertised"),
    }))
}

fn prefixes(routes: &Value, direction: &str) -> Vec<Value> {
    let found = list(&routes["routes"]);
    let found = found.filter(|it| it["routeDirection"] == direction);
    found.map(|it| it["cidr"].clone()).collect()
}
