//! Bodies and parameters of operator requests.

use http::StatusCode;
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
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("The request body is not understood: {error}."),
        )
    })
}

/// The id in a path.
pub(super) fn id<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("{what} {shown} has an invalid format."),
        )
    })
}

/// The value of a query parameter, as it stands in the URL.
pub(super) fn parameter<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
