//! Locations that are there without anyone having put them there, and the choice of devices.
//!
//! Every Region has at least three locations, so that clients which look for redundancy find it
//! (spec/identifiers §11). A location that an operator stores under the same code takes the place of the
//! built-in one.

use std::collections::BTreeSet;
use std::sync::Arc;

use demarc_types::{AccountId, LocationCode, Region};
use sha2::{Digest, Sha256};

use crate::entity::{Connection, Device, Location};
use crate::world::World;

const SPEEDS: [&str; 4] = ["100G", "1G", "10G", "400G"];
const MAC_SEC_SPEEDS: [&str; 3] = ["100G", "10G", "400G"];
const DEVICES: u8 = 4;

/// Speeds, and those with MACsec, of locations that were seen to offer fewer (spec/identifiers §11). Those
/// of us-east-1 offer all that there is, so that one Region has everything.
const FEWER_SPEEDS: [(&str, &[&str], &[&str]); 4] = [
    ("EQC50", &["100G", "1G", "10G"], &["100G", "10G"]),
    ("LGKNX", &["1G", "10G"], &[]),
    ("LGU57", &["100G", "1G", "10G"], &["100G", "10G"]),
    ("TIVIT", &["1G", "10G"], &[]),
];

/// Region, code, name and providers of locations known from public sources.
const KNOWN: [(&str, &str, &str, &[&str]); 17] = [
    (
        "us-east-1",
        "EqDC2",
        "Equinix DC1 - DC6, DC10, Ashburn, VA",
        &["Equinix, Inc.", "Zayo Group", "Verizon"],
    ),
    (
        "us-east-1",
        "CSVA1",
        "CoreSite VA1, Reston, VA",
        &["CoreSite", "Zayo Group"],
    ),
    (
        "us-east-1",
        "CS32A",
        "CoreSite 32 Avenue of the Americas, New York, NY",
        &["CoreSite", "AT&T"],
    ),
    (
        "us-east-1",
        "EqDA2",
        "Equinix DA2, Dallas, TX",
        &["Equinix, Inc.", "AT&T"],
    ),
    (
        "us-east-2",
        "EQC50",
        "Equinix CH2, Chicago, IL",
        &[
            "Equinix, Inc.",
            "Zayo Group",
            "AT&T",
            "Verizon",
            "CenturyLink",
        ],
    ),
    (
        "us-west-1",
        "EqSV5",
        "Equinix SV5, San Jose, CA",
        &["Equinix, Inc."],
    ),
    (
        "us-west-1",
        "EqSV4",
        "Equinix SV4, San Jose, CA",
        &["Equinix, Inc."],
    ),
    (
        "us-west-2",
        "CSOW",
        "CoreSite One Wilshire, Los Angeles, CA",
        &["CoreSite"],
    ),
    (
        "us-west-2",
        "EqSe2",
        "Equinix SE2, Seattle, WA",
        &["Equinix, Inc.", "CenturyLink"],
    ),
    (
        "us-west-2",
        "EqSe2-EQ",
        "Equinix SE2 - SE3, Seattle, WA",
        &["Equinix, Inc."],
    ),
    (
        "eu-west-1",
        "EqLD5",
        "Equinix LD5, London (Slough), GBR",
        &["Equinix, Inc.", "Colt"],
    ),
    (
        "eu-west-2",
        "EqLD5",
        "Equinix LD5, London (Slough), GBR",
        &["Equinix, Inc.", "Colt"],
    ),
    (
        "ap-southeast-2",
        "EqSY3",
        "Equinix SY3, Sydney, AUS",
        &["Equinix, Inc.", "Megaport"],
    ),
    (
        "ap-northeast-2",
        "LGKNX",
        "KINX Gasen, Seoul, KOR",
        &["Sejong", "SK Telecom", "LG Uplus", "KINX", "Dreamline"],
    ),
    (
        "ap-northeast-2",
        "LGU57",
        "LG U+ Pyeong-Chon Mega Center, Seoul, KOR",
        &["LG Uplus"],
    ),
    (
        "sa-east-1",
        "TIVIT",
        "Tivit - Site Transamerica (Sao Paulo)",
        &["Tivit", "Embratel"],
    ),
    (
        "sa-east-1",
        "TNDB",
        "NAP do Brasil, Barueri, Sao Paulo",
        &["NAP do Brasil"],
    ),
];

/// The Regions of the known locations, each once.
fn known_regions() -> impl Iterator<Item = &'static str> {
    let names: BTreeSet<&str> = KNOWN.iter().map(|(region, ..)| *region).collect();
    names.into_iter()
}

/// The locations of a Region, in the order of their codes.
pub(crate) fn locations(world: &World, region: Region) -> Vec<Arc<Location>> {
    let mut locations: Vec<Arc<Location>> = world.stored_locations(region).cloned().collect();
    for location in built_in(region) {
        if !locations.iter().any(|stored| stored.code == location.code) {
            locations.push(Arc::new(location));
        }
    }
    locations.sort_by_key(|location| location.code);
    locations
}

