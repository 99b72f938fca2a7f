//! Decisions by table: who, what, to what, with which tags.

mod documents;
mod edge_cases;

use std::sync::Arc;

use demarc_types::Timestamp;

use super::{Action, Denial, Origin, PolicySet, Reason, Target, authorize};
use crate::principal::{Identity, LayerKind, Permissions, Principal};
use crate::service::Dialect;

const CONNECTION: &str = "arn:aws:directconnect:us-east-1:111122223333:dxcon/dxcon-aaaaaaaa";
const LAG: &str = "arn:aws:directconnect:us-east-1:111122223333:dxlag/dxlag-aaaaaaaa";

fn policies(documents: &[&str]) -> Arc<PolicySet> {
    Arc::new(PolicySet::from_json(documents.iter().copied()).unwrap())
}

fn alice(permissions: Permissions) -> Principal {
    Principal {
        account: "111122223333".parse().unwrap(),
        identity: Identity::User {
            name: "alice".to_owned(),
        },
        permissions,
    }
}

fn with_policies(documents: &[&str]) -> Principal {
    alice(Permissions::of(Some(policies(documents))))
}

/// Policies from statements.
fn statements(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

fn action<'a>(name: &'a str, resources: &'a [Target<'a>]) -> Action<'a> {
    Action {
        name,
        resources,
        request_tags: &[],
        request_tag_keys: &[],
        region: "us-east-1".parse().unwrap(),
        now: Timestamp::from_millis(1_769_860_800_000),
        origin: Some(Origin {
            address: "203.0.113.7".parse().unwrap(),
            secure: false,
        }),
    }
}

fn target(arn: &str) -> Target<'_> {
    Target {
        arn,
        tags: &[],
        required: true,
    }
}

#[test]
fn without_policies_everything_is_allowed() {
    let root = Principal::root("111122223333".parse().unwrap());
    assert_eq!(
        authorize(&root, &action("directconnect:DeleteLag", &[target(LAG)])),
        Ok(())
    );
}

#[test]
fn refusals_have_the_texts_of_the_protocol() {
    let reader = with_policies(&[&statements(
        r#"{"Effect":"Allow","Action":"directconnect:Describe*","Resource":"*"},
           {"Effect":"Deny","Action":"directconnect:DeleteConnection","Resource":"*"}"#,
    )]);
    let denial = authorize(&reader, &action("directconnect:CreateLag", &[])).unwrap_err();
    assert_eq!(
        denial.message(Dialect::Json),
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: \
         directconnect:CreateLag on resource: * because no identity-based policy allows the \
         directconnect:CreateLag action"
    );
    assert_eq!(denial.wire(Dialect::Json).code, "AccessDeniedException");
    assert_eq!(denial.wire(Dialect::Json).status, 400);
    let resources = [target(CONNECTION)];
    let call = action("directconnect:DeleteConnection", &resources);
    let denial = authorize(&reader, &call).unwrap_err();
    assert_eq!(
        denial.to_string(),
        format!(
            "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: \
             directconnect:DeleteConnection on resource: {CONNECTION} with an explicit deny in an \
             identity-based policy"
        )
    );
    assert_eq!(denial.wire(Dialect::Ec2).code, "UnauthorizedOperation");
    assert!(
        denial
            .message(Dialect::Ec2)
            .starts_with("You are not authorized to perform this operation. User: arn:aws:iam::")
    );
}

#[test]
fn every_resource_of_a_call_has_to_be_allowed() {
    let principal = with_policies(&[&statements(&format!(
        r#"{{"Effect":"Allow","Action":"*","Resource":"{CONNECTION}"}}"#
    ))]);
    let call = "directconnect:AssociateConnectionWithLag";
    assert_eq!(
        authorize(&principal, &action(call, &[target(CONNECTION)])),
        Ok(())
    );
    let both = [target(CONNECTION), target(LAG)];
    let denial = authorize(&principal, &action(call, &both)).unwrap_err();
    assert_eq!(denial.resource, LAG);
}

