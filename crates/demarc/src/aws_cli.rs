//! Calls of the API in the words of the AWS CLI: written for people to copy, and read from them.

use demarc_api::{Operation, Request};
use serde_json::{Map, Value};

/// Operations and members whose names do not follow from the CLI's (`--new-bgp-peer` is `newBGPPeer`).
const IRREGULAR: [&str; 5] = [
    "CreateBGPPeer",
    "DeleteBGPPeer",
    "newBGPPeer",
    "requestMACSec",
    "secretARN",
];

/// Members of requests that are numbers; others that look like one, such as accounts, are texts.
const NUMBERS: [&str; 11] = [
    "amazonSideAsn",
    "asn",
    "asnLong",
    "maxResults",
    "minimumLinks",
    "mtu",
    "numberOfConnections",
    "prefixPoolAllocatedCountIpv4",
    "prefixPoolAllocatedCountIpv6",
    "testDurationInMinutes",
    "vlan",
];

/// Members that an option says something of without a value.
const BOOLEANS: [&str; 2] = ["enableSiteLink", "requestMACSec"];

/// `createBGPPeer` is `create-bgp-peer`: a hyphen before each word, where a row of capitals is one word.
pub(crate) fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let ends_word = before.is_some_and(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
        let begins_word = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && at > 0 && (ends_word || begins_word) {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The other way: `upper` for operations.
fn camel(text: &str, upper: bool) -> String {
    let words = text.split('-').enumerate().map(|(at, word)| {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if at > 0 || upper => {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            }
            _ => word.to_owned(),
        }
    });
    let name: String = words.collect();
    let irregular = IRREGULAR.iter().find(|it| kebab(it) == text);
    irregular
        .filter(|it| it.starts_with(char::is_uppercase) == upper)
        .map_or(name, |it| (*it).to_owned())
}

/// `aws directconnect create-connection --location EqDC2 …`.
pub(crate) fn command(service: &str, operation: &str, input: &Value) -> String {
    let mut text = format!("aws {service} {}", kebab(operation));
    for (name, value) in input.as_object().into_iter().flatten() {
        let option = kebab(name);
        match value {
            Value::Bool(true) => text.push_str(&format!(" --{option}")),
            Value::Bool(false) => text.push_str(&format!(" --no-{option}")),
            Value::String(value) => text.push_str(&format!(" --{option} {}", quoted(value))),
            value => text.push_str(&format!(" --{option} {}", quoted(&value.to_string()))),
        }
    }
    text
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Reads `delete-virtual-interface --virtual-interface-id dxvif-…`, with or without `aws directconnect`
/// in front: the operation and its input. Errors are one line.
pub(crate) fn read(words: &[String]) -> Result<(String, Value), String> {
    let mut words = words.iter().map(String::as_str).peekable();
    if words.next_if_eq(&"aws").is_some() && words.next_if_eq(&"directconnect").is_none() {
        return Err("only calls of `aws directconnect` can be tried".to_owned());
    }
    let operation = words
        .next()
        .ok_or("a command such as delete-virtual-interface is needed")?;
    let mut input = Map::new();
    while let Some(option) = words.next() {
        let name = option
            .strip_prefix("--")
            .filter(|name| !name.is_empty())
            .ok_or_else(|| format!("`{option}` is not an option such as --connection-id"))?;
        let value = words.next_if(|word| !word.starts_with("--"));
        let (member, value) = match value {
            Some(text) => {
                let member = camel(name, false);
                let value = value_of(&member, text)?;
                (member, value)
            }
            None => match name.strip_prefix("no-") {
                Some(name) => (camel(name, false), Value::Bool(false)),
                None => (camel(name, false), Value::Bool(true)),
            },
        };
        // Several values behind one option are a list.
        let mut values = vec![value];
        while let Some(text) = words.next_if(|word| !word.starts_with("--")) {
            values.push(value_of(&member, text)?);
        }
        let value = if values.len() > 1 {
            Value::Array(values)
        } else {
            values.remove(0)
        };
        if input.insert(member, value).is_some() {
            return Err(format!("--{name} is there twice"));
        }
    }
    Ok((camel(operation, true), Value::Object(input)))
}

/// Whether there is such an operation, with such options: the service ignores members that it does not know, and a
/// typing error would be taken for a call without them. Errors are one line.
pub(crate) fn check(operation: &str, input: &Value) -> Result<(), String> {
    let Some(known) = Operation::from_name(operation) else {
        return Err(format!(
            "there is no operation `{}` in Direct Connect",
            kebab(operation)
        ));
    };
    let body = input.to_string();
    let mut members = input.as_object().into_iter().flatten();
    let lacks_value = members
        .find(|(name, value)| value.is_boolean() && !BOOLEANS.contains(&name.as_str()))
        .map(|(name, _)| format!("--{} needs a value", kebab(name)));
    match Request::unknown_members(known, body.as_bytes()).first() {
        None => lacks_value.map_or(Ok(()), Err),
        Some(member) => {
            // Behind a dot are members of structures, which have the API's names in the CLI too.
            let (option, inside) = member.split_once('.').unwrap_or((member, ""));
            let what = if inside.is_empty() {
                format!("--{}", kebab(option))
            } else {
                format!("`{inside}` in --{}", kebab(option))
            };
            Err(format!("{} does not know {what}", kebab(operation)))
        }
    }
}

/// JSON, the CLI's shorthand `name=value,name=value`, or a plain value.
fn value_of(member: &str, text: &str) -> Result<Value, String> {
    if text.starts_with(['{', '[']) {
        return serde_json::from_str(text)
            .map_err(|error| format!("`{text}` is not JSON: {error}"));
    }
    if text.contains('=') && !text.starts_with('=') {
        let mut members = Map::new();
        for part in text.split(',') {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is not name=value; write structures as JSON"))?;
            members.insert(name.to_owned(), plain(name, value));
        }
        return Ok(Value::Object(members));
    }
    Ok(plain(member, text))
}

fn plain(member: &str, text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) if NUMBERS.contains(&member) => Value::from(number),
            _ => Value::from(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// The service's own model.
    fn model() -> Value {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../demarc-api/model/directconnect-2012-10-25.json"
        );
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Names and types of all members of requests, those of structures in them too.
    fn members(model: &Value) -> BTreeSet<(String, String)> {
        let shapes = &model["shapes"];
        let operations = model["operations"].as_object().unwrap().values();
        let mut waiting: Vec<String> = operations
            .filter_map(|operation| operation["input"]["shape"].as_str().map(str::to_owned))
            .collect();
        let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
        while let Some(name) = waiting.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let shape = &shapes[&name];
            for (member, target) in shape["members"].as_object().into_iter().flatten() {
                let target = target["shape"].as_str().unwrap().to_owned();
                let kind = shapes[&target]["type"].as_str().unwrap().to_owned();
                found.insert((member.clone(), kind));
                waiting.push(target);
            }
            waiting.extend(shape["member"]["shape"].as_str().map(str::to_owned));
        }
        found
    }

    #[test]
    fn every_name_of_the_model_comes_back_as_it_was() {
        let model = model();
        for operation in model["operations"].as_object().unwrap().keys() {
            assert_eq!(&camel(&kebab(operation), true), operation);
        }
        for (member, _) in members(&model) {
            assert_eq!(camel(&kebab(&member), false), member);
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_model() {
        let numbers: BTreeSet<String> = members(&model())
            .into_iter()
            .filter(|(_, kind)| matches!(kind.as_str(), "integer" | "long"))
            .map(|(member, _)| member)
            .collect();
        assert_eq!(numbers, NUMBERS.map(str::to_owned).into());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let input = json!({
            "connectionId": "dxcon-1",
            "ownerAccount": "222222222222",
            "newPrivateVirtualInterfaceAllocation": {"virtualInterfaceName": "it's", "vlan": 7},
            "requestMACSec": false,
        });
        let text = command("directconnect", "AllocatePrivateVirtualInterface", &input);
        assert!(
            text.starts_with("aws directconnect allocate-private-virtual-interface --"),
            "{text}"
        );
        assert!(text.contains("'\\''"), "quotes are safe in a shell: {text}");
        let plain = json!({"connectionId": "dxcon-1", "requestMACSec": true, "vlan": 7, "ownerAccount": "1"});
        let text = command("directconnect", "CreateConnection", &plain);
        assert_eq!(
            read(&words(&text)).unwrap(),
            ("CreateConnection".to_owned(), plain)
        );
    }

    #[test]
    fn the_shorthand_of_the_cli_is_understood() {
        let (operation, input) = read(&words(
            "create-bgp-peer --virtual-interface-id dxvif-1 --new-bgp-peer asn=65001,addressFamily=ipv4",
        ))
        .unwrap();
        assert_eq!(operation, "CreateBGPPeer");
        assert_eq!(
            input["newBGPPeer"],
            json!({"asn": 65001, "addressFamily": "ipv4"})
        );
        let (_, input) = read(&words("tag-resource --keys a b --no-x")).unwrap();
        assert_eq!(input, json!({"keys": ["a", "b"], "x": false}));
    }

    #[test]
    fn what_an_operation_does_not_know_is_named() {
        for (text, said) in [
            ("delete-connection --connection-id dxcon-1", None),
            ("delete-connection --foo x", Some("--foo")),
            (
                "delete-connection --connection-id",
                Some("--connection-id needs a value"),
            ),
            (
                "update-virtual-interface-attributes --virtual-interface-id dxvif-1 --no-enable-site-link",
                None,
            ),
            (
                "delete-connection --connection-id dxcon-1 --dry-run",
                Some("--dry-run"),
            ),
            (
                "create-bgp-peer --new-bgp-peer asn=65001,color=red",
                Some("`color` in --new-bgp-peer"),
            ),
            ("delete-everything", Some("`delete-everything`")),
        ] {
            let (operation, input) = read(&words(text)).unwrap();
            let checked = check(&operation, &input);
            match said {
                None => assert_eq!(checked, Ok(()), "{text}"),
                Some(said) => assert!(checked.unwrap_err().contains(said), "{text}"),
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, said) in [
            ("", "is needed"),
            ("aws ec2 create-vpc", "only calls of"),
            ("delete-connection dxcon-1", "`dxcon-1`"),
            (
                "delete-connection --connection-id a --connection-id b",
                "twice",
            ),
            ("x --y {", "not JSON"),
        ] {
            assert!(read(&words(text)).unwrap_err().contains(said), "{text}");
        }
    }
}
