mod properties;

use super::pattern;
use crate::samples::{self, Step};
use crate::{Constraint, DecodeError, Operation, Request, Violation};
use serde_json::{Value, json};

fn decode(operation: Operation, body: &str) -> Result<Request, DecodeError> {
    Request::decode(operation, body.as_bytes())
}

/// The violations of a body that must have some.
fn violations(operation: Operation, body: &Value) -> Vec<Violation> {
    match decode(operation, &body.to_string()) {
        Err(DecodeError::Validation(violations)) => violations,
        other => panic!("{operation} {body}: {other:?}"),
    }
}

#[test]
fn every_pattern_of_the_model_compiles() {
    assert!(!samples::patterns().is_empty());
    for text in samples::patterns() {
        assert_eq!(pattern(text).as_str(), text);
    }
}

/// Asserts that a body is refused with a message that starts so.
fn assert_serialization(operation: Operation, body: &str, expected: &str) {
    match decode(operation, body) {
        Err(DecodeError::Serialization(message)) => {
            assert!(message.starts_with(expected), "{body}: {message}");
        }
        other => panic!("{body}: {other:?}"),
    }
}

/// `spec/protocol §3.3`, row `SerializationException`.
#[test]
fn what_is_not_a_json_object_is_a_serialization_error() {
    for (body, expected) in [
        ("{", "Invalid JSON: EOF"),
        ("  ", "Invalid JSON: EOF"),
        ("{} x", "Invalid JSON: trailing"),
        ("{\"lagId\":\"\\ud800\"}", "Invalid JSON: "),
        ("[]", "Start of list found where not expected."),
        ("null", "NULL_VALUE cannot be converted to structure"),
        ("7", "NUMBER_VALUE cannot be converted to structure"),
        ("1e999", "Invalid JSON: number out of range"),
        (&"[".repeat(10_000), "Invalid JSON: recursion limit"),
    ] {
        assert_serialization(Operation::DescribeLags, body, expected);
    }
    let not_text = Request::decode(Operation::DescribeLags, b"{\"lagId\":\"\xff\"}");
    assert!(matches!(not_text, Err(DecodeError::Serialization(_))));
}

