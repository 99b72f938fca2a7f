//! The OpenAPI document against the table of routes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::openapi;
use super::route::ROUTES;

fn document() -> Value {
    serde_json::from_str(openapi()).expect("the document is JSON")
}

#[test]
fn every_route_stands_in_the_document_and_nothing_else() {
    let routed: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|(method, path, _)| (method.as_str().to_lowercase(), (*path).to_owned()))
        .collect();
    let document = document();
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods
                .filter(|name| *name != "parameters")
                .map(move |method| (method.clone(), path.clone()))
        })
        .collect();
    assert_eq!(routed, documented);
}

#[test]
fn operations_have_names_of_their_own_and_say_what_they_do() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_default();
            assert!(
                names.insert(name.to_owned()),
                "{method} {path}: `{name}` is taken"
            );
            assert!(
                operation["summary"].is_string(),
                "{method} {path} has no summary"
            );
            assert!(
                operation["responses"]["200"].is_object(),
                "{method} {path} never succeeds"
            );
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("references are local");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                waiting.extend(members.values());
            }
            Value::Array(elements) => waiting.extend(elements),
            _ => {}
        }
    }
}
