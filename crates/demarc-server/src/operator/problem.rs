//! Why an operator's request is not carried out.

use demarc_control::ControlError;
use demarc_domain::Refusal;
use http::StatusCode;
use serde_json::json;

use crate::answer::{Answer, json};

/// Status and message; the answer is `{"message": "..."}`.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// What the request says makes no sense.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn answer(&self) -> Answer {
        json(self.status, &json!({ "message": self.message }))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::ConnectionNotFound(_)
            | Refusal::GatewayNotFound(_)
            | Refusal::VirtualInterfaceNotFound(_)
            | Refusal::UnknownBgpPeer(_) => StatusCode::NOT_FOUND,
            Refusal::VirtualInterfaceState { .. } => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, refusal.to_string())
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let status = match error {
            ControlError::Unavailable(_) | ControlError::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            ControlError::Unknown(_) => StatusCode::INTERNAL_SERVER_ERROR,
            ControlError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        };
        Self::new(status, error.to_string())
    }
}
