//! When to stop.

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Resolves at SIGTERM or SIGINT.
pub(crate) fn stop() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error| Failure::Other(format!("cannot wait for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: answering what is under way, then stopping"),
            _ = interrupt.recv() => tracing::info!("interrupted: answering what is under way, then stopping"),
        }
    })
}
