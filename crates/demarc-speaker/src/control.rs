//! HTTP for operators: what the sessions do, what routes there are, and a few commands.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /neighbors` | an array, one object per neighbor |
//! | `GET /neighbors/{address}` | one of them |
//! | `GET /routes?direction=in\|accepted\|rejected\|out&neighbor=` | an array of routes |
//! | `POST /neighbors/{address}/{clear\|shutdown\|enable\|refresh}?text=` | the neighbor after it |
//! | `GET /metrics` | Prometheus text |
//! | `POST /reload` | how many neighbors the file, read again, changed |

mod json;

use std::io;
use std::net::SocketAddr;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use demarc_bgp::rib::Counters;
use demarc_bgp::session::{Command, SessionStatus, State as SessionState};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use crate::message::{NeighborIndex, RibNumbers, RouteDirection, ToNeighbor, ToRib, numbers_of};
use crate::reload::{ReloadError, ReloadRequest, Reloaded};
use crate::roster::{Member, Roster, RosterReader};
use crate::{md5, metrics};

/// Whom to ask.
#[derive(Clone)]
pub(crate) struct Directory {
    pub(crate) roster: RosterReader,
    pub(crate) to_rib: mpsc::Sender<ToRib>,
    pub(crate) reload: mpsc::Sender<ReloadRequest>,
    /// The kernel's count when the speaker began.
    pub(crate) md5_dropped_before: u64,
}

impl Directory {
    fn md5_dropped(&self) -> u64 {
        md5::dropped_segments().saturating_sub(self.md5_dropped_before)
    }

    /// Why a session with a key may be down, when the kernel has seen signatures that do not fit.
    fn md5_hint(&self, member: &Member, status: &SessionStatus) -> Option<String> {
        let keyed = member.config.password.is_some();
        let down = matches!(status.state, SessionState::Connect | SessionState::Active);
        if keyed && down {
            md5::hint(self.md5_dropped(), status.in_state)
        } else {
            None
        }
    }

    /// How all sessions are, and the numbers of the tables: both in the order of the roster, and not
    /// at odds with each other.
    async fn all(&self, roster: &Roster) -> Result<(Vec<SessionStatus>, RibNumbers), Refusal> {
        let mut statuses = Vec::with_capacity(roster.0.len());
        for member in &roster.0 {
            statuses.push(status(member).await?);
        }
        let mut numbers = self.numbers(roster).await?;
        for (status, counters) in statuses.iter().zip(&mut numbers.neighbors) {
            *counters = numbers_of(status, *counters);
        }
        Ok((statuses, numbers))
    }

    /// The numbers of the tables, neighbors in the order of the roster.
    async fn numbers(&self, roster: &Roster) -> Result<RibNumbers, Refusal> {
        let (answer, numbers) = oneshot::channel();
        let sent = self.to_rib.send(ToRib::Counters { answer }).await;
        sent.map_err(|_| Refusal::ShuttingDown)?;
        let numbers = numbers.await.map_err(|_| Refusal::ShuttingDown)?;
        let of = |member: &Member| numbers.neighbors.get(member.index.0).copied();
        Ok(RibNumbers {
            neighbors: roster
                .0
                .iter()
                .map(|it| of(it).unwrap_or_default())
                .collect(),
            memory: numbers.memory,
        })
    }

    fn shown(
        &self,
        member: &Member,
        status: &SessionStatus,
        counters: &Counters,
    ) -> json::Neighbor {
        let hint = self.md5_hint(member, status);
        json::Neighbor::new(&member.config, status, counters, hint)
    }
}

/// The status of one session.
async fn status(member: &Member) -> Result<SessionStatus, Refusal> {
    member.status().await.ok_or(Refusal::ShuttingDown)
}

/// Why a request has no answer.
enum Refusal {
    UnknownNeighbor(String),
    UnknownCommand(String),
    UnknownDirection(String),
    UnknownPath,
    /// A query or a path that cannot be read, in the words of whoever tried.
    Unreadable(String),
    WrongMethod,
    NotReloaded(ReloadError),
    ShuttingDown,
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::Unreadable(rejection.body_text())
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        Self::Unreadable(rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::UnknownNeighbor(address) => (
                StatusCode::NOT_FOUND,
                format!("there is no neighbor {address}"),
            ),
            Self::UnknownCommand(command) => (
                StatusCode::NOT_FOUND,
                format!("there is no command {command}: clear, shutdown, enable or refresh"),
            ),
            Self::UnknownDirection(direction) => (
                StatusCode::BAD_REQUEST,
                format!("direction is in, accepted, rejected or out, not {direction:?}"),
            ),
            Self::UnknownPath => (
                StatusCode::NOT_FOUND,
                "there is /neighbors, /neighbors/ADDRESS, /routes, /metrics and /reload".to_owned(),
            ),
            Self::Unreadable(why) => (StatusCode::BAD_REQUEST, why),
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "commands and /reload are POST, everything else is GET".to_owned(),
            ),
            Self::NotReloaded(error) => (StatusCode::CONFLICT, error.to_string()),
            Self::ShuttingDown => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the speaker is shutting down".to_owned(),
            ),
        };
        (status, Json(serde_json::json!({ "error": error }))).into_response()
    }
}

/// Binds at once, so that a port in use is known before anything starts.
pub(crate) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    TcpListener::from_std(socket.into())
}

