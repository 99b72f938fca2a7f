//! What is wrong with a request before the domain sees it, and the document of every refusal.

use demarc_domain::neighbor::Ec2Error;

use crate::parameters::MalformedParameters;
use crate::read::Fault;
use crate::xml::Xml;

/// The request cannot be read. `Display` is the message; the HTTP status is 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    MalformedQueryString(#[from] MalformedParameters),
    #[error("The request must contain the parameter Action")]
    MissingAction,
    #[error("The action {0} is not valid for this web service.")]
    InvalidAction(String),
    #[error("{0}")]
    Parameter(#[from] Fault),
    /// `ModifyVpcAttribute` changes one attribute a call.
    #[error("Exactly one of the attributes of the VPC must be given")]
    OneAttribute,
}

impl Error {
    /// The error's code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedQueryString(_) => "MalformedQueryString",
            Self::MissingAction => "MissingAction",
            Self::InvalidAction(_) => "InvalidAction",
            Self::Parameter(Fault::Missing(_)) => "MissingParameter",
            Self::Parameter(Fault::Invalid { .. }) => "InvalidParameterValue",
            Self::OneAttribute => "InvalidParameterCombination",
        }
    }

    /// The body of the answer.
    pub fn to_xml(&self, request_id: &str) -> Vec<u8> {
        error_document(self.code(), &self.to_string(), request_id)
    }
}

/// The body of a refusal by the domain; its status is [`Ec2Error::status`].
pub fn refusal(error: &Ec2Error, request_id: &str) -> Vec<u8> {
    error_document(error.code(), &error.to_string(), request_id)
}

/// The body of any refusal in EC2's form; also for those of authentication and policies.
pub fn error_document(code: &str, message: &str, request_id: &str) -> Vec<u8> {
    Xml::document("Response", None, |xml| {
        xml.element("Errors", |xml| {
            xml.element("Error", |xml| {
                xml.text("Code", code);
                xml.text("Message", message);
            });
        });
        xml.text("RequestID", request_id);
    })
}
