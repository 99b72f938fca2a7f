use super::*;
use proptest::prelude::*;

fn peer(customer: &str, amazon: &str, asn: u32, key: &str) -> PeerDetails {
    PeerDetails {
        customer_address: customer.into(),
        amazon_address: amazon.into(),
        bgp_asn: asn,
        bgp_auth_key: key.into(),
    }
}

fn example() -> LogicalConnection {
    LogicalConnection {
        id: "dxvif-ab12cd34".into(),
        vlan: 125,
        ipv4: Some(peer(
            "169.254.40.2/30",
            "169.254.40.1/30",
            65010,
            "0xEXAMPLEkeyAAAA",
        )),
        ipv6: Some(peer(
            "2001:db8:1100:2f0:0:1:9cb4:4216/125",
            "2001:db8:1100:2f0:0:1:9cb4:4211/125",
            65010,
            "0xEXAMPLEkeyBBBB",
        )),
        amazon_bgp_asn: 64512,
        connection_type: ConnectionType::Private,
    }
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<logical_connection id=\"dxvif-ab12cd34\">\n  <vlan>125</vlan>\n";
const IPV4: &str = "  <customer_address>169.254.40.2/30</customer_address>\n  <amazon_address>169.254.40.1/30</amazon_address>\n  <bgp_asn>65010</bgp_asn>\n  <bgp_auth_key>0xEXAMPLEkeyAAAA</bgp_auth_key>\n";
const IPV6: &str = "  <ipv6_customer_address>2001:db8:1100:2f0:0:1:9cb4:4216/125</ipv6_customer_address>\n  <ipv6_amazon_address>2001:db8:1100:2f0:0:1:9cb4:4211/125</ipv6_amazon_address>\n  <ipv6_bgp_asn>65010</ipv6_bgp_asn>\n  <ipv6_bgp_auth_key>0xEXAMPLEkeyBBBB</ipv6_bgp_auth_key>\n";
const TAIL: &str = "  <amazon_bgp_asn>64512</amazon_bgp_asn>\n  <connection_type>private</connection_type>\n</logical_connection>\n";

#[test]
fn blocks_appear_exactly_for_the_peers_that_exist() {
    let both = example();
    let ipv4 = LogicalConnection {
        ipv6: None,
        ..example()
    };
    let ipv6 = LogicalConnection {
        ipv4: None,
        ..example()
    };
    let none = LogicalConnection {
        ipv4: None,
        ipv6: None,
        ..example()
    };
    for (row, connection, blocks) in [
        ("both", both, [IPV4, IPV6]),
        ("IPv4 only", ipv4, [IPV4, ""]),
        ("IPv6 only", ipv6, ["", IPV6]),
        ("none", none, ["", ""]),
    ] {
        let expected = format!("{HEAD}{}{}{TAIL}", blocks[0], blocks[1]);
        assert_eq!(customer_router_config(&connection), expected, "{row}");
    }
}

#[test]
fn each_kind_is_named_and_long_asns_are_plain_decimals() {
    for (kind, word) in [
        (ConnectionType::Private, "private"),
        (ConnectionType::Public, "public"),
        (ConnectionType::Transit, "transit"),
    ] {
        let xml = customer_router_config(&LogicalConnection {
            connection_type: kind,
            amazon_bgp_asn: 4_294_967_294,
            ..example()
        });
        let end = format!(
            "  <amazon_bgp_asn>4294967294</amazon_bgp_asn>\n  <connection_type>{word}</connection_type>\n</logical_connection>\n"
        );
        assert!(xml.ends_with(&end), "{xml}");
    }
}

#[test]
fn keys_are_escaped() {
    for (key, escaped) in [
        ("a&b<c>d", "a&amp;b&lt;c&gt;d"),
        ("\"quoted'", "&quot;quoted&apos;"),
        ("]]>back\\slash", "]]&gt;back\\slash"),
        ("&amp;", "&amp;amp;"),
    ] {
        let mut connection = example();
        connection.ipv4 = Some(peer("10.0.0.2/30", "10.0.0.1/30", 1, key));
        let xml = customer_router_config(&connection);
        let line = format!("  <bgp_auth_key>{escaped}</bgp_auth_key>\n");
        assert!(xml.contains(&line), "{key}: {xml}");
    }
}

#[test]
fn debug_output_hides_the_key() {
    let shown = format!("{:?}", example());
    assert!(!shown.contains("EXAMPLEkey"), "{shown}");
    assert!(shown.contains("[PROTECTED]"), "{shown}");
}

proptest! {
    #[test]
    fn any_text_stays_inside_its_element(key in any::<String>(), id in any::<String>()) {
        let mut connection = example();
        connection.id = id;
        connection.ipv4 = Some(peer("10.0.0.2/30", "10.0.0.1/30", 1, &key));
        let xml = customer_router_config(&connection);
        let tags = xml.matches('<').count();
        prop_assert_eq!(tags, customer_router_config(&example()).matches('<').count());
        prop_assert_eq!(xml.lines().count(), customer_router_config(&example()).lines().count());
    }
}
