//! Rows of spec/api-2026 §3 and spec/states §15.

use demarc_types::Span;
use serde_json::{Value, json};

use crate::refusal::{Exception, Refusal};
use crate::testing::{ALICE, BOB, Lab, text};

fn order() -> Value {
    json!({"resiliencyGroupName": "two_sites-1", "intendedResiliencyModel": "high-resiliency"})
}

fn group(lab: &mut Lab) -> String {
    let answer = lab.ok(ALICE, "CreateResiliencyGroup", order());
    text(&answer["resiliencyGroup"], "resiliencyGroupId")
}

fn named(id: &str) -> Value {
    json!({"resiliencyGroupId": id})
}

fn state(lab: &mut Lab, id: &str) -> String {
    let answer = lab.ok(ALICE, "GetResiliencyGroup", named(id));
    text(&answer["resiliencyGroup"], "state")
}

#[test]
fn a_fresh_group_has_the_published_members() {
    let mut lab = Lab::new();
    let mut body = order();
    body["tags"] = json!([{"key": "a", "value": "b"}]);
    let answer = lab.ok(ALICE, "CreateResiliencyGroup", body);
    let id = text(&answer["resiliencyGroup"], "resiliencyGroupId");
    assert!(id.starts_with("dxrg-") && id.len() == 22, "{id}");
    assert_eq!(
        answer,
        json!({"resiliencyGroup": {
            "resiliencyGroupId": id,
            "resiliencyGroupArn": format!("arn:aws:directconnect::{ALICE}:dx-resiliency-group/{id}"),
            "resiliencyGroupName": "two_sites-1",
            "resiliencyGroupType": "Managed",
            "ownerAccount": ALICE,
            "state": "pending",
            "tags": [{"key": "a", "value": "b"}],
        }})
    );
}

#[test]
fn a_group_goes_from_pending_to_available_to_deleted() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    assert_eq!(state(&mut lab, &id), "pending");
    lab.settle();
    assert_eq!(state(&mut lab, &id), "available");
    for _ in 0..2 {
        let answer = lab.ok(ALICE, "DeleteResiliencyGroup", named(&id));
        assert_eq!(answer["resiliencyGroup"]["state"], "deleting");
    }
    lab.settle();
    assert_eq!(state(&mut lab, &id), "deleted");
    assert_eq!(
        lab.refused(ALICE, "DeleteResiliencyGroup", named(&id)),
        Refusal::ResiliencyGroupNotFound(id.clone())
    );
    lab.advance(Span::from_minutes(15));
    assert_eq!(
        lab.message(ALICE, "GetResiliencyGroup", named(&id)),
        format!("Resiliency group {id} does not exist.")
    );
    assert!(lab.world.is_empty());
}

#[test]
fn only_a_live_group_changes() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let port = lab.dedicated(ALICE);
    let rename = json!({"resiliencyGroupId": id, "resiliencyGroupName": "renamed"});
    let join = json!({"resiliencyGroupId": id, "connectionIdentifiers": [port]});
    let answer = lab.ok(ALICE, "UpdateResiliencyGroup", rename.clone());
    assert_eq!(answer["resiliencyGroup"]["resiliencyGroupName"], "renamed");
    lab.ok(ALICE, "DeleteResiliencyGroup", named(&id));
    let writes = [
        ("UpdateResiliencyGroup", rename),
        ("AssociateConnectionsToResiliencyGroup", join.clone()),
        ("DisassociateConnectionsFromResiliencyGroup", join),
    ];
    for (operation, body) in &writes {
        assert_eq!(
            lab.message(ALICE, operation, body.clone()),
            format!("Resiliency group {id} is in state deleting."),
            "{operation}"
        );
    }
    lab.settle();
    for (operation, body) in writes {
        assert_eq!(
            lab.refused(ALICE, operation, body),
            Refusal::ResiliencyGroupNotFound(id.clone()),
            "{operation}"
        );
    }
}

