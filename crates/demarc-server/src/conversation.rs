//! One connection: HTTP/1.1 or HTTP/2 over any stream, and its end when the client falls silent.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use demarc_auth::Origin;
use http::Version;
use http::header::{CONNECTION, HeaderValue};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::front::Front;

/// The most that the headers of one request may take, in bytes.
const HEADER_LIMIT: usize = 64 * 1_024;
/// A connection without any request for so long is closed.
const IDLE: Duration = Duration::from_secs(120);

/// What a connection is doing, for the one who decides that it has ended.
#[derive(Debug, Default)]
struct Activity {
    begun: AtomicU64,
    under_way: AtomicUsize,
}

/// Counts a request as under way until it is dropped.
struct UnderWay(Arc<Activity>);

impl UnderWay {
    fn new(activity: &Arc<Activity>) -> Self {
        activity.begun.fetch_add(1, Ordering::Relaxed);
        activity.under_way.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Resolves when the client has not begun its first request in time, or none for long. `hyper` watches over
/// the headers of a request, but not over the bytes by which it tells the versions of HTTP apart.
async fn silence(activity: &Activity, first: Duration) {
    tokio::time::sleep(first).await;
    let mut seen = 0;
    loop {
        let begun = activity.begun.load(Ordering::Relaxed);
        if begun == seen && activity.under_way.load(Ordering::Relaxed) == 0 {
            return;
        }
        seen = begun;
        tokio::time::sleep(IDLE).await;
    }
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    pub(crate) peer: SocketAddr,
    /// The stream is what TLS has decrypted.
    pub(crate) secure: bool,
}

/// Answers the requests of one connection until either side ends it.
pub(crate) async fn converse<S>(stream: S, client: Client, front: Arc<Front>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = client.peer;
    let origin = Origin {
        address: peer.ip(),
        secure: client.secure,
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(front.header_timeout)
        .max_buf_size(HEADER_LIMIT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEADER_LIMIT).unwrap_or(u32::MAX));
    let activity = Arc::new(Activity::default());
    let header_timeout = front.header_timeout;
    let service = service_fn(|request| {
        let front = Arc::clone(&front);
        let under_way = UnderWay::new(&activity);
        let is_http2 = request.version() == Version::HTTP_2;
        async move {
            let mut answer = Arc::clone(&front).handle(request, origin).await;
            // A client that is told sends no further request into a connection that is about to end. HTTP/2
            // has its own way to say so.
            if !is_http2 && *front.stopping.borrow() {
                let headers = answer.headers_mut();
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            drop(under_way);
            Ok::<_, Infallible>(answer.map(Full::<Bytes>::new))
        }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        result = watcher.watch(connection) => if let Err(error) = result {
            tracing::debug!(%peer, %error, "a connection ended badly");
        },
        () = silence(&activity, header_timeout) => tracing::debug!(%peer, "a silent connection was closed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_connection_that_does_nothing_is_silent() {
        let first = Duration::from_secs(15);
        let activity = Arc::new(Activity::default());
        let silent = tokio::time::timeout(Duration::from_secs(16), silence(&activity, first)).await;
        assert!(silent.is_ok(), "no request at all");

        let under_way = UnderWay::new(&activity);
        let longer = tokio::time::timeout(10 * IDLE, silence(&activity, first)).await;
        assert!(longer.is_err(), "a long poll is not silence");

        drop(under_way);
        let after = tokio::time::timeout(3 * IDLE, silence(&activity, first)).await;
        assert!(after.is_ok(), "nothing came behind it");
    }
}
