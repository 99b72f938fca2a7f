//! What no record may show.

use serde_json::Value;

const HIDDEN: &str = "[PROTECTED]";
/// BGP keys, connectivity association keys, and the document that repeats both.
const SECRET: [&str; 3] = ["authKey", "cak", "customerRouterConfig"];

/// Hides the secrets in a request or an answer, and gives them, so that they can be taken out of other texts.
pub(super) fn mask(value: &mut Value) -> Vec<String> {
    let mut hidden = Vec::new();
    hide(value, &mut hidden);
    hidden
}

fn hide(value: &mut Value, hidden: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if !SECRET.contains(&name.as_str()) {
                    hide(member, hidden);
                } else if !member.is_null() {
                    let secret = std::mem::replace(member, Value::from(HIDDEN));
                    hidden.extend(secret.as_str().map(str::to_owned));
                }
            }
        }
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| hide(element, hidden)),
        _ => {}
    }
}

/// A text, such as an error's, without the secrets that it may repeat.
pub(super) fn scrub(mut text: String, hidden: &[String]) -> String {
    for secret in hidden.iter().filter(|secret| secret.len() > 2) {
        text = text.replace(secret.as_str(), HIDDEN);
    }
    text
}
