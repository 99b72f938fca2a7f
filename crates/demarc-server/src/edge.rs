//! Edge sessions: a device's intent out, its status in. Reference: docs/edge.md.
//!
//! | Path below `/_demarc/edge/v1/devices/{name}` | Does |
//! | --- | --- |
//! | `POST /session` | makes the caller the edge of the device; the one before is turned away |
//! | `GET /intent?session=S&after=REVISION&wait=SECONDS` | the intent, once it is another than at REVISION |
//! | `POST /status?session=S` | a [`StatusUpdate`] |

mod access;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use demarc_control::Edges;
use demarc_domain::Order;
use demarc_domain::device_status::StatusUpdate;
use http::request::Parts;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use crate::answer::{Answer, json, method_not_allowed, plain};
use crate::front::Front;
use crate::operator::{Problem, number, parameter, read};

pub(crate) use access::{EdgeAccess, EdgeConfig, EdgeConfigError};

/// What all paths begin with.
pub(crate) const EDGE: &str = "/_demarc/edge/v1/devices/";
/// The largest status: all routes of a device with thousands of sessions.
pub(crate) const BODY_LIMIT: usize = 64 << 20;
/// The longest that a call waits for a change.
const LONGEST: u64 = 300;
/// The longest name of a session or a host.
const NAME_LIMIT: usize = 255;

/// Whether a call may take as long as it asks for.
pub(crate) fn is_long(path: &str) -> bool {
    path.starts_with(EDGE) && path.ends_with("/intent")
}

/// The device and the rest of the path.
fn split(path: &str) -> Option<(String, &str)> {
    let (device, what) = path.strip_prefix(EDGE)?.split_once('/')?;
    let pairs = format!("device={}", device.replace('+', "%2B"));
    let (_, device) = form_urlencoded::parse(pairs.as_bytes()).next()?;
    (!device.is_empty()).then(|| (device.into_owned(), what))
}

/// Whether the caller may speak for the device in the path; asked before the body is read.
pub(crate) fn admit(front: &Front, parts: &Parts) -> Result<(), Problem> {
    let (device, _) = split(parts.uri.path()).ok_or_else(nothing_here)?;
    front.edge_access.admit(parts, &device)
}

/// Answers a call that was admitted.
pub(crate) async fn handle(front: &Front, parts: &Parts, body: Bytes) -> Answer {
    let found = split(parts.uri.path());
    let result = match (found, &front.edges) {
        (None, _) => Err(nothing_here()),
        (Some(_), None) => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "This service simulates its devices: start it with --fabric edge.",
        )),
        (Some((device, what)), Some(edges)) => {
            let call = Call {
                front,
                edges,
                device,
                query: parts.uri.query(),
            };
            match (what, &parts.method) {
                ("session", &Method::POST) => call.begin(&body).await,
                ("intent", &Method::GET) => call.intent().await,
                ("status", &Method::POST) => call.status(&body).await,
                ("session" | "status", _) => return method_not_allowed("POST"),
                ("intent", _) => return method_not_allowed("GET"),
                _ => Err(nothing_here()),
            }
        }
    };
    result.unwrap_or_else(|problem| problem.answer())
}

fn nothing_here() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "There is nothing at this path; edges use devices/NAME/session, /intent and /status.",
    )
}

#[derive(Debug, Deserialize)]
struct SessionBody {
    session: String,
    #[serde(default)]
    host: String,
}

struct Call<'a> {
    front: &'a Front,
    edges: &'a Arc<Edges>,
    device: String,
    query: Option<&'a str>,
}

impl Call<'_> {
    /// The latest edge is the one: a router that was replaced, or whose process was, need not wait.
    async fn begin(&self, body: &[u8]) -> Result<Answer, Problem> {
        let SessionBody { session, host } = read(body)?;
        if session.is_empty() || session.len() > NAME_LIMIT || host.len() > NAME_LIMIT {
            let text = format!("session and host take 1 to {NAME_LIMIT} bytes.");
            return Err(Problem::bad(text));
        }
        if self.edges.is_local(&self.device) {
            let text = format!(
                "{} has its ports on the machine of the service: its edge is in the service itself.",
                self.device
            );
            return Err(Problem::new(StatusCode::CONFLICT, text));
        }
        tracing::info!(device = self.device, host, session, "an edge begins");
        let order = Order::BeginEdgeSession {
            device: self.device.clone(),
            session: session.clone(),
            host,
        };
        self.front.control.command(order).await??;
        self.edges.hear(&self.device, &session);
        self.edges.attend(&self.device);
        self.edges.wake();
        Ok(json(StatusCode::OK, &json!({ "session": session })))
    }

    /// The session in the query is the one that speaks for the device.
    fn check(&self, session: &str) -> Result<(), Problem> {
        let snapshot = self.front.control.snapshot();
        match snapshot.world.edge_session(&self.device) {
            Some(current) if current.session == session => Ok(()),
            Some(current) => Err(Problem::new(
                StatusCode::CONFLICT,
                format!(
                    "The edge on {} has spoken for {} since {}: this one has to stop.",
                    current.host,
                    self.device,
                    current.since.to_rfc3339()
                ),
            )),
            None => Err(Problem::new(
                StatusCode::GONE,
                format!(
                    "No edge has begun a session for {}: begin one.",
                    self.device
                ),
            )),
        }
    }

    fn session(&self) -> Result<String, Problem> {
        parameter(self.query, "session")
            .ok_or_else(|| Problem::bad("session is missing: begin one, and name it here."))
    }

    async fn intent(&self) -> Result<Answer, Problem> {
        let session = self.session()?;
        let after = number(self.query, "after")?;
        let wait = number(self.query, "wait")?.min(LONGEST);
        let until = Instant::now() + Duration::from_secs(wait);
        self.front.control.read().await?;
        self.check(&session)?;
        self.edges.attend(&self.device);
        let mut changes = self.edges.changes();
        let mut stopping = self.front.stopping.subscribe();
        loop {
            changes.mark_unchanged();
            self.check(&session)?;
            self.edges.hear(&self.device, &session);
            self.edges.ask(&self.device);
            let head = self.front.control.snapshot().revision.get();
            // One from the future has seen another store: it needs to see this one.
            let known = self.edges.intent(&self.device);
            if let Some(intent) = known.filter(|it| it.revision > after || after > head) {
                return Ok(json(StatusCode::OK, &json!(intent.as_ref())));
            }
            let ended = tokio::select! {
                changed = changes.changed() => changed.is_err(),
                () = tokio::time::sleep_until(until) => true,
                () = async { drop(stopping.wait_for(|stopping| *stopping).await) } => true,
            };
            if ended {
                return Ok(plain(StatusCode::NO_CONTENT, "application/json", ""));
            }
        }
    }

    async fn status(&self, body: &[u8]) -> Result<Answer, Problem> {
        let session = self.session()?;
        let update: StatusUpdate = read(body)?;
        if update.status.device != self.device {
            let text = format!(
                "The status is of {}, the path of {}.",
                update.status.device, self.device
            );
            return Err(Problem::new(StatusCode::FORBIDDEN, text));
        }
        self.front.control.read().await?;
        self.check(&session)?;
        let knows = self.edges.hear(&self.device, &session) || update.all_routes;
        if knows {
            let routes = update.routes;
            self.edges
                .take_routes(&self.device, routes, update.all_routes);
        }
        self.edges.take_status(update.status, update.number);
        Ok(json(StatusCode::OK, &json!({ "wantsRoutes": !knows })))
    }
}
