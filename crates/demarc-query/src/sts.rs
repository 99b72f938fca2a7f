//! STS, API version 2011-06-15: who am I, and becoming a role.

use demarc_types::Timestamp;

use crate::parameters::{MalformedParameters, Node};
use crate::read::{Fault, number, optional, required};
use crate::xml::Xml;

/// Of every answer of STS and IAM.
pub const CONTENT_TYPE: &str = "text/xml";

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A request to STS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    GetCallerIdentity,
    AssumeRole(AssumeRole),
}

/// The parameters of `AssumeRole` that have an effect here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    pub role_arn: String,
    pub role_session_name: String,
    pub duration_seconds: Option<i64>,
    pub policy: Option<String>,
    pub external_id: Option<String>,
}

/// Why a request cannot be read; `Display` is the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    MalformedQueryString(#[from] MalformedParameters),
    #[error("Missing Action")]
    MissingAction,
    #[error("Could not find operation {0} for version 2011-06-15")]
    InvalidAction(String),
    #[error("{0}")]
    Validation(#[from] Fault),
    #[error("{0} of AssumeRole is not served: leave it out, or narrow the session by Policy")]
    NotServed(&'static str),
}

impl Error {
    /// The error's code; its status is 400.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedQueryString(_) => "MalformedQueryString",
            Self::MissingAction => "MissingAction",
            Self::InvalidAction(_) => "InvalidAction",
            Self::Validation(_) | Self::NotServed(_) => "ValidationError",
        }
    }
}

impl Request {
    /// Reads the request from its parameters.
    ///
    /// # Errors
    /// What is not served here, and parameters that are missing or no numbers.
    pub fn read(node: &Node) -> Result<Self, Error> {
        match node.text("Action") {
            None => Err(Error::MissingAction),
            Some("GetCallerIdentity") => Ok(Self::GetCallerIdentity),
            Some("AssumeRole") => Ok(Self::AssumeRole(AssumeRole::read(node)?)),
            Some(other) => Err(Error::InvalidAction(other.chars().take(64).collect())),
        }
    }
}

/// Parameters of `AssumeRole` that would narrow the session or mark it, and that nothing here honours: a
/// session must not be able to do more than was asked for.
const NOT_SERVED: [&str; 5] = [
    "PolicyArns",
    "Tags",
    "TransitiveTagKeys",
    "SourceIdentity",
    "ProvidedContexts",
];

impl AssumeRole {
    fn read(node: &Node) -> Result<Self, Error> {
        if let Some(name) = NOT_SERVED.into_iter().find(|name| node.get(name).is_some()) {
            return Err(Error::NotServed(name));
        }
        Ok(Self {
            role_arn: required(node, "RoleArn")?,
            role_session_name: required(node, "RoleSessionName")?,
            duration_seconds: number(node, "DurationSeconds")?,
            policy: optional(node, "Policy"),
            external_id: optional(node, "ExternalId"),
        })
    }
}

/// What a request is answered with.
#[derive(Clone, PartialEq, Eq)]
pub enum Response {
    GetCallerIdentity {
        user_id: String,
        account: String,
        arn: String,
    },
    AssumeRole(AssumedRoleView),
}

/// A new session.
#[derive(Clone, PartialEq, Eq)]
pub struct AssumedRoleView {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    pub expiration: Timestamp,
    pub assumed_role_id: String,
    pub arn: String,
    pub packed_policy_size: Option<u32>,
}

impl Response {
    /// The body of the answer.
    pub fn to_xml(&self, request_id: &str) -> Vec<u8> {
        let action = match self {
            Self::GetCallerIdentity { .. } => "GetCallerIdentity",
            Self::AssumeRole(_) => "AssumeRole",
        };
        result_document(NAMESPACE, action, request_id, |xml| match self {
            Self::GetCallerIdentity {
                user_id,
                account,
                arn,
            } => {
                xml.text("Arn", arn);
                xml.text("UserId", user_id);
                xml.text("Account", account);
            }
            Self::AssumeRole(session) => session.write(xml),
        })
    }
}

