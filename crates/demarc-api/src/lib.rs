//! The messages of Demarc's interfaces, as Rust types.
//!
//! The Direct Connect API (version 2012-10-25, protocol awsJson1.1) is generated from the
//! service model by `cargo xtask codegen`; its structures, enums, [`Operation`], [`Request`] and
//! [`Response`] stand at the top of this crate. [`Request::decode`] reads a request body and
//! checks the model's constraints; [`Response::to_json`] writes a response body.
//!
//! What this crate does not do: HTTP, signatures, or any rule that is not in the model (forms of
//! ids, existence, quotas: `demarc-domain`). It has no I/O, no clock and no state.

mod decode;
mod dispatch;
mod enumeration;
mod error;
mod generated;
mod operation;
mod scalar;

#[cfg(test)]
mod samples;

pub use enumeration::UnknownValue;
pub use error::{Constraint, DecodeError, Violation};
pub use generated::*;
pub use operation::Pagination;
pub use scalar::{Blob, EpochSeconds};
