//! Answers, in the forms of the protocols.

use bytes::Bytes;
use demarc_types::Timestamp;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::json;
use uuid::Uuid;

/// A complete answer.
pub(crate) type Answer = Response<Bytes>;

const JSON_1_1: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// A fresh request id. It only has to differ from others, not to be hard to guess.
pub(crate) fn request_id() -> Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_le_bytes()).into_uuid()
}

/// An answer of awsJson1.1.
pub(crate) fn json_1_1(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, JSON_1_1);
    let mut text = Uuid::encode_buffer();
    let id = request_id().as_hyphenated().encode_lower(&mut text);
    if let Ok(id) = HeaderValue::from_str(id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    answer
}

/// An error of awsJson1.1: bare type name, lower-case `message` (spec/protocol §3.1).
pub(crate) fn json_error(status: StatusCode, error_type: &str, message: Option<&str>) -> Answer {
    let body = match message {
        Some(message) => json!({ "__type": error_type, "message": message }),
        None => json!({ "__type": error_type }),
    };
    json_1_1(status, body.to_string().into_bytes())
}

/// Anything else.
pub(crate) fn plain(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Answer {
    let mut answer: Answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// The wrong verb: `allowed` goes into the `Allow` header.
pub(crate) fn method_not_allowed(allowed: &str) -> Answer {
    let text = format!("Only {allowed} is served here.\n");
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, text);
    if let Ok(value) = HeaderValue::from_str(allowed) {
        answer.headers_mut().insert(ALLOW, value);
    }
    answer
}

/// A moment as CloudTrail and EventBridge write it, without fractions: `2026-11-21T10:00:00Z`.
pub(crate) fn whole_seconds(time: Timestamp) -> String {
    let text = time.to_rfc3339();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

/// Every answer says which one it is (spec/protocol §2).
pub(crate) fn identified(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    if !headers.contains_key(REQUEST_ID)
        && let Ok(id) = HeaderValue::from_str(&request_id().to_string())
    {
        headers.insert(REQUEST_ID, id);
    }
    answer
}

/// JSON of the operator API.
pub(crate) fn json(status: StatusCode, body: &impl serde::Serialize) -> Answer {
    match serde_json::to_vec(body) {
        Ok(body) => plain(status, "application/json", body),
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
    }
}
