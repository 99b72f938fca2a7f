//! Bodies built from the model itself, for the tests of this crate: every member present,
//! every value within its constraints.

use crate::Operation;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static MODEL: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../model/directconnect-2012-10-25.json")).unwrap()
});

/// A step from a body to one of its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Member(String),
    Element(usize),
}

/// The input of an operation with every member.
pub(crate) fn input(operation: Operation) -> Value {
    match MODEL["operations"][operation.name()]["input"]["shape"].as_str() {
        Some(name) => sample(name),
        None => json!({}),
    }
}

/// The output of an operation with every member.
pub(crate) fn output(operation: Operation) -> Value {
    sample(
        MODEL["operations"][operation.name()]["output"]["shape"]
            .as_str()
            .unwrap(),
    )
}

/// The names of all operations in the model.
pub(crate) fn operation_names() -> Vec<&'static str> {
    let operations = MODEL["operations"].as_object().unwrap();
    operations.keys().map(String::as_str).collect()
}

/// All patterns of the model.
pub(crate) fn patterns() -> Vec<&'static str> {
    let shapes = MODEL["shapes"].as_object().unwrap().values();
    shapes.filter_map(|s| s["pattern"].as_str()).collect()
}

fn sample(name: &str) -> Value {
    let shape = &MODEL["shapes"][name];
    match shape["type"].as_str().unwrap() {
        "structure" => {
            let members = shape.get("members").and_then(Value::as_object);
            let members = members.into_iter().flatten();
            let members = members.map(|(member, to)| {
                let value = sample(to["shape"].as_str().unwrap());
                (member.clone(), value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        "list" => json!([sample(shape["member"]["shape"].as_str().unwrap())]),
        "boolean" => json!(true),
        "integer" => json!(101),
        "long" => json!(4_294_967_294_i64),
        "timestamp" => json!(1_580_000_000.5),
        "blob" => json!("JVBERi0xLjQ="),
        "string" => json!(text(name, shape)),
        other => panic!("{name} has the unknown type {other}"),
    }
}

fn text(name: &str, shape: &Value) -> String {
    if let Some(value) = shape["enum"][0].as_str() {
        return value.to_owned();
    }
    match name {
        "TagKey" => "Équipe 7/a_b.c:d=e+f-g@h".to_owned(),
        "TagValue" => String::new(),
        "ResiliencyGroupId" => "dxrg-0123456789abcdefg".to_owned(),
        "ResiliencyGroupName" => "two_sites-1".to_owned(),
        "ResiliencyGroupArn" => {
            "arn:aws:directconnect::123456789012:dx-resiliency-group/dxrg-0123456789abcdefg"
                .to_owned()
        }
        "CoreNetworkIdentifier" => "core-network-0123456789abcdef0".to_owned(),
        "CoreNetworkAttachmentId" => "attachment-0123456789abcdef0".to_owned(),
        _ => {
            assert!(
                shape["pattern"].is_null(),
                "{name} has a pattern: add a sample"
            );
            format!("sample of {name}").chars().take(30).collect()
        }
    }
}

/// The members that the model requires anywhere in the sample of an input, as paths to them.
pub(crate) fn required_members(operation: Operation) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    if let Some(name) = MODEL["operations"][operation.name()]["input"]["shape"].as_str() {
        collect_required(name, &mut Vec::new(), &mut found);
    }
    found
}

fn collect_required(name: &str, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    let shape = &MODEL["shapes"][name];
    if let Some(member) = shape["member"]["shape"].as_str() {
        at.push(Step::Element(0));
        collect_required(member, at, found);
        at.pop();
    }
    let required = shape["required"].as_array();
    for (member, to) in shape["members"].as_object().into_iter().flatten() {
        at.push(Step::Member(member.clone()));
        if required.is_some_and(|required| required.contains(&json!(member))) {
            found.push(at.clone());
        }
        collect_required(to["shape"].as_str().unwrap(), at, found);
        at.pop();
    }
}

/// Paths to all values inside a body, lists and structures included.
pub(crate) fn paths(body: &Value) -> Vec<Vec<Step>> {
    fn walk(value: &Value, at: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
        let members = value.as_object().into_iter().flatten();
        let members = members.map(|(name, value)| (Step::Member(name.clone()), value));
        let elements = value.as_array().into_iter().flatten().enumerate();
        let elements = elements.map(|(index, value)| (Step::Element(index), value));
        for (step, value) in members.chain(elements) {
            at.push(step);
            found.push(at.clone());
            walk(value, at, found);
            at.pop();
        }
    }
    let mut found = Vec::new();
    walk(body, &mut Vec::new(), &mut found);
    found
}

/// The value that a path leads to.
pub(crate) fn at<'v>(body: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(body, |value, step| match step {
        Step::Member(name) => &mut value[name],
        Step::Element(index) => &mut value[index],
    })
}

/// A path as messages show it.
pub(crate) fn shown(path: &[Step]) -> String {
    let steps: Vec<String> = path
        .iter()
        .map(|step| match step {
            Step::Member(name) => name.clone(),
            Step::Element(index) => format!("{}.member", index + 1),
        })
        .collect();
    steps.join(".")
}
