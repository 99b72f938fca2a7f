//! What scanners see of tags, and what they may do to them.

use serde_json::{Value, json};

use super::{TaggingOperation, TaggingRequest, decide};
use crate::testing::{ALICE, BOB, Lab, text};

impl Lab {
    fn tagging(&mut self, account: &str, operation: &str, body: &Value) -> Result<Value, String> {
        let operation = TaggingOperation::from_name(operation).unwrap();
        let request = TaggingRequest::decode(operation, body.to_string().as_bytes()).unwrap();
        let mut context = self.context(account);
        let (world, changes, response) = decide(&self.world, &mut context, &request)
            .map_err(|error| format!("{}: {error}", error.code()))?;
        assert!(changes.is_empty() || !operation.is_read_only());
        self.world = world;
        Ok(serde_json::to_value(response).unwrap())
    }

    /// The ARNs of the answer, in order.
    fn resources(&mut self, account: &str, body: &Value) -> Vec<String> {
        let answer = self.tagging(account, "GetResources", body).unwrap();
        let list = answer["ResourceTagMappingList"].as_array().unwrap();
        list.iter()
            .map(|mapping| text(mapping, "ResourceARN"))
            .collect()
    }

    fn connection_arn(&mut self, account: &str, tags: &Value) -> String {
        let body = json!({
            "location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "x", "tags": tags,
        });
        let made = self.ok(account, "CreateConnection", body);
        let id = text(&made, "connectionId");
        format!("arn:aws:directconnect:us-east-1:{account}:dxcon/{id}")
    }

    fn gateway_arn(&mut self, account: &str, tags: &Value) -> String {
        let body = json!({"directConnectGatewayName": "g", "tags": tags});
        let made = self.ok(account, "CreateDirectConnectGateway", body);
        let id = text(&made["directConnectGateway"], "directConnectGatewayId");
        format!("arn:aws:directconnect::{account}:dx-gateway/{id}")
    }

    fn direct_connect_tags(&mut self, account: &str, arn: &str) -> Value {
        let shown = self.ok(account, "DescribeTags", json!({"resourceArns": [arn]}));
        shown["resourceTags"][0]["tags"].clone()
    }
}

/// One resource of each service, tagged `team=blue`, and a connection with no tag.
struct Scene {
    lab: Lab,
    connection: String,
    gateway: String,
    vpc: String,
    bare: String,
}

fn scene() -> Scene {
    let mut lab = Lab::new();
    let team = json!([{"key": "team", "value": "blue"}]);
    let bare_body = json!({"location": "EqDC2", "bandwidth": "1Gbps", "connectionName": "bare"});
    let bare = lab.ok(ALICE, "CreateConnection", bare_body);
    let connection = lab.connection_arn(ALICE, &team);
    let gateway = lab.gateway_arn(ALICE, &team);
    let vpc = format!(
        "arn:aws:ec2:us-east-1:{ALICE}:vpc/{}",
        lab.vpc(ALICE, "10.0.0.0/16")
    );
    let tagged = json!({"ResourceARNList": [vpc], "Tags": {"team": "blue"}});
    lab.tagging(ALICE, "TagResources", &tagged).unwrap();
    Scene {
        bare: format!(
            "arn:aws:directconnect:us-east-1:{ALICE}:dxcon/{}",
            text(&bare, "connectionId")
        ),
        lab,
        connection,
        gateway,
        vpc,
    }
}

