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
        json!(["100G", "1G", "10G", "400G"])
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
        json!(["100G", "1G", "10G", "400G"])
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

#[test]
fn observed_locations_offer_what_was_observed() {
    let rows = [
        (
            "us-east-2",
            "EQC50",
            "Equinix CH2, Chicago, IL",
            json!(["100G", "1G", "10G"]),
            json!(["100G", "10G"]),
        ),
        (
            "ap-northeast-2",
            "LGKNX",
            "KINX Gasen, Seoul, KOR",
            json!(["1G", "10G"]),
            json!([]),
        ),
        (
            "ap-northeast-2",
            "LGU57",
            "LG U+ Pyeong-Chon Mega Center, Seoul, KOR",
            json!(["100G", "1G", "10G"]),
            json!(["100G", "10G"]),
        ),
        (
            "sa-east-1",
            "TIVIT",
            "Tivit - Site Transamerica (Sao Paulo)",
            json!(["1G", "10G"]),
            json!([]),
        ),
    ];
    for (region, code, name, speeds, mac_sec_speeds) in rows {
        let mut lab = Lab::new();
        lab.region = region.parse().unwrap();
        let answer = lab.ok(ALICE, "DescribeLocations", json!({}));
        let shown = answer["locations"]
            .as_array()
            .unwrap()
            .iter()
            .find(|location| location["locationCode"] == code)
            .unwrap();
        assert_eq!(shown["locationName"], name);
        assert_eq!(shown["availablePortSpeeds"], speeds, "{code}");
        assert_eq!(shown["availableMacSecPortSpeeds"], mac_sec_speeds, "{code}");
    }
    let mut lab = Lab::new();
    lab.region = "ap-northeast-2".parse().unwrap();
    for (bandwidth, mac_sec, message) in [
        (
            "100Gbps",
            false,
            "Bandwidth 100Gbps is not offered at location LGKNX.",
        ),
        (
            "10Gbps",
            true,
            "MACsec is not offered for 10Gbps at location LGKNX.",
        ),
    ] {
        let order = json!({
            "location": "LGKNX", "bandwidth": bandwidth, "connectionName": "c", "requestMACSec": mac_sec,
        });
        assert_eq!(lab.message(ALICE, "CreateConnection", order), message);
    }
}
