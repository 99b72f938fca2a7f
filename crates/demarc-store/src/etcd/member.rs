//! One member: a connection that all calls share, HTTP/2, with TLS if wanted.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::header::{CONTENT_TYPE, HeaderValue, TE};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::config::Endpoint;
use super::grpc::Outgoing;
use crate::Cause;
use crate::error::Reason;

type Connection = SendRequest<Outgoing>;

const CONNECT_TIME: Duration = Duration::from_secs(1);
/// A connection over which nothing comes for so long is tried, and closed if nothing answers.
const QUIET: Duration = Duration::from_secs(5);
/// Pages of entries should not wait for window updates.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// A request without an answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It never left.
    NotSent(Cause),
    /// It may have arrived and may still take effect.
    Lost(Cause),
}

/// One member.
#[derive(Debug)]
pub(super) struct Member {
    endpoint: Endpoint,
    /// Scheme and authority.
    origin: String,
    tls: Option<Arc<ClientConfig>>,
    connection: Mutex<Option<Connection>>,
}

impl Member {
    pub(super) fn new(endpoint: Endpoint, tls: Option<&Arc<ClientConfig>>) -> Self {
        let Endpoint { host, port } = &endpoint;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = if host.contains(':') {
            format!("{scheme}://[{host}]:{port}")
        } else {
            format!("{scheme}://{host}:{port}")
        };
        let tls = tls.map(|config| {
            let mut config = ClientConfig::clone(config);
            config.alpn_protocols = vec![b"h2".to_vec()];
            Arc::new(config)
        });
        Self {
            endpoint,
            origin,
            tls,
            connection: Mutex::new(None),
        }
    }

    /// Scheme and authority.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Sends one message and returns the head of the answer.
    pub(super) async fn post(
        &self,
        method: &'static str,
        message: Bytes,
        token: Option<HeaderValue>,
    ) -> Result<Response<Incoming>, NoAnswer> {
        self.send(method, Outgoing::whole(message), token).await
    }

    /// Sends one message on a stream that stays open until the second value is dropped.
    pub(super) async fn open(
        &self,
        method: &'static str,
        message: Bytes,
        token: Option<HeaderValue>,
    ) -> Result<(Response<Incoming>, oneshot::Sender<Infallible>), NoAnswer> {
        let (body, keep) = Outgoing::open(message);
        Ok((self.send(method, body, token).await?, keep))
    }

    async fn send(
        &self,
        method: &'static str,
        body: Outgoing,
        token: Option<HeaderValue>,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let mut connection = self.connection().await.map_err(NoAnswer::NotSent)?;
        let mut request = Request::post(format!("{}{method}", self.origin))
            .header(CONTENT_TYPE, "application/grpc")
            .header(TE, "trailers");
        if let Some(token) = token {
            request = request.header("token", token);
        }
        let request = request.body(body);
        let request = request.map_err(|error| NoAnswer::NotSent(error.into()))?;
        let sent = connection.try_send_request(request).await;
        sent.map_err(|mut error| match error.take_message() {
            Some(_unsent) => NoAnswer::NotSent(error.into_error().into()),
            None => NoAnswer::Lost(error.into_error().into()),
        })
    }

    /// Makes the next call connect again. For a member that does not answer.
    pub(super) fn disconnect(&self) {
        *self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn connection(&self) -> Result<Connection, Cause> {
        let kept = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(kept) = kept.filter(|kept| !kept.is_closed()) {
            return Ok(kept);
        }
        let connected = timeout(CONNECT_TIME, self.connect()).await;
        let connection = connected.map_err(|_| Reason("no connection in time"))??;
        // Two calls may connect at the same time; the later connection is kept, both are good.
        let mut kept = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *kept = Some(connection.clone());
        Ok(connection)
    }

    async fn connect(&self) -> Result<Connection, Cause> {
        let stream = TcpStream::connect((self.endpoint.host.as_str(), self.endpoint.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => shake_hands(stream).await,
            Some(config) => {
                let name = ServerName::try_from(self.endpoint.host.clone())?;
                let connector = TlsConnector::from(Arc::clone(config));
                shake_hands(connector.connect(name, stream).await?).await
            }
        }
    }
}

async fn shake_hands<S>(stream: S) -> Result<Connection, Cause>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (connection, driver) = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(QUIET)
        .keep_alive_timeout(QUIET)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .handshake(TokioIo::new(stream))
        .await?;
    // Ends when the last user of the connection has gone or the member closes it; whoever waits for an
    // answer hears why.
    tokio::spawn(driver);
    Ok(connection)
}
