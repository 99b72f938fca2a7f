//! The configuration text of every router type, as files to read, and as
//! input of the real daemons where they are installed.
//!
//! `UPDATE_GOLDEN=1 cargo test -p demarc-documents` rewrites `tests/golden`.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is the report"
)]
#![expect(clippy::print_stdout, reason = "a skipped check says so by name")]

use demarc_documents::router::{Interface, MacSec, MacSecMode, find, render, types};
use demarc_documents::{ConnectionType, PeerDetails, PortSpeed};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every character of a BGP key (spec/identifiers §9) but the double quote.
const ALL_KEY_CHARACTERS: &str = r"ABCXYZabcxyz0189\!#$%&'()*+,-./:;<=>?@[]^_`{|}~";

fn peer(customer: &str, amazon: &str, asn: u32, key: &str) -> Option<PeerDetails> {
    Some(PeerDetails {
        customer_address: customer.into(),
        amazon_address: amazon.into(),
        bgp_asn: asn,
        bgp_auth_key: key.into(),
    })
}

/// Dual stack, jumbo frames, four-byte ASN of the customer.
fn private() -> Interface {
    Interface {
        virtual_interface_id: "dxvif-ab12cd34".into(),
        virtual_interface_name: "Ashburn primary".into(),
        connection_id: "dxcon-fgk145dr".into(),
        connection_name: "Ashburn 10G".into(),
        location: "EqDC2".into(),
        kind: ConnectionType::Private,
        vlan: 125,
        mtu: 8500,
        amazon_bgp_asn: 64512,
        ipv4: peer(
            "169.254.96.6/29",
            "169.254.96.1/29",
            4_200_000_100,
            "0xEXAMPLEkeyAAAAAAAAAAAA",
        ),
        ipv6: peer(
            "2001:db8:1100:2f0:0:1:9cb4:4216/125",
            "2001:db8:1100:2f0:0:1:9cb4:4211/125",
            4_200_000_100,
            "0xEXAMPLEkeyBBBBBBBBBBBB",
        ),
        route_filter_prefixes: Vec::new(),
        mac_sec: None,
    }
}

/// Both families, approved prefixes, another ASN on the IPv6 session.
fn public() -> Interface {
    Interface {
        virtual_interface_id: "dxvif-fgpublic".into(),
        virtual_interface_name: "Internet services".into(),
        kind: ConnectionType::Public,
        vlan: 77,
        mtu: 1500,
        amazon_bgp_asn: 7224,
        ipv4: peer(
            "198.51.100.1/31",
            "198.51.100.0/31",
            64999,
            "0xEXAMPLEkeyCCCCCCCCCCCC",
        ),
        ipv6: peer(
            "2001:db8:77::e/125",
            "2001:db8:77::9/125",
            65001,
            "0xEXAMPLEkeyDDDDDDDDDDDD",
        ),
        route_filter_prefixes: vec![
            "203.0.113.0/25".into(),
            "203.0.113.128/25".into(),
            "2001:db8:cafe::/48".into(),
        ],
        ..private()
    }
}

/// One family, MACsec required.
fn transit() -> Interface {
    Interface {
        virtual_interface_id: "dxvif-fhtransi".into(),
        virtual_interface_name: "Transit".into(),
        kind: ConnectionType::Transit,
        vlan: 899,
        mtu: 1500,
        amazon_bgp_asn: 65030,
        ipv4: peer(
            "169.254.96.14/29",
            "169.254.96.9/29",
            65020,
            "0xEXAMPLEkeyEEEEEEEEEEEE",
        ),
        ipv6: None,
        mac_sec: Some(MacSec {
            mode: MacSecMode::MustEncrypt,
            port_speed: PortSpeed::HundredGbps,
        }),
        ..private()
    }
}

fn ipv6_only() -> Interface {
    Interface {
        ipv4: None,
        ..private()
    }
}

fn odd_keys() -> Interface {
    let mut interface = private();
    interface.ipv4 = peer("10.0.0.2/30", "10.0.0.1/30", 65010, ALL_KEY_CHARACTERS);
    interface.ipv6 = peer(
        "2001:db8::16/125",
        "2001:db8::11/125",
        65010,
        "!#starts-like-a-comment",
    );
    interface
}

fn double_quote_key() -> Interface {
    Interface {
        ipv4: peer("10.0.0.2/30", "10.0.0.1/30", 65010, "a\"quoted\"key"),
        ..private()
    }
}

fn scenarios() -> Vec<(&'static str, Interface)> {
    vec![
        ("private", private()),
        ("public", public()),
        ("transit", transit()),
        ("ipv6-only", ipv6_only()),
        ("odd-keys", odd_keys()),
        ("double-quote-key", double_quote_key()),
    ]
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

#[test]
fn the_text_of_every_type_is_the_one_on_file() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for router_type in types() {
        for (scenario, interface) in &scenarios()[..3] {
            let name = format!("{}.{scenario}.txt", router_type.router_type_identifier);
            let text = render(router_type, interface);
            if update {
                std::fs::write(golden(&name), &text).unwrap();
            }
            let on_file = std::fs::read_to_string(golden(&name))
                .unwrap_or_else(|error| panic!("{name}: {error}; run with UPDATE_GOLDEN=1"));
            assert_eq!(
                text, on_file,
                "{name}; run with UPDATE_GOLDEN=1 if intended"
            );
        }
    }
}

/// Runs a daemon's parser over every scenario; says so when it is not installed.
fn parse_all(identifier: &str, program: &str, arguments: &[&str]) {
    let Some(found) = find_program(program) else {
        println!("skipped: {program} is not installed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let router_type = find(identifier).unwrap();
    for (scenario, interface) in scenarios() {
        let text = render(router_type, &interface);
        let output = parse(&found, arguments, folder.path(), scenario, &text);
        assert!(output.is_ok(), "{scenario}: {output:?}\n{text}");
    }
    // The parser does refuse what it does not know: the check can fail.
    let broken = format!(
        "{}\nthis is no configuration\n",
        render(router_type, &private())
    );
    let output = parse(&found, arguments, folder.path(), "broken", &broken);
    assert!(output.is_err(), "{program} accepted nonsense");
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path
        .split(':')
        .chain(["/usr/sbin", "/sbin", "/usr/lib/frr"]);
    folders
        .map(|folder| Path::new(folder).join(name))
        .find(|program| program.is_file())
}

fn parse(
    program: &Path,
    arguments: &[&str],
    folder: &Path,
    scenario: &str,
    text: &str,
) -> Result<(), String> {
    let file = folder.join(format!("{scenario}.conf"));
    std::fs::write(&file, text).unwrap();
    let output = Command::new(program)
        .args(arguments)
        .arg(&file)
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if output.status.success() {
        Ok(())
    } else {
        Err(said)
    }
}

#[test]
fn bird_accepts_its_configuration() {
    parse_all("BIRD-BIRD2-BIRD20", "bird", &["-p", "-c"]);
}

#[test]
fn frr_accepts_its_configuration() {
    parse_all("FRRouting-FRR-FRR80", "vtysh", &["-C", "-f"]);
}