/// The location of a code, compared without case.
pub(crate) fn location(world: &World, region: Region, code: &str) -> Option<Arc<Location>> {
    let code: LocationCode = code.parse().ok()?;
    if let Some(stored) = world.stored_location((region, code)) {
        return Some(Arc::clone(stored));
    }
    built_in(region)
        .find(|location| location.code == code)
        .map(Arc::new)
}

/// The code of a location in the case in which it came first.
pub(crate) fn spelling(world: &World, region: Region, code: LocationCode) -> LocationCode {
    location(world, region, code.as_str()).map_or(code, |known| known.code)
}

/// Whether any location has a device of this name. Built-in devices of Regions without a known location
/// count as soon as a port is on them.
pub(crate) fn has_device(world: &World, name: &str) -> bool {
    let is_it = |location: &Location| location.devices.iter().any(|device| device.name == name);
    world.all_stored_locations().any(|location| is_it(location))
        || world
            .connections()
            .any(|port| port.device.as_deref() == Some(name))
        || known_regions()
            .filter_map(|region| region.parse().ok())
            .flat_map(built_in)
            .any(|location| is_it(&location))
}

/// The code of another location that has a device of this name. A site that serves several Regions has the same
/// code in each, and may end the ports of all of them on the same devices.
pub(crate) fn elsewhere(
    world: &World,
    region: Region,
    code: LocationCode,
    device: &str,
) -> Option<LocationCode> {
    let stored = world.all_stored_locations().map(|location| location.region);
    let known = known_regions().filter_map(|region| region.parse().ok());
    let regions: BTreeSet<Region> = stored.chain(known).chain([region]).collect();
    let others = regions
        .into_iter()
        .flat_map(|region| locations(world, region));
    others
        .filter(|location| location.code != code)
        .find(|location| location.devices.iter().any(|it| it.name == device))
        .map(|location| location.code)
}

fn built_in(region: Region) -> impl Iterator<Item = Location> {
    let known = KNOWN
        .iter()
        .filter(move |(of, ..)| *of == region.as_str())
        .filter_map(move |(_, code, name, providers)| {
            site(region, code, (*name).to_owned(), providers)
        });
    let count = known.clone().count();
    let stem: String = region
        .as_str()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(20)
        .collect::<String>()
        .to_ascii_uppercase();
    let padding = ["A", "B", "C"]
        .into_iter()
        .skip(count.min(3))
        .filter_map(move |letter| {
            site(
                region,
                &format!("{stem}{letter}"),
                format!("Exchange {letter}, {region}"),
                &["Demarc Carrier", "Meet-Me Fiber"],
            )
        });
    known.chain(padding)
}

fn site(region: Region, code: &str, name: String, providers: &[&str]) -> Option<Location> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let (speeds, mac_sec_speeds): (&[&str], &[&str]) = FEWER_SPEEDS
        .iter()
        .find(|(of, ..)| *of == code)
        .map_or((&SPEEDS, &MAC_SEC_SPEEDS), |(_, speeds, mac_sec)| {
            (speeds, mac_sec)
        });
    Some(Location {
        region,
        code: code.parse().ok()?,
        name,
        port_speeds: owned(speeds),
        mac_sec_port_speeds: owned(mac_sec_speeds),
        providers: owned(providers),
        street_address: String::new(),
        devices: devices(region, code),
    })
}

/// The devices of a location that nobody has said any of.
pub(crate) fn devices(region: Region, code: &str) -> Vec<Device> {
    let device = |number| Device {
        name: device_name(region, code, number),
        ports: None,
        logical_redundancy: false,
    };
    (0..DEVICES).map(device).collect()
}

/// `EqDC2-370kou9loeqh0`: the code and 13 characters that are always the same for one device.
fn device_name(region: Region, code: &str, number: u8) -> String {
    const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let digest = Sha256::digest(format!("{region}/{code}/{number}"));
    let suffix: String = digest
        .iter()
        .take(13)
        .map(|byte| char::from(BASE36[usize::from(*byte) % 36]))
        .collect();
    format!("{code}-{suffix}")
}

/// The device for an account's next port at a location: the one with the fewest of its ports, so that
/// ports ordered one after the other end on different devices (spec/states §1). `needed` ports must be
/// free on it.
pub(crate) fn place(
    world: &World,
    account: AccountId,
    location: &Location,
    needed: usize,
) -> Option<String> {
    let own_ports = |device: &Device| {
        world
            .connections_of(account, location.region)
            .filter(|connection| ends_on(device, connection))
            .count()
    };
    let candidates = location
        .devices
        .iter()
        .filter(|device| has_room(world, device, needed));
    candidates
        .min_by_key(|device| own_ports(device))
        .map(|device| device.name.clone())
}

/// A live port of the connection is on the device.
fn ends_on(device: &Device, connection: &Connection) -> bool {
    connection.is_live() && connection.device.as_deref() == Some(device.name.as_str())
}

/// `needed` ports are free on the device.
pub(crate) fn has_room(world: &World, device: &Device, needed: usize) -> bool {
    device.ports.is_none_or(|limit| {
        let used = world
            .connections()
            .filter(|connection| ends_on(device, connection))
            .count();
        used + needed <= usize::try_from(limit).unwrap_or(usize::MAX)
    })
}
