//! Why a caller could not be identified, and what the wire calls it.

use crate::service::Dialect;

/// The request was not accepted as coming from a known caller. `Display` is the message of the answer
/// (spec/protocol §3.3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Neither an `Authorization` header nor query authentication.
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    /// The parts of a signature are there only in part, or cannot be read.
    #[error("{0}")]
    IncompleteSignature(String),
    /// Nobody has this access key, or the session token is not one of ours for this key.
    #[error("The security token included in the request is invalid.")]
    UnrecognizedClient,
    /// The session has ended.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// The signature differs from the one that the request should carry.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS \
         Secret Access Key and signing method. Consult the service documentation for details.\n\n\
         The Canonical String for this request should have been\n'{canonical_request}'\n\n\
         The String-to-Sign should have been\n'{string_to_sign}'\n"
    )]
    SignatureMismatch {
        canonical_request: String,
        string_to_sign: String,
    },
    /// The signature is too old, too new, or made for something else.
    #[error("{0}")]
    InvalidSignature(String),
    /// The same, because of the time: clients correct their clock when they see it.
    #[error("{0}")]
    OutsideTimeWindow(String),
}

/// An error's name and HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    pub code: &'static str,
    pub status: u16,
}

impl AuthError {
    /// The name and status of this error in `dialect`.
    pub fn wire(&self, dialect: Dialect) -> WireError {
        let (code, status) = match dialect {
            Dialect::Json => (self.json_code(), 400),
            Dialect::Query => self.query_code(),
            Dialect::Ec2 => self.ec2_code(),
        };
        WireError { code, status }
    }

    /// What to tell the client. EC2 does not say more than that the credentials did not do.
    pub fn message(&self, dialect: Dialect) -> String {
        match (dialect, self) {
            (Dialect::Ec2, Self::UnrecognizedClient | Self::SignatureMismatch { .. }) => {
                "AWS was not able to validate the provided access credentials".to_owned()
            }
            _ => self.to_string(),
        }
    }

    fn json_code(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::SignatureMismatch { .. }
            | Self::InvalidSignature(_)
            | Self::OutsideTimeWindow(_) => "InvalidSignatureException",
        }
    }

    fn query_code(&self) -> (&'static str, u16) {
        match self {
            Self::MissingAuthenticationToken => ("MissingAuthenticationToken", 403),
            Self::IncompleteSignature(_) => ("IncompleteSignature", 400),
            Self::UnrecognizedClient => ("InvalidClientTokenId", 403),
            Self::ExpiredToken => ("ExpiredToken", 403),
            Self::SignatureMismatch { .. }
            | Self::InvalidSignature(_)
            | Self::OutsideTimeWindow(_) => ("SignatureDoesNotMatch", 403),
        }
    }

    fn ec2_code(&self) -> (&'static str, u16) {
        match self {
            Self::MissingAuthenticationToken => ("MissingAuthenticationToken", 403),
            Self::IncompleteSignature(_) => ("IncompleteSignature", 400),
            Self::UnrecognizedClient | Self::SignatureMismatch { .. } => ("AuthFailure", 401),
            Self::InvalidSignature(_) => ("SignatureDoesNotMatch", 403),
            Self::ExpiredToken | Self::OutsideTimeWindow(_) => ("RequestExpired", 400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mismatch() -> AuthError {
        AuthError::SignatureMismatch {
            canonical_request: "POST\n/".to_owned(),
            string_to_sign: "AWS4-HMAC-SHA256\nx".to_owned(),
        }
    }

    #[test]
    fn json_names_and_texts_follow_the_table() {
        let rows = [
            (
                AuthError::MissingAuthenticationToken,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            (
                AuthError::IncompleteSignature("x".to_owned()),
                "IncompleteSignatureException",
                "x",
            ),
            (
                AuthError::UnrecognizedClient,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            (
                AuthError::ExpiredToken,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
            (
                mismatch(),
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check \
                 your AWS Secret Access Key and signing method. Consult the service documentation for \
                 details.\n\nThe Canonical String for this request should have been\n'POST\n/'\n\n\
                 The String-to-Sign should have been\n'AWS4-HMAC-SHA256\nx'\n",
            ),
        ];
        for (error, code, message) in rows {
            let wire = error.wire(Dialect::Json);
            assert_eq!((wire.code, wire.status), (code, 400));
            assert_eq!(error.message(Dialect::Json), message, "{code}");
        }
    }

    #[test]
    fn ec2_and_sts_have_their_own_names() {
        let sts = mismatch().wire(Dialect::Query);
        assert_eq!((sts.code, sts.status), ("SignatureDoesNotMatch", 403));
        let ec2 = mismatch().wire(Dialect::Ec2);
        assert_eq!((ec2.code, ec2.status), ("AuthFailure", 401));
        assert_eq!(
            mismatch().message(Dialect::Ec2),
            "AWS was not able to validate the provided access credentials"
        );
    }
}
