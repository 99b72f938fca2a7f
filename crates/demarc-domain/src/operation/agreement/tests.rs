//! Rows of spec/operations §10.

use serde_json::json;

use crate::testing::{ALICE, BOB, Lab, PAULA, VICTOR};

fn with_agreements() -> Lab {
    Lab::with(|settings| settings.agreements = vec!["Terms".to_owned(), "Privacy".to_owned()])
}

#[test]
fn the_type_of_partner_is_told() {
    let mut lab = Lab::listed();
    for (account, kind) in [(ALICE, "nonPartner"), (PAULA, "v2"), (VICTOR, "v1")] {
        assert_eq!(
            lab.ok(account, "DescribeCustomerMetadata", json!({})),
            json!({"agreements": [], "nniPartnerType": kind})
        );
    }
    let mut open = Lab::new();
    let answer = open.ok(ALICE, "DescribeCustomerMetadata", json!({}));
    assert_eq!(answer["nniPartnerType"], "v2");
}

#[test]
fn an_agreement_is_signed_for_one_account() {
    let mut lab = with_agreements();
    for _ in 0..2 {
        let answer = lab.ok(
            ALICE,
            "ConfirmCustomerAgreement",
            json!({"agreementName": "Terms"}),
        );
        assert_eq!(answer, json!({"status": "signed"}));
    }
    let shown = |lab: &mut Lab, account: &str| {
        lab.ok(account, "DescribeCustomerMetadata", json!({}))["agreements"].take()
    };
    assert_eq!(
        shown(&mut lab, ALICE),
        json!([
            {"agreementName": "Terms", "status": "signed"},
            {"agreementName": "Privacy", "status": "unsigned"},
        ])
    );
    assert_eq!(shown(&mut lab, BOB)[0]["status"], "unsigned");
}

#[test]
fn without_a_name_all_are_signed() {
    let mut lab = with_agreements();
    lab.ok(ALICE, "ConfirmCustomerAgreement", json!({}));
    let answer = lab.ok(ALICE, "DescribeCustomerMetadata", json!({}));
    for agreement in answer["agreements"].as_array().unwrap() {
        assert_eq!(agreement["status"], "signed");
    }
    let mut none = Lab::new();
    assert_eq!(
        none.ok(ALICE, "ConfirmCustomerAgreement", json!({})),
        json!({"status": "signed"})
    );
    assert!(none.world.is_empty());
}

#[test]
fn an_unknown_agreement_is_refused() {
    let mut lab = with_agreements();
    assert_eq!(
        lab.message(
            ALICE,
            "ConfirmCustomerAgreement",
            json!({"agreementName": "Other"})
        ),
        "Agreement Other does not exist."
    );
}
