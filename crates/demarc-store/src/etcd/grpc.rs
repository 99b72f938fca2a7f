//! gRPC on top of HTTP/2: five bytes before each message, a status after the last.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::body::{Body, Frame};
use prost::Message;
use tokio::sync::oneshot;

/// Flag and length.
const PREFIX: usize = 5;

/// Status codes that mean something to us.
pub(super) mod code {
    pub(in crate::etcd) const OK: u32 = 0;
    pub(in crate::etcd) const UNKNOWN: u32 = 2;
    pub(in crate::etcd) const DEADLINE_EXCEEDED: u32 = 4;
    pub(in crate::etcd) const PERMISSION_DENIED: u32 = 7;
    pub(in crate::etcd) const RESOURCE_EXHAUSTED: u32 = 8;
    pub(in crate::etcd) const ABORTED: u32 = 10;
    pub(in crate::etcd) const INTERNAL: u32 = 13;
    pub(in crate::etcd) const UNAVAILABLE: u32 = 14;
    pub(in crate::etcd) const UNAUTHENTICATED: u32 = 16;
}

/// etcd said no.
#[derive(Debug, Clone, thiserror::Error)]
#[error("etcd answered: {message} (gRPC status {code})")]
pub struct Refusal {
    /// The gRPC status code.
    pub code: u32,
    /// etcd's words.
    pub message: String,
}

impl Refusal {
    /// What the headers or trailers say; `None` when they hold no status.
    pub(super) fn in_headers(headers: &HeaderMap) -> Option<Result<(), Self>> {
        let code = headers.get("grpc-status")?.to_str().ok();
        let code = code
            .and_then(|text| text.parse().ok())
            .unwrap_or(code::UNKNOWN);
        if code == code::OK {
            return Some(Ok(()));
        }
        let message = headers.get("grpc-message");
        let message = message.map_or_else(String::new, |text| unescape(text.as_bytes()));
        Some(Err(Self { code, message }))
    }

    /// The answer is larger than one of us wants to handle.
    pub(super) fn is_answer_too_large(&self) -> bool {
        self.code == code::RESOURCE_EXHAUSTED && self.message.contains("larger than max")
    }

    /// The request is larger than etcd takes.
    pub(super) fn is_request_too_large(&self) -> bool {
        let message = &self.message;
        message.contains("request is too large")
            || message.contains("too many operations")
            || self.is_answer_too_large()
    }

    /// etcd is full. The first requests to find it so are carried out and refused all the same (`quotaApplierV3`
    /// in etcd's source), so the refusal does not say whether this one took effect.
    pub(super) fn is_out_of_space(&self) -> bool {
        self.code == code::RESOURCE_EXHAUSTED && self.message.contains("space exceeded")
    }

    /// The user may not do this.
    pub(super) fn is_denied(&self) -> bool {
        self.code == code::PERMISSION_DENIED || self.message.contains("permission denied")
    }

    /// Another token would help.
    pub(super) fn wants_token(&self) -> bool {
        self.code == code::UNAUTHENTICATED
            || self.message.contains("auth token")
            || self.message.contains("user name is empty")
            || self.message.contains("auth store is old")
    }

    /// The member gave up on a request that may still take effect, so another attempt is in order.
    pub(super) fn is_transient(&self) -> bool {
        use code::{ABORTED, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, UNKNOWN};
        [ABORTED, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, UNKNOWN].contains(&self.code)
    }
}

/// Undoes the percent-encoding of a status message.
fn unescape(text: &[u8]) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                plain.push(byte);
                rest = &after[2..];
            }
            None => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// A message with its five bytes. `None` when it is longer than they can say.
pub(super) fn frame(message: &impl Message) -> Option<Bytes> {
    let length = message.encoded_len();
    let mut out = BytesMut::with_capacity(PREFIX + length);
    out.put_u8(0);
    out.put_u32(u32::try_from(length).ok()?);
    message.encode(&mut out).ok()?;
    Some(out.freeze())
}

/// What is wrong with the bytes of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("etcd compressed a message, which nobody asked for")]
    Compressed,
    #[error("etcd announced a message of {0} bytes")]
    TooLong(usize),
    #[error("a message from etcd was cut")]
    Cut,
    #[error("a message from etcd cannot be read")]
    Unreadable(#[source] prost::DecodeError),
}

