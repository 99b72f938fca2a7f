//! Calls of the API in the words of the AWS CLI, for people to copy.

use serde_json::Value;

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn commands_are_as_a_shell_takes_them() {
        let input = json!({
            "connectionId": "dxcon-1",
            "newBGPPeer": {"name": "it's", "vlan": 7},
            "requestMACSec": false,
        });
        assert_eq!(
            command("directconnect", "CreateBGPPeer", &input),
            "aws directconnect create-bgp-peer --connection-id dxcon-1 \
             --new-bgp-peer '{\"name\":\"it'\\''s\",\"vlan\":7}' --no-request-mac-sec"
        );
    }
}
