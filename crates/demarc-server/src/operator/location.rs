//! The inventory: locations, devices, ports.

use demarc_domain::entity::{Device, Location};
use demarc_domain::{Order, devices_unasked, location_code, locations};
use demarc_types::{LocationCode, Region};
use http::StatusCode;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Problem;
use super::body::{id, parameter, read};
use crate::answer::{Answer, json};
use crate::front::Front;

/// A location as operators write and read it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LocationBody {
    /// Stands in the path when it is put.
    #[serde(default)]
    location_code: Option<LocationCode>,
    location_name: String,
    region: Region,
    available_port_speeds: Vec<String>,
    #[serde(default)]
    available_mac_sec_port_speeds: Vec<String>,
    #[serde(default)]
    available_providers: Vec<String>,
    #[serde(default)]
    street_address: String,
    /// Where a request has none: those that the location has, or some that are made up.
    #[serde(default)]
    devices: Option<Vec<DeviceBody>>,
    /// `DescribeLocations` shows it, so what it answers can be sent back; it follows from the speeds.
    #[serde(default, rename = "availableBillingModes", skip_serializing)]
    _billing_modes: IgnoredAny,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeviceBody {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ports: Option<u32>,
    #[serde(default)]
    logical_redundancy: bool,
}

impl From<&Device> for DeviceBody {
    fn from(device: &Device) -> Self {
        Self {
            name: device.name.clone(),
            ports: device.ports,
            logical_redundancy: device.logical_redundancy,
        }
    }
}

impl From<DeviceBody> for Device {
    fn from(body: DeviceBody) -> Self {
        Self {
            name: body.name,
            ports: body.ports,
            logical_redundancy: body.logical_redundancy,
        }
    }
}

impl From<&Location> for LocationBody {
    fn from(location: &Location) -> Self {
        Self {
            location_code: Some(location.code),
            location_name: location.name.clone(),
            region: location.region,
            available_port_speeds: location.port_speeds.clone(),
            available_mac_sec_port_speeds: location.mac_sec_port_speeds.clone(),
            available_providers: location.providers.clone(),
            street_address: location.street_address.clone(),
            devices: Some(location.devices.iter().map(DeviceBody::from).collect()),
            _billing_modes: IgnoredAny,
        }
    }
}

/// Of one Region: `?region=us-east-1`, which is also the default.
pub(super) fn list(front: &Front, query: Option<&str>) -> Result<Answer, Problem> {
    let region: Region = id(
        "Region",
        parameter(query, "region").as_deref().unwrap_or("us-east-1"),
    )?;
    let snapshot = front.control.snapshot();
    let found: Vec<LocationBody> = locations(&snapshot.world, region)
        .iter()
        .map(|location| LocationBody::from(location.as_ref()))
        .collect();
    Ok(json(StatusCode::OK, &json!({ "locations": found })))
}

pub(super) async fn put(front: &Front, text: &str, body: &[u8]) -> Result<Answer, Problem> {
    let code: LocationCode = id("Location code", text)?;
    let body: LocationBody = read(body)?;
    if body.location_code.is_some_and(|given| given != code) {
        return Err(Problem::bad(format!(
            "locationCode differs from {code} in the path."
        )));
    }
    let code = location_code(&front.control.snapshot().world, body.region, code);
    let devices = match body.devices {
        Some(devices) => devices.into_iter().map(Device::from).collect(),
        None => devices_unasked(&front.control.snapshot().world, body.region, code),
    };
    let location = Location {
        region: body.region,
        code,
        name: body.location_name,
        port_speeds: body.available_port_speeds,
        mac_sec_port_speeds: body.available_mac_sec_port_speeds,
        providers: body.available_providers,
        street_address: body.street_address,
        devices,
    };
    let shown = LocationBody::from(&location);
    front
        .control
        .command(Order::PutLocation(location))
        .await??;
    Ok(json(StatusCode::OK, &shown))
}
