//! The neighbours that speak awsJson1.1, as Direct Connect does: the Resource Groups Tagging API, and what
//! little of Secrets Manager clients ask for (spec/clients §1.5 and §3).

mod secrets;
mod tagging;

use bytes::Bytes;
use demarc_auth::{
    Action, Caller, Denial, Dialect, Origin, Service, Target as Resource, authorize,
};
use demarc_control::ControlError;
use demarc_domain::tagging::TaggingOperation;
use http::StatusCode;
use http::request::Parts;

use self::secrets::SecretsOperation;
use crate::answer::{Answer, json_1_1, json_error};
use crate::direct_connect::identify;
use crate::front::Front;

const BAD: StatusCode = StatusCode::BAD_REQUEST;

/// What a call is addressed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Tagging(TaggingOperation),
    Secrets(SecretsOperation),
}

impl Target {
    /// The call that `X-Amz-Target` names, if it is one of these.
    pub(crate) fn read(target: &str) -> Option<Self> {
        let (service, operation) = target.split_once('.')?;
        match service {
            "ResourceGroupsTaggingAPI_20170126" => {
                TaggingOperation::from_name(operation).map(Self::Tagging)
            }
            "secretsmanager" => SecretsOperation::from_name(operation).map(Self::Secrets),
            _ => None,
        }
    }

    fn service(self) -> Service {
        match self {
            Self::Tagging(_) => Service::Tagging,
            Self::Secrets(_) => Service::SecretsManager,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tagging(operation) => operation.name(),
            Self::Secrets(operation) => operation.name(),
        }
    }
}

/// One call, as far as the services have in common.
struct Call<'a> {
    front: &'a Front,
    caller: &'a Caller,
    origin: Origin,
}

impl Call<'_> {
    /// Asks the caller's policies about an action on one resource, or on none in particular.
    fn authorize(&self, action: &str, arn: Option<&str>) -> Result<(), Denial> {
        let resource = arn.map(|arn| Resource {
            arn,
            tags: &[],
            required: true,
        });
        let action = Action {
            name: action,
            resources: resource.as_slice(),
            request_tags: &[],
            request_tag_keys: &[],
            region: self.caller.region,
            now: self.front.wall_clock(),
            origin: Some(self.origin),
        };
        authorize(&self.caller.principal, &action)
    }
}

/// Handles one call.
pub(crate) async fn handle(
    front: &Front,
    parts: &Parts,
    body: Bytes,
    target: Target,
    origin: Origin,
) -> Answer {
    let service = target.service();
    let mut entry = front.audit.as_ref().map(|audit| {
        let what = (service, target.name());
        let origin = (origin.address, front.control.now());
        audit.begin_json(what, parts, &body, origin)
    });
    let answer = match identify(front, parts, &body, service) {
        Ok(caller) => {
            if let Some(entry) = &mut entry {
                entry.identified(&caller);
            }
            let call = Call {
                front,
                caller: &caller,
                origin,
            };
            answer(&call, target, &body).await
        }
        Err(refused) => *refused,
    };
    let done = if answer.status().is_success() {
        "ok"
    } else {
        "error"
    };
    if let Some(entry) = entry {
        entry.answered(&answer);
    }
    metrics::counter!("demarc_json_requests_total", "service" => service.scope_name(), "outcome" => done).increment(1);
    answer
}

async fn answer(call: &Call<'_>, target: Target, body: &[u8]) -> Answer {
    let (front, account) = (call.front, call.caller.principal.account);
    if !front.admits(account, front.wall_clock()) {
        let code = match target {
            Target::Tagging(_) => "ThrottledException",
            Target::Secrets(_) => "ThrottlingException",
        };
        return json_error(BAD, code, Some("Rate exceeded"));
    }
    // What is shown, and what policies look at, has to be as of now.
    if let Err(error) = front.control.read().await {
        return not_done(target, &error);
    }
    match target {
        Target::Tagging(operation) => tagging::answer(call, operation, body).await,
        Target::Secrets(operation) => secrets::answer(call, operation, body),
    }
}

fn done(body: &impl serde::Serialize) -> Answer {
    match serde_json::to_vec(body) {
        Ok(body) => json_1_1(StatusCode::OK, body),
        Err(error) => json_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            Some(&error.to_string()),
        ),
    }
}

/// A policy's refusal.
fn denied(denial: &Denial) -> Answer {
    let wire = denial.wire(Dialect::Json);
    let status = StatusCode::from_u16(wire.status).unwrap_or(BAD);
    json_error(status, wire.code, Some(&denial.message(Dialect::Json)))
}

/// The body of the call cannot be read.
fn unreadable(error: &serde_json::Error) -> Answer {
    json_error(BAD, "SerializationException", Some(&error.to_string()))
}

/// The store failed.
fn not_done(target: Target, error: &ControlError) -> Answer {
    let (status, code) = match (error, target) {
        (ControlError::Unavailable(_) | ControlError::Stopped, _) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailableException",
        ),
        (_, Target::Tagging(_)) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServiceException",
        ),
        (_, Target::Secrets(_)) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceError"),
    };
    json_error(status, code, Some(&error.to_string()))
}
