use super::*;
use crate::{ConnectionType, PeerDetails, PortSpeed};
use proptest::prelude::*;

fn peer(customer: &str, amazon: &str, asn: u32, key: &str) -> PeerDetails {
    PeerDetails {
        customer_address: customer.into(),
        amazon_address: amazon.into(),
        bgp_asn: asn,
        bgp_auth_key: key.into(),
    }
}

fn dual_stack() -> Interface {
    Interface {
        virtual_interface_id: "dxvif-ab12cd34".into(),
        virtual_interface_name: "Example VIF".into(),
        connection_id: "dxcon-fgk145dr".into(),
        connection_name: "Example connection".into(),
        location: "EqDC2".into(),
        kind: ConnectionType::Private,
        vlan: 125,
        mtu: 8500,
        amazon_bgp_asn: 64512,
        ipv4: Some(peer(
            "169.254.40.6/29",
            "169.254.40.1/29",
            65010,
            "0xEXAMPLEkeyAAAA",
        )),
        ipv6: Some(peer(
            "2001:db8::16/125",
            "2001:db8::11/125",
            65010,
            "0xEXAMPLEkeyBBBB",
        )),
        route_filter_prefixes: Vec::new(),
        mac_sec: None,
    }
}

/// Lines that a router would act on.
fn active<'a>(text: &'a str, router: &RouterType) -> Vec<&'a str> {
    let mark = match router.family {
        Family::CiscoIos | Family::CiscoNxos | Family::Frr | Family::AristaEos => '!',
        _ => '#',
    };
    text.lines()
        .filter(|line| !line.trim_start().starts_with(mark))
        .collect()
}

#[test]
fn the_nine_published_types_come_first_and_exactly() {
    // spec/identifiers §17, column by column.
    let published = "\
CiscoSystemsInc-2900SeriesRouters-IOS124|Cisco Systems, Inc.|2900 Series Routers|IOS 12.4+|customer-router-cisco-generic.xslt|
CiscoSystemsInc-3700SeriesRouters-IOS124|Cisco Systems, Inc.|3700 Series Routers|IOS 12.4+|customer-router-cisco-generic.xslt|
CiscoSystemsInc-7200SeriesRouters-IOS124|Cisco Systems, Inc.|7200 Series Routers|IOS 12.4+|customer-router-cisco-generic.xslt|
CiscoSystemsInc-Nexus7000SeriesSwitches-NXOS51|Cisco Systems, Inc.|Nexus 7000 Series Switches|NX-OS 5.1+|customer-switch-cisco-nexus-generic.xslt|
CiscoSystemsInc-Nexus9KSeriesSwitches-NXOS93|Cisco Systems, Inc.|Nexus 9K+ Series Switches|NX-OS 9.3+|customer-switch-cisco-nexus-generic.xslt|customer-switch-cisco-nexus-generic-macsec.xslt
JuniperNetworksInc-MMXSeriesRouters-JunOS95|Juniper Networks, Inc.|M/MX Series Routers|JunOS 9.5+|customer-router-juniper-generic.xslt|customer-router-juniper-generic-macsec.xslt
JuniperNetworksInc-SRXSeriesRouters-JunOS95|Juniper Networks, Inc.|SRX Series Routers|JunOS 9.5+|customer-router-juniper-generic.xslt|
JuniperNetworksInc-TSeriesRouters-JunOS95|Juniper Networks, Inc.|T Series Routers|JunOS 9.5+|customer-router-juniper-generic.xslt|
PaloAltoNetworks-PA3000and5000series-PANOS803|Palo Alto Networks|PA-3000+ and 5000+ series|PAN-OS 8.0.3+|customer-router-palo-alto-generic.xslt|
";
    let ours: String = types()[..9]
        .iter()
        .map(|t| {
            format!(
                "{}|{}|{}|{}|{}|{}\n",
                t.router_type_identifier,
                t.vendor,
                t.platform,
                t.software,
                t.xslt_template_name,
                t.xslt_template_name_for_mac_sec
            )
        })
        .collect();
    assert_eq!(ours, published);
    assert_eq!(
        default_type().router_type_identifier,
        "CiscoSystemsInc-2900SeriesRouters-IOS124"
    );
}

