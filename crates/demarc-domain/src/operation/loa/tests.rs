//! Rows of spec/operations §10 and spec/documents §1.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use demarc_types::Span;
use serde_json::{Value, json};

use crate::entity::Link;
use crate::refusal::Refusal;
use crate::testing::{ALICE, BOB, Lab, PAULA, text};

/// The letter in an answer of `DescribeLoa`, as text: its streams are not compressed.
fn letter(answer: &Value) -> String {
    assert_eq!(answer["loaContentType"], "application/pdf");
    let bytes = STANDARD.decode(text(answer, "loaContent")).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn pages(letter: &str) -> usize {
    letter.matches("/Type /Page\n").count()
}

fn ordered(lab: &mut Lab) -> String {
    let body = json!({"location": "EqDC2", "bandwidth": "10Gbps", "connectionName": "port"});
    text(&lab.ok(ALICE, "CreateConnection", body), "connectionId")
}

#[test]
fn a_letter_is_one_page_about_the_port() {
    let mut lab = Lab::listed();
    let id = ordered(&mut lab);
    lab.settle();
    let body = json!({"connectionId": id, "providerName": "Zayo Group", "loaContentType": "application/pdf"});
    let letter = letter(&lab.ok(ALICE, "DescribeLoa", body));
    assert_eq!(pages(&letter), 1);
    let device = lab.connection(&id).device.unwrap();
    for part in [
        id.as_str(),
        "Alice Ltd",
        ALICE,
        "Zayo Group",
        "EqDC2",
        &device,
    ] {
        assert!(letter.contains(part), "{part} is not in the letter");
    }
}

#[test]
fn equal_calls_at_one_time_give_equal_letters() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let body = json!({"connectionId": id});
    let first = lab.ok(ALICE, "DescribeLoa", body.clone());
    assert_eq!(lab.ok(ALICE, "DescribeLoa", body), first);
}

#[test]
fn each_call_notes_when_it_was() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let body = json!({"connectionId": id});
    let issued = |lab: &mut Lab| {
        lab.ok(ALICE, "DescribeConnections", body.clone())["connections"][0]["loaIssueTime"].clone()
    };
    assert_eq!(issued(&mut lab), Value::Null);
    lab.ok(ALICE, "DescribeLoa", body.clone());
    let first = issued(&mut lab).as_f64().unwrap();
    lab.advance(Span::from_days(1));
    lab.ok(ALICE, "DescribeLoa", body.clone());
    assert!(issued(&mut lab).as_f64().unwrap() > first);
}

#[test]
fn the_older_forms_wrap_the_letter() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let answer = lab.ok(ALICE, "DescribeConnectionLoa", json!({"connectionId": id}));
    letter(&answer["loa"]);
    let id = lab.interconnect(PAULA);
    let answer = lab.ok(
        PAULA,
        "DescribeInterconnectLoa",
        json!({"interconnectId": id}),
    );
    letter(&answer["loa"]);
    letter(&lab.ok(PAULA, "DescribeLoa", json!({"connectionId": id})));
}

