//! The published vectors of SigV4, and the refusals of spec/protocol §3.3.

mod refusals;
mod vectors;

use demarc_types::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{HttpRequest, Payload};
use crate::secret::Secret;

/// 2015-08-30T12:36:00Z, the time of all published vectors.
const THEN: Timestamp = Timestamp::from_millis(1_440_938_160_000);

fn example_secret() -> Secret {
    Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

/// A request that owns its parts.
struct Sample {
    method: &'static str,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: &'static [u8],
}

impl Sample {
    /// `target` is path and query as they stand in the request line.
    fn new(method: &'static str, target: &str, headers: &[(&str, &str)]) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        Self {
            method,
            path: path.to_owned(),
            query,
            headers: map,
            body: b"",
        }
    }

    fn request(&self) -> HttpRequest<'_> {
        HttpRequest {
            method: self.method,
            path: &self.path,
            query: self.query.as_deref(),
            authority: None,
            headers: &self.headers,
            payload: Payload::Bytes(self.body),
        }
    }
}
