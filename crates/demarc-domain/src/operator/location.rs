//! Storing a location.

use crate::entity::{Device, Location};
use crate::inventory;
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::world::World;

/// Speeds as `DescribeLocations` spells them; MACsec is there from 10G on (spec/identifiers §16).
const SPEEDS: [&str; 4] = ["1G", "10G", "100G", "400G"];
const MAC_SEC_SPEEDS: [&str; 3] = ["10G", "100G", "400G"];

/// The longest name or address, in characters.
const TEXT_LENGTH: usize = 255;
/// Names of devices stand in paths and on the command line.
const DEVICE_LENGTH: usize = 64;

/// Puts a location in the place of the one with its code, if it makes sense. Codes compare without case, and
/// the one that is there stays: clients compare what they read with what they wrote.
pub(super) fn put(tx: &mut Transaction<'_>, location: &Location) -> Result<(), Refusal> {
    check_texts(location)?;
    check_speeds(location)?;
    check_devices(location)?;
    check_devices_elsewhere(tx, location)?;
    let mut location = location.clone();
    location.code = inventory::spelling(tx, location.region, location.code);
    tx.put(location);
    Ok(())
}

fn check_texts(location: &Location) -> Result<(), Refusal> {
    let fits = |text: &str| text.chars().count() <= TEXT_LENGTH;
    if location.name.is_empty() || !fits(&location.name) {
        return Err(Refusal::invalid(format!(
            "locationName of {} needs 1 to {TEXT_LENGTH} characters.",
            location.code
        )));
    }
    let others = std::iter::once(&location.street_address).chain(&location.providers);
    match others.into_iter().find(|text| !fits(text)) {
        Some(_) => Err(Refusal::invalid(format!(
            "streetAddress and availableProviders of {} take at most {TEXT_LENGTH} characters each.",
            location.code
        ))),
        None => Ok(()),
    }
}

fn check_speeds(location: &Location) -> Result<(), Refusal> {
    let unknown = |given: &[String], known: &[&str]| {
        let mut given = given.iter();
        given
            .find(|speed| !known.contains(&speed.as_str()))
            .cloned()
    };
    if let Some(speed) = unknown(&location.port_speeds, &SPEEDS) {
        return Err(Refusal::invalid(format!(
            "Port speed `{speed}` is not valid: use {}.",
            SPEEDS.join(", ")
        )));
    }
    if let Some(speed) = unknown(&location.mac_sec_port_speeds, &MAC_SEC_SPEEDS) {
        return Err(Refusal::invalid(format!(
            "MACsec port speed `{speed}` is not valid: use {}.",
            MAC_SEC_SPEEDS.join(", ")
        )));
    }
    let mut mac_sec = location.mac_sec_port_speeds.iter();
    match mac_sec.find(|speed| !location.port_speeds.contains(speed)) {
        Some(speed) => Err(Refusal::invalid(format!(
            "MACsec port speed `{speed}` is not among the availablePortSpeeds of {}.",
            location.code
        ))),
        None => Ok(()),
    }
}

fn check_devices(location: &Location) -> Result<(), Refusal> {
    let code = location.code;
    if location.devices.is_empty() {
        return Err(Refusal::invalid(format!(
            "Location {code} needs at least one device."
        )));
    }
    if let Some(device) = location
        .devices
        .iter()
        .find(|device| !is_named_well(device))
    {
        let shown: String = device.name.chars().take(DEVICE_LENGTH).collect();
        return Err(Refusal::invalid(format!(
            "Device name `{shown}` is not valid: use 1 to {DEVICE_LENGTH} letters, digits and . _ -."
        )));
    }
    let mut names: Vec<_> = location.devices.iter().map(|device| &device.name).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Refusal::invalid(format!(
            "Device `{}` is named twice at location {code}.",
            pair[0]
        )));
    }
    Ok(())
}

/// What is told to a device is told by its name, so two locations cannot have one each.
fn check_devices_elsewhere(world: &World, location: &Location) -> Result<(), Refusal> {
    for device in &location.devices {
        let (region, code) = (location.region, location.code);
        if let Some(other) = inventory::elsewhere(world, region, code, &device.name) {
            return Err(Refusal::invalid(format!(
                "Device `{}` is at location {other}; give those of {code} names of their own, or leave devices out.",
                device.name
            )));
        }
    }
    Ok(())
}

