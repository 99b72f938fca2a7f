//! `speaker-under-test speaker --config FILE`: what `demarc speaker` runs, built with the tests.

use std::path::Path;
use std::process::ExitCode;

use demarc_speaker::{SpeakerConfig, run};

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
        Ok(config) => run(config).await.map_err(|error| error.to_string()),
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
