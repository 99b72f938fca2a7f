//! Reading typed values from parameters. Each service words the faults in its own way.

use std::str::FromStr;

use crate::parameters::Node;

/// A parameter is missing or is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("The request must contain the parameter {0}")]
    Missing(&'static str),
    #[error("Value ({value}) for parameter {name} is invalid. {expected}")]
    Invalid {
        name: &'static str,
        value: String,
        expected: &'static str,
    },
}

impl Fault {
    pub(crate) fn invalid(name: &'static str, value: &str, expected: &'static str) -> Self {
        Self::Invalid {
            name,
            value: value.chars().take(128).collect(),
            expected,
        }
    }
}

/// A text that must be there and not be empty.
pub(crate) fn required(node: &Node, name: &'static str) -> Result<String, Fault> {
    match node.text(name) {
        None | Some("") => Err(Fault::Missing(name)),
        Some(text) => Ok(text.to_owned()),
    }
}

/// A text; an empty one is none.
pub(crate) fn optional(node: &Node, name: &str) -> Option<String> {
    node.text(name)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// A number.
pub(crate) fn number<T: FromStr>(node: &Node, name: &'static str) -> Result<Option<T>, Fault> {
    let Some(text) = node.text(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| Fault::invalid(name, text, "A number in range is expected."))
}

/// `true` or `false`, in any case.
pub(crate) fn boolean(node: &Node, name: &'static str) -> Result<Option<bool>, Fault> {
    let Some(text) = node.text(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(Fault::invalid(name, text, "Use true or false.")),
    }
}

/// The texts of a list.
pub(crate) fn texts(node: &Node, name: &str) -> Vec<String> {
    node.texts(name).into_iter().map(str::to_owned).collect()
}

/// The texts of a list that must have one.
pub(crate) fn required_texts(node: &Node, name: &'static str) -> Result<Vec<String>, Fault> {
    let texts = texts(node, name);
    if texts.is_empty() {
        return Err(Fault::Missing(name));
    }
    Ok(texts)
}