#[test]
fn groups_of_others_and_unknown_ones_do_not_exist() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let calls = |id: &str| {
        [
            ("GetResiliencyGroup", named(id)),
            ("DeleteResiliencyGroup", named(id)),
            (
                "UpdateResiliencyGroup",
                json!({"resiliencyGroupId": id, "resiliencyGroupName": "x"}),
            ),
            ("ListResiliencyGroupAssociations", named(id)),
            (
                "AssociateConnectionsToResiliencyGroup",
                json!({"resiliencyGroupId": id, "connectionIdentifiers": ["dxcon-ffffffff"]}),
            ),
            (
                "DisassociateConnectionsFromResiliencyGroup",
                json!({"resiliencyGroupId": id, "connectionIdentifiers": ["dxcon-ffffffff"]}),
            ),
        ]
    };
    for wanted in [id.as_str(), "dxrg-0123456789abcdefg"] {
        for (operation, body) in calls(wanted) {
            assert_eq!(
                lab.refused(BOB, operation, body),
                Refusal::ResiliencyGroupNotFound(wanted.to_owned()),
                "{operation}"
            );
        }
    }
}

#[test]
fn the_prefix_of_an_id_may_be_written_in_capitals() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let capital = id.replace("dxrg-", "DXRG-");
    assert_eq!(state(&mut lab, &capital), "pending");
}

#[test]
fn lists_have_own_groups_of_the_region_in_pages() {
    let mut lab = Lab::new();
    let ids = [group(&mut lab), group(&mut lab), group(&mut lab)];
    lab.ok(BOB, "CreateResiliencyGroup", order());
    let shown = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| text(item, "resiliencyGroupId"))
            .collect()
    };
    let first = lab.ok(ALICE, "ListResiliencyGroups", json!({"maxResults": 2}));
    assert_eq!(shown(&first), ids[..2]);
    assert!(
        first["items"][0].get("tags").is_none(),
        "a summary has no tags"
    );
    let rest = lab.ok(
        ALICE,
        "ListResiliencyGroups",
        json!({"maxResults": 2, "nextToken": first["nextToken"]}),
    );
    assert_eq!(shown(&rest), ids[2..]);
    lab.region = "us-west-2".parse().unwrap();
    assert_eq!(
        lab.ok(ALICE, "ListResiliencyGroups", json!({})),
        json!({"items": []})
    );
}

#[test]
fn too_many_groups_are_refused_with_the_exception_of_limits() {
    let mut lab = Lab::with(|settings| settings.quotas.resiliency_groups = 1);
    group(&mut lab);
    let refusal = lab.refused(ALICE, "CreateResiliencyGroup", order());
    assert_eq!(refusal.exception(), Exception::LimitExceeded);
}

#[test]
fn tags_of_a_group_are_checked() {
    let mut lab = Lab::new();
    let mut body = order();
    body["tags"] = json!([{"key": "a"}, {"key": "a"}]);
    let refusal = lab.refused(ALICE, "CreateResiliencyGroup", body);
    assert_eq!(refusal.exception(), Exception::DuplicateTagKeys);
}

// ===== client tokens =====

#[test]
fn a_repeat_with_the_same_token_makes_nothing_new() {
    let mut lab = Lab::new();
    let mut body = order();
    body["clientToken"] = json!("token-1");
    let first = lab.ok(ALICE, "CreateResiliencyGroup", body.clone());
    assert_eq!(lab.ok(ALICE, "CreateResiliencyGroup", body.clone()), first);
    let of_another = lab.ok(BOB, "CreateResiliencyGroup", body.clone());
    assert_ne!(
        of_another["resiliencyGroup"]["resiliencyGroupId"],
        first["resiliencyGroup"]["resiliencyGroupId"]
    );
    body["resiliencyGroupName"] = json!("other");
    assert_eq!(
        lab.message(ALICE, "CreateResiliencyGroup", body.clone()),
        "The clientToken was used before with other parameters."
    );
    lab.advance(Span::from_days(1));
    lab.ok(ALICE, "CreateResiliencyGroup", body);
}

#[test]
fn a_repeated_rename_does_not_undo_a_later_one() {
    let mut lab = Lab::new();
    let id = group(&mut lab);
    let rename = |name: &str, token: &str| json!({"resiliencyGroupId": id, "resiliencyGroupName": name, "clientToken": token});
    lab.ok(ALICE, "UpdateResiliencyGroup", rename("first", "one"));
    lab.ok(ALICE, "UpdateResiliencyGroup", rename("second", "two"));
    let repeat = lab.ok(ALICE, "UpdateResiliencyGroup", rename("first", "one"));
    assert_eq!(repeat["resiliencyGroup"]["resiliencyGroupName"], "second");
}
