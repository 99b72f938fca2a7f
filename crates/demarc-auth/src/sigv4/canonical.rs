//! The canonical request: the text that both sides must agree on.

use http::HeaderMap;
use http::header::HOST;

use super::parameters::{Form, Signature};
use super::percent::{Slash, decode_query, encode_into};
use super::request::HttpRequest;
use crate::digest::hex;

/// Writes the canonical request.
pub(super) fn canonical_request(request: &HttpRequest<'_>, signature: &Signature<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(768);
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    write_path(&mut out, request.path);
    out.push(b'\n');
    if let Some(query) = request.query.filter(|query| !query.is_empty()) {
        write_query(&mut out, query, signature.form);
    }
    out.push(b'\n');
    write_headers(&mut out, request, &signature.signed_headers);
    out.extend_from_slice(&hex(&request.payload.digest()));
    out
}

/// Removes empty, `.` and `..` segments, then encodes once more what is on the wire, as every service
/// but S3 does.
fn write_path(out: &mut Vec<u8>, path: &str) {
    if path.len() <= 1 {
        out.push(b'/');
        return;
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    for segment in &segments {
        out.push(b'/');
        encode_into(out, segment.as_bytes(), Slash::Keep);
    }
    if segments.is_empty() || path.ends_with('/') {
        out.push(b'/');
    }
}

/// Every parameter, decoded and encoded again, sorted by name and value; without the signature itself
/// when it stands here.
fn write_query(out: &mut Vec<u8>, query: &str, form: Form) {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let name = decode_query(name);
        if matches!(form, Form::Query { .. }) && name == &b"X-Amz-Signature"[..] {
            continue;
        }
        let encoded = |bytes: &[u8]| {
            let mut text = Vec::with_capacity(bytes.len() + 8);
            encode_into(&mut text, bytes, Slash::Encode);
            text
        };
        pairs.push((encoded(&name), encoded(&decode_query(value))));
    }
    pairs.sort_unstable();
    for (place, (name, value)) in pairs.iter().enumerate() {
        if place > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

/// The signed headers with their values, an empty line, and their names.
fn write_headers(out: &mut Vec<u8>, request: &HttpRequest<'_>, signed_headers: &str) {
    if names(signed_headers).is_sorted() {
        for name in names(signed_headers) {
            write_header(out, request, name);
        }
        out.push(b'\n');
        out.extend_from_slice(signed_headers.as_bytes());
    } else {
        let mut sorted: Vec<&str> = names(signed_headers).collect();
        sorted.sort_unstable();
        for name in &sorted {
            write_header(out, request, name);
        }
        out.push(b'\n');
        out.extend_from_slice(sorted.join(";").as_bytes());
    }
    out.push(b'\n');
}

/// The names in `SignedHeaders`.
pub(super) fn names(signed_headers: &str) -> impl Iterator<Item = &str> {
    signed_headers.split(';')
}

/// `name:value,value`. A signed header that the request does not have is written without a value, so
/// that the signature fails and the dump shows where.
fn write_header(out: &mut Vec<u8>, request: &HttpRequest<'_>, name: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut first = true;
    for value in header_values(request.headers, name) {
        if !first {
            out.push(b',');
        }
        first = false;
        write_trimmed(out, value);
    }
    if first
        && name == HOST.as_str()
        && let Some(authority) = request.authority
    {
        out.extend_from_slice(authority.as_bytes());
    }
    out.push(b'\n');
}

fn header_values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(name)
        .iter()
        .map(http::HeaderValue::as_bytes)
}

/// Without white space at the ends, and with single spaces inside.
fn write_trimmed(out: &mut Vec<u8>, value: &[u8]) {
    let value = value.trim_ascii();
    if !value.windows(2).any(|pair| pair == b"  ") {
        out.extend_from_slice(value);
        return;
    }
    let mut previous = 0;
    for &byte in value {
        if byte != b' ' || previous != b' ' {
            out.push(byte);
        }
        previous = byte;
    }
}
