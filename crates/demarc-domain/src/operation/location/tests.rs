//! Rows of spec/operations §10 and spec/identifiers §11.

use serde_json::json;

use crate::testing::{ALICE, Lab};

#[test]
fn every_region_has_at_least_two_locations_with_providers() {
    for region in [
        "us-east-1",
        "us-west-2",
        "eu-west-1",
        "sa-east-1",
        "cn-north-1",
        "us-gov-west-1",
    ] {
        let mut lab = Lab::new();
        lab.region = region.parse().unwrap();
        let answer = lab.ok(ALICE, "DescribeLocations", json!({}));
        let locations = answer["locations"].as_array().unwrap();
        assert!(locations.len() >= 2, "{region}");
        for location in locations {
            assert_eq!(location["region"], region);
            assert!(
                !location["availableProviders"]
                    .as_array()
                    .unwrap()
                    .is_empty()
            );
        }
    }
}

#[test]
fn a_location_says_what_it_offers() {
    let mut lab = Lab::new();
    let answer = lab.ok(ALICE, "DescribeLocations", json!({}));
    let location = answer["locations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|location| location["locationCode"] == "EqDC2")
        .unwrap();
    assert_eq!(
        location["locationName"],
        "Equinix DC1 - DC6, DC10, Ashburn, VA"
    );
    assert_eq!(
        location["availablePortSpeeds"],
        json!(["100G", "10G", "1G", "400G"])
    );
    assert_eq!(
        location["availableMacSecPortSpeeds"],
        json!(["100G", "10G", "400G"])
    );
    let modes = location["availableBillingModes"].as_array().unwrap();
    let names: Vec<&str> = modes
        .iter()
        .map(|mode| mode["billingMode"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "PayAsYouGo",
            "FlatRateTier1",
            "FlatRateTier2",
            "FlatRateTier3",
            "FlatRateTier4",
            "FlatRateTier5"
        ]
    );
    assert_eq!(
        modes[0]["availablePortSpeeds"],
        json!(["100G", "10G", "1G", "400G"])
    );
    assert_eq!(modes[1]["availablePortSpeeds"], json!(["100G", "10G"]));
    assert_eq!(modes[1]["includedRegions"], json!(["us-east-1"]));
}

#[test]
fn a_location_without_mac_sec_says_so_with_an_empty_list() {
    let mut lab = Lab::new();
    let mut location = crate::inventory::location(&lab.world, lab.region, "CSVA1")
        .unwrap()
        .as_ref()
        .clone();
    location.port_speeds = vec!["1G".to_owned()];
    location.mac_sec_port_speeds.clear();
    lab.put(location);
    let answer = lab.ok(ALICE, "DescribeLocations", json!({}));
    let shown = answer["locations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|location| location["locationCode"] == "CSVA1")
        .unwrap();
    assert_eq!(shown["availableMacSecPortSpeeds"], json!([]));
    assert_eq!(shown["availableBillingModes"].as_array().unwrap().len(), 1);
}