#[test]
fn identifiers_are_the_three_names_without_blanks_and_punctuation() {
    let squeeze = |s: &str| {
        s.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    };
    for t in types() {
        let made = [t.vendor, t.platform, t.software].map(squeeze).join("-");
        assert_eq!(t.router_type_identifier, made);
        assert_eq!(find(&made), Some(t));
    }
    assert_eq!(find("ciscosystemsinc-2900seriesrouters-ios124"), None);
    assert_eq!(find(""), None);
}

#[test]
fn every_type_says_vlan_addresses_asns_keys_and_mtu() {
    let interface = dual_stack();
    for t in types() {
        let text = render(t, &interface);
        let commands = active(&text, t).join("\n");
        let on_host = matches!(t.family, Family::Bird | Family::Frr);
        for value in [
            "125",
            "169.254.40.6",
            "169.254.40.1",
            "2001:db8::16",
            "2001:db8::11",
        ] {
            assert!(
                commands.contains(value),
                "{}: {value}\n{text}",
                t.router_type_identifier
            );
        }
        for value in ["65010", "64512", "0xEXAMPLEkeyAAAA", "0xEXAMPLEkeyBBBB"] {
            assert!(
                commands.contains(value),
                "{}: {value}\n{text}",
                t.router_type_identifier
            );
        }
        // The host makes FRR's and BIRD's links; those commands are comments.
        let jumbo = if on_host { &text } else { &commands };
        assert!(jumbo.contains("85"), "{}\n{text}", t.router_type_identifier);
        assert!(
            text.contains("dxvif-ab12cd34 \"Example VIF\" (private)"),
            "{text}"
        );
        assert!(text.contains("300"), "BFD of {}", t.router_type_identifier);
    }
}

#[test]
fn standard_frames_say_nothing_about_mtu() {
    let interface = Interface {
        mtu: 1500,
        ..dual_stack()
    };
    for t in types() {
        assert!(
            !render(t, &interface).contains("mtu"),
            "{}",
            t.router_type_identifier
        );
    }
}

#[test]
fn a_private_interface_announces_nothing_until_it_is_edited() {
    for kind in [ConnectionType::Private, ConnectionType::Transit] {
        let interface = Interface {
            kind,
            route_filter_prefixes: vec!["203.0.113.0/24".into()],
            ..dual_stack()
        };
        for t in types() {
            let text = render(t, &interface);
            let commands = active(&text, t).join("\n");
            assert!(text.contains("192.0.2.0"), "{}", t.router_type_identifier);
            assert!(text.contains("::/0"), "{}", t.router_type_identifier);
            for prefix in ["192.0.2.0", "::/0", "2001:db8:100::", "203.0.113.0"] {
                assert!(
                    !commands.contains(prefix),
                    "{}: {commands}",
                    t.router_type_identifier
                );
            }
        }
    }
}

#[test]
fn a_public_interface_announces_its_prefixes_and_holds_them_with_null_routes() {
    let interface = Interface {
        kind: ConnectionType::Public,
        mtu: 1500,
        amazon_bgp_asn: 7224,
        route_filter_prefixes: vec!["203.0.113.0/24".into(), "2001:db8:cafe::/48".into()],
        ..dual_stack()
    };
    for t in types() {
        let text = render(t, &interface);
        let commands = active(&text, t);
        for prefix in ["203.0.113.0", "2001:db8:cafe::"] {
            let uses = commands.iter().filter(|line| line.contains(prefix)).count();
            assert!(uses >= 2, "{}: {prefix} {text}", t.router_type_identifier);
        }
        let null = ["null0", "blackhole", "black-hole", "discard"];
        let lower = commands.join("\n").to_lowercase();
        assert!(null.iter().any(|n| lower.contains(n)), "{text}");
        assert!(!lower.contains("192.0.2.0"), "{text}");
    }
}

