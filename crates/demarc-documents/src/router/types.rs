//! The table of router types.

/// One row of the table, in the words of the API's `router` object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterType {
    pub vendor: &'static str,
    pub platform: &'static str,
    pub software: &'static str,
    pub xslt_template_name: &'static str,
    /// Empty when the type has no MACsec template.
    pub xslt_template_name_for_mac_sec: &'static str,
    pub router_type_identifier: &'static str,
    pub(super) family: Family,
}

/// The configuration language a router type speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    CiscoIos,
    CiscoNxos,
    Junos(JunosPlatform),
    PanOs,
    Frr,
    Bird,
    AristaEos,
    NokiaSros,
    RouterOs,
    Vyos(VyosRelease),
    FortiOs,
}

/// An SRX is a firewall: BGP must be let in by the interface's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JunosPlatform {
    Router,
    Firewall,
}

/// VyOS moved the local ASN out of the path between these releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VyosRelease {
    V13,
    V14,
}

/// Every known type. The first nine are the published ones in their published
/// order and spelling (spec/identifiers §17); the others are Demarc's own.
#[must_use]
pub fn types() -> &'static [RouterType] {
    &TYPES
}

/// The type with this identifier; identifiers are compared exactly.
#[must_use]
pub fn find(router_type_identifier: &str) -> Option<&'static RouterType> {
    TYPES
        .iter()
        .find(|t| t.router_type_identifier == router_type_identifier)
}

/// The type used when a request names none: the first of the table
/// (spec/documents §2.1).
#[must_use]
pub fn default_type() -> &'static RouterType {
    &TYPES[0]
}

const CISCO: &str = "Cisco Systems, Inc.";
const JUNIPER: &str = "Juniper Networks, Inc.";
const CISCO_ROUTER: &str = "customer-router-cisco-generic.xslt";
const CISCO_SWITCH: &str = "customer-switch-cisco-nexus-generic.xslt";
const CISCO_SWITCH_MACSEC: &str = "customer-switch-cisco-nexus-generic-macsec.xslt";
const JUNIPER_ROUTER: &str = "customer-router-juniper-generic.xslt";
const JUNIPER_ROUTER_MACSEC: &str = "customer-router-juniper-generic-macsec.xslt";

/// One row: identifier, vendor, platform, software, template, MACsec template.
const fn row(
    family: Family,
    router_type_identifier: &'static str,
    [vendor, platform, software]: [&'static str; 3],
    [xslt_template_name, xslt_template_name_for_mac_sec]: [&'static str; 2],
) -> RouterType {
    RouterType {
        vendor,
        platform,
        software,
        xslt_template_name,
        xslt_template_name_for_mac_sec,
        router_type_identifier,
        family,
    }
}

static TYPES: [RouterType; 17] = [
    row(
        Family::CiscoIos,
        "CiscoSystemsInc-2900SeriesRouters-IOS124",
        [CISCO, "2900 Series Routers", "IOS 12.4+"],
        [CISCO_ROUTER, ""],
    ),
    row(
        Family::CiscoIos,
        "CiscoSystemsInc-3700SeriesRouters-IOS124",
        [CISCO, "3700 Series Routers", "IOS 12.4+"],
        [CISCO_ROUTER, ""],
    ),
    row(
        Family::CiscoIos,
        "CiscoSystemsInc-7200SeriesRouters-IOS124",
        [CISCO, "7200 Series Routers", "IOS 12.4+"],
        [CISCO_ROUTER, ""],
    ),
    row(
        Family::CiscoNxos,
        "CiscoSystemsInc-Nexus7000SeriesSwitches-NXOS51",
        [CISCO, "Nexus 7000 Series Switches", "NX-OS 5.1+"],
        [CISCO_SWITCH, ""],
    ),
    row(
        Family::CiscoNxos,
        "CiscoSystemsInc-Nexus9KSeriesSwitches-NXOS93",
        [CISCO, "Nexus 9K+ Series Switches", "NX-OS 9.3+"],
        [CISCO_SWITCH, CISCO_SWITCH_MACSEC],
    ),
    row(
        Family::Junos(JunosPlatform::Router),
        "JuniperNetworksInc-MMXSeriesRouters-JunOS95",
        [JUNIPER, "M/MX Series Routers", "JunOS 9.5+"],
        [JUNIPER_ROUTER, JUNIPER_ROUTER_MACSEC],
    ),
    row(
        Family::Junos(JunosPlatform::Firewall),
        "JuniperNetworksInc-SRXSeriesRouters-JunOS95",
        [JUNIPER, "SRX Series Routers", "JunOS 9.5+"],
        [JUNIPER_ROUTER, ""],
    ),
    row(
        Family::Junos(JunosPlatform::Router),
        "JuniperNetworksInc-TSeriesRouters-JunOS95",
        [JUNIPER, "T Series Routers", "JunOS 9.5+"],
        [JUNIPER_ROUTER, ""],
    ),
    row(
        Family::PanOs,
        "PaloAltoNetworks-PA3000and5000series-PANOS803",
        [
            "Palo Alto Networks",
            "PA-3000+ and 5000+ series",
            "PAN-OS 8.0.3+",
        ],
        ["customer-router-palo-alto-generic.xslt", ""],
    ),
    row(
        Family::Frr,
        "FRRouting-FRR-FRR80",
        ["FRRouting", "FRR", "FRR 8.0+"],
        ["customer-router-frr-generic.xslt", ""],
    ),
    row(
        Family::Bird,
        "BIRD-BIRD2-BIRD20",
        ["BIRD", "BIRD 2", "BIRD 2.0+"],
        ["customer-router-bird-generic.xslt", ""],
    ),
    row(
        Family::Vyos(VyosRelease::V13),
        "VyOS-VyOS-13",
        ["VyOS", "VyOS", "1.3"],
        ["customer-router-vyos-generic.xslt", ""],
    ),
    row(
        Family::Vyos(VyosRelease::V14),
        "VyOS-VyOS-14",
        ["VyOS", "VyOS", "1.4+"],
        ["customer-router-vyos-generic.xslt", ""],
    ),
    row(
        Family::AristaEos,
        "AristaNetworks-7000Series-EOS420",
        ["Arista Networks", "7000 Series", "EOS 4.20+"],
        ["customer-router-arista-generic.xslt", ""],
    ),
    row(
        Family::RouterOs,
        "MikroTik-RouterOS-ROS7",
        ["MikroTik", "RouterOS", "ROS 7+"],
        ["customer-router-mikrotik-generic.xslt", ""],
    ),
    row(
        Family::NokiaSros,
        "NokiaSROS-7750SR-SROS200",
        ["Nokia SR OS", "7750 SR", "SR OS 20.0+"],
        ["customer-router-nokia-generic.xslt", ""],
    ),
    row(
        Family::FortiOs,
        "Fortinet-FortiGate-FortiOS70",
        ["Fortinet", "FortiGate", "FortiOS 7.0+"],
        ["customer-router-fortinet-generic.xslt", ""],
    ),
];