pub(crate) async fn serve(listener: TcpListener, directory: Directory) {
    let router = Router::new()
        .route("/neighbors", get(neighbors))
        .route("/neighbors/{address}", get(neighbor))
        .route("/neighbors/{address}/{command}", post(command))
        .route("/routes", get(routes))
        .route("/metrics", get(metrics_text))
        .route("/reload", post(reload))
        .fallback(|| async { Refusal::UnknownPath })
        .method_not_allowed_fallback(|| async { Refusal::WrongMethod })
        .with_state(directory);
    if let Err(error) = axum::serve(listener, router).await {
        warn!(%error, "the control server has stopped");
    }
}

async fn neighbors(
    State(directory): State<Directory>,
) -> Result<Json<Vec<json::Neighbor>>, Refusal> {
    let roster = directory.roster.now();
    let (statuses, numbers) = directory.all(&roster).await?;
    let known = statuses.iter().zip(&numbers.neighbors);
    let shown = roster.0.iter().zip(known);
    let shown = shown.map(|(member, (status, counters))| directory.shown(member, status, counters));
    Ok(Json(shown.collect()))
}

async fn neighbor(
    State(directory): State<Directory>,
    address: Result<Path<String>, PathRejection>,
) -> Result<Json<json::Neighbor>, Refusal> {
    let Path(address) = address?;
    let roster = directory.roster.now();
    let position = find(&roster, &address)?;
    show(&directory, &roster, position).await
}

async fn show(
    directory: &Directory,
    roster: &Roster,
    position: usize,
) -> Result<Json<json::Neighbor>, Refusal> {
    let member = &roster.0[position];
    let status = status(member).await?;
    let numbers = directory.numbers(roster).await?;
    let counters = numbers_of(&status, numbers.neighbors[position]);
    Ok(Json(directory.shown(member, &status, &counters)))
}

fn find(roster: &Roster, address: &str) -> Result<usize, Refusal> {
    let parsed = address.parse().ok();
    parsed
        .and_then(|parsed| roster.position(parsed))
        .ok_or_else(|| Refusal::UnknownNeighbor(address.to_owned()))
}

/// Reads the configuration again and takes on what changed.
async fn reload(State(directory): State<Directory>) -> Result<Json<Reloaded>, Refusal> {
    let (answer, done) = oneshot::channel();
    let sent = directory.reload.send(answer).await;
    sent.map_err(|_| Refusal::ShuttingDown)?;
    let done = done.await.map_err(|_| Refusal::ShuttingDown)?;
    done.map(Json).map_err(Refusal::NotReloaded)
}

#[derive(Debug, Deserialize)]
struct CommandQuery {
    /// For the neighbor's operator (RFC 9003).
    #[serde(default)]
    text: String,
}

async fn command(
    State(directory): State<Directory>,
    path: Result<Path<(String, String)>, PathRejection>,
    query: Result<Query<CommandQuery>, QueryRejection>,
) -> Result<Json<json::Neighbor>, Refusal> {
    let Path((address, name)) = path?;
    let Query(CommandQuery { text }) = query?;
    let roster = directory.roster.now();
    let position = find(&roster, &address)?;
    let command = match name.as_str() {
        "clear" => Command::Clear { text },
        "shutdown" => Command::Shutdown { text },
        "enable" => Command::Enable,
        "refresh" => Command::RequestRefresh,
        _ => return Err(Refusal::UnknownCommand(name)),
    };
    info!(neighbor = address, command = name, "command of an operator");
    let inbox = &roster.0[position].door.inbox;
    let sent = inbox.send(ToNeighbor::Command(command)).await;
    sent.map_err(|_| Refusal::ShuttingDown)?;
    show(&directory, &roster, position).await
}

#[derive(Debug, Deserialize)]
struct RoutesQuery {
    direction: Option<String>,
    neighbor: Option<String>,
}

async fn routes(
    State(directory): State<Directory>,
    query: Result<Query<RoutesQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) = query?;
    let direction = match query.direction.as_deref() {
        None | Some("in") => RouteDirection::In,
        Some("accepted") => RouteDirection::Accepted,
        Some("rejected") => RouteDirection::Rejected,
        Some("out") => RouteDirection::Out,
        Some(other) => return Err(Refusal::UnknownDirection(other.to_owned())),
    };
    let neighbors = asked_for(&directory.roster.now(), &query)?;
    let (answer, shown) = oneshot::channel();
    let question = ToRib::Show {
        direction,
        neighbors,
        answer,
    };
    directory
        .to_rib
        .send(question)
        .await
        .map_err(|_| Refusal::ShuttingDown)?;
    let shown = shown.await.map_err(|_| Refusal::ShuttingDown)?;
    // A million of them take seconds to write down. Whoever has hung up is not written for.
    let (answer, written) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        if let Some(text) = json::routes(&shown, || answer.is_closed()) {
            _ = answer.send(text);
        }
    });
    let text = written.await.map_err(|_| Refusal::ShuttingDown)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn asked_for(roster: &Roster, query: &RoutesQuery) -> Result<Vec<NeighborIndex>, Refusal> {
    Ok(match query.neighbor.as_deref() {
        None | Some("") => roster.0.iter().map(|member| member.index).collect(),
        Some(address) => vec![roster.0[find(roster, address)?].index],
    })
}

async fn metrics_text(State(directory): State<Directory>) -> Result<Response, Refusal> {
    let roster = directory.roster.now();
    let (statuses, numbers) = directory.all(&roster).await?;
    let text = metrics::render(&roster, &statuses, &numbers, directory.md5_dropped());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
