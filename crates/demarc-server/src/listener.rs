//! Sockets, TLS, and the life of connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::front::Front;

/// Headers of a request have to be here by then.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// A TLS handshake has to be over by then.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The most that the headers of one request may take, in bytes.
const HEADER_LIMIT: usize = 64 * 1_024;
/// How long answers under way may take when the service stops.
const DRAIN: Duration = Duration::from_secs(10);

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
        drop(self.socket);
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
    let _ = stream.set_nodelay(true);
    let watcher = graceful.watcher();
    tokio::spawn(async move {
        match tls {
            None => converse(stream, peer, front, watcher).await,
            Some(tls) => match tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                Ok(Ok(stream)) => converse(stream, peer, front, watcher).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            },
        }
    });
}

async fn converse<S>(
    stream: S,
    peer: SocketAddr,
    front: Arc<Front>,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_LIMIT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEADER_LIMIT).unwrap_or(u32::MAX));
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { Ok::<_, std::convert::Infallible>(front.handle(request, peer).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection.into_owned()).await {
        tracing::debug!(%peer, %error, "a connection ended badly");
    }
}
