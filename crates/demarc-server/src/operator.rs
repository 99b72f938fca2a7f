//! The operator API: what AWS staff, the colocation site and simulated far ends do.

mod body;
mod clock;
mod connection;
mod events;
mod location;
mod session;
mod virtual_interface;

use bytes::Bytes;
use demarc_control::ControlError;
use demarc_domain::{Order, Refusal};
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::answer::{Answer, json, plain};
use crate::front::{Front, OperatorAccess};

/// The OpenAPI document of these paths, checked in and served.
pub fn openapi() -> &'static str {
    include_str!("operator/openapi.json")
}

/// Why an operator's request is not carried out.
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

    fn answer(&self) -> Answer {
        json(self.status, &json!({ "message": self.message }))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::ConnectionNotFound(_)
            | Refusal::VirtualInterfaceNotFound(_)
            | Refusal::UnknownBgpPeer(_) => {
                StatusCode::NOT_FOUND
            }
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

/// Answers a request of the operator's.
pub(crate) async fn handle(front: &Front, parts: &Parts, body: Bytes) -> Answer {
    if parts.method == Method::GET
        && let Err(error) = front.control.read().await
    {
        return Problem::from(error).answer();
    }
    let result = match authorized(front, parts) {
        Ok(()) => route(front, parts, &body).await,
        Err(problem) => Err(problem),
    };
    result.unwrap_or_else(|problem| problem.answer())
}

/// The bearer token, unless the service is open.
fn authorized(front: &Front, parts: &Parts) -> Result<(), Problem> {
    let token = match &front.operator_token {
        OperatorAccess::Open => return Ok(()),
        OperatorAccess::Closed => {
            let text =
                "The operator API is closed: set server.operator_token in the configuration.";
            return Err(Problem::new(StatusCode::FORBIDDEN, text));
        }
        OperatorAccess::Token(token) => token,
    };
    let header = parts
        .headers
        .get(http::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let given = header
        .and_then(|header| header.strip_prefix("Bearer "))
        .unwrap_or_default();
    if given.as_bytes().ct_eq(token.expose().as_bytes()).into() {
        Ok(())
    } else {
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "The operator's token is missing or wrong.",
        ))
    }
}

async fn route(front: &Front, parts: &Parts, body: &[u8]) -> Result<Answer, Problem> {
    let path = parts.uri.path().trim_start_matches("/_demarc/v1/");
    let segments: Vec<&str> = path.split('/').collect();
    let method = &parts.method;
    match (segments.as_slice(), method) {
        (["openapi.json"], &Method::GET) => {
            Ok(plain(StatusCode::OK, "application/json", openapi()))
        }
        (["connections", id, "link"], &Method::POST) => connection::set_link(front, id, body).await,
        (["connections", id, "approve"], &Method::POST) => connection::approve(front, id).await,
        (["bgp-peers", id, "session"], &Method::POST) => {
            session::set_session(front, id, body).await
        }
        (["clock", "advance"], &Method::POST) => clock::advance(front, body).await,
        (["virtual-interfaces", id, "approve"], &Method::POST) => {
            virtual_interface::approve(front, id).await
        }
        (["virtual-interfaces", id, "reject"], &Method::POST) => {
            virtual_interface::reject(front, id).await
        }
        (["locations"], &Method::GET) => location::list(front, parts.uri.query()),
        (["locations", code], &Method::PUT) => location::put(front, code, body).await,
        (["events"], &Method::GET) => events::list(front, parts.uri.query()).await,
        (
            ["openapi.json" | "locations" | "events"]
            | ["locations", _]
            | ["clock", "advance"]
            | ["connections", _, "link" | "approve"]
            | ["bgp-peers", _, "session"]
            | ["virtual-interfaces", _, "approve" | "reject"],
            _,
        ) => Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{method} is not served at this path."),
        )),
        _ => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "There is nothing at this path; see /_demarc/v1/openapi.json.",
        )),
    }
}

/// Carries out an order and says what it did.
async fn carry_out(
    front: &Front,
    order: Order,
    done: serde_json::Value,
) -> Result<Answer, Problem> {
    front.control.command(order).await??;
    Ok(json(StatusCode::OK, &done))
}
