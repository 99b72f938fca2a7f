//! The neighbours on the same endpoint: EC2, STS and IAM over the Query protocol (spec/clients §1.5).

mod ec2;
mod iam;
mod sts;

use bytes::Bytes;
use demarc_auth::{Action, Caller, Denial, Dialect, Origin, Service, authorize};
use demarc_query::{MalformedParameters, Node};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use crate::answer::{Answer, REQUEST_ID, plain, request_id};
use crate::front::Front;
use crate::identity;

/// What an answer is made of before it has a request id.
pub(super) struct Outcome {
    status: StatusCode,
    body: Vec<u8>,
}

impl Outcome {
    pub(super) fn new(status: u16, body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            body,
        }
    }
}

/// One call, as far as the services have in common.
pub(super) struct Call<'a> {
    pub(super) front: &'a Front,
    pub(super) caller: Caller,
    pub(super) origin: Origin,
    pub(super) id: String,
}

impl Call<'_> {
    /// Asks the caller's policies; actions of these services are judged without resources.
    pub(super) fn authorize(&self, action: &str) -> Result<(), Denial> {
        let action = Action {
            name: action,
            resources: &[],
            request_tags: &[],
            request_tag_keys: &[],
            region: self.caller.region,
            now: self.front.wall_clock(),
            origin: Some(self.origin),
        };
        authorize(&self.caller.principal, &action)
    }
}

/// Handles a call of `service`: EC2, STS or IAM.
pub(crate) async fn handle(
    front: &Front,
    parts: &Parts,
    body: Bytes,
    service: Service,
    origin: Origin,
) -> Answer {
    let id = request_id().to_string();
    let form = if parts.method == Method::GET {
        Bytes::copy_from_slice(parts.uri.query().unwrap_or_default().as_bytes())
    } else {
        body.clone()
    };
    let mut entry = front.audit.as_ref().map(|audit| {
        audit.begin_query(service, parts, &form, (origin.address, front.control.now()))
    });
    let outcome = match identify(front, parts, &body, service, &id) {
        Ok(caller) => {
            if let Some(entry) = &mut entry {
                entry.identified(&caller);
            }
            let call = Call {
                front,
                caller,
                origin,
                id: id.clone(),
            };
            answer(&call, service, &form).await
        }
        Err(refused) => refused,
    };
    let mut answer = plain(outcome.status, "text/xml;charset=UTF-8", outcome.body);
    if let Ok(value) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, value);
    }
    let done = if answer.status().is_success() {
        "ok"
    } else {
        "error"
    };
    metrics::counter!("demarc_query_requests_total", "service" => service.scope_name(), "outcome" => done).increment(1);
    if let Some(entry) = entry {
        entry.answered(&answer);
    }
    answer
}

/// Who is calling, unless that is not known or they call too often.
fn identify(
    front: &Front,
    parts: &Parts,
    body: &Bytes,
    service: Service,
    id: &str,
) -> Result<Caller, Outcome> {
    let dialect = service.dialect();
    let now = front.wall_clock();
    let caller = identity::authenticate(&front.authenticator, parts, body, service, now).map_err(
        |error| {
            let wire = error.wire(dialect);
            refused(service, wire.code, &error.message(dialect), wire.status, id)
        },
    )?;
    if front.admits(caller.principal.account, now) {
        return Ok(caller);
    }
    let (code, message, status) = if dialect == Dialect::Ec2 {
        ("RequestLimitExceeded", "Request limit exceeded.", 503)
    } else {
        ("Throttling", "Rate exceeded", 400)
    };
    Err(refused(service, code, message, status, id))
}

async fn answer(call: &Call<'_>, service: Service, form: &[u8]) -> Outcome {
    let node = Node::parse(form);
    match service {
        Service::Sts => sts::answer(call, node),
        Service::Iam => iam::answer(call, node),
        _ => ec2::answer(call, node).await,
    }
}

/// A refusal in the form of the service.
pub(super) fn refused(
    service: Service,
    code: &str,
    message: &str,
    status: u16,
    id: &str,
) -> Outcome {
    let body = match service {
        Service::Sts => demarc_query::sts::error_document(code, message, status, id),
        Service::Iam => demarc_query::iam::error_document(code, message, status, id),
        _ => demarc_query::ec2::error_document(code, message, id),
    };
    Outcome::new(status, body)
}

/// A policy's refusal.
pub(super) fn denied(service: Service, denial: &Denial, id: &str) -> Outcome {
    let dialect = service.dialect();
    let wire = denial.wire(dialect);
    refused(
        service,
        wire.code,
        &denial.message(dialect),
        wire.status,
        id,
    )
}

/// What [`Node::parse`] gives.
pub(super) type Parsed = Result<Node, MalformedParameters>;
