//! Regions and availability zones, for the clients that ask for them before anything else.

use super::error::Ec2Error;
use super::filter;
use super::request::Describe;
use super::response::{AvailabilityZoneView, Page, RegionView};
use crate::context::Context;
use crate::inventory;

/// The Regions that have locations, and the caller's own: all others exist as well, once they are named.
pub(super) fn regions(context: &Context, input: &Describe) -> Result<Page<RegionView>, Ec2Error> {
    let mut names: Vec<String> = inventory::known_regions().map(str::to_owned).collect();
    if names.iter().all(|name| name != context.region.as_str()) {
        names.push(context.region.to_string());
    }
    names.sort_unstable();
    if let Some(lost) = input.ids.iter().find(|id| !names.contains(id)) {
        return Err(Ec2Error::value(
            lost,
            "regionName",
            "There is no such Region.",
        ));
    }
    let views = names
        .into_iter()
        .filter(|name| input.ids.is_empty() || input.ids.contains(name))
        .map(|name| RegionView {
            region_endpoint: format!("ec2.{name}.amazonaws.com"),
            region_name: name,
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
