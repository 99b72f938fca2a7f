//! Waits for a descriptor that somebody else reads.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::net::UnixDatagram;

/// Rings when there is something to read. Any descriptor of a socket can be waited for like this one.
pub(super) struct Bell(UnixDatagram);

impl Bell {
    pub(super) fn new(descriptor: OwnedFd) -> io::Result<Self> {
        UnixDatagram::from_std(descriptor.into()).map(Self)
    }

    /// Waits until there is something to read. Whoever reads then has to read all there is: what comes later
    /// rings again.
    pub(super) async fn rings(&self) {
        if self.0.readable().await.is_err() {
            // The runtime ends.
            return std::future::pending().await;
        }
        let done = || Err::<(), _>(ErrorKind::WouldBlock.into());
        // Says that nothing is left.
        _ = self.0.try_io(Interest::READABLE, done);
    }
}
