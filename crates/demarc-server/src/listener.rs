//! Sockets, TLS, and the life of connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::answer::request_id;
use crate::conversation::{Client, converse};
use crate::front::Front;

/// A TLS handshake has to be over by then.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long answers under way may take when the service stops.
const DRAIN: Duration = Duration::from_secs(10);
/// When the service stops, requests that are on their way still have so long to arrive. Their answers end the
/// connections.
const ARRIVING: Duration = Duration::from_millis(100);

/// A bound socket, waiting to serve.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("cannot listen on {address}: {source}")]
    Bind {
        address: String,
        source: std::io::Error,
    },
}

impl Listener {
    /// Binds `address`, `host:port`; port 0 takes any that is free.
    ///
    /// # Errors
    /// [`ListenError`] names the address.
    pub async fn bind(address: &str, tls: Option<TlsAcceptor>) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Bind {
            address: address.to_owned(),
            source,
        };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let bound = socket.local_addr().map_err(failed)?;
        Ok(Self {
            socket,
            address: bound,
            tls,
        })
    }

    /// Takes a socket that listens already, as one that was bound in another network namespace. To be
    /// called within a runtime.
    ///
    /// # Errors
    /// [`ListenError`] when it is not such a socket.
    pub fn adopt(
        socket: std::net::TcpListener,
        tls: Option<TlsAcceptor>,
    ) -> Result<Self, ListenError> {
        let adopt = || {
            let address = socket.local_addr()?;
            socket.set_nonblocking(true)?;
            Ok((TcpListener::from_std(socket)?, address))
        };
        let (socket, address) = adopt().map_err(|source| ListenError::Bind {
            address: "the given socket".to_owned(),
            source,
        })?;
        Ok(Self {
            socket,
            address,
            tls,
        })
    }

    /// The address that it is bound to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:4580`, for people and clients.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until `stop` resolves, then lets answers under way finish.
    pub(crate) async fn serve(self, front: Arc<Front>, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => accept(
                    stream,
                    peer,
                    self.tls.clone(),
                    Arc::clone(&front),
                    &graceful,
                ),
                Err(error) => {
                    // Out of descriptors, or a client that went away: neither is for ever.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
        front.stopping.send_replace(true);
        // Whoever has connected is served: to close the socket on them would be a reset.
        while let Ok(Ok((stream, peer))) =
            tokio::time::timeout(Duration::ZERO, self.socket.accept()).await
        {
            accept(
                stream,
                peer,
                self.tls.clone(),
                Arc::clone(&front),
                &graceful,
            );
        }
        drop(self.socket);
        tokio::time::sleep(ARRIVING).await;
        if tokio::time::timeout(DRAIN, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(
                "some connections were still open after {} s",
                DRAIN.as_secs()
            );
        }
    }
}

fn accept(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    front: Arc<Front>,
    graceful: &GracefulShutdown,
) {
    let Ok(place) = Arc::clone(&front.connections).try_acquire_owned() else {
        metrics::counter!("demarc_connections_refused_total").increment(1);
        tokio::spawn(turn_away(stream, tls.is_some()));
        return;
    };
    let _ = stream.set_nodelay(true);
    let watcher = graceful.watcher();
    let client = Client {
        peer,
        secure: tls.is_some(),
    };
    tokio::spawn(async move {
        match tls {
            None => converse(stream, client, front, watcher).await,
            Some(tls) => match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                Ok(Ok(stream)) => converse(stream, client, front, watcher).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            },
        }
        drop(place);
    });
}

/// Says that the service is full, where that costs nothing: without TLS, and without reading the request.
async fn turn_away(mut stream: TcpStream, is_tls: bool) {
    const BODY: &str =
        r#"{"__type":"ServiceUnavailableException","message":"Too many connections; try again."}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/x-amz-json-1.1\r\n\
         x-amzn-requestid: {}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{BODY}",
        request_id(),
        BODY.len()
    );
    if !is_tls {
        let farewell = async {
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            // The request is still on its way: unread bytes would turn the answer into a reset.
            let mut unread = [0; 1_024];
            while matches!(stream.read(&mut unread).await, Ok(1..)) {}
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
    }
}
