//! Writes a sample letter: `cargo run -p demarc-documents --example letter > letter.pdf`.

use demarc_documents::PortSpeed;
use demarc_documents::loa::{Assignment, Facility, Letter, Operator, Paper, Requester, render};
use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let member = |n: u8| Assignment {
        connection_id: format!("dxcon-fgk145d{n}"),
        connection_name: "Ashburn primary".into(),
        device: "EqDC2-370kou9loeqh0".into(),
        circuit_id: format!("CID-2099{n}"),
        rack: "0301.17".into(),
        patch_panel: "PP:0301:1118".into(),
        panel_ports: format!("{} / {}", 2 * n + 15, 2 * n + 16),
        strands: format!("Tx {} / Rx {}", 2 * n + 15, 2 * n + 16),
        connector: "LC".into(),
        port_speed: PortSpeed::HundredGbps,
        mac_sec_capable: true,
    };
    let letter = Letter {
        paper: Paper::A4,
        issued_at: 1_795_232_238,
        operator: Operator {
            name: "Demarc Interconnect".into(),
            address: "21 Exchange Street, Ashburn, VA 20147, United States".into(),
            noc_email: "noc@example.net".into(),
            noc_phone: "+1 555 0100".into(),
            signatory_name: "Jordan Example".into(),
            signatory_title: "Interconnection Manager".into(),
        },
        requester: Requester {
            company: "Example Corporation".into(),
            account_id: "111122223333".into(),
        },
        provider_name: "Example Carrier, Inc.".into(),
        facility: Facility {
            name: "Equinix DC1 - DC6, DC10, Ashburn, VA".into(),
            code: "EqDC2".into(),
            address: "21715 Filigree Court, Ashburn, VA 20147".into(),
            room: "Floor 2, meet-me room B, cage 0301".into(),
        },
        lag_id: "dxlag-ffjhj9lx".into(),
        assignments: vec![member(1), member(2)],
    };
    std::io::stdout().write_all(&render(&letter)?)?;
    Ok(())
}
