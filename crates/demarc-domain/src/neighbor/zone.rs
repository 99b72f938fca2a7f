//! Regions and availability zones, for the clients that ask for them before anything else.

use std::collections::BTreeSet;

use demarc_types::{Partition, Region};

use super::error::Ec2Error;
use super::filter;
use super::request::Describe;
use super::response::{AvailabilityZoneView, Page, RegionView};
use crate::context::Context;
use crate::world::World;

/// Those that an account of the real service may use without asking for them.
const REGIONS: [&str; 21] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// The Regions of the caller's partition: those that are served, where the operator says which. Else the usual
/// ones, those that the operator put locations into, and the caller's own; all others exist as well, once they
/// are named. Scanners go by this list, and give up at the first Region in it that refuses them.
pub(super) fn regions(
    world: &World,
    context: &Context,
    input: &Describe,
) -> Result<Page<RegionView>, Ec2Error> {
    let partition = context.region.partition();
    let served = &context.settings.regions;
    let mut names: BTreeSet<Region> = served.iter().copied().collect();
    if served.is_empty() {
        names = REGIONS
            .into_iter()
            .filter_map(|name| name.parse().ok())
            .chain(world.all_stored_locations().map(|location| location.region))
            .chain([context.region])
            .collect();
    }
    names.retain(|region| region.partition() == partition);
    let is_there = |id: &String| names.iter().any(|name| name.as_str() == id);
    if let Some(lost) = input.ids.iter().find(|id| !is_there(id)) {
        return Err(Ec2Error::value(
            lost,
            "regionName",
            "There is no such Region.",
        ));
    }
    let domain = match partition {
        Partition::AwsCn => "amazonaws.com.cn",
        Partition::Aws | Partition::AwsUsGov => "amazonaws.com",
    };
    let wanted =
        |name: &Region| input.ids.is_empty() || input.ids.iter().any(|id| name.as_str() == id);
    let views = names
        .into_iter()
        .filter(wanted)
        .map(|name| RegionView {
            region_endpoint: format!("ec2.{name}.{domain}"),
            region_name: name.to_string(),
            opt_in_status: "opt-in-not-required",
        })
        .collect();
    filter::page(input, views)
}

/// Three zones in every Region.
pub(super) fn availability_zones(
    context: &Context,
    input: &Describe,
) -> Result<Page<AvailabilityZoneView>, Ec2Error> {
    let region = context.region.as_str();
    let all: Vec<AvailabilityZoneView> = [('a', 1), ('b', 2), ('c', 3)]
        .into_iter()
        .map(|(letter, number)| AvailabilityZoneView {
            zone_name: format!("{region}{letter}"),
            zone_id: format!("{}-az{number}", abbreviated(region)),
            region_name: region.to_owned(),
            zone_state: "available",
            opt_in_status: "opt-in-not-required",
            zone_type: "availability-zone",
        })
        .collect();
    let is =
        |view: &AvailabilityZoneView, id: &String| view.zone_name == *id || view.zone_id == *id;
    if let Some(lost) = input
        .ids
        .iter()
        .find(|id| !all.iter().any(|view| is(view, id)))
    {
        return Err(Ec2Error::value(
            lost,
            "zoneName",
            "There is no such availability zone.",
        ));
    }
    let wanted = |view: &AvailabilityZoneView| {
        input.ids.is_empty() || input.ids.iter().any(|id| is(view, id))
    };
    filter::page(input, all.into_iter().filter(wanted).collect())
}

/// `us-east-1` gives `use1`, `ap-southeast-2` gives `apse2`: the stem of zone ids.
fn abbreviated(region: &str) -> String {
    let short = |part: &str| match part {
        "northeast" => "ne".to_owned(),
        "northwest" => "nw".to_owned(),
        "southeast" => "se".to_owned(),
        "southwest" => "sw".to_owned(),
        "north" | "south" | "east" | "west" | "central" => part[..1].to_owned(),
        other => other.to_owned(),
    };
    region.split('-').map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::abbreviated;

    #[test]
    fn zone_ids_begin_with_the_region_in_short() {
        for (region, stem) in [
            ("us-east-1", "use1"),
            ("ap-southeast-2", "apse2"),
            ("eu-central-1", "euc1"),
            ("us-gov-west-1", "usgovw1"),
        ] {
            assert_eq!(abbreviated(region), stem);
        }
    }
}
