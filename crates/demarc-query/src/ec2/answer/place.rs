use demarc_domain::neighbor::{AvailabilityZoneView, RegionView};

use crate::xml::{ToXml, Xml};

impl ToXml for RegionView {
    fn write(&self, xml: &mut Xml) {
        xml.text("regionName", &self.region_name);
        xml.text("regionEndpoint", &self.region_endpoint);
        xml.text("optInStatus", self.opt_in_status);
    }
}

impl ToXml for AvailabilityZoneView {
    fn write(&self, xml: &mut Xml) {
        xml.text("zoneName", &self.zone_name);
        xml.text("zoneState", self.zone_state);
        xml.text("regionName", &self.region_name);
        xml.text("zoneId", &self.zone_id);
        xml.text("groupName", &self.region_name);
        xml.text("networkBorderGroup", &self.region_name);
        xml.text("optInStatus", self.opt_in_status);
        xml.text("zoneType", self.zone_type);
        xml.texts("messageSet", &[]);
    }
}
