//! Accepting connections: configured neighbors go to their tasks, everyone else is reset.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tracing::{debug, warn};

use crate::message::Door;
use crate::sockets::reset;

/// Accepts in a loop, for ever. `door` tells where the connections of an address go.
pub(crate) async fn accept(listener: Arc<TcpListener>, door: impl Fn(IpAddr) -> Option<Door>) {
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
        let Some(door) = door(peer.ip()) else {
            debug!(address = %peer.ip(), "a connection from an unknown address is refused");
            reset(stream);
            continue;
        };
        door.pass(stream);
    }
}
