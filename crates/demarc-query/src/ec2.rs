//! EC2, API version 2016-11-15: VPCs, virtual private gateways, transit gateways, and what clients ask
//! for on the way. Requests and answers are the values of [`demarc_domain::neighbor`]; here they are read
//! from parameters and written as XML.

mod answer;
mod error;
mod request;

pub use answer::{CONTENT_TYPE, answer};
pub use error::{Error, error_document, refusal};
pub use request::{Call, read};

#[cfg(test)]
mod tests;
