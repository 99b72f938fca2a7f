//! HTTP/1.1 to the members: a few kept connections for each, TLS if wanted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::config::Endpoint;
use crate::Cause;
use crate::error::Reason;

type Connection = SendRequest<Full<Bytes>>;

/// Connections kept open to one member while nobody uses them.
const KEPT: usize = 8;
const CONNECT_TIME: Duration = Duration::from_secs(1);

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
    authority: HeaderValue,
    tls: Option<Arc<ClientConfig>>,
    idle: Mutex<Vec<Connection>>,
}

/// A connection on loan; give it back once the answer has been read.
#[derive(Debug)]
pub(super) struct Loan(Connection);

impl Member {
    pub(super) fn new(endpoint: Endpoint, tls: Option<Arc<ClientConfig>>) -> Self {
        let name = if endpoint.host.contains(':') {
            format!("[{}]:{}", endpoint.host, endpoint.port)
        } else {
            format!("{}:{}", endpoint.host, endpoint.port)
        };
        Self {
            authority: HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("etcd")),
            endpoint,
            tls,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Posts a JSON document and returns the head of the answer.
    pub(super) async fn post(
        &self,
        path: &'static str,
        body: Bytes,
        token: Option<HeaderValue>,
    ) -> Result<(Response<Incoming>, Loan), NoAnswer> {
        let mut connection = self.connection().await.map_err(NoAnswer::NotSent)?;
        let mut request = Request::post(path)
            .header(HOST, self.authority.clone())
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| NoAnswer::NotSent(error.into()))?;
        let answer = connection.send_request(request).await;
        let answer = answer.map_err(|error| NoAnswer::Lost(error.into()))?;
        Ok((answer, Loan(connection)))
    }

    /// Takes a connection back whose answer has been read to the end.
    pub(super) fn give_back(&self, loan: Loan) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(loan.0);
        }
    }

    async fn connection(&self) -> Result<Connection, Cause> {
        loop {
            let kept = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            let Some(mut kept) = kept else {
                break;
            };
            if kept.ready().await.is_ok() {
                return Ok(kept);
            }
        }
        let connecting = timeout(CONNECT_TIME, self.connect());
        connecting
            .await
            .map_err(|_| Reason("no connection in time"))?
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
    let (connection, driver) = handshake(TokioIo::new(stream)).await?;
    // Ends when the connection is dropped or the member closes it; whoever waits for an answer hears why.
    tokio::spawn(driver);
    Ok(connection)
}
