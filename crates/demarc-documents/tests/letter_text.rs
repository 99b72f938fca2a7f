//! The letter as a PDF reader sees it.

use demarc_documents::PortSpeed;
use demarc_documents::loa::{Assignment, Facility, Letter, Operator, Paper, Requester, render};
use std::process::Command;

fn letter() -> Letter {
    let member = |n: u8| Assignment {
        connection_id: format!("dxcon-fgk145d{n}"),
        connection_name: format!("Member {n}"),
        device: "EqDC2-370kou9loeqh0".into(),
        circuit_id: String::new(),
        rack: "0301.17".into(),
        patch_panel: "PP:0301:1118".into(),
        panel_ports: "17 / 18".into(),
        strands: "Tx 17 / Rx 18".into(),
        connector: "LC".into(),
        port_speed: PortSpeed::TenGbps,
        mac_sec_capable: false,
    };
    Letter {
        paper: Paper::UsLetter,
        issued_at: 1_795_232_238,
        operator: Operator {
            name: "Interconexión São Paulo – Zürich".into(),
            noc_email: "noc@example.net".into(),
            ..Operator::default()
        },
        requester: Requester {
            company: "東京 & Sons".into(),
            account_id: "111122223333".into(),
        },
        provider_name: String::new(),
        facility: Facility {
            name: "Equinix DC1 - DC6".into(),
            code: "EqDC2".into(),
            ..Facility::default()
        },
        lag_id: "dxlag-ffjhj9lx".into(),
        assignments: vec![member(1), member(2)],
    }
}

#[test]
fn a_pdf_reader_finds_the_pages_and_their_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.pdf");
    std::fs::write(&file, render(&letter()).unwrap()).unwrap();
    let Ok(output) = Command::new("pdftotext").arg(&file).arg("-").output() else {
        println!("skipped: pdftotext is not installed");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    let pages: Vec<&str> = text.split_terminator('\u{c}').collect();
    assert_eq!(pages.len(), 2);
    for (n, page) in pages.iter().enumerate() {
        let own = format!("Member {}", n + 1);
        let count = format!("Page {} of 2", n + 1);
        for field in [
            own.as_str(),
            count.as_str(),
            "Interconexión São Paulo – Zürich",
            "?? & Sons",
            "Letter of Authorization and Connecting Facility Assignment",
            "21 November 2026",
            "19 February 2027",
            "dxlag-ffjhj9lx",
            "PP:0301:1118",
            "10GBASE-LR",
        ] {
            assert!(page.contains(field), "{field} on page {n}:\n{page}");
        }
        assert!(!page.contains("Circuit ID"), "an empty row is left out");
    }
}
