//! The way of a request: limits first, then the protocol that it speaks.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use demarc_auth::{Authenticator, Origin, Service, Signature};
use demarc_control::{Control, Edges};
use demarc_types::{AccountId, Timestamp};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, watch};

use crate::answer::{Answer, TEXT, identified, json_error, method_not_allowed, plain};
use crate::audit::Audit;
use crate::edge::{self, EdgeAccess};
use crate::intake::{self, Refused};
use crate::operator::{OperatorAccess, Problem};
use crate::throttle::Throttle;
use crate::{direct_connect, identity, json, object_metrics, operator};

/// Everything that a request may need.
pub(crate) struct Front {
    pub(crate) control: Control,
    pub(crate) authenticator: Authenticator,
    pub(crate) throttle: Option<Throttle>,
    /// What the operator API asks for; in the open development mode nothing.
    pub(crate) operator_access: OperatorAccess,
    /// What edges are asked for, and what they said; `None` where everything is simulated.
    pub(crate) edge_access: EdgeAccess,
    pub(crate) edges: Option<Arc<Edges>>,
    pub(crate) metrics: PrometheusHandle,
    /// Where calls are recorded, if anywhere.
    pub(crate) audit: Option<Audit>,
    /// Places for connections.
    pub(crate) connections: Arc<Semaphore>,
    /// How long a client may take over its headers.
    pub(crate) header_timeout: Duration,
    pub(crate) slots: Semaphore,
    pub(crate) body_limit: usize,
    pub(crate) timeout: Duration,
    /// Becomes true when the service stops: those who wait for something need not wait any longer.
    pub(crate) stopping: watch::Sender<bool>,
}

/// The path of the operator API.
const OPERATOR: &str = "/_demarc/v1/";

