//! The neighbours on the same endpoint: EC2, STS and IAM over the Query protocol (spec/clients §1.5).

use std::net::IpAddr;

use bytes::Bytes;
use demarc_auth::Service;
use http::StatusCode;
use http::request::Parts;

use crate::answer::{Answer, plain};
use crate::front::Front;

pub(crate) async fn handle(
    front: &Front,
    parts: &Parts,
    body: Bytes,
    service: Service,
    source: IpAddr,
) -> Answer {
    let _ = (front, parts, body, service, source);
    plain(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "")
}
