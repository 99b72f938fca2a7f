//! The documented file, and one line for each way to get it wrong.

use super::*;

const HEAD: &str = "asn = 64512\nrouter_id = \"169.254.96.1\"\n\
                    listen = [\"127.0.0.1:1790\", \"[::1]:1790\"]\ncontrol = \"127.0.0.1:1791\"\n";

fn with_neighbor(lines: &str) -> String {
    format!("{HEAD}[[neighbor]]\naddress = \"127.0.0.2\"\nasn = 65001\n{lines}\n")
}

#[test]
fn the_documented_file_is_read_as_documented() {
    let text = with_neighbor(
        "password = \"secret12\"\nport = 179\nfamilies = [\"ipv4\"]\ninterface_kind = \"private\"\n\
         site_link = true\nexport = \"policy\"\nsite_link_limit = 0\nprefix_limit = 1000000\n\
         route_filter = [\"203.0.113.0/24\"]\nlocal_region = true\nbfd = false\n[[originate]]\nprefix = \"10.0.0.0/8\"",
    );
    let config = SpeakerConfig::parse("speaker.toml", &text).unwrap();
    assert_eq!(config.asn, Asn::new(64512));
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.originate, ["10.0.0.0/8".parse::<IpNet>().unwrap()]);
    let neighbor = &config.neighbors[0];
    assert_eq!(neighbor.port, Some(179));
    assert_eq!(neighbor.site_link_limit, None, "0 is unlimited");
    assert_eq!(neighbor.prefix_limit, 1_000_000);
    assert_eq!(neighbor.password.as_ref().unwrap().expose(), b"secret12");
    assert!(!format!("{config:?}").contains("secret12"));
}

#[test]
fn defaults_are_those_of_the_specification() {
    let config = SpeakerConfig::parse("f", &with_neighbor("")).unwrap();
    let neighbor = &config.neighbors[0];
    assert_eq!((neighbor.port, neighbor.prefix_limit), (Some(179), 100));
    assert_eq!(neighbor.site_link_limit, Some(1000));
    assert_eq!(neighbor.family, Family::Ipv4);
    let public = with_neighbor("interface_kind = \"public\"\nport = 0");
    let config = SpeakerConfig::parse("f", &public).unwrap();
    assert_eq!(
        (config.neighbors[0].port, config.neighbors[0].prefix_limit),
        (None, 1000)
    );
}

#[test]
fn every_mistake_is_one_line_that_names_place_and_value() {
    let cases = [
        (with_neighbor("colour = 1"), "f:8: unknown field `colour`"),
        (format!("colour = 1\n{HEAD}"), "f:1: unknown field `colour`"),
        (with_neighbor("port = 99999"), "port = 99999"),
        (
            HEAD.replace("127.0.0.1:1790", "127.0.0.1790"),
            "f:3: invalid socket address",
        ),
        (
            HEAD.replace("169.254.96.1", "169.254.96"),
            "f:2: invalid IPv4 address",
        ),
        (HEAD.replace("64512", "23456"), "f: asn 23456 is reserved"),
        (
            with_neighbor("").replace("65001", "64512"),
            "asn 64512 is our own",
        ),
        (
            HEAD.replace(":1791", ":1790"),
            "f: listen 127.0.0.1:1790 and control 127.0.0.1:1790 clash",
        ),
        (HEAD.replace("[::1]:1790", "0.0.0.0:1790"), "clash"),
        (
            HEAD.replace("127.0.0.1:1790", "224.0.0.1:1790"),
            "f: listen 224.0.0.1:1790: a multicast or broadcast address",
        ),
        (
            HEAD.replace("[::1]:1790", "[ff02::1]:1790"),
            "f: listen [ff02::1]:1790: a multicast",
        ),
        (
            HEAD.replace("127.0.0.1:1791", "255.255.255.255:1791"),
            "f: control 255.255.255.255:1791: a multicast",
        ),
        (
            with_neighbor("families = [\"ipv4\", \"ipv6\"]"),
            "must name one family",
        ),
        (
            with_neighbor("families = [\"ipx\"]"),
            "unknown variant `ipx`",
        ),
        (
            with_neighbor("password = \"\""),
            "password must have 6 to 80 bytes, this one has 0",
        ),
        (
            with_neighbor("password = \"five5\""),
            "f: neighbor 127.0.0.2: password must have 6 to 80 bytes, this one has 5",
        ),
        (
            with_neighbor("route_filter = [\"203.0.113.0/24\", \"2001:db8::/32\"]"),
            "f: neighbor 127.0.0.2: route_filter 2001:db8::/32 is not for a session of ipv4",
        ),
        (
            with_neighbor("families = [\"ipv6\"]\nroute_filter = [\"203.0.113.0/24\"]"),
            "route_filter 203.0.113.0/24 is not for a session of ipv6",
        ),
        (
            with_neighbor("route_filter = [\"203.0.113.0/33\"]"),
            "route_filter",
        ),
        (
            with_neighbor("").replace("127.0.0.2", "224.0.0.5"),
            "not an address that a neighbor",
        ),
        (
            with_neighbor("").replace("127.0.0.2", "127.0.0.1"),
            "also a listen address",
        ),
        (
            format!("{HEAD}[[originate]]\nprefix = \"10.1.0.0/8\"\n"),
            "10.0.0.0/8 may be meant",
        ),
        (HEAD.replace("asn = 64512", ""), "missing field `asn`"),
        ("asn = ".to_owned(), "f:1: "),
    ];
    for (text, wanted) in cases {
        let error = SpeakerConfig::parse("f", &text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}\nshould contain {wanted}");
        assert!(!error.contains('\n'), "{error}");
        assert!(error.starts_with("f:"), "{error}");
    }
}

#[test]
fn no_mistake_repeats_what_may_be_a_password() {
    for lines in [
        "password = 70955711",
        "password = ['70955711']",
        "password = [\n'70955711'\n]",
        "password = 70955711key",
        "password = \"70955711",
        "password = \"\"\"\n70955711\nport = 70955711\n",
        "password \"70955711\"",
        "password: 70955711",
        "passwrod = \"70955711\"",
        "passwrod = \"70955711",
        "passwrod = 70955711",
        "\"passwrod\" = \"70955711\"",
        "pass.word = \"70955711\"",
        "bfd = true\nbfd = { passwrod = \"70955711\" }",
        "password = \"secret\"\npassword = \"70955711\"",
    ] {
        let error = SpeakerConfig::parse("f", &with_neighbor(lines)).unwrap_err();
        let error = error.to_string();
        assert!(!error.contains("70955711"), "{lines}\n{error}");
        assert!(error.starts_with("f:"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    let inline = format!(
        "{}neighbor = [{{ address = \"127.0.0.2\", asn = 1, passwrod = \"70955711\" }}]\n",
        HEAD
    );
    let error = SpeakerConfig::parse("f", &inline).unwrap_err().to_string();
    assert!(error.contains("unknown field `passwrod`"), "{error}");
    assert!(!error.contains("70955711"), "{error}");
}

#[test]
fn a_neighbor_may_not_be_there_twice() {
    let neighbor = "[[neighbor]]\naddress = \"127.0.0.2\"\nasn = 65001\n";
    let error = SpeakerConfig::parse("f", &format!("{HEAD}{neighbor}{neighbor}")).unwrap_err();
    assert_eq!(error.to_string(), "f: neighbor 127.0.0.2 is there twice");
}
