//! When to stop, and when to read the configuration again.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

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

/// The same, and at SIGHUP: for what reads nothing again and may lose its terminal.
pub(crate) fn stop_or_hangup() -> Result<impl Future<Output = ()>, Failure> {
    let failed = |error| Failure::Other(format!("cannot wait for signals: {error}"));
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    let stop = stop()?;
    Ok(async move {
        tokio::select! {
            () = stop => {}
            _ = hangup.recv() => tracing::info!("SIGHUP: answering what is under way, then stopping"),
        }
    })
}

/// A message for each SIGHUP; several that come at once may be one.
pub(crate) fn hangups() -> Result<mpsc::Receiver<()>, Failure> {
    let failed = |error| Failure::Other(format!("cannot wait for signals: {error}"));
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    let (sender, received) = mpsc::channel(1);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            if sender.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(received)
}
