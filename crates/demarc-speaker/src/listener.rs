//! Accepting connections: configured neighbors go to their tasks, everyone else is reset.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tracing::{debug, warn};

use crate::message::ToNeighbor;
use crate::sockets::reset;

/// Accepts in a loop, for ever. `inbox` tells where the connections of an address go.
pub(crate) async fn accept(
    listener: Arc<TcpListener>,
    inbox: impl Fn(IpAddr) -> Option<mpsc::Sender<ToNeighbor>>,
) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: let some connections end first.
                warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(inbox) = inbox(peer.ip()) else {
            debug!(address = %peer.ip(), "a connection from an unknown address is refused");
            reset(stream);
            continue;
        };
        match inbox.try_send(ToNeighbor::Incoming(stream)) {
            Ok(()) => {}
            Err(
                TrySendError::Full(ToNeighbor::Incoming(stream))
                | TrySendError::Closed(ToNeighbor::Incoming(stream)),
            ) => reset(stream),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {}
        }
    }
}
