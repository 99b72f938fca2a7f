//! Locations, and the devices in them.

use demarc_types::{LocationCode, Region, Timestamp};
use serde::{Deserialize, Serialize};

/// A colocation site that offers ports. Source: spec/identifiers §11, spec/documents §1.2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Location {
    pub region: Region,
    pub code: LocationCode,
    pub name: String,
    /// In the spelling of `DescribeLocations`: `1G`, `10G`, `100G`, `400G`.
    pub port_speeds: Vec<String>,
    #[serde(default)]
    pub mac_sec_port_speeds: Vec<String>,
    #[serde(default)]
    pub providers: Vec<String>,
    /// For letters of authorization.
    #[serde(default)]
    pub street_address: String,
    pub devices: Vec<Device>,
}

/// A router that ends ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// `EqDC2-370kou9loeqh0`.
    pub name: String,
    /// The most ports it can have; unlimited when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<u32>,
    /// A second node can end peers of its ports: `hasLogicalRedundancy` is `yes`.
    #[serde(default)]
    pub logical_redundancy: bool,
}

impl Location {
    pub(super) fn key(&self) -> (Region, LocationCode) {
        (self.region, self.code)
    }

    #[expect(clippy::unused_self, reason = "every entity answers this question")]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        None
    }
}
