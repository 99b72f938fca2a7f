//! The AWS Query protocol for the services beside Direct Connect on the same endpoint: EC2, STS and IAM,
//! as far as Terraform and people need them (spec/clients §1.3, §1.5).
//!
//! A form body becomes a [`Node`]; [`ec2::read`], [`sts::Request::read`] and [`iam::Request::read`] give it
//! types; answers are plain values, written as XML. Nothing here knows what exists: EC2's requests and
//! answers are those of [`demarc_domain::neighbor`], which decides.

pub mod ec2;
pub mod iam;
pub mod sts;

mod parameters;
mod read;
mod xml;

pub use parameters::{MalformedParameters, Node};
pub use read::Fault;
pub use xml::{ToXml, Xml};
