//! Regions and availability zones.

use crate::xml::{ToXml, Xml};

/// A Region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionView {
    pub region_name: String,
    pub endpoint: String,
}

/// An availability zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AvailabilityZoneView {
    pub region_name: String,
    /// Such as `us-east-1a`.
    pub zone_name: String,
    /// Such as `use1-az1`.
    pub zone_id: String,
}

impl ToXml for RegionView {
    fn write(&self, xml: &mut Xml) {
        xml.text("regionName", &self.region_name);
        xml.text("regionEndpoint", &self.endpoint);
        xml.text("optInStatus", "opt-in-not-required");
    }
}

impl ToXml for AvailabilityZoneView {
    fn write(&self, xml: &mut Xml) {
        xml.text("zoneName", &self.zone_name);
        xml.text("zoneState", "available");
        xml.text("regionName", &self.region_name);
        xml.text("zoneId", &self.zone_id);
        xml.text("groupName", &self.region_name);
        xml.text("networkBorderGroup", &self.region_name);
        xml.text("optInStatus", "opt-in-not-required");
        xml.text("zoneType", "availability-zone");
        xml.texts("messageSet", &[]);
    }
}