#[test]
fn a_resource_that_is_not_required_only_must_not_be_denied() {
    let optional = Target {
        required: false,
        ..target(LAG)
    };
    let both = [target(CONNECTION), optional];
    let call = "directconnect:AssociateVirtualInterface";
    let allow = r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:directconnect:*:*:dxcon/*"}"#;
    let deny = r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:directconnect:*:*:dxlag/*"}"#;
    let allowed = with_policies(&[&statements(allow)]);
    assert_eq!(authorize(&allowed, &action(call, &both)), Ok(()));
    let denied = with_policies(&[&statements(&format!("{allow},{deny}"))]);
    let denial = authorize(&denied, &action(call, &both)).unwrap_err();
    assert_eq!(
        (denial.resource.as_str(), denial.reason),
        (LAG, Reason::ExplicitDeny)
    );
}

#[test]
fn any_of_a_kind_is_matched_by_patterns_for_all_of_it_only() {
    let any = [target(
        "arn:aws:directconnect:us-east-1:111122223333:dxcon/*",
    )];
    let call = "directconnect:DescribeConnections";
    for (pattern, allowed) in [
        ("*", true),
        ("arn:aws:directconnect:*:*:*", true),
        ("arn:aws:directconnect:us-east-1:111122223333:dxcon/*", true),
        ("arn:aws:directconnect:*:*:dxlag/*", false),
        (CONNECTION, false),
    ] {
        let allow = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"{pattern}"}}"#);
        let verdict = authorize(&with_policies(&[&statements(&allow)]), &action(call, &any));
        assert_eq!(verdict.is_ok(), allowed, "{pattern}");
        if let Err(denial) = verdict {
            assert_eq!(denial.resource, "*");
        }
    }
}

#[test]
fn resource_tags_are_those_of_each_resource() {
    let principal = with_policies(&[&statements(
        r#"{"Effect":"Allow","Action":"*","Resource":"*",
            "Condition":{"StringEquals":{"aws:ResourceTag/team":"network"}}}"#,
    )]);
    let ours = Target {
        arn: CONNECTION,
        tags: &[("team", "network")],
        required: true,
    };
    let theirs = Target {
        arn: LAG,
        tags: &[("team", "storage")],
        required: true,
    };
    let call = "directconnect:AssociateConnectionWithLag";
    assert_eq!(authorize(&principal, &action(call, &[ours])), Ok(()));
    assert!(authorize(&principal, &action(call, &[ours, theirs])).is_err());
    assert!(authorize(&principal, &action(call, &[])).is_err());
}

#[test]
fn creating_with_tags_needs_tag_resource_as_well() {
    let creator = with_policies(&[&statements(
        r#"{"Effect":"Allow","Action":"directconnect:CreateConnection","Resource":"*"},
           {"Effect":"Allow","Action":"directconnect:TagResource","Resource":"*",
            "Condition":{"StringEquals":{"aws:RequestTag/env":["test","dev"]},
                         "ForAllValues:StringEquals":{"aws:TagKeys":["env"]}}}"#,
    )]);
    let tagged = |tags| Action {
        request_tags: tags,
        ..action("directconnect:TagResource", &[])
    };
    assert_eq!(
        authorize(&creator, &action("directconnect:CreateConnection", &[])),
        Ok(())
    );
    assert_eq!(authorize(&creator, &tagged(&[("env", "dev")])), Ok(()));
    assert!(authorize(&creator, &tagged(&[("env", "prod")])).is_err());
    assert!(authorize(&creator, &tagged(&[("env", "dev"), ("owner", "x")])).is_err());
}

#[test]
fn untagging_shows_its_keys() {
    let principal = with_policies(&[&statements(
        r#"{"Effect":"Allow","Action":"directconnect:UntagResource","Resource":"*"},
           {"Effect":"Deny","Action":"*","Resource":"*",
            "Condition":{"ForAnyValue:StringLike":{"aws:TagKeys":"billing:*"}}}"#,
    )]);
    let untag = |keys| Action {
        request_tag_keys: keys,
        ..action("directconnect:UntagResource", &[])
    };
    assert_eq!(authorize(&principal, &untag(&["env"])), Ok(()));
    let denial = authorize(&principal, &untag(&["env", "billing:unit"])).unwrap_err();
    assert_eq!(denial.reason, Reason::ExplicitDeny);
}

#[test]
fn a_session_policy_narrows_and_never_widens() {
    let all = policies(&[&statements(
        r#"{"Effect":"Allow","Action":"directconnect:*","Resource":"*"}"#,
    )]);
    let reads = policies(&[&statements(
        r#"{"Effect":"Allow","Action":["directconnect:Describe*","ec2:*"],"Resource":"*"}"#,
    )]);
    let session = alice(Permissions::of(Some(all)).narrowed_by(LayerKind::Session, reads));
    let ask = |name| authorize(&session, &action(name, &[])).map_err(|denial| denial.reason);
    assert_eq!(ask("directconnect:DescribeLags"), Ok(()));
    assert_eq!(
        ask("directconnect:CreateLag"),
        Err(Reason::NotAllowedBySession)
    );
    assert_eq!(ask("ec2:CreateVpc"), Err(Reason::NotAllowed));
}

#[test]
fn an_explicit_deny_in_any_layer_is_named_as_such() {
    let nothing = policies(&[]);
    let deny = policies(&[&statements(
        r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#,
    )]);
    let session = alice(Permissions::of(Some(nothing)).narrowed_by(LayerKind::Session, deny));
    let denial: Denial = authorize(&session, &action("directconnect:CreateLag", &[])).unwrap_err();
    assert_eq!(denial.reason, Reason::ExplicitDeny);
}

#[test]
fn a_call_without_a_resource_is_matched_by_the_star_alone() {
    let call = action("directconnect:DescribeLocations", &[]);
    for (resource, allowed) in [
        ("*", true),
        ("arn:aws:directconnect:*:*:*", false),
        ("arn:*:directconnect:*:*:dxcon/*", false),
    ] {
        let principal = with_policies(&[&statements(&format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"{resource}"}}"#
        ))]);
        assert_eq!(authorize(&principal, &call).is_ok(), allowed, "{resource}");
    }
}
