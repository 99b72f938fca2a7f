//! The lab's own process: the service with a Linux edge, and whoever wires the rest.

use std::io::Write;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use demarc_server::{Config, HumanDuration, Listener, Service, StoreChoice};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::isolation::{self, INSIDE};
use super::order::{Answer, Order};
use super::place::Place;
use super::wiring::{Wiring, look};
use crate::cli::{KeepArguments, LogFormat};
use crate::failure::Failure;
use crate::{logging, signals};

/// What the process says when it is ready; anything else is why it is not.
pub(crate) const READY: &str = "ready";
pub(crate) const SOCKET: &str = "control";
pub(crate) const BINDINGS: &str = "bindings.toml";
pub(crate) const LOG: &str = "log";

/// Starts the lab's process: standard input is the socket that the service listens on, which was bound
/// outside; the first line of standard output is its pid, the second whether it is ready.
pub(crate) fn run(arguments: &KeepArguments) -> Result<(), Failure> {
    if arguments.inside {
        return report(inside());
    }
    let stepped_apart = isolation::leave(&arguments.dir);
    if let Err(error) = stepped_apart {
        return report(Err(Failure::Usage(error.to_string())));
    }
    // Interrupts of the terminal are for those who look on.
    _ = nix::unistd::setsid();
    let failed = |error: std::io::Error| Failure::Other(format!("cannot start the lab: {error}"));
    // Standard error is the log, which is locked for as long as somebody has it open.
    let mut child = Command::new("/proc/self/exe")
        .args(["lab", "keep", "--inside", "--dir", INSIDE])
        .env("NO_COLOR", "1")
        .stderr(Stdio::inherit())
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .spawn()
        .map_err(failed)?;
    let pid = i32::try_from(child.id()).unwrap_or_default();
    let place = Place::new(Some(arguments.dir.clone()))?;
    if let Err(failure) = place.write_pid(pid) {
        // Nobody could ever end it.
        _ = child.kill();
        return report(Err(failure));
    }
    say(&pid.to_string())
}

fn say(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::Other(format!("nobody listens: {error}")))
}

/// Failures go to whoever waits for the first line, not to the log alone.
fn report(result: Result<(), Failure>) -> Result<(), Failure> {
    if let Err(Failure::Usage(text) | Failure::Other(text)) = &result {
        _ = say(&text.replace('\n', " "));
    }
    result
}

fn inside() -> Result<(), Failure> {
    logging::start(LogFormat::Text)?;
    let wiring = Wiring::new().map_err(Failure::Usage)?;
    let socket = std::io::stdin().as_fd().try_clone_to_owned();
    let socket = socket.map(TcpListener::from);
    let socket = socket.map_err(|error| Failure::Other(format!("there is no socket: {error}")))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    runtime.block_on(serve(socket, wiring))
}

async fn serve(socket: TcpListener, wiring: Wiring) -> Result<(), Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let directory = Path::new(INSIDE);
    let mut config = Config::default();
    config.fabric.linux = Some(directory.join(BINDINGS));
    config.server.settle = Some(HumanDuration(demarc_types::Span::from_millis(100)));
    let listener = Listener::adopt(socket, None).map_err(|error| usage(&error))?;
    let service = Service::start(config, StoreChoice::Ephemeral, &listener, None)
        .await
        .map_err(|error| usage(&error))?;
    let stop = signals::stop()?;
    let control = UnixListener::bind(directory.join(SOCKET))
        .map_err(|error| Failure::Other(format!("cannot listen for orders: {error}")))?;
    let orders = tokio::spawn(take_orders(control, Arc::new(Mutex::new(wiring))));
    say(READY)?;
    service.serve(listener, stop).await;
    orders.abort();
    Ok(())
}

async fn take_orders(control: UnixListener, wiring: Arc<Mutex<Wiring>>) {
    loop {
        match control.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, Arc::clone(&wiring)))),
            Err(error) => {
                tracing::warn!(%error, "an order was not taken");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, wiring: Arc<Mutex<Wiring>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let wiring = Arc::clone(&wiring);
        let answer = tokio::task::spawn_blocking(move || match serde_json::from_str(&line) {
            Ok(order @ (Order::Ping { .. } | Order::Trace { .. })) => look(order),
            Ok(order) => wiring
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .carry_out(order),
            Err(error) => Answer::Failed(format!("an order is not understood: {error}")),
        });
        let answer = answer
            .await
            .unwrap_or_else(|error| Answer::Failed(error.to_string()));
        let Ok(mut text) = serde_json::to_string(&answer) else {
            return;
        };
        text.push('\n');
        if write.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}
