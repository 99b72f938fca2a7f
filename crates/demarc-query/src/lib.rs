//! The AWS Query protocol for the services beside Direct Connect on the same endpoint: EC2, STS and IAM,
//! as far as Terraform and people need them (spec/clients §1.3, §1.5).
//!
//! A form body becomes a [`Node`]; [`ec2::Request`], [`sts::Request`] and [`iam::Request`] give it types;
//! answers are plain views that write themselves as XML. Nothing here knows what exists: the state behind
//! the views is the domain's.

pub mod ec2;
pub mod iam;
pub mod sts;

mod parameters;
mod read;
mod xml;

pub use parameters::{MalformedParameters, Node};
pub use read::Fault;
pub use xml::{ToXml, Xml};
