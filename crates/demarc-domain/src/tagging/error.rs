//! What the Tagging API says when it refuses a whole request.

/// Displays as the `message`; [`TaggingError::code`] is the `__type`. The HTTP status is 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaggingError {
    #[error("{0}")]
    InvalidParameter(String),
    /// Also a token that was never given out.
    #[error("The PaginationToken is invalid or has expired: begin again without it.")]
    PaginationToken,
}

impl TaggingError {
    pub(super) fn invalid(text: impl Into<String>) -> Self {
        Self::InvalidParameter(text.into())
    }

    /// The name of the exception.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidParameter(_) => "InvalidParameterException",
            Self::PaginationToken => "PaginationTokenExpiredException",
        }
    }
}