/// Cuts messages out of the bytes as they arrive.
#[derive(Debug)]
pub(super) struct Messages {
    buffer: BytesMut,
    longest: usize,
}

impl Messages {
    pub(super) fn new(longest: usize) -> Self {
        let buffer = BytesMut::new();
        Self { buffer, longest }
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// The next complete message, if it has arrived.
    pub(super) fn next<M: Message + Default>(&mut self) -> Result<Option<M>, FrameError> {
        let Some(prefix) = self.buffer.first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let [compressed, length @ ..] = *prefix;
        if compressed != 0 {
            return Err(FrameError::Compressed);
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > self.longest {
            return Err(FrameError::TooLong(length));
        }
        if self.buffer.len() - PREFIX < length {
            self.buffer.reserve(PREFIX + length - self.buffer.len());
            return Ok(None);
        }
        self.buffer.advance(PREFIX);
        let message = self.buffer.split_to(length).freeze();
        M::decode(message).map(Some).map_err(FrameError::Unreadable)
    }

    /// The only message of an answer that is complete.
    pub(super) fn only<M: Message + Default>(mut self) -> Result<M, FrameError> {
        self.next()?.ok_or(FrameError::Cut)
    }
}

/// The body of a request: one message.
#[derive(Debug)]
pub(super) struct Outgoing {
    message: Option<Bytes>,
    /// The body stays open until the other half of this is dropped.
    open: Option<oneshot::Receiver<Infallible>>,
}

impl Outgoing {
    pub(super) fn whole(message: Bytes) -> Self {
        Self {
            message: Some(message),
            open: None,
        }
    }

    /// A body that does not end before the value that comes with it is dropped.
    pub(super) fn open(message: Bytes) -> (Self, oneshot::Sender<Infallible>) {
        let (keep, open) = oneshot::channel();
        let body = Self {
            message: Some(message),
            open: Some(open),
        };
        (body, keep)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(message) = self.message.take() {
            return Poll::Ready(Some(Ok(Frame::data(message))));
        }
        match &mut self.open {
            Some(open) => Pin::new(open).poll(context).map(|_dropped| None),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.message.is_none() && self.open.is_none()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::wire::{AuthenticateResponse, WatchResponse};
    use super::*;

    proptest! {
        #[test]
        fn messages_arrive_whole_however_they_are_cut(
            tokens in proptest::collection::vec("[a-z]{0,20}", 0..6),
            cuts in proptest::collection::vec(1..9_usize, 0..60),
        ) {
            let sent: Vec<_> = tokens.into_iter().map(|token| AuthenticateResponse { token }).collect();
            let bytes: Vec<u8> = sent.iter().flat_map(|message| frame(message).unwrap()).collect();
            let mut messages = Messages::new(1_000);
            let mut received = Vec::new();
            let mut rest = bytes.as_slice();
            for cut in cuts.into_iter().chain(std::iter::repeat(5)) {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                messages.push(now);
                while let Some(message) = messages.next::<AuthenticateResponse>().unwrap() {
                    received.push(message);
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(received, sent);
        }

        #[test]
        fn arbitrary_bytes_are_refused_without_panic(bytes: Vec<u8>) {
            let mut messages = Messages::new(1_000);
            messages.push(&bytes);
            while let Ok(Some(_)) = messages.next::<WatchResponse>() {}
        }
    }

    #[test]
    fn a_message_longer_than_allowed_is_not_waited_for() {
        let mut messages = Messages::new(10);
        messages.push(&[0, 0, 0, 0, 11]);
        let refused = messages.next::<AuthenticateResponse>();
        assert_eq!(refused, Err(FrameError::TooLong(11)));
    }

    #[test]
    fn a_status_is_read_with_its_message() {
        let mut headers = HeaderMap::new();
        assert!(Refusal::in_headers(&headers).is_none());
        headers.insert("grpc-status", "0".parse().unwrap());
        assert!(Refusal::in_headers(&headers).unwrap().is_ok());
        headers.insert("grpc-status", "14".parse().unwrap());
        headers.insert(
            "grpc-message",
            "etcdserver: no leader %25 %zz%".parse().unwrap(),
        );
        let refusal = Refusal::in_headers(&headers).unwrap().unwrap_err();
        assert_eq!(refusal.message, "etcdserver: no leader % %zz%");
        assert!(refusal.is_transient());
    }
}
