//! `speaker-under-test speaker --config FILE`: what `demarc speaker` runs, built with the tests.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use demarc_speaker::{HostSockets, Reloads, SpeakerConfig, SpeakerError, run_reloadable};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [_, _, file] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let outcome = match SpeakerConfig::read(Path::new(file)) {
        Ok(config) => run(config, file).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The log of the test shows it.
            std::io::Write::write_all(&mut std::io::stderr(), error.as_bytes()).ok();
            ExitCode::from(2)
        }
    }
}

/// Runs until it is killed; `POST /reload` reads the file again.
async fn run(config: SpeakerConfig, file: &str) -> Result<(), SpeakerError> {
    let file = file.to_owned();
    let (_nobody, asked) = mpsc::channel(1);
    let reloads = Reloads {
        read: Box::new(move || SpeakerConfig::read(Path::new(&file))),
        asked,
    };
    let sockets = Arc::new(HostSockets);
    run_reloadable(config, sockets, Some(reloads), std::future::pending()).await
}