impl AssumedRoleView {
    fn write(&self, xml: &mut Xml) {
        xml.element("AssumedRoleUser", |xml| {
            xml.text("AssumedRoleId", &self.assumed_role_id);
            xml.text("Arn", &self.arn);
        });
        xml.element("Credentials", |xml| {
            xml.text("AccessKeyId", &self.access_key_id);
            xml.text("SecretAccessKey", &self.secret_access_key);
            xml.text("SessionToken", &self.session_token);
            xml.text("Expiration", self.expiration.to_rfc3339());
        });
        if let Some(size) = self.packed_policy_size {
            xml.number("PackedPolicySize", size);
        }
    }
}

/// The body of any refusal by STS.
pub fn error_document(code: &str, message: &str, status: u16, request_id: &str) -> Vec<u8> {
    error_in(NAMESPACE, code, message, status, request_id)
}

/// `<ActionResponse><ActionResult>...</ActionResult><ResponseMetadata>...`, as STS and IAM answer.
pub(crate) fn result_document(
    namespace: &str,
    action: &str,
    request_id: &str,
    content: impl FnOnce(&mut Xml),
) -> Vec<u8> {
    Xml::document(&format!("{action}Response"), Some(namespace), |xml| {
        xml.element(&format!("{action}Result"), content);
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    })
}

/// `<ErrorResponse><Error>...`, as STS and IAM refuse.
pub(crate) fn error_in(
    namespace: &str,
    code: &str,
    message: &str,
    status: u16,
    request_id: &str,
) -> Vec<u8> {
    Xml::document("ErrorResponse", Some(namespace), |xml| {
        xml.element("Error", |xml| {
            xml.text("Type", if status < 500 { "Sender" } else { "Receiver" });
            xml.text("Code", code);
            xml.text("Message", message);
        });
        xml.text("RequestId", request_id);
    })
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
            read("Action=GetCallerIdentity&Version=2011-06-15"),
            Ok(Request::GetCallerIdentity)
        );
        assert_eq!(
            read("Action=AssumeRole&RoleArn=a&RoleSessionName=b&DurationSeconds=900&Policy=%7B%7D"),
            Ok(Request::AssumeRole(AssumeRole {
                role_arn: "a".to_owned(),
                role_session_name: "b".to_owned(),
                duration_seconds: Some(900),
                policy: Some("{}".to_owned()),
                external_id: None,
            }))
        );
        let Ok(Request::AssumeRole(asked)) =
            read("Action=AssumeRole&RoleArn=a&RoleSessionName=b&ExternalId=e-1")
        else {
            panic!("AssumeRole is read");
        };
        assert_eq!(asked.external_id.as_deref(), Some("e-1"));
    }

    #[test]
    fn faults_have_codes() {
        for (form, code) in [
            ("Version=2011-06-15", "MissingAction"),
            ("Action=DecodeAuthorizationMessage", "InvalidAction"),
            ("Action=AssumeRole&RoleArn=a", "ValidationError"),
            (
                "Action=AssumeRole&RoleArn=a&RoleSessionName=b&DurationSeconds=x",
                "ValidationError",
            ),
        ] {
            assert_eq!(read(form).unwrap_err().code(), code, "{form}");
        }
    }

    #[test]
    fn what_would_narrow_or_mark_a_session_is_refused_rather_than_ignored() {
        for (form, name) in [
            (
                "PolicyArns.member.1.arn=arn:aws:iam::aws:policy/ReadOnlyAccess",
                "PolicyArns",
            ),
            ("Tags.member.1.Key=k&Tags.member.1.Value=v", "Tags"),
            ("TransitiveTagKeys.member.1=k", "TransitiveTagKeys"),
            ("SourceIdentity=me", "SourceIdentity"),
        ] {
            let error = read(&format!(
                "Action=AssumeRole&RoleArn=a&RoleSessionName=b&{form}"
            ));
            assert_eq!(error, Err(Error::NotServed(name)));
        }
    }

    #[test]
    fn errors_tell_whose_fault_it_is() {
        let sender = error_document("AccessDenied", "no & no", 403, "r");
        assert_eq!(
            String::from_utf8(sender).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>AccessDenied</Code><Message>no &amp; no</Message></Error><RequestId>r</RequestId>\
             </ErrorResponse>"
        );
        let receiver = error_document("InternalFailure", "", 500, "r");
        assert!(
            String::from_utf8(receiver)
                .unwrap()
                .contains("<Type>Receiver</Type>")
        );
    }
}