#[test]
fn letters_are_for_approved_ports_of_ones_own() {
    let mut lab = Lab::new();
    let requested = ordered(&mut lab);
    assert_eq!(
        lab.message(ALICE, "DescribeLoa", json!({"connectionId": requested})),
        format!("The LOA-CFA for {requested} is not yet available.")
    );
    let foreign = lab.dedicated(BOB);
    let interconnect = lab.interconnect(PAULA);
    let hosted = text(
        &lab.ok(
            PAULA,
            "AllocateHostedConnection",
            json!({"connectionId": interconnect, "ownerAccount": ALICE, "bandwidth": "1Gbps", "connectionName": "h", "vlan": 1}),
        ),
        "connectionId",
    );
    let leaving = lab.dedicated(ALICE);
    lab.ok(ALICE, "DeleteConnection", json!({"connectionId": leaving}));
    let rows = [
        (
            "format",
            "x".to_owned(),
            "Connection ID x has an invalid format.".to_owned(),
        ),
        (
            "unknown (M5)",
            "dxcon-ffffffff".to_owned(),
            "Could not find Connection with ID dxcon-ffffffff".to_owned(),
        ),
        (
            "LAG unknown (M6)",
            "dxlag-ffffffff".to_owned(),
            "Could not find Lag with ID dxlag-ffffffff".to_owned(),
        ),
        (
            "of another",
            foreign.clone(),
            format!("Could not find Connection with ID {foreign}"),
        ),
        (
            "hosted",
            hosted.clone(),
            format!(
                "The LOA-CFA for {hosted} is not yet available. A hosted connection has none: that of its interconnect counts."
            ),
        ),
        (
            "deleting",
            leaving.clone(),
            format!("The LOA-CFA for {leaving} is not yet available."),
        ),
    ];
    for (row, id, message) in rows {
        assert_eq!(
            lab.message(ALICE, "DescribeLoa", json!({"connectionId": id})),
            message,
            "{row}"
        );
    }
    for unknown in ["dxcon-ffffffff", &foreign] {
        assert_eq!(
            lab.refused(
                ALICE,
                "DescribeInterconnectLoa",
                json!({"interconnectId": unknown})
            ),
            Refusal::ConnectionNotFound(unknown.to_owned())
        );
    }
    let dedicated = lab.dedicated(ALICE);
    assert_eq!(
        lab.refused(
            ALICE,
            "DescribeInterconnectLoa",
            json!({"interconnectId": dedicated})
        ),
        Refusal::ConnectionNotFound(dedicated)
    );
}

#[test]
fn a_lag_has_a_page_for_each_member_that_is_not_up() {
    let mut lab = Lab::new();
    let lag = lab.ok(
        ALICE,
        "CreateLag",
        json!({"numberOfConnections": 3, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag"}),
    );
    let body = json!({"connectionId": lag["lagId"]});
    lab.refused(ALICE, "DescribeLoa", body.clone());
    lab.settle();
    assert_eq!(
        pages(&letter(&lab.ok(ALICE, "DescribeLoa", body.clone()))),
        3
    );
    let members = [0, 1, 2].map(|index| text(&lag["connections"][index], "connectionId"));
    lab.link(&members[0], Link::Up);
    let first = lab.connection(&members[0]).loa_issued;
    let two = letter(&lab.ok(ALICE, "DescribeLoa", body.clone()));
    assert_eq!(pages(&two), 2);
    assert!(!two.contains(&members[0]));
    assert_eq!(
        lab.connection(&members[0]).loa_issued,
        first,
        "it was not in the letter"
    );
    assert!(lab.connection(&members[1]).loa_issued > first);
    for member in &members[1..] {
        lab.link(member, Link::Up);
    }
    assert_eq!(
        pages(&letter(&lab.ok(ALICE, "DescribeLoa", body))),
        3,
        "all are up"
    );
}

#[test]
fn the_letter_of_one_member_names_its_lag() {
    let mut lab = Lab::new();
    let port = lab.dedicated(ALICE);
    let body = json!({"connectionId": port});
    assert!(!letter(&lab.ok(ALICE, "DescribeLoa", body.clone())).contains("dxlag-"));
    let order = json!({
        "numberOfConnections": 1, "location": "EqDC2", "connectionsBandwidth": "10Gbps", "lagName": "lag",
        "connectionId": port,
    });
    let lag = text(&lab.ok(ALICE, "CreateLag", order), "lagId");
    assert!(letter(&lab.ok(ALICE, "DescribeLoa", body)).contains(&lag));
}

#[test]
fn a_provider_name_has_an_end() {
    let mut lab = Lab::new();
    let id = lab.dedicated(ALICE);
    let body = json!({"connectionId": id, "providerName": "x".repeat(201)});
    let message = lab.message(ALICE, "DescribeLoa", body);
    assert!(
        message.starts_with("providerName is not valid"),
        "{message}"
    );
}
