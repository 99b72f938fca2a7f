//! HTTP for operators: what the sessions do, what routes there are, and a few commands.
//!
//! | Request | Answer |
//! |---|---|
//! | `GET /neighbors` | an array, one object per neighbor |
//! | `GET /neighbors/{address}` | one of them |
//! | `GET /routes?direction=in\|accepted\|rejected\|out&neighbor=` | an array of routes |
//! | `POST /neighbors/{address}/{clear\|shutdown\|enable\|refresh}?text=` | the neighbor after it |
//! | `GET /metrics` | Prometheus text |

mod json;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

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

use crate::config::SpeakerConfig;
use crate::message::{NeighborIndex, RibNumbers, RouteDirection, ToNeighbor, ToRib};
use crate::{md5, metrics};

/// Whom to ask.
#[derive(Clone)]
pub(crate) struct Directory {
    config: Arc<SpeakerConfig>,
    inboxes: Vec<mpsc::Sender<ToNeighbor>>,
    to_rib: mpsc::Sender<ToRib>,
    /// The kernel's count when the speaker began.
    md5_dropped_before: u64,
}

impl Directory {
    pub(crate) fn new(
        config: Arc<SpeakerConfig>,
        inboxes: Vec<mpsc::Sender<ToNeighbor>>,
        to_rib: mpsc::Sender<ToRib>,
    ) -> Self {
        Self {
            config,
            inboxes,
            to_rib,
            md5_dropped_before: md5::dropped_segments(),
        }
    }

    fn md5_dropped(&self) -> u64 {
        md5::dropped_segments().saturating_sub(self.md5_dropped_before)
    }

    /// Why a session with a key may be down, when the kernel has seen signatures that do not fit.
    fn md5_hint(&self, index: usize, status: &SessionStatus) -> Option<String> {
        let keyed = self.config.neighbors[index].password.is_some();
        let down = matches!(status.state, SessionState::Connect | SessionState::Active);
        if keyed && down {
            md5::hint(self.md5_dropped(), status.in_state)
        } else {
            None
        }
    }

    /// The status of one session; `None` while the speaker shuts down.
    async fn status(&self, index: usize) -> Option<SessionStatus> {
        let (answer, status) = oneshot::channel();
        self.inboxes
            .get(index)?
            .send(ToNeighbor::Status(answer))
            .await
            .ok()?;
        status.await.ok()
    }

    async fn numbers(&self) -> Option<RibNumbers> {
        let (answer, numbers) = oneshot::channel();
        self.to_rib.send(ToRib::Counters { answer }).await.ok()?;
        numbers.await.ok()
    }

    fn index_of(&self, address: IpAddr) -> Option<usize> {
        self.config
            .neighbors
            .iter()
            .position(|neighbor| neighbor.address == address)
    }

    async fn shown(&self, index: usize, counters: &Counters) -> Option<json::Neighbor> {
        let status = self.status(index).await?;
        Some(json::Neighbor::new(
            &self.config.neighbors[index],
            &status,
            counters,
            self.md5_hint(index, &status),
        ))
    }
}

/// Why a request has no answer.
enum Refusal {
    UnknownNeighbor(String),
    UnknownCommand(String),
    UnknownDirection(String),
    ShuttingDown,
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
        .with_state(directory);
    if let Err(error) = axum::serve(listener, router).await {
        warn!(%error, "the control server has stopped");
    }
}

async fn neighbors(
    State(directory): State<Directory>,
) -> Result<Json<Vec<json::Neighbor>>, Refusal> {
    let numbers = directory.numbers().await.ok_or(Refusal::ShuttingDown)?;
    let mut shown = Vec::with_capacity(numbers.neighbors.len());
    for (index, counters) in numbers.neighbors.iter().enumerate() {
        shown.push(
            directory
                .shown(index, counters)
                .await
                .ok_or(Refusal::ShuttingDown)?,
        );
    }
    Ok(Json(shown))
}

async fn neighbor(
    State(directory): State<Directory>,
    Path(address): Path<String>,
) -> Result<Json<json::Neighbor>, Refusal> {
    let index = find(&directory, &address)?;
    show(&directory, index).await
}

async fn show(directory: &Directory, index: usize) -> Result<Json<json::Neighbor>, Refusal> {
    let numbers = directory.numbers().await.ok_or(Refusal::ShuttingDown)?;
    let counters = numbers.neighbors.get(index).copied().unwrap_or_default();
    directory
        .shown(index, &counters)
        .await
        .map(Json)
        .ok_or(Refusal::ShuttingDown)
}

fn find(directory: &Directory, address: &str) -> Result<usize, Refusal> {
    let parsed = address.parse().ok();
    parsed
        .and_then(|parsed| directory.index_of(parsed))
        .ok_or_else(|| Refusal::UnknownNeighbor(address.to_owned()))
}

#[derive(Debug, Deserialize)]
struct CommandQuery {
    /// For the neighbor's operator (RFC 9003).
    #[serde(default)]
    text: String,
}

async fn command(
    State(directory): State<Directory>,
    Path((address, name)): Path<(String, String)>,
    Query(CommandQuery { text }): Query<CommandQuery>,
) -> Result<Json<json::Neighbor>, Refusal> {
    let index = find(&directory, &address)?;
    let command = match name.as_str() {
        "clear" => Command::Clear { text },
        "shutdown" => Command::Shutdown { text },
        "enable" => Command::Enable,
        "refresh" => Command::RequestRefresh,
        _ => return Err(Refusal::UnknownCommand(name)),
    };
    info!(neighbor = address, command = name, "command of an operator");
    directory.inboxes[index]
        .send(ToNeighbor::Command(command))
        .await
        .map_err(|_| Refusal::ShuttingDown)?;
    show(&directory, index).await
}

#[derive(Debug, Deserialize)]
struct RoutesQuery {
    direction: Option<String>,
    neighbor: Option<String>,
}

async fn routes(
    State(directory): State<Directory>,
    Query(query): Query<RoutesQuery>,
) -> Result<Json<Vec<json::Route>>, Refusal> {
    let direction = match query.direction.as_deref() {
        None | Some("in") => RouteDirection::In,
        Some("accepted") => RouteDirection::Accepted,
        Some("rejected") => RouteDirection::Rejected,
        Some("out") => RouteDirection::Out,
        Some(other) => return Err(Refusal::UnknownDirection(other.to_owned())),
    };
    let neighbors = match query.neighbor.as_deref() {
        None | Some("") => (0..directory.inboxes.len()).map(NeighborIndex).collect(),
        Some(address) => vec![NeighborIndex(find(&directory, address)?)],
    };
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
    Ok(Json(shown.iter().flat_map(json::Route::all_of).collect()))
}

async fn metrics_text(State(directory): State<Directory>) -> Result<Response, Refusal> {
    let numbers = directory.numbers().await.ok_or(Refusal::ShuttingDown)?;
    let mut statuses = Vec::with_capacity(numbers.neighbors.len());
    for index in 0..numbers.neighbors.len() {
        statuses.push(directory.status(index).await.ok_or(Refusal::ShuttingDown)?);
    }
    let text = metrics::render(
        &directory.config,
        &statuses,
        &numbers,
        directory.md5_dropped(),
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
