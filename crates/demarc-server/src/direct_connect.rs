//! The Direct Connect API over awsJson1.1 (spec/protocol §1 to §3).

use bytes::Bytes;
use demarc_api::{DecodeError, Operation, Request};
use demarc_auth::{Caller, Dialect, Origin, Service};
use demarc_control::{ControlError, Snapshot};
use demarc_domain::{Exception, Refusal, owners};
use demarc_types::AccountId;
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;

use crate::answer::{Answer, json_1_1, json_error};
use crate::audit::is_read;
use crate::front::Front;
use crate::identity;

/// What `X-Amz-Target` begins with.
pub(crate) const TARGET: &str = "OvertureService.";

const BAD: StatusCode = StatusCode::BAD_REQUEST;

/// Handles one call, in the order of spec/protocol §3.4: target, caller, body, model constraints,
/// permission; the rest is the domain's.
pub(crate) async fn handle(front: &Front, parts: &Parts, body: Bytes, origin: Origin) -> Answer {
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let Some(operation) = target.strip_prefix(TARGET).and_then(Operation::from_name) else {
        return json_error(BAD, "UnknownOperationException", None);
    };
    let mut entry = front.audit.as_ref().map(|audit| {
        let what = (Service::DirectConnect, operation.name());
        let origin = (origin.address, front.control.now());
        audit.begin_json(what, parts, &body, origin)
    });
    let answer = match identify(front, parts, &body, Service::DirectConnect) {
        Ok(caller) => {
            let Some(entry) = &mut entry else {
                return counted(
                    operation,
                    call(front, &caller, body, origin, operation).await,
                );
            };
            entry.identified(&caller);
            let asked = body.clone();
            let before = front.control.snapshot();
            let answer = call(front, &caller, body, origin, operation).await;
            if answer.status().is_success() && !is_read(operation.name()) {
                entry.shared_with(sharers(front, &before, &caller, (&asked, &answer)));
            }
            answer
        }
        Err(refused) => *refused,
    };
    if let Some(entry) = entry {
        entry.answered(&answer);
    }
    counted(operation, answer)
}

fn counted(operation: Operation, answer: Answer) -> Answer {
    let outcome = if answer.status().is_success() {
        "ok"
    } else {
        "error"
    };
    metrics::counter!("demarc_requests_total", "operation" => operation.name(), "outcome" => outcome).increment(1);
    answer
}

/// What a request or an answer names; the rest of it is passed over, since every write is looked at.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    virtual_interface_id: Option<String>,
    connection_id: Option<String>,
    virtual_interface: Option<Box<Self>>,
    virtual_interface_test: Option<Box<Self>>,
}

impl Named {
    fn id(self) -> Option<String> {
        let inner = self.virtual_interface.or(self.virtual_interface_test);
        let own = self.virtual_interface_id.or(self.connection_id);
        own.or_else(|| inner?.id())
    }
}

/// Other accounts that what a call made or changed belongs to, or belonged to before: the answer names it, or
/// the request does.
fn sharers(
    front: &Front,
    before: &Snapshot,
    caller: &Caller,
    (asked, answer): (&Bytes, &Answer),
) -> Vec<AccountId> {
    let named = |body: &Bytes| {
        let named = serde_json::from_slice::<Named>(body).unwrap_or_default();
        named.id()
    };
    let Some(id) = named(answer.body()).or_else(|| named(asked)) else {
        return Vec::new();
    };
    let mut others = owners(&before.world, &id);
    others.extend(owners(&front.control.snapshot().world, &id));
    others.remove(&caller.principal.account);
    others.into_iter().collect()
}

/// Who is calling a service that speaks awsJson1.1; otherwise the answer that says why that is not known.
pub(crate) fn identify(
    front: &Front,
    parts: &Parts,
    body: &Bytes,
    service: Service,
) -> Result<Caller, Box<Answer>> {
    let now = front.wall_clock();
    identity::authenticate(&front.authenticator, parts, body, service, now).map_err(|error| {
        let wire = error.wire(Dialect::Json);
        let status = StatusCode::from_u16(wire.status).unwrap_or(BAD);
        Box::new(json_error(
            status,
            wire.code,
            Some(&error.message(Dialect::Json)),
        ))
    })
}

async fn call(
    front: &Front,
    caller: &Caller,
    body: Bytes,
    origin: Origin,
    operation: Operation,
) -> Answer {
    if !front.admits(caller.principal.account, front.wall_clock()) {
        return json_error(BAD, "ThrottlingException", Some("Rate exceeded"));
    }
    let request = match Request::decode(operation, &body) {
        Ok(request) => request,
        Err(error @ DecodeError::Serialization(_)) => {
            return json_error(BAD, "SerializationException", Some(&error.to_string()));
        }
        Err(error @ DecodeError::Validation(_)) => {
            return json_error(BAD, Exception::Client.as_str(), Some(&error.to_string()));
        }
    };
    // What is shown, and what policies look at, has to be as of now.
    let looks = operation.is_read_only() || !caller.principal.permissions.is_administrator();
    if looks && let Err(error) = front.control.read().await {
        return not_done(&error);
    }
    if let Some(denied) = denied(front, caller, operation, &body, origin) {
        return denied;
    }
    answer(front, caller, request).await
}

fn denied(
    front: &Front,
    caller: &Caller,
    operation: Operation,
    body: &[u8],
    origin: Origin,
) -> Option<Answer> {
    if caller.principal.permissions.is_administrator() {
        return None;
    }
    let snapshot = front.control.snapshot();
    let context = front
        .control
        .context(caller.principal.account, caller.region);
    let denial =
        identity::authorize_direct_connect(caller, &snapshot, &context, operation, body, origin)
            .err()?;
    let wire = denial.wire(Dialect::Json);
    let status = StatusCode::from_u16(wire.status).unwrap_or(BAD);
    Some(json_error(
        status,
        wire.code,
        Some(&denial.message(Dialect::Json)),
    ))
}

async fn answer(front: &Front, caller: &Caller, request: Request) -> Answer {
    let (account, region) = (caller.principal.account, caller.region);
    let operation = request.operation();
    let result = if operation.is_read_only() {
        Ok(front.control.query(account, region, &request))
    } else {
        front.control.decide(account, region, request).await
    };
    match result {
        Ok(Ok(response)) => json_1_1(StatusCode::OK, response.to_json()),
        Ok(Err(refusal)) => refused(operation, &refusal),
        Err(error) => not_done(&error),
    }
}

fn refused(operation: Operation, refusal: &Refusal) -> Answer {
    // Both documented exceptions are 400, the server's too (spec/protocol §3.2).
    json_error(
        BAD,
        refusal.exception_of(operation).as_str(),
        Some(&refusal.to_string()),
    )
}

/// The store failed: what clients may repeat is told apart from what they may not know.
fn not_done(error: &ControlError) -> Answer {
    match error {
        ControlError::Unavailable(_) | ControlError::Stopped => json_error(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailableException",
            Some(&error.to_string()),
        ),
        ControlError::Unknown(_) => json_error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            Some(&error.to_string()),
        ),
        ControlError::TooLarge(_) => {
            json_error(BAD, Exception::Client.as_str(), Some(&error.to_string()))
        }
    }
}