#[test]
fn four_byte_asns_are_plain_decimals_everywhere() {
    let mut interface = dual_stack();
    interface.amazon_bgp_asn = 4_200_000_001;
    interface.ipv4 = Some(peer(
        "10.0.0.2/30",
        "10.0.0.1/30",
        4_294_967_294,
        "secret-key",
    ));
    for t in types() {
        let text = render(t, &interface);
        let commands = active(&text, t).join("\n");
        for asn in ["4200000001", "4294967294"] {
            assert!(
                commands.contains(asn),
                "{}: {text}",
                t.router_type_identifier
            );
        }
    }
    assert!(
        render(default_type(), &interface)
            .contains("IOS 12.4 writes ASN 4294967294 as 65535.65534.")
    );
}

#[test]
fn a_second_session_with_another_asn_keeps_it() {
    let mut interface = dual_stack();
    interface.ipv6 = Some(peer(
        "2001:db8::16/125",
        "2001:db8::11/125",
        65077,
        "secret-key",
    ));
    for t in types() {
        assert!(
            render(t, &interface).contains("65077"),
            "{}",
            t.router_type_identifier
        );
    }
}

#[test]
fn mac_sec_is_written_where_the_type_has_a_template_and_never_holds_a_key() {
    for (speed, xpn) in [
        (PortSpeed::TenGbps, false),
        (PortSpeed::HundredGbps, true),
        (PortSpeed::FourHundredGbps, true),
    ] {
        for (mode, word) in [
            (MacSecMode::MustEncrypt, "must"),
            (MacSecMode::ShouldEncrypt, "should"),
        ] {
            let interface = Interface {
                mac_sec: Some(MacSec {
                    mode,
                    port_speed: speed,
                }),
                ..dual_stack()
            };
            for t in types() {
                let text = render(t, &interface).to_lowercase();
                let templated = !t.xslt_template_name_for_mac_sec.is_empty();
                assert_eq!(
                    text.contains("<cak>"),
                    templated,
                    "{}",
                    t.router_type_identifier
                );
                assert_eq!(text.contains("<ckn>"), templated);
                assert_eq!(text.contains("has no template"), !templated);
                if templated {
                    assert_eq!(text.contains("xpn-256"), xpn, "{text}");
                    assert!(text.contains(&format!("{word}-secure")), "{text}");
                    assert!(text.contains("offset"), "{text}");
                    assert!(text.contains("include-sci"), "{text}");
                }
            }
        }
    }
    for t in types() {
        assert!(!render(t, &dual_stack()).to_lowercase().contains("macsec"));
    }
}

