//! The JSON of etcd's gRPC gateway, as far as we speak it.
//!
//! Bytes are base64; 64-bit numbers are decimal strings; whatever has its default value is left out.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that go out.
#[derive(Debug, Clone)]
pub(super) struct Octets<'a>(pub(super) Cow<'a, [u8]>);

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'a> From<&'a [u8]> for Octets<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }
}

impl<'a> From<&'a str> for Octets<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }
}

impl From<String> for Octets<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text.into_bytes()))
    }
}

/// Bytes that come in.
fn octets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    BASE64.decode(text.as_bytes()).map_err(D::Error::custom)
}

/// A number that comes in, as a string or plain.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<'a> {
        Number(u64),
        #[serde(borrow)]
        Text(Cow<'a, str>),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(D::Error::custom),
    }
}

/// A number that goes out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn decimal<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[derive(Debug, Serialize)]
pub(super) struct RangeRequest<'a> {
    pub(super) key: Octets<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) range_end: Option<Octets<'a>>,
    #[serde(serialize_with = "decimal")]
    pub(super) limit: u64,
    /// 0 for the newest.
    #[serde(serialize_with = "decimal")]
    pub(super) revision: u64,
}

impl<'a> RangeRequest<'a> {
    pub(super) fn one(key: impl Into<Octets<'a>>) -> Self {
        Self {
            key: key.into(),
            range_end: None,
            limit: 0,
            revision: 0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    #[serde(deserialize_with = "number")]
    pub(super) revision: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct KeyValue {
    #[serde(deserialize_with = "octets")]
    pub(super) key: Vec<u8>,
    #[serde(default, deserialize_with = "octets")]
    pub(super) value: Vec<u8>,
    #[serde(default, deserialize_with = "number")]
    pub(super) mod_revision: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RangeResponse {
    pub(super) header: Header,
    pub(super) kvs: Vec<KeyValue>,
    pub(super) more: bool,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct TxnRequest<'a> {
    pub(super) compare: Vec<Compare<'a>>,
    pub(super) success: Vec<RequestOp<'a>>,
    pub(super) failure: Vec<RequestOp<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Compare<'a> {
    key: Octets<'a>,
    target: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Octets<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_revision: Option<&'static str>,
}

impl<'a> Compare<'a> {
    /// The key has exactly this value.
    pub(super) fn value(key: impl Into<Octets<'a>>, value: impl Into<Octets<'a>>) -> Self {
        Self {
            key: key.into(),
            target: "VALUE",
            result: "EQUAL",
            value: Some(value.into()),
            create_revision: None,
        }
    }

    /// The key does not exist.
    pub(super) fn absent(key: impl Into<Octets<'a>>) -> Self {
        Self {
            key: key.into(),
            target: "CREATE",
            result: "EQUAL",
            value: None,
            create_revision: Some("0"),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "etcd's words")]
pub(super) enum RequestOp<'a> {
    RequestPut { key: Octets<'a>, value: Octets<'a> },
    RequestDeleteRange { key: Octets<'a> },
    RequestRange(RangeRequest<'a>),
}

impl<'a> RequestOp<'a> {
    pub(super) fn put(key: impl Into<Octets<'a>>, value: impl Into<Octets<'a>>) -> Self {
        let (key, value) = (key.into(), value.into());
        Self::RequestPut { key, value }
    }

    pub(super) fn delete(key: impl Into<Octets<'a>>) -> Self {
        Self::RequestDeleteRange { key: key.into() }
    }

    pub(super) fn get(key: impl Into<Octets<'a>>) -> Self {
        Self::RequestRange(RangeRequest::one(key))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TxnResponse {
    pub(super) header: Header,
    pub(super) succeeded: bool,
    pub(super) responses: Vec<ResponseOp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseOp {
    pub(super) response_range: Option<RangeResponse>,
}

#[derive(Debug, Serialize)]
pub(super) struct WatchRequest<'a> {
    pub(super) create_request: WatchCreateRequest<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct WatchCreateRequest<'a> {
    pub(super) key: Octets<'a>,
    pub(super) range_end: Octets<'a>,
    #[serde(serialize_with = "decimal")]
    pub(super) start_revision: u64,
    pub(super) fragment: bool,
}

/// One line of a watch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WatchLine {
    pub(super) result: Option<WatchResponse>,
    pub(super) error: Option<ErrorBody>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WatchResponse {
    pub(super) canceled: bool,
    #[serde(deserialize_with = "number")]
    pub(super) compact_revision: u64,
    pub(super) cancel_reason: String,
    /// More of the same revision follows.
    pub(super) fragment: bool,
    pub(super) events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Event {
    #[serde(default, rename = "type")]
    pub(super) kind: EventKind,
    pub(super) kv: KeyValue,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum EventKind {
    #[default]
    Put,
    Delete,
}

#[derive(Debug, Serialize)]
pub(super) struct AuthenticateRequest<'a> {
    pub(super) name: &'a str,
    pub(super) password: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct AuthenticateResponse {
    pub(super) token: String,
}

/// What comes with a status that is not 200, or inside a stream (there the code has another name).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody {
    #[serde(alias = "grpc_code")]
    pub(super) code: u32,
    pub(super) message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_what_the_gateway_reads() {
        let request = TxnRequest {
            compare: vec![Compare::value("a", "2"), Compare::absent("b")],
            success: vec![RequestOp::put("a", "3"), RequestOp::delete("c")],
            failure: vec![RequestOp::get("a")],
        };
        let expected = serde_json::json!({
            "compare": [
                {"key": "YQ==", "target": "VALUE", "result": "EQUAL", "value": "Mg=="},
                {"key": "Yg==", "target": "CREATE", "result": "EQUAL", "create_revision": "0"},
            ],
            "success": [
                {"request_put": {"key": "YQ==", "value": "Mw=="}},
                {"request_delete_range": {"key": "Yw=="}},
            ],
            "failure": [{"request_range": {"key": "YQ==", "limit": "0", "revision": "0"}}],
        });
        assert_eq!(serde_json::to_value(request).unwrap(), expected);
    }

    #[test]
    fn answers_as_recorded_from_etcd_3_4_are_read() {
        let text = r#"{"header":{"cluster_id":"15875391935852295136","member_id":"7383792418829112008","revision":"2","raft_term":"2"},"responses":[{"response_range":{"header":{"revision":"2"},"kvs":[{"key":"YQ==","create_revision":"2","mod_revision":"2","version":"1","value":"MQ=="}],"count":"1"}}]}"#;
        let answer: TxnResponse = serde_json::from_str(text).unwrap();
        assert!(!answer.succeeded);
        let range = answer.responses[0].response_range.as_ref().unwrap();
        assert_eq!(
            (range.kvs[0].value.as_slice(), range.kvs[0].mod_revision),
            (&b"1"[..], 2)
        );

        let text = r#"{"result":{"header":{"revision":"3"},"events":[{"kv":{"key":"YQ==","mod_revision":"2"}},{"type":"DELETE","kv":{"key":"YQ==","mod_revision":"3"}}]}}"#;
        let line: WatchLine = serde_json::from_str(text).unwrap();
        let events = line.result.unwrap().events;
        assert_eq!(
            (events[0].kind, events[1].kind),
            (EventKind::Put, EventKind::Delete)
        );
        assert!(events[0].kv.value.is_empty());

        let text = r#"{"error":"etcdserver: request is too large","message":"etcdserver: request is too large","code":3}"#;
        let body: ErrorBody = serde_json::from_str(text).unwrap();
        assert_eq!(
            (body.code, body.message.as_str()),
            (3, "etcdserver: request is too large")
        );

        let text = r#"{"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no leader","http_status":"Service Unavailable"}}"#;
        let line: WatchLine = serde_json::from_str(text).unwrap();
        assert_eq!(line.error.unwrap().code, 14);

        let text = r#"{"result":{"header":{},"canceled":true,"compact_revision":"3"}}"#;
        let line: WatchLine = serde_json::from_str(text).unwrap();
        assert_eq!(line.result.unwrap().compact_revision, 3);
    }
}
