//! The edge cases of IAM that the library was chosen by (docs: dependencies, "IAM"), so that an update
//! of it cannot lose one.

use super::{CONNECTION, LAG, action, statements, target, with_policies};
use crate::policy::{Action, Target, authorize};

/// The parts of one statement beside its effect, and whether the call of [`allowed`] is allowed by it.
struct Row {
    name: &'static str,
    statement: &'static str,
    allowed: bool,
}

const fn row(name: &'static str, statement: &'static str, allowed: bool) -> Row {
    Row {
        name,
        statement,
        allowed,
    }
}

/// With `Condition` alone: any action and resource.
macro_rules! condition {
    ($condition:literal) => {
        concat!(r#""Action":"*","Resource":"*","Condition":"#, $condition)
    };
}

/// `directconnect:DeleteConnection` by alice from 203.0.113.7 on a connection with the tags `team` =
/// `network` and `Empty` = ``, with the request tags `env` = `dev` and `owner` = `alice`, in 2026.
const ROWS: &[Row] = &[
    row(
        "actions compare without case",
        r#""Action":"DIRECTCONNECT:deleteconnection","Resource":"*""#,
        true,
    ),
    row(
        "a question mark is one character",
        r#""Action":"directconnect:DeleteConnectio?","Resource":"*""#,
        true,
    ),
    row(
        "a question mark is not none",
        r#""Action":"directconnect:DeleteConnection?","Resource":"*""#,
        false,
    ),
    row(
        "a star in the middle",
        r#""Action":"direct*:*Connection","Resource":"*""#,
        true,
    ),
    row(
        "another service's prefix",
        r#""Action":"ec2:*","Resource":"*""#,
        false,
    ),
    row(
        "a list of actions",
        r#""Action":["ec2:*","directconnect:Delete*"],"Resource":"*""#,
        true,
    ),
    row(
        "a star goes over slashes",
        r#""Action":"*","Resource":"arn:aws:directconnect:*:*:dx*aaaa""#,
        true,
    ),
    row(
        "a star does not go over colons",
        r#""Action":"*","Resource":"arn:aws:directconnect:*:dxcon/dxcon-aaaaaaaa:x""#,
        false,
    ),
    row(
        "resources compare with case",
        r#""Action":"*","Resource":"arn:aws:directconnect:*:*:DXCON/*""#,
        false,
    ),
    row(
        "an account that is another",
        r#""Action":"*","Resource":"arn:aws:directconnect:*:444455556666:*""#,
        false,
    ),
    row(
        "NotAction leaves the rest",
        r#""NotAction":["ec2:*","iam:*"],"Resource":"*""#,
        true,
    ),
    row(
        "NotAction leaves out what it names",
        r#""NotAction":"directconnect:Delete*","Resource":"*""#,
        false,
    ),
    row(
        "NotResource leaves the rest",
        r#""Action":"*","NotResource":"arn:aws:directconnect:*:*:dxlag/*""#,
        true,
    ),
    row(
        "NotResource leaves out what it names",
        r#""Action":"*","NotResource":["arn:aws:directconnect:*:*:dxcon/*"]"#,
        false,
    ),
    row(
        "a variable in a resource",
        r#""Action":"*","Resource":"arn:aws:directconnect:*:${aws:PrincipalAccount}:*""#,
        true,
    ),
    row(
        "a variable with a default",
        r#""Action":"*","Resource":"arn:aws:directconnect:*:${aws:nothing, '111122223333'}:*""#,
        true,
    ),
    row(
        "condition keys compare without case",
        condition!(r#"{"StringEquals":{"AWS:resourcetag/team":"network"}}"#),
        true,
    ),
    row(
        "condition values compare with case",
        condition!(r#"{"StringEquals":{"aws:ResourceTag/team":"Network"}}"#),
        false,
    ),
    row(
        "unless told otherwise",
        condition!(r#"{"StringEqualsIgnoreCase":{"aws:ResourceTag/team":"NETWORK"}}"#),
        true,
    ),
    row(
        "one of several values is enough",
        condition!(r#"{"StringEquals":{"aws:ResourceTag/team":["storage","network"]}}"#),
        true,
    ),
    row(
        "several keys have to hold together",
        condition!(
            r#"{"StringEquals":{"aws:ResourceTag/team":"network","aws:RequestTag/env":"prod"}}"#
        ),
        false,
    ),
    row(
        "several operators have to hold together",
        condition!(
            r#"{"StringEquals":{"aws:ResourceTag/team":"network"},"StringLike":{"aws:RequestTag/env":"d?v"}}"#
        ),
        true,
    ),
    row(
        "a negated list refuses each of its values",
        condition!(r#"{"StringNotEquals":{"aws:ResourceTag/team":["storage","network"]}}"#),
        false,
    ),
    row(
        "an absent key fails",
        condition!(r#"{"StringEquals":{"aws:ResourceTag/cost":"1"}}"#),
        false,
    ),
    row(
        "an absent key passes when negated",
        condition!(r#"{"StringNotEquals":{"aws:ResourceTag/cost":"1"}}"#),
        true,
    ),
    row(
        "an absent key passes with IfExists",
        condition!(r#"{"StringEqualsIfExists":{"aws:ResourceTag/cost":"1"}}"#),
        true,
    ),
    row(
        "a present key counts with IfExists",
        condition!(r#"{"StringEqualsIfExists":{"aws:ResourceTag/team":"storage"}}"#),
        false,
    ),
    row(
        "Null true wants the key absent",
        condition!(r#"{"Null":{"aws:ResourceTag/cost":"true"}}"#),
        true,
    ),
    row(
        "Null false wants the key present, be it empty",
        condition!(r#"{"Null":{"aws:ResourceTag/Empty":"false"}}"#),
        true,
    ),
    row(
        "ForAllValues wants every key of the request",
        condition!(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["env"]}}"#),
        false,
    ),
    row(
        "ForAllValues with all of them",
        condition!(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["env","owner","x"]}}"#),
        true,
    ),
    row(
        "ForAllValues of an absent key passes",
        condition!(r#"{"ForAllValues:StringEquals":{"aws:Nothing":["x"]}}"#),
        true,
    ),
    row(
        "ForAnyValue wants one",
        condition!(r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["owner","x"]}}"#),
        true,
    ),
    row(
        "ForAnyValue of an absent key fails",
        condition!(r#"{"ForAnyValue:StringEquals":{"aws:Nothing":["x"]}}"#),
        false,
    ),
    row(
        "a variable in a condition",
        condition!(r#"{"StringEquals":{"aws:RequestTag/owner":"${aws:username}"}}"#),
        true,
    ),
    row(
        "an address in an IPv4 range",
        condition!(r#"{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}"#),
        true,
    ),
    row(
        "an address outside an IPv6 range",
        condition!(r#"{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}"#),
        false,
    ),
    row(
        "not an address in a range",
        condition!(r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#),
        false,
    ),
    row(
        "not over TLS",
        condition!(r#"{"Bool":{"aws:SecureTransport":"false"}}"#),
        true,
    ),
    row(
        "over TLS",
        condition!(r#"{"Bool":{"aws:SecureTransport":"true"}}"#),
        false,
    ),
    row(
        "a date that has passed",
        condition!(r#"{"DateGreaterThan":{"aws:CurrentTime":"2025-01-01T00:00:00Z"}}"#),
        true,
    ),
    row(
        "ArnEquals takes wildcards",
        condition!(r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/al*"}}"#),
        true,
    ),
    row(
        "ArnNotEquals takes wildcards",
        condition!(r#"{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/al*"}}"#),
        false,
    ),
    row(
        "the Region of the request",
        condition!(r#"{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#),
        true,
    ),
];

fn allowed(document: &str) -> bool {
    let resource = Target {
        arn: CONNECTION,
        tags: &[("team", "network"), ("Empty", "")],
        required: true,
    };
    let resources = [resource];
    let call = Action {
        request_tags: &[("env", "dev"), ("owner", "alice")],
        ..action("directconnect:DeleteConnection", &resources)
    };
    authorize(&with_policies(&[document]), &call).is_ok()
}

#[test]
fn every_row_allows_what_it_should() {
    for row in ROWS {
        let statement = format!(r#"{{"Effect":"Allow",{}}}"#, row.statement);
        assert_eq!(
            allowed(&statements(&statement)),
            row.allowed,
            "{}",
            row.name
        );
    }
}

#[test]
fn every_row_denies_what_it_matches() {
    for row in ROWS {
        let both = format!(
            r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},{{"Effect":"Deny",{}}}"#,
            row.statement
        );
        assert_eq!(allowed(&statements(&both)), !row.allowed, "{}", row.name);
    }
}

#[test]
fn a_single_statement_needs_no_list() {
    assert!(allowed(
        r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#
    ));
}

#[test]
fn a_deny_in_another_document_wins() {
    let principal = with_policies(&[
        &statements(
            r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:directconnect:*:*:dxlag/*"}"#,
        ),
        &statements(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#),
    ]);
    let name = "directconnect:DeleteLag";
    assert!(authorize(&principal, &action(name, &[target(LAG)])).is_err());
    assert!(authorize(&principal, &action(name, &[target(CONNECTION)])).is_ok());
}