#[test]
fn tagged_resources_are_listed_by_filters() {
    let Scene {
        mut lab,
        connection,
        gateway,
        vpc,
        ..
    } = scene();
    let all = vec![&*connection, &gateway, &vpc];
    let rows: [(&str, Value, Vec<&str>); 9] = [
        ("nothing", json!({}), all.clone()),
        (
            "a service",
            json!({"ResourceTypeFilters": ["directconnect"]}),
            vec![&connection, &gateway],
        ),
        (
            "kinds",
            json!({"ResourceTypeFilters": ["directconnect:dx-gateway", "ec2:vpc"]}),
            vec![&gateway, &vpc],
        ),
        (
            "another service",
            json!({"ResourceTypeFilters": ["s3"]}),
            vec![],
        ),
        (
            "a key",
            json!({"TagFilters": [{"Key": "team"}]}),
            all.clone(),
        ),
        (
            "a value",
            json!({"TagFilters": [{"Key": "team", "Values": ["red", "blue"]}]}),
            all.clone(),
        ),
        (
            "another value",
            json!({"TagFilters": [{"Key": "team", "Values": ["Blue"]}]}),
            vec![],
        ),
        (
            "two keys",
            json!({"TagFilters": [{"Key": "team"}, {"Key": "stage"}]}),
            vec![],
        ),
        ("an empty token", json!({"PaginationToken": ""}), all),
    ];
    for (name, body, expected) in rows {
        assert_eq!(lab.resources(ALICE, &body), expected, "{name}");
    }
    assert!(lab.resources(BOB, &json!({})).is_empty());
}

#[test]
fn what_is_global_is_listed_in_one_region_and_found_from_every_one() {
    let Scene {
        mut lab,
        connection,
        gateway,
        ..
    } = scene();
    lab.go_to("eu-west-1");
    assert!(lab.resources(ALICE, &json!({})).is_empty());
    let named = json!({"ResourceARNList": [connection, gateway]});
    assert_eq!(lab.resources(ALICE, &named), [&*gateway]);
    // The same account number in another partition is another account.
    lab.go_to("cn-north-1");
    assert!(lab.resources(ALICE, &named).is_empty());
}

