//! Bodies and parameters of operator requests.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Problem;

/// `{"state": "up"}` or `{"state": "down"}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateBody {
    pub(super) state: UpDown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UpDown {
    Up,
    Down,
}

impl UpDown {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// Reads a JSON body; what is wrong with it is said.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad(format!("The request body is not understood: {error}.")))
}

/// The id in a path.
pub(super) fn id<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        Problem::bad(format!("{what} {shown} has an invalid format."))
    })
}

/// The value of a query parameter.
pub(crate) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A query parameter that is a number; 0 when it is absent.
pub(crate) fn number(query: Option<&str>, name: &str) -> Result<u64, Problem> {
    let Some(text) = parameter(query, name) else {
        return Ok(0);
    };
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(32).collect();
        Problem::bad(format!("{name} is `{shown}`, but a number is needed."))
    })
}
