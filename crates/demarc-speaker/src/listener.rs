//! Accepting connections: configured neighbors go to their tasks, everyone else is reset.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tracing::{debug, warn};

use crate::message::ToNeighbor;
use crate::sockets::reset;

/// Where a neighbor's connections go.
pub(crate) type Inboxes = Arc<HashMap<IpAddr, mpsc::Sender<ToNeighbor>>>;

/// Accepts in a loop, for ever.
pub(crate) async fn accept(listener: TcpListener, inboxes: Inboxes) {
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
        let Some(inbox) = inboxes.get(&peer.ip()) else {
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
