//! Requests of the Direct Connect API, signed with Signature Version 4.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const REGION: &str = "us-east-1";

/// Signs requests to one server with one key; the derived key is kept, as SDKs keep it.
#[derive(Clone)]
pub(crate) struct Signer {
    host: String,
    access_key: String,
    /// `20261121T101112Z`: good for some minutes, which no measurement exceeds.
    time: String,
    key: [u8; 32],
}

impl Signer {
    pub(crate) fn new(host: String, access_key: &str, secret: &str) -> anyhow::Result<Self> {
        let time = now()?;
        let date = &time[..8];
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [date, REGION, "directconnect", "aws4_request"] {
            key = mac(&key, part.as_bytes()).to_vec();
        }
        let key = <[u8; 32]>::try_from(key.as_slice()).context("a MAC has 32 bytes")?;
        let access_key = access_key.to_owned();
        Ok(Self {
            host,
            access_key,
            time,
            key,
        })
    }

    /// The bytes of a call over HTTP/1.1.
    pub(crate) fn request(&self, operation: &str, body: &str) -> Vec<u8> {
        let (host, time, date) = (&self.host, &self.time, &self.time[..8]);
        let target = format!("OvertureService.{operation}");
        let names = "content-type;host;x-amz-date;x-amz-target";
        let headers = format!(
            "content-type:application/x-amz-json-1.1\nhost:{host}\nx-amz-date:{time}\nx-amz-target:{target}\n"
        );
        let canonical = format!("POST\n/\n\n{headers}\n{names}\n{}", hash(body));
        let scope = format!("{date}/{REGION}/directconnect/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(&canonical));
        let signature = hex(&mac(&self.key, text.as_bytes()));
        format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-date: {time}\r\n\
             x-amz-target: {target}\r\nauthorization: AWS4-HMAC-SHA256 Credential={}/{scope}, \
             SignedHeaders={names}, Signature={signature}\r\ncontent-length: {}\r\n\r\n{body}",
            self.access_key,
            body.len()
        )
        .into_bytes()
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("keys have any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves
        .map(|half| char::from(DIGITS[usize::from(half)]))
        .collect()
}

/// The present time in the form of `x-amz-date`.
fn now() -> anyhow::Result<String> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = demarc_types::Timestamp::from_millis(i64::try_from(elapsed.as_millis())?);
    let text = now.to_rfc3339();
    let (seconds, _) = text.split_once('.').context("fractions of a second")?;
    Ok(seconds.replace(['-', ':'], "") + "Z")
}
