//! What is no policy is refused when it comes in.

use proptest::prelude::*;

use crate::policy::PolicySet;

#[test]
fn faults_show_their_place() {
    let rows = [
        ("", "line 1, column 0: EOF while parsing a value"),
        ("{\n\"Statement\": }", "line 2, column 14: expected value"),
        ("[]", "policy: a policy is a JSON object"),
        ("{}", "Statement: missing"),
        (
            r#"{"Statement":[]}"#,
            "Statement: at least one statement is needed",
        ),
        (
            r#"{"Statements":[]}"#,
            "policy: unknown element `Statements`, expected Version, Id, Statement",
        ),
        (
            r#"{"Statement":[{"Effect":"Allow","Actions":"*","Resource":"*"}]}"#,
            "Statement[0]: unknown element `Actions`, expected Sid, Effect, Action, NotAction, \
             Resource, NotResource, Condition",
        ),
        (
            r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#,
            "Statement.Effect: must be \"Allow\" or \"Deny\"",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#,
            "Statement: needs either Resource or NotResource",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}"#,
            "Statement: needs either Action or NotAction",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}"#,
            "Statement.Action: must be a string or a list of strings",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"dxcon-1"}}"#,
            "Statement[0].Resource: `dxcon-1` is neither \"*\" nor an ARN in six parts",
        ),
        (
            r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:*:*:*:*"}}"#,
            "Statement[0].Resource: `arn:aws:*:*:*:*`: the service must be spelt out, without wildcards",
        ),
        (
            r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:iam::${aws:x:user/a"}}"#,
            "Statement[0].Resource: `arn:aws:iam::${aws:x:user/a`: a variable is not closed",
        ),
        (
            r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"arn:aws:iam::1:user/${*}"}}"#,
            "Statement[0].Resource: `arn:aws:iam::1:user/${*}`: `${*}` is no variable",
        ),
        (
            r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}}"#,
            "Statement.Condition.StringIs: unknown condition operator",
        ),
        (
            r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"a":[]}}}}"#,
            "Statement.Condition.StringLike.a: must be a value or a list of strings",
        ),
    ];
    for (text, message) in rows {
        let error = PolicySet::from_json([text]).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn values_that_an_operator_cannot_read_are_refused() {
    for condition in [
        r#"{"NumericEquals":{"aws:x":"many"}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"soon"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/99"}}"#,
        r#"{"Null":{"aws:x":"perhaps"}}"#,
        r#"{"Bool":{"aws:SecureTransport":"yes"}}"#,
    ] {
        let text = format!(
            r#"{{"Statement":{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}}}"#
        );
        assert!(
            PolicySet::from_json([text.as_str()]).is_err(),
            "{condition}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in ".{0,300}") {
        let _ = PolicySet::from_json([text.as_str()]);
    }
}