#[test]
fn keys_with_quotes_follow_each_language() {
    let key = r#"a"b\c'd$e?f"#;
    let mut interface = dual_stack();
    interface.ipv4 = Some(peer("10.0.0.2/30", "10.0.0.1/30", 65010, key));
    for (identifier, expected) in [
        (
            "CiscoSystemsInc-2900SeriesRouters-IOS124",
            r#" password a"b\c'd$e?f"#,
        ),
        (
            "CiscoSystemsInc-Nexus9KSeriesSwitches-NXOS93",
            r#" password 0 a"b\c'd$e?f"#,
        ),
        (
            "JuniperNetworksInc-MMXSeriesRouters-JunOS95",
            r#" authentication-key "a\"b\\c'd$e?f""#,
        ),
        (
            "PaloAltoNetworks-PA3000and5000series-PANOS803",
            r#" secret "a\"b\\c'd$e?f""#,
        ),
        ("FRRouting-FRR-FRR80", r#" password a"b\c'd$e?f"#),
        ("BIRD-BIRD2-BIRD20", "  disabled;"),
        ("VyOS-VyOS-14", "neighbor 10.0.0.1 shutdown"),
        (
            "AristaNetworks-7000Series-EOS420",
            r#" password 0 a"b\c'd$e?f"#,
        ),
        (
            "MikroTik-RouterOS-ROS7",
            r#" tcp-md5-key="a\"b\\c'd\$e\?f""#,
        ),
        (
            "NokiaSROS-7750SR-SROS200",
            r#" authentication-key "a\"b\\c'd$e?f""#,
        ),
        (
            "Fortinet-FortiGate-FortiOS70",
            r#" set password "a\"b\\c'd$e?f""#,
        ),
    ] {
        let t = find(identifier).unwrap();
        let text = render(t, &interface);
        assert!(
            active(&text, t).join("\n").contains(expected),
            "{identifier}:\n{text}"
        );
    }
}

#[test]
fn an_address_that_cannot_be_read_leaves_its_peer_out_and_is_named() {
    for bad in ["169.254.40.6", "2001:db8::1/64", "nonsense", ""] {
        let mut interface = dual_stack();
        interface.ipv4 = Some(peer(bad, "169.254.40.1/29", 65010, "kept-secret"));
        for t in types() {
            let text = render(t, &interface);
            assert!(text.contains(&format!("LEFT OUT, not a usable prefix or address: {bad}")));
            assert!(
                !text.contains("kept-secret"),
                "{}",
                t.router_type_identifier
            );
            assert!(
                text.contains("2001:db8::11"),
                "{}",
                t.router_type_identifier
            );
        }
    }
}

#[test]
fn an_interface_without_peers_has_no_bgp() {
    let interface = Interface {
        ipv4: None,
        ipv6: None,
        ..dual_stack()
    };
    for t in types() {
        let text = render(t, &interface);
        let commands = active(&text, t).join("\n");
        assert!(
            !commands.contains("64512"),
            "{}: {text}",
            t.router_type_identifier
        );
        assert!(text.contains("125"), "{}", t.router_type_identifier);
    }
}

proptest! {
    /// Names, keys and addresses come from callers: whatever they hold, the
    /// text keeps its number of lines, so nothing became a command.
    #[test]
    fn no_value_can_start_a_line(
        name in any::<String>(),
        key in any::<String>(),
        connection_name in any::<String>(),
    ) {
        let plain = Interface {
            connection_name: "x".into(),
            ipv4: Some(peer("10.0.0.2/30", "10.0.0.1/30", 65010, "plain")),
            ..dual_stack()
        };
        let mut wild = plain.clone();
        wild.virtual_interface_name = name;
        wild.connection_name = connection_name;
        // The notes about long keys, '?' and quotes are extra lines.
        let key: String = key.chars().filter(|c| !matches!(c, '?' | '"' | '\'')).take(8).collect();
        wild.ipv4 = Some(peer("10.0.0.2/30", "10.0.0.1/30", 65010, &key));
        for t in types() {
            let (a, b) = (render(t, &plain), render(t, &wild));
            // A long key is counted in bytes.
            if key.len() <= 25 {
                prop_assert_eq!(a.lines().count(), b.lines().count());
            }
            prop_assert_eq!(b.chars().filter(|c| c.is_control() && *c != '\n').count(), 0);
        }
    }

    #[test]
    fn any_address_text_is_rendered_without_panic(
        customer in any::<String>(),
        amazon in "[0-9a-f:.]{0,20}/[0-9]{1,4}",
        prefix in "[0-9a-f:.]{0,20}/[0-9]{1,4}",
    ) {
        let interface = Interface {
            kind: ConnectionType::Public,
            ipv4: Some(peer(&customer, &amazon, 0, "k")),
            ipv6: Some(peer(&amazon, &customer, u32::MAX, "k")),
            route_filter_prefixes: vec![prefix, customer],
            ..dual_stack()
        };
        for t in types() {
            prop_assert!(!render(t, &interface).is_empty());
        }
    }
}
