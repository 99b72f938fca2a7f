//! AWS Signature Version 4, as a server checks it: the `Authorization` header form and the presigned
//! query form.
//!
//! [`Signature::read`] takes a request apart and answers "for which service and Region is this
//! signed, and by which key", which is all that routing needs. [`verify`] then decides. The order of
//! checks is that of AWS's front ends: parameters, signed headers, time, scope, key, signature. Why the
//! verification is our own: docs/decisions/0003-signature-verification.md.

mod canonical;
mod keys;
mod parameters;
mod percent;
mod request;
mod time;
mod verify;

pub use keys::SigningKeys;
pub use parameters::{Scope, Signature};
pub use request::{HttpRequest, Payload};
pub use verify::{RegionRule, verify};

#[cfg(test)]
mod tests;