fn is_named_well(device: &Device) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=DEVICE_LENGTH).contains(&device.name.len()) && device.name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::{Order, command};
    use crate::testing::{ALICE, Lab};

    fn site() -> Location {
        Location {
            region: "us-east-1".parse().unwrap(),
            code: "MYDC1".parse().unwrap(),
            name: "My data centre".to_owned(),
            port_speeds: vec!["1G".to_owned(), "10G".to_owned()],
            mac_sec_port_speeds: vec!["10G".to_owned()],
            providers: vec!["Carrier".to_owned()],
            street_address: String::new(),
            devices: vec![Device {
                name: "MYDC1-edge.1".to_owned(),
                ports: None,
                logical_redundancy: false,
            }],
        }
    }

    fn put(lab: &mut Lab, location: Location) -> Result<(), String> {
        let mut context = lab.context(ALICE);
        let order = Order::PutLocation(location);
        let (world, _) =
            command(&lab.world, &mut context, &order).map_err(|refusal| refusal.to_string())?;
        lab.world = world;
        Ok(())
    }

    #[test]
    fn a_location_can_be_put_and_put_again() {
        let mut lab = Lab::new();
        assert_eq!(put(&mut lab, site()), Ok(()));
        assert_eq!(put(&mut lab, site()), Ok(()));
        // In the place of a built-in one.
        let region = "us-east-1".parse().unwrap();
        let built_in = inventory::location(&lab.world, region, "EqDC2").unwrap();
        assert_eq!(put(&mut lab, built_in.as_ref().clone()), Ok(()));
    }

    #[test]
    fn a_code_in_another_case_is_the_same_code() {
        let mut lab = Lab::new();
        let region = "us-east-1".parse().unwrap();
        put(&mut lab, site()).unwrap();
        for (given, code) in [("eqdc2", "EqDC2"), ("mydc1", "MYDC1")] {
            let known = inventory::location(&lab.world, region, given).unwrap();
            let mut location = known.as_ref().clone();
            location.code = given.parse().unwrap();
            location.name = "Renamed".to_owned();
            put(&mut lab, location).unwrap();
            let shown: Vec<_> = inventory::locations(&lab.world, region)
                .iter()
                .filter(|location| location.name == "Renamed")
                .map(|location| location.code.as_str().to_owned())
                .collect();
            assert!(shown.contains(&code.to_owned()), "{given}: {shown:?}");
        }
        assert_eq!(lab.world.all_stored_locations().count(), 2);
    }

    #[test]
    fn a_device_is_at_one_location() {
        let mut lab = Lab::new();
        put(&mut lab, site()).unwrap();
        let region = "us-east-1".parse().unwrap();
        let built_in = inventory::location(&lab.world, region, "EqDC2").unwrap();
        for (taken, by) in [
            ("MYDC1-edge.1", "MYDC1"),
            (&built_in.devices[0].name, "EqDC2"),
        ] {
            for region in ["us-east-1", "eu-west-1"] {
                let mut second = site();
                second.region = region.parse().unwrap();
                second.code = "MYDC2".parse().unwrap();
                second.devices[0].name = taken.to_owned();
                let message = put(&mut lab, second).unwrap_err();
                assert!(
                    message.contains(&format!("is at location {by}")),
                    "{message}"
                );
            }
        }
        // One site for two Regions.
        let mut same = site();
        same.region = "us-east-2".parse().unwrap();
        assert_eq!(put(&mut lab, same), Ok(()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        type Spoil = fn(&mut Location);
        let rows: [(Spoil, &str); 10] = [
            (|it| it.name.clear(), "locationName of MYDC1"),
            (|it| it.name = "x".repeat(256), "1 to 255 characters"),
            (|it| it.providers[0] = "x".repeat(256), "availableProviders"),
            (|it| it.port_speeds[0] = "7G".to_owned(), "Port speed `7G`"),
            (
                |it| it.mac_sec_port_speeds[0] = "1G".to_owned(),
                "MACsec port speed `1G` is not valid",
            ),
            (
                |it| it.mac_sec_port_speeds[0] = "100G".to_owned(),
                "MACsec port speed `100G` is not among",
            ),
            (|it| it.devices.clear(), "at least one device"),
            (|it| it.devices[0].name.clear(), "Device name ``"),
            (
                |it| it.devices[0].name = "a b".to_owned(),
                "Device name `a b`",
            ),
            (|it| it.devices.push(it.devices[0].clone()), "named twice"),
        ];
        let mut lab = Lab::new();
        for (spoil, said) in rows {
            let mut location = site();
            spoil(&mut location);
            let message = put(&mut lab, location).unwrap_err();
            assert!(message.contains(said), "{message} does not say {said}");
        }
    }
}
