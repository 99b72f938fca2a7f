//! What holds for any body.

use super::decode;
use crate::{Operation, Request, samples};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any JSON, with names that the model knows so that decoding gets somewhere.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("ipv4")),
    ];
    let name = prop_oneof![
        ".{0,5}",
        proptest::sample::select(vec![
            "connectionId",
            "tags",
            "key",
            "value",
            "vlan",
            "newBGPPeer",
            "asn",
            "filters",
            "newPrivateVirtualInterface",
            "newTransitVirtualInterfaceAllocation",
            "cidrs",
            "routeFilterPrefixes",
            "maxResults",
            "authKey",
            "addressFamily",
        ])
        .prop_map(str::to_owned),
    ];
    scalar.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_operation() -> impl Strategy<Value = Operation> {
    proptest::sample::select(Operation::ALL)
}

proptest! {
    #[test]
    fn any_json_is_decoded_or_refused_with_words(operation in any_operation(), body in any_json()) {
        match decode(operation, &body.to_string()) {
            Ok(request) => prop_assert_eq!(request.operation(), operation),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(operation in any_operation(), body: Vec<u8>) {
        let _ = Request::decode(operation, &body);
    }

    /// One value of a good body is replaced by anything.
    #[test]
    fn what_decodes_decodes_again_from_what_it_writes(
        operation in any_operation(),
        place in any::<prop::sample::Index>(),
        replacement in any_json(),
    ) {
        let mut body = samples::input(operation);
        let paths = samples::paths(&body);
        if !paths.is_empty() {
            *samples::at(&mut body, &paths[place.index(paths.len())]) = replacement;
        }
        if let Ok(request) = decode(operation, &body.to_string()) {
            let written = serde_json::to_string(&request).unwrap();
            prop_assert_eq!(decode(operation, &written), Ok(request));
        }
    }

    /// Secrets are free text in the model, so no error has a reason to repeat them.
    #[test]
    fn errors_do_not_show_secrets(place in any::<prop::sample::Index>(), wrong in any_json()) {
        const SECRET: &str = "oOy8Zr-do-not-show";
        let operation = Operation::CreatePrivateVirtualInterface;
        let mut body = samples::input(operation);
        let paths = samples::paths(&body);
        *samples::at(&mut body, &paths[place.index(paths.len())]) = wrong;
        if let Some(members) = body["newPrivateVirtualInterface"].as_object_mut() {
            members.insert("authKey".into(), json!(SECRET));
        }
        if let Err(error) = decode(operation, &body.to_string()) {
            prop_assert!(!error.to_string().contains(SECRET));
        }
    }
}