/// `spec/protocol §4`, numbers and booleans.
#[test]
fn a_value_of_the_wrong_type_is_a_serialization_error() {
    use Operation::{CreateConnection, CreateInterconnect, DescribeLags, DescribeTags};
    let structure = "Start of structure or map found where not expected.";
    for (operation, body, expected) in [
        (
            DescribeLags,
            r#"{"lagId":7}"#,
            "NUMBER_VALUE cannot be converted to String",
        ),
        (
            DescribeLags,
            r#"{"lagId":true}"#,
            "TRUE_VALUE cannot be converted to String",
        ),
        (DescribeLags, r#"{"lagId":{}}"#, structure),
        (
            CreateInterconnect,
            r#"{"requestMACSec":"true"}"#,
            "STRING_VALUE cannot be converted to Boolean",
        ),
        (
            DescribeTags,
            r#"{"resourceArns":"arn:aws:x"}"#,
            "STRING_VALUE cannot be converted to list",
        ),
        (
            CreateConnection,
            r#"{"tags":[{"key":"a"},"b"]}"#,
            "STRING_VALUE cannot be converted to structure",
        ),
    ] {
        assert_serialization(operation, body, expected);
    }
    for (vlan, token) in [
        ("\"101\"", "STRING"),
        ("101.0", "NUMBER"),
        ("1e2", "NUMBER"),
        ("9223372036854775808", "NUMBER"),
        ("-9223372036854775809", "NUMBER"),
        ("123456789012345678901234567890", "NUMBER"),
        ("false", "FALSE"),
    ] {
        let body = format!(r#"{{"newPrivateVirtualInterface":{{"vlan":{vlan}}}}}"#);
        let expected = format!("{token}_VALUE cannot be converted to Integer");
        assert_serialization(Operation::CreatePrivateVirtualInterface, &body, &expected);
    }
}

/// `spec/protocol §1` and `§4`.
#[test]
fn empty_bodies_unknown_members_nulls_and_duplicates_are_tolerated() {
    let expected = decode(Operation::DescribeLags, r#"{"lagId":"b"}"#).unwrap();
    for body in [
        r#"{"lagId":"a","lagId":"b"}"#,
        r#"{"lagId":"b","maxResults":null,"colour":{"deep":[1,2.5,null]}}"#,
        " {\"lagId\" : \"b\"}\n",
    ] {
        assert_eq!(decode(Operation::DescribeLags, body), Ok(expected.clone()));
    }
    let nothing = decode(Operation::DescribeLags, "{}");
    assert_eq!(decode(Operation::DescribeLags, ""), nothing);
    assert_eq!(
        decode(Operation::DescribeLags, r#"{"lagId":null}"#),
        nothing
    );
    assert!(decode(Operation::DescribeLocations, "").is_ok());
    assert!(decode(Operation::DescribeLocations, r#"{"x":1}"#).is_ok());
    assert!(decode(Operation::DescribeLocations, "[]").is_err());
}

/// `spec/protocol §4`: Go SDKs send zero, and negative numbers after overflow; both are for the
/// rules of the operation, not for the model.
#[test]
fn integers_are_whatever_fits_64_bits() {
    for number in [0, -94_967_296, i64::from(i32::MAX) + 1, i64::MAX, i64::MIN] {
        let body = json!({"newBGPPeer": {"asn": number, "asnLong": number}}).to_string();
        let Ok(Request::CreateBGPPeer(request)) = decode(Operation::CreateBGPPeer, &body) else {
            panic!("{body}");
        };
        let peer = request.new_bgp_peer.unwrap();
        assert_eq!((peer.asn, peer.asn_long), (Some(number), Some(number)));
    }
}

#[test]
fn messages_have_the_words_of_the_front_end() {
    use Operation::{CreateResiliencyGroup, TagResource, UpdateConnectionsBillingMode};
    for (operation, body, expected) in [
        (
            Operation::DeleteConnection,
            json!({}),
            "1 validation error detected: Value null at 'connectionId' failed to satisfy \
             constraint: Member must not be null",
        ),
        (
            Operation::CreatePrivateVirtualInterface,
            json!({"connectionId": null, "newPrivateVirtualInterface": {"virtualInterfaceName": "a"}}),
            "2 validation errors detected: Value null at 'connectionId' failed to satisfy \
             constraint: Member must not be null; Value null at \
             'newPrivateVirtualInterface.vlan' failed to satisfy constraint: Member must not be null",
        ),
        (
            TagResource,
            json!({"resourceArn": "a", "tags": [{"key": "", "value": "a;b"}]}),
            "2 validation errors detected: Value '' at 'tags.1.member.key' failed to satisfy \
             constraint: Member must have length greater than or equal to 1; Value 'a;b' at \
             'tags.1.member.value' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$",
        ),
        (
            TagResource,
            json!({"resourceArn": "a", "tags": []}),
            "1 validation error detected: Value '[]' at 'tags' failed to satisfy \
             constraint: Member must have length greater than or equal to 1",
        ),
        (
            UpdateConnectionsBillingMode,
            json!({"connectionIds": vec!["c"; 201], "billingMode": "Free"}),
            "2 validation errors detected: Value '[201 elements]' at 'connectionIds' failed to \
             satisfy constraint: Member must have length less than or equal to 200; Value 'Free' \
             at 'billingMode' failed to satisfy constraint: Member must satisfy enum value set: \
             [PayAsYouGo, FlatRateTier1, FlatRateTier2, FlatRateTier3, FlatRateTier4, FlatRateTier5]",
        ),
        (
            CreateResiliencyGroup,
            json!({"resiliencyGroupName": "a b", "intendedResiliencyModel": "high-resiliency"}),
            "1 validation error detected: Value 'a b' at 'resiliencyGroupName' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\\-]+$",
        ),
        (
            Operation::UpdateVirtualInterfaceAttributes,
            json!({"virtualInterfaceId": "v", "prefixPoolAllocatedCountIpv4": -1}),
            "1 validation error detected: Value '-1' at 'prefixPoolAllocatedCountIpv4' failed to \
             satisfy constraint: Member must have value greater than or equal to 0",
        ),
        (
            Operation::UntagResource,
            json!({"resourceArn": "a", "tagKeys": ["a", null]}),
            "1 validation error detected: Value null at 'tagKeys.2.member' failed to satisfy \
             constraint: Member must not be null",
        ),
        (
            Operation::DescribeLoa,
            json!({"connectionId": "c", "loaContentType": "text/html"}),
            "1 validation error detected: Value 'text/html' at 'loaContentType' failed to satisfy \
             constraint: Member must satisfy enum value set: [application/pdf]",
        ),
    ] {
        let error = decode(operation, &body.to_string()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{operation} {body}");
    }
}

#[test]
fn lengths_count_characters() {
    let with_key = |key: String| json!({"resourceArn": "a", "tags": [{"key": key}]});
    let longest = with_key("é".repeat(128)).to_string();
    assert!(decode(Operation::TagResource, &longest).is_ok());
    let found = violations(Operation::TagResource, &with_key("é".repeat(129)));
    assert_eq!(found[0].constraint, Constraint::LengthAtMost(128));
}

#[test]
fn patterns_match_whole_values_only() {
    for name in ["two\n", "\ntwo", "a b", ""] {
        let body =
            json!({"resiliencyGroupName": name, "intendedResiliencyModel": "high-resiliency"});
        let found = violations(Operation::CreateResiliencyGroup, &body);
        let last = &found[found.len() - 1];
        assert!(
            matches!(last.constraint, Constraint::Pattern(_)),
            "{name:?}"
        );
    }
}

#[test]
fn long_values_are_shortened_and_long_reports_end() {
    let name = "é".repeat(1000);
    let body = json!({"resiliencyGroupName": name, "intendedResiliencyModel": "high-resiliency"});
    let found = violations(Operation::CreateResiliencyGroup, &body);
    let shown = found[0].value.as_deref().unwrap();
    assert_eq!(shown, format!("{}...", "é".repeat(200)));

    let body = json!({"resourceArn": "a", "tags": vec![json!({}); 100_000]});
    let found = violations(Operation::TagResource, &body);
    assert_eq!(found.len(), Violation::MAX_REPORTED);
}

#[test]
fn an_empty_list_of_tags_is_absent_where_tags_are_optional() {
    let body = json!({"location": "l", "bandwidth": "b", "connectionName": "n", "tags": []});
    let Ok(Request::CreateConnection(request)) =
        decode(Operation::CreateConnection, &body.to_string())
    else {
        panic!("{body}");
    };
    assert_eq!(request.tags, None);
    let body = json!({"filters": {"cidrs": []}});
    let found = violations(Operation::ListVirtualInterfaceRoutes, &body);
    assert_eq!(found[0].path, "filters.cidrs");
}

/// `spec/protocol §3.4`: step 3 comes before step 4, wherever in the body the members are.
#[test]
fn a_wrong_type_wins_over_violated_constraints() {
    let body = json!({"newPrivateVirtualInterface": {"vlan": 1, "tags": [{"key": 7}]}});
    let error = decode(Operation::CreatePrivateVirtualInterface, &body.to_string());
    assert!(
        matches!(error, Err(DecodeError::Serialization(_))),
        "{error:?}"
    );
}

#[test]
fn every_required_member_is_named_when_null_or_absent() {
    let mut tried = 0;
    for &operation in Operation::ALL {
        for path in samples::required_members(operation) {
            let mut null = samples::input(operation);
            *samples::at(&mut null, &path) = Value::Null;
            let mut absent = samples::input(operation);
            let (Some(Step::Member(last)), parent) = (path.last(), &path[..path.len() - 1]) else {
                panic!("{path:?}");
            };
            let members = samples::at(&mut absent, parent).as_object_mut();
            members.unwrap().remove(last);
            for body in [null, absent] {
                let expected = Violation {
                    path: samples::shown(&path),
                    value: None,
                    constraint: Constraint::NotNull,
                };
                assert_eq!(violations(operation, &body), [expected], "{operation}");
                tried += 1;
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

#[test]
fn every_value_of_another_json_type_is_a_serialization_error() {
    let wrong = [
        json!(true),
        json!(7),
        json!(7.5),
        json!("seven"),
        json!([7]),
        json!({"a": 7}),
    ];
    for &operation in Operation::ALL {
        let body = samples::input(operation);
        for path in samples::paths(&body) {
            for wrong in &wrong {
                let mut body = body.clone();
                let value = samples::at(&mut body, &path);
                // The same type may be valid, violate a constraint or have a wrong inside.
                if std::mem::discriminant(value) == std::mem::discriminant(wrong)
                    && !(value.is_i64() && wrong.is_f64())
                {
                    continue;
                }
                *value = wrong.clone();
                let result = decode(operation, &body.to_string());
                assert!(
                    matches!(result, Err(DecodeError::Serialization(_))),
                    "{operation} {path:?} {wrong}: {result:?}"
                );
            }
        }
    }
}

#[test]
fn members_that_an_operation_does_not_have_can_be_found() {
    for &operation in Operation::ALL {
        let body = samples::input(operation).to_string();
        let unknown = Request::unknown_members(operation, body.as_bytes());
        assert!(unknown.is_empty(), "{operation}: {unknown:?}");
    }
    let operation = Operation::CreateBGPPeer;
    for (body, unknown) in [
        (
            r#"{"foo": 1, "virtualInterfaceId": "dxvif-1"}"#,
            &["foo"][..],
        ),
        (
            r#"{"newBGPPeer": {"asn": 1, "color": "red"}, "vlan": false}"#,
            &["newBGPPeer.color", "vlan"],
        ),
        (r#"{"foo": null}"#, &[]),
        ("{", &[]),
    ] {
        assert_eq!(
            Request::unknown_members(operation, body.as_bytes()),
            unknown,
            "{body}"
        );
    }
}
