//! etcd's messages, as far as we speak them, declared by hand from the published field numbers
//! (`etcdserverpb` and `mvccpb` of etcd 3.4), so that building needs no protobuf compiler.
//!
//! Fields that we never set or read are left out; protobuf skips what it does not know. Revisions are never
//! negative, so etcd's `int64` is read as `uint64`, which is the same on the wire.

use bytes::Bytes;
use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Header {
    /// Whose answer it is.
    #[prost(uint64, tag = "2")]
    pub(super) member_id: u64,
    #[prost(uint64, tag = "3")]
    pub(super) revision: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StatusRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StatusResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) header: Option<Header>,
    /// The member that leads, as far as this one knows; 0 while none does.
    #[prost(uint64, tag = "4")]
    pub(super) leader: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyValue {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) key: Bytes,
    #[prost(uint64, tag = "3")]
    pub(super) mod_revision: u64,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RangeRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) key: Bytes,
    /// Empty for one key.
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) range_end: Bytes,
    /// 0 for no limit.
    #[prost(uint64, tag = "3")]
    pub(super) limit: u64,
    /// 0 for the newest.
    #[prost(uint64, tag = "4")]
    pub(super) revision: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RangeResponse {
    #[prost(message, repeated, tag = "2")]
    pub(super) kvs: Vec<KeyValue>,
    #[prost(bool, tag = "3")]
    pub(super) more: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PutRequest {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DeleteRangeRequest {
    #[prost(bytes = "bytes", tag = "1")]
    key: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RequestOp {
    #[prost(oneof = "Request", tags = "1, 2, 3")]
    request: Option<Request>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Request {
    #[prost(message, tag = "1")]
    Range(RangeRequest),
    #[prost(message, tag = "2")]
    Put(PutRequest),
    #[prost(message, tag = "3")]
    DeleteRange(DeleteRangeRequest),
}

impl RequestOp {
    pub(super) fn put(key: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        let (key, value) = (key.into(), value.into());
        Self {
            request: Some(Request::Put(PutRequest { key, value })),
        }
    }

    pub(super) fn delete(key: impl Into<Bytes>) -> Self {
        let key = key.into();
        Self {
            request: Some(Request::DeleteRange(DeleteRangeRequest { key })),
        }
    }

    pub(super) fn get(key: impl Into<Bytes>) -> Self {
        let request = RangeRequest {
            key: key.into(),
            ..RangeRequest::default()
        };
        Self {
            request: Some(Request::Range(request)),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ResponseOp {
    #[prost(message, optional, tag = "1")]
    pub(super) range: Option<RangeResponse>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Compare {
    /// 0: equal.
    #[prost(int32, tag = "1")]
    result: i32,
    #[prost(int32, tag = "2")]
    target: i32,
    #[prost(bytes = "bytes", tag = "3")]
    key: Bytes,
    #[prost(oneof = "Operand", tags = "5, 7")]
    operand: Option<Operand>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Operand {
    #[prost(uint64, tag = "5")]
    CreateRevision(u64),
    #[prost(bytes = "bytes", tag = "7")]
    Value(Bytes),
}

impl Compare {
    const CREATE: i32 = 1;
    const VALUE: i32 = 3;

    /// The key has exactly this value.
    pub(super) fn value(key: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        Self {
            result: 0,
            target: Self::VALUE,
            key: key.into(),
            operand: Some(Operand::Value(value.into())),
        }
    }

    /// The key does not exist.
    pub(super) fn absent(key: impl Into<Bytes>) -> Self {
        Self {
            result: 0,
            target: Self::CREATE,
            key: key.into(),
            operand: Some(Operand::CreateRevision(0)),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TxnRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) compare: Vec<Compare>,
    #[prost(message, repeated, tag = "2")]
    pub(super) success: Vec<RequestOp>,
    #[prost(message, repeated, tag = "3")]
    pub(super) failure: Vec<RequestOp>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TxnResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) header: Option<Header>,
    #[prost(bool, tag = "2")]
    pub(super) succeeded: bool,
    #[prost(message, repeated, tag = "3")]
    pub(super) responses: Vec<ResponseOp>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct WatchRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) create: Option<WatchCreateRequest>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct WatchCreateRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) range_end: Bytes,
    #[prost(uint64, tag = "3")]
    pub(super) start_revision: u64,
    /// Large revisions come in pieces.
    #[prost(bool, tag = "8")]
    pub(super) fragment: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct WatchResponse {
    #[prost(bool, tag = "4")]
    pub(super) canceled: bool,
    #[prost(uint64, tag = "5")]
    pub(super) compact_revision: u64,
    #[prost(string, tag = "6")]
    pub(super) cancel_reason: String,
    /// More of the same revision follows.
    #[prost(bool, tag = "7")]
    pub(super) fragment: bool,
    #[prost(message, repeated, tag = "11")]
    pub(super) events: Vec<Event>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(message, optional, tag = "2")]
    kv: Option<KeyValue>,
}

impl Event {
    const DELETE: i32 = 1;

    pub(super) fn is_delete(&self) -> bool {
        self.kind == Self::DELETE
    }

    /// The key with its new value; etcd always sends it.
    pub(super) fn into_kv(self) -> KeyValue {
        self.kv.unwrap_or_default()
    }

    pub(super) fn key(&self) -> &[u8] {
        self.kv.as_ref().map_or(&[], |kv| &kv.key)
    }

    pub(super) fn mod_revision(&self) -> u64 {
        self.kv.as_ref().map_or(0, |kv| kv.mod_revision)
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AuthenticateRequest {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) password: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AuthenticateResponse {
    #[prost(string, tag = "2")]
    pub(super) token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_has_the_published_bytes() {
        let request = TxnRequest {
            compare: vec![Compare::value("a", "2"), Compare::absent("b")],
            success: vec![RequestOp::put("a", "3"), RequestOp::delete("c")],
            failure: vec![RequestOp::get("a")],
        };
        let expected = [
            // compare: target VALUE, key a, value 2
            &b"\x0a\x08\x10\x03\x1a\x01a\x3a\x012"[..],
            // compare: target CREATE, key b, create_revision 0
            b"\x0a\x07\x10\x01\x1a\x01b\x28\x00",
            // success: put a 3
            b"\x12\x08\x12\x06\x0a\x01a\x12\x013",
            // success: delete c
            b"\x12\x05\x1a\x03\x0a\x01c",
            // failure: range a
            b"\x1a\x05\x0a\x03\x0a\x01a",
        ];
        assert_eq!(request.encode_to_vec(), expected.concat());
    }

    #[test]
    fn a_watch_response_is_read_and_the_rest_skipped() {
        // header (skipped), watch_id 1 (skipped), an event of type DELETE for key a at 7, an unknown field 99
        let bytes =
            b"\x0a\x02\x18\x09\x10\x01\x5a\x09\x08\x01\x12\x05\x0a\x01a\x18\x07\x98\x06\x01";
        let response = WatchResponse::decode(&bytes[..]).unwrap();
        assert!(!response.canceled && !response.fragment);
        let event = &response.events[0];
        assert!(event.is_delete());
        assert_eq!((event.key(), event.mod_revision()), (&b"a"[..], 7));
    }
}
