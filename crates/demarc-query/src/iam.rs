//! IAM, API version 2010-05-08: the two calls by which Terraform finds out its account when it does not
//! ask STS.

use demarc_types::Timestamp;

use crate::parameters::{MalformedParameters, Node};
use crate::read::{Fault, number, optional};
use crate::sts::{error_in, result_document};
use crate::xml::{ToXml, Xml};

const NAMESPACE: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// A request to IAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Without a name: the caller.
    GetUser { user_name: Option<String> },
    ListRoles {
        path_prefix: Option<String>,
        max_items: Option<u32>,
        marker: Option<String>,
    },
}

/// Why a request is refused; `Display` is the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    MalformedQueryString(#[from] MalformedParameters),
    #[error("Missing Action")]
    MissingAction,
    #[error("Could not find operation {0} for version 2010-05-08")]
    InvalidAction(String),
    #[error("{0}")]
    Validation(#[from] Fault),
    #[error("The user with name {0} cannot be found.")]
    NoSuchUser(String),
    /// `GetUser` without a name by a role's session.
    #[error("Must specify userName when calling with non-User credentials")]
    NotAUser,
}

impl Error {
    /// The error's code and HTTP status.
    pub fn wire(&self) -> (&'static str, u16) {
        match self {
            Self::MalformedQueryString(_) => ("MalformedQueryString", 400),
            Self::MissingAction => ("MissingAction", 400),
            Self::InvalidAction(_) => ("InvalidAction", 400),
            Self::Validation(_) | Self::NotAUser => ("ValidationError", 400),
            Self::NoSuchUser(_) => ("NoSuchEntity", 404),
        }
    }
}

impl Request {
    /// Reads the request from its parameters.
    ///
    /// # Errors
    /// What is not served here, and numbers that are none.
    pub fn read(node: &Node) -> Result<Self, Error> {
        match node.text("Action") {
            None => Err(Error::MissingAction),
            Some("GetUser") => Ok(Self::GetUser {
                user_name: optional(node, "UserName"),
            }),
            Some("ListRoles") => Ok(Self::ListRoles {
                path_prefix: optional(node, "PathPrefix"),
                max_items: number(node, "MaxItems")?,
                marker: optional(node, "Marker"),
            }),
            Some(other) => Err(Error::InvalidAction(other.chars().take(64).collect())),
        }
    }
}

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    GetUser(UserView),
    ListRoles {
        roles: Vec<RoleView>,
        /// Set when there are more.
        marker: Option<String>,
    },
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserView {
    pub user_name: String,
    pub user_id: String,
    pub arn: String,
    pub create_date: Timestamp,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleView {
    pub role_name: String,
    pub role_id: String,
    pub arn: String,
    pub create_date: Timestamp,
    /// Seconds.
    pub max_session_duration: i64,
}

impl ToXml for UserView {
    fn write(&self, xml: &mut Xml) {
        xml.text("Path", "/");
        xml.text("UserName", &self.user_name);
        xml.text("UserId", &self.user_id);
        xml.text("Arn", &self.arn);
        xml.text("CreateDate", self.create_date.to_rfc3339());
    }
}

impl ToXml for RoleView {
    fn write(&self, xml: &mut Xml) {
        xml.text("Path", "/");
        xml.text("RoleName", &self.role_name);
        xml.text("RoleId", &self.role_id);
        xml.text("Arn", &self.arn);
        xml.text("CreateDate", self.create_date.to_rfc3339());
        xml.number("MaxSessionDuration", self.max_session_duration);
    }
}

impl Response {
    /// The body of the answer.
    pub fn to_xml(&self, request_id: &str) -> Vec<u8> {
        match self {
            Self::GetUser(user) => result_document(NAMESPACE, "GetUser", request_id, |xml| {
                xml.nested("User", user);
            }),
            Self::ListRoles { roles, marker } => {
                result_document(NAMESPACE, "ListRoles", request_id, |xml| {
                    xml.members("Roles", roles);
                    xml.boolean("IsTruncated", marker.is_some());
                    xml.optional("Marker", marker.as_deref());
                })
            }
        }
    }
}

/// The body of any refusal by IAM.
pub fn error_document(code: &str, message: &str, status: u16, request_id: &str) -> Vec<u8> {
    error_in(NAMESPACE, code, message, status, request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Request, Error> {
        Request::read(&Node::parse(form.as_bytes()).unwrap())
    }

    #[test]
    fn requests_are_read() {
        assert_eq!(
            read("Action=GetUser&Version=2010-05-08"),
            Ok(Request::GetUser { user_name: None })
        );
        assert_eq!(
            read("Action=ListRoles&MaxItems=10"),
            Ok(Request::ListRoles {
                path_prefix: None,
                max_items: Some(10),
                marker: None,
            })
        );
        assert_eq!(
            read("Action=CreateUser").unwrap_err().wire(),
            ("InvalidAction", 400)
        );
    }
}