#[test]
fn named_resources_come_in_their_order_but_for_unknown_and_untagged_ones() {
    let Scene {
        mut lab,
        connection,
        gateway,
        vpc,
        bare,
    } = scene();
    let unknown = [
        format!("arn:aws:directconnect:us-east-1:{ALICE}:dxcon/dxcon-fgzzzzz0"),
        connection.replace(ALICE, BOB),
        connection.replace("us-east-1", "us-west-2"),
        vpc.replace("vpc/", "subnet/"),
        vpc.replace("arn:aws:", "arn:aws-cn:"),
        "arn:aws:s3:::bucket".to_owned(),
        "nonsense".to_owned(),
    ];
    let mut named = unknown.to_vec();
    named.extend([
        vpc.clone(),
        bare,
        connection.clone(),
        gateway.clone(),
        vpc.clone(),
    ]);
    let answer = lab
        .tagging(ALICE, "GetResources", &json!({"ResourceARNList": named}))
        .unwrap();
    let entry = |arn: &str| json!({"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "blue"}]});
    assert_eq!(
        answer,
        json!({
            "PaginationToken": "",
            "ResourceTagMappingList": [entry(&vpc), entry(&connection), entry(&gateway)],
        })
    );
}

#[test]
fn lists_come_in_pages_that_neither_repeat_nor_skip() {
    let mut lab = Lab::new();
    let team = json!([{"key": "team", "value": "blue"}]);
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(lab.connection_arn(ALICE, &team));
    }
    for _ in 0..2 {
        all.push(lab.gateway_arn(ALICE, &team));
    }
    for size in 1..=5 {
        let mut found = Vec::new();
        let mut body = json!({"ResourcesPerPage": size});
        loop {
            let page = lab.tagging(ALICE, "GetResources", &body).unwrap();
            let list = page["ResourceTagMappingList"].as_array().unwrap();
            assert!(list.len() <= size);
            found.extend(list.iter().map(|mapping| text(mapping, "ResourceARN")));
            let token = text(&page, "PaginationToken");
            if token.is_empty() {
                break;
            }
            body["PaginationToken"] = json!(token);
        }
        assert_eq!(found, all, "{size} a page");
    }
    let page = lab
        .tagging(ALICE, "GetResources", &json!({"ResourcesPerPage": 2}))
        .unwrap();
    let other = json!({
        "PaginationToken": page["PaginationToken"], "TagFilters": [{"Key": "team"}],
    });
    let refused = lab.tagging(ALICE, "GetResources", &other).unwrap_err();
    assert!(refused.starts_with("PaginationTokenExpiredException: "));
    // Two resources of at most fifty tags each.
    let by_tags = lab
        .tagging(ALICE, "GetResources", &json!({"TagsPerPage": 100}))
        .unwrap();
    assert_eq!(
        by_tags["ResourceTagMappingList"].as_array().unwrap().len(),
        2
    );
}

#[test]
fn keys_and_values_in_use_are_listed_once() {
    let mut lab = Lab::new();
    lab.connection_arn(
        ALICE,
        &json!([{"key": "team", "value": "red"}, {"key": "env", "value": "test"}]),
    );
    lab.gateway_arn(ALICE, &json!([{"key": "team", "value": "blue"}]));
    assert_eq!(
        lab.tagging(ALICE, "GetTagKeys", &json!({})).unwrap(),
        json!({"PaginationToken": "", "TagKeys": ["env", "team"]})
    );
    assert_eq!(
        lab.tagging(ALICE, "GetTagValues", &json!({"Key": "team"}))
            .unwrap(),
        json!({"PaginationToken": "", "TagValues": ["blue", "red"]})
    );
    assert_eq!(
        lab.tagging(BOB, "GetTagKeys", &json!({})).unwrap()["TagKeys"],
        json!([])
    );
}

#[test]
fn changes_show_in_the_services_own_tags() {
    let Scene {
        mut lab,
        connection,
        gateway,
        vpc,
        ..
    } = scene();
    let arns = json!([connection, gateway, vpc]);
    let done = lab
        .tagging(
            ALICE,
            "TagResources",
            &json!({"ResourceARNList": arns, "Tags": {"team": "red", "stage": "test"}}),
        )
        .unwrap();
    assert_eq!(done, json!({"FailedResourcesMap": {}}));
    let expected = json!([{"key": "team", "value": "red"}, {"key": "stage", "value": "test"}]);
    assert_eq!(lab.direct_connect_tags(ALICE, &connection), expected);
    assert_eq!(lab.direct_connect_tags(ALICE, &gateway), expected);
    let done = lab
        .tagging(
            ALICE,
            "UntagResources",
            &json!({"ResourceARNList": arns, "TagKeys": ["stage", "absent"]}),
        )
        .unwrap();
    assert_eq!(done, json!({"FailedResourcesMap": {}}));
    let named = json!({"ResourceARNList": arns});
    let answer = lab.tagging(ALICE, "GetResources", &named).unwrap();
    for mapping in answer["ResourceTagMappingList"].as_array().unwrap() {
        assert_eq!(mapping["Tags"], json!([{"Key": "team", "Value": "red"}]));
    }
}

#[test]
fn what_cannot_be_changed_is_named_and_the_others_are_changed() {
    let Scene {
        mut lab,
        connection,
        gateway,
        vpc,
        ..
    } = scene();
    let foreign = lab.connection_arn(BOB, &json!([{"key": "a", "value": "b"}]));
    let full: Vec<Value> = (0..49)
        .map(|number| json!({"key": format!("k{number}"), "value": ""}))
        .collect();
    lab.ok(
        ALICE,
        "TagResource",
        json!({"resourceArn": gateway, "tags": full}),
    );
    let body = json!({
        "ResourceARNList": [foreign, gateway, "nonsense", connection, vpc],
        "Tags": {"one": "more"},
    });
    let failed = lab.tagging(ALICE, "TagResources", &body).unwrap()["FailedResourcesMap"].clone();
    let mut names: Vec<&String> = failed.as_object().unwrap().keys().collect();
    let mut expected = vec!["nonsense", &foreign, &gateway];
    names.sort();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(failed[&foreign]["StatusCode"], 400);
    assert_eq!(failed[&foreign]["ErrorCode"], "InvalidParameterException");
    assert_eq!(
        failed[&foreign]["ErrorMessage"],
        format!("Resource {foreign} does not exist.")
    );
    assert_eq!(
        lab.direct_connect_tags(ALICE, &connection)
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        lab.direct_connect_tags(BOB, &foreign),
        json!([{"key": "a", "value": "b"}])
    );
}

#[test]
fn each_service_judges_its_own_tags() {
    let Scene {
        mut lab,
        connection,
        vpc,
        ..
    } = scene();
    for (key, value) in [
        ("aws:reserved", "x".to_owned()),
        ("", "x".to_owned()),
        ("semi;colon", "x".to_owned()),
        ("k", "v".repeat(257)),
    ] {
        let body = json!({"ResourceARNList": [connection], "Tags": {key: value}});
        let failed = lab.tagging(ALICE, "TagResources", &body).unwrap();
        assert!(
            failed["FailedResourcesMap"][&connection].is_object(),
            "{key}"
        );
    }
    let body = json!({"ResourceARNList": [vpc], "Tags": {"aws:reserved": "x"}});
    let failed = lab.tagging(ALICE, "TagResources", &body).unwrap();
    assert!(failed["FailedResourcesMap"][&vpc].is_object());
    assert_eq!(
        lab.direct_connect_tags(ALICE, &connection),
        json!([{"key": "team", "value": "blue"}])
    );
}

#[test]
fn requests_are_refused_row_by_row() {
    let mut lab = Lab::new();
    let many = |count: usize| -> Vec<String> { (0..count).map(|n| format!("arn:{n}")).collect() };
    for (operation, body, contains) in [
        ("GetResources", json!({"ResourceARNList": []}), "1 to 100"),
        (
            "GetResources",
            json!({"ResourceARNList": many(101)}),
            "not 101",
        ),
        (
            "GetResources",
            json!({"ResourceARNList": ["x"], "TagFilters": [{"Key": "a"}]}),
            "together with TagFilters",
        ),
        ("GetResources", json!({"ResourcesPerPage": 0}), "not 0"),
        ("GetResources", json!({"ResourcesPerPage": 101}), "not 101"),
        ("GetResources", json!({"TagsPerPage": 150}), "not 150"),
        (
            "GetResources",
            json!({"TagFilters": [{"Values": ["x"]}]}),
            "needs a Key",
        ),
        (
            "GetResources",
            json!({"ExcludeCompliantResources": true}),
            "not served",
        ),
        ("GetTagValues", json!({}), "Key is needed"),
        ("TagResources", json!({"Tags": {"a": "b"}}), "1 to 20 ARNs"),
        (
            "TagResources",
            json!({"ResourceARNList": many(21), "Tags": {"a": "b"}}),
            "not 21",
        ),
        (
            "TagResources",
            json!({"ResourceARNList": ["x"]}),
            "Tags must",
        ),
        (
            "UntagResources",
            json!({"ResourceARNList": ["x"], "TagKeys": []}),
            "TagKeys must",
        ),
    ] {
        let refused = lab.tagging(ALICE, operation, &body).unwrap_err();
        assert!(
            refused.starts_with("InvalidParameterException: ") && refused.contains(contains),
            "{operation} {body}: {refused}"
        );
    }
    for operation in ["GetResources", "GetTagKeys"] {
        let body = json!({"PaginationToken": "made up"});
        let refused = lab.tagging(ALICE, operation, &body).unwrap_err();
        assert!(refused.starts_with("PaginationTokenExpiredException: "));
    }
}

#[test]
fn bodies_that_are_no_objects_cannot_be_read() {
    let read = |body: &[u8]| TaggingRequest::decode(TaggingOperation::GetResources, body);
    assert!(read(b"").is_ok());
    assert!(read(br#"{"Unknown": 1, "ResourceARNList": null}"#).is_ok());
    for body in [&b"[]"[..], b"null", b"{", br#"{"ResourceARNList": "x"}"#] {
        assert!(read(body).is_err(), "{}", String::from_utf8_lossy(body));
    }
}
