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
    // A structure could also be read from a list, in the order of its members.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::bad("The request body has to be a JSON object."));
    }
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
    text.parse()
        .map_err(|_| not_a_number(name, &text, "a whole number"))
}

/// A query parameter that counts seconds, perhaps with a fraction; 0 when it is absent.
pub(super) fn seconds(query: Option<&str>, name: &str) -> Result<f64, Problem> {
    let Some(text) = parameter(query, name) else {
        return Ok(0.0);
    };
    let seconds = text.parse().ok();
    seconds
        .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
        .ok_or_else(|| not_a_number(name, &text, "a number of seconds"))
}

fn not_a_number(name: &str, text: &str, needed: &str) -> Problem {
    let shown: String = text.chars().take(32).collect();
    Problem::bad(format!("{name} is `{shown}`, but {needed} is needed."))
}
