use super::*;
use proptest::prelude::*;

fn assignment(n: u8) -> Assignment {
    Assignment {
        connection_id: format!("dxcon-fgk145d{n}"),
        connection_name: "Ashburn primary".into(),
        device: "EqDC2-370kou9loeqh0".into(),
        circuit_id: "CID-20991".into(),
        rack: "0301.17".into(),
        patch_panel: "PP:0301:1118".into(),
        panel_ports: format!("{}/{}", 2 * n + 1, 2 * n + 2),
        strands: "Tx 17 / Rx 18".into(),
        connector: "LC".into(),
        port_speed: PortSpeed::TenGbps,
        mac_sec_capable: true,
    }
}

fn letter() -> Letter {
    Letter {
        paper: Paper::A4,
        issued_at: 1_795_232_238,
        operator: Operator {
            name: "Demarc Interconnect".into(),
            address: "21 Exchange Street, Ashburn, VA 20147".into(),
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
            address: "21715 Filigree Court, Ashburn, VA".into(),
            room: "Floor 2, meet-me room B".into(),
        },
        lag_id: String::new(),
        assignments: vec![assignment(1)],
    }
}

/// The text operators of the file, decoded: content is not compressed.
fn shown(pdf: &[u8]) -> String {
    String::from_utf8_lossy(pdf).into_owned()
}

#[test]
fn equal_letters_give_equal_bytes_and_other_moments_others() {
    let one = render(&letter()).unwrap();
    assert!(one.starts_with(b"%PDF-"));
    assert!(one.ends_with(b"%%EOF"));
    assert_eq!(one, render(&letter()).unwrap());
    let later = Letter {
        issued_at: letter().issued_at + 1,
        ..letter()
    };
    assert_ne!(one, render(&later).unwrap());
}

#[test]
fn the_letter_names_everything_it_is_about() {
    let text = shown(&render(&letter()).unwrap());
    for field in [
        "Demarc Interconnect",
        "dxcon-fgk145d1-20261121T033718Z",
        "21 November 2026",
        "19 February 2027",
        "Example Corporation",
        "Account 111122223333",
        "Example Carrier, Inc.",
        "Ashburn primary",
        "EqDC2",
        "Floor 2, meet-me room B",
        "0301.17",
        "PP:0301:1118",
        "Tx 17 / Rx 18",
        "10GBASE-LR",
        "10Gbps",
        "EqDC2-370kou9loeqh0",
        "CID-20991",
        "Page 1 of 1",
    ] {
        assert!(text.contains(field), "{field}");
    }
}

#[test]
fn each_speed_names_its_optic() {
    for (speed, optic) in [
        (PortSpeed::OneGbps, "1000BASE-LX"),
        (PortSpeed::TenGbps, "10GBASE-LR"),
        (PortSpeed::HundredGbps, "100GBASE-LR4"),
        (PortSpeed::FourHundredGbps, "400GBASE-LR4"),
    ] {
        let mut one = letter();
        one.assignments[0].port_speed = speed;
        assert!(shown(&render(&one).unwrap()).contains(optic), "{optic}");
    }
}

#[test]
fn a_lag_has_one_page_for_each_member() {
    let one = Letter {
        lag_id: "dxlag-ffjhj9lx".into(),
        assignments: (1..=4).map(assignment).collect(),
        ..letter()
    };
    let text = shown(&render(&one).unwrap());
    for n in 1..=4 {
        assert!(text.contains(&format!("Page {n} of 4")));
        assert!(text.contains(&format!("dxcon-fgk145d{n}")));
    }
    assert!(text.contains("dxlag-ffjhj9lx-20261121T033718Z"));
    assert_eq!(text.matches("/Type /Page\n").count(), 4);
}

#[test]
fn a_letter_without_a_port_is_refused() {
    let none = Letter {
        assignments: Vec::new(),
        ..letter()
    };
    assert_eq!(render(&none), Err(LetterError::NoAssignment));
}

#[test]
fn both_papers_have_their_size() {
    for (paper, size) in [(Paper::A4, "595.28 841.89"), (Paper::UsLetter, "612 792")] {
        let text = shown(&render(&Letter { paper, ..letter() }).unwrap());
        assert!(text.contains(&format!("/MediaBox [0 0 {size}]")), "{size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_and_any_moment_make_a_letter(
        texts in proptest::collection::vec(any::<String>(), 8),
        long in "[w ]{0,600}",
        issued_at in any::<i64>(),
    ) {
        let mut one = letter();
        one.issued_at = issued_at;
        one.operator.name.clone_from(&texts[0]);
        one.operator.address.clone_from(&long);
        one.requester.company = long;
        one.provider_name.clone_from(&texts[1]);
        one.facility.name.clone_from(&texts[2]);
        one.lag_id.clone_from(&texts[3]);
        one.assignments[0].connection_id.clone_from(&texts[4]);
        one.assignments[0].strands.clone_from(&texts[5]);
        one.assignments[0].rack.clone_from(&texts[6]);
        one.operator.noc_phone.clone_from(&texts[7]);
        let pdf = render(&one).unwrap();
        prop_assert!(pdf.starts_with(b"%PDF-"));
        prop_assert_eq!(pdf, render(&one).unwrap());
    }
}