impl Front {
    /// The machine's time, which signatures go by; the service's own may have been put forward.
    #[expect(
        clippy::unused_self,
        reason = "callers need not know where the time comes from"
    )]
    pub(crate) fn wall_clock(&self) -> Timestamp {
        let elapsed = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
    }

    pub(crate) fn admits(&self, account: AccountId, now: Timestamp) -> bool {
        self.throttle
            .as_ref()
            .is_none_or(|throttle| throttle.admits(account, now))
    }

    /// Answers one request.
    pub(crate) async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        origin: Origin,
    ) -> Answer {
        identified(self.answer(request, origin).await)
    }

    async fn answer(&self, request: Request<Incoming>, origin: Origin) -> Answer {
        match request.uri().path() {
            "/healthz" => return health(&self.control, request.method()).await,
            "/metrics" => return self.metrics_text(&request.into_parts().0),
            _ => {}
        }
        // Long polls hold no slot: they wait, they do not work.
        let path = request.uri().path();
        let is_ours = is_ours(path);
        let is_long = path == "/_demarc/v1/events" || edge::is_long(path);
        let _slot = if is_long {
            None
        } else {
            match self.slots.try_acquire() {
                Ok(slot) => Some(slot),
                Err(_) => {
                    let text = "Too many requests are being handled; try again.";
                    let status = StatusCode::SERVICE_UNAVAILABLE;
                    return refused(is_ours, status, "ServiceUnavailableException", text);
                }
            }
        };
        let work = self.route(request, origin);
        if is_long {
            return work.await;
        }
        match tokio::time::timeout(self.timeout, work).await {
            Ok(answer) => answer,
            Err(_) => {
                let text = "The request took too long.";
                let status = StatusCode::REQUEST_TIMEOUT;
                refused(is_ours, status, "RequestTimeoutException", text)
            }
        }
    }

    async fn route(&self, request: Request<Incoming>, origin: Origin) -> Answer {
        let (parts, body) = request.into_parts();
        let waits = parts.headers.contains_key(http::header::EXPECT);
        let is_edge = parts.uri.path().starts_with(edge::EDGE);
        let mut limit = self.body_limit;
        if is_edge {
            if let Err(problem) = edge::admit(self, &parts) {
                return problem.answer();
            }
            limit = limit.max(edge::BODY_LIMIT);
        }
        let body = match intake::read(body, limit, waits).await {
            Ok(body) => body,
            Err(Refused::TooLarge) => {
                let text = format!("The request body is larger than {limit} bytes.");
                let is_ours = is_ours(parts.uri.path());
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                return refused(is_ours, status, "RequestEntityTooLargeException", &text);
            }
            Err(Refused::Broken(why)) if is_ours(parts.uri.path()) => {
                return Problem::bad(why).answer();
            }
            Err(Refused::Broken(why)) => {
                return plain(StatusCode::BAD_REQUEST, TEXT, format!("{why}\n"));
            }
        };
        if is_edge {
            return edge::handle(self, &parts, body).await;
        }
        if parts.uri.path().starts_with(OPERATOR) {
            return operator::handle(self, &parts, body).await;
        }
        if parts.uri.path() != "/" {
            return plain(
                StatusCode::NOT_FOUND,
                TEXT,
                "There is nothing at this path.\n",
            );
        }
        self.api(&parts, body, origin).await
    }

    /// Chooses the protocol: by target, else by the service in the credential scope.
    async fn api(&self, parts: &Parts, body: Bytes, origin: Origin) -> Answer {
        let has_target = parts.headers.contains_key("x-amz-target");
        let is_query = matches!(parts.method, Method::GET | Method::POST);
        if !has_target && is_query {
            let signed = identity::signed(parts, &body);
            let scope = Signature::read(&signed)
                .ok()
                .and_then(|signature| Service::from_scope_name(signature.scope().service));
            if let Some(service @ (Service::Ec2 | Service::Sts | Service::Iam)) = scope {
                return crate::query::handle(self, parts, body, service, origin).await;
            }
        }
        if parts.method != Method::POST {
            return method_not_allowed("POST");
        }
        let target = parts.headers.get("x-amz-target");
        let neighbour = target
            .and_then(|value| value.to_str().ok())
            .and_then(json::Target::read);
        match neighbour {
            Some(target) => json::handle(self, parts, body, target, origin).await,
            None => direct_connect::handle(self, parts, body, origin).await,
        }
    }

    /// Numbers of the service for anyone; those of single objects for the operator only.
    fn metrics_text(&self, parts: &Parts) -> Answer {
        if parts.method != Method::GET && parts.method != Method::HEAD {
            return method_not_allowed("GET, HEAD");
        }
        let snapshot = self.control.snapshot();
        metrics::gauge!("demarc_entities").set(f64::from(
            u32::try_from(snapshot.world.len()).unwrap_or(u32::MAX),
        ));
        let mut text = self.metrics.render();
        // What names objects is for those who may see them.
        if self.operator_access.admits(parts) {
            if let Some(edges) = &self.edges {
                let silence = |device: &str| {
                    let silence = snapshot.world.silence(device)?;
                    Some(silence.stage)
                };
                text.push_str(&crate::edge_metrics::text(&edges.heard(), silence));
            }
            let of_objects = object_metrics::render(&snapshot.world, self.control.routes(), &text);
            text.push_str(&of_objects);
        }
        plain(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            text,
        )
    }
}

/// Whether a path is of the operator's or the edges' API, and not of one of AWS.
fn is_ours(path: &str) -> bool {
    path.starts_with(OPERATOR) || path.starts_with(edge::EDGE)
}

/// A refusal in the form of the API that the path is of.
fn refused(is_ours: bool, status: StatusCode, code: &str, text: &str) -> Answer {
    match is_ours {
        true => Problem::new(status, text).answer(),
        false => json_error(status, code, Some(text)),
    }
}

/// Whether requests should come here, and why not.
async fn health(control: &Control, method: &Method) -> Answer {
    if method != Method::GET && method != Method::HEAD {
        return method_not_allowed("GET, HEAD");
    }
    let health = control.health().await;
    let (status, word) = match (health.serves(), &health.problem, &health.read_only) {
        (true, None, None) => (StatusCode::OK, "ok"),
        (true, None, Some(_)) => (StatusCode::OK, "read-only"),
        (true, Some(_), _) => (StatusCode::OK, "stale"),
        (false, _, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let mut body = serde_json::json!({
        "status": word,
        "role": health.role.as_str(),
        "revision": health.revision.get(),
        "behind": health.behind,
    });
    if let Some(problem) = health.problem.or(health.read_only) {
        body["problem"] = problem.into();
    }
    crate::answer::json(status, &body)
}
