//! `speaker --config FILE`: the stand-alone speaker, for trying it out.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use demarc_speaker::{HostSockets, SpeakerConfig, run_with};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, file] = arguments.as_slice() else {
        return fail(&"usage: speaker --config FILE");
    };
    if flag != "--config" {
        return fail(&"usage: speaker --config FILE");
    }
    let config = match SpeakerConfig::read(&PathBuf::from(file)) {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let interrupted = async { _ = tokio::signal::ctrl_c().await };
    match run_with(config, Arc::new(HostSockets), interrupted).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[expect(clippy::print_stderr, reason = "an error of a command line tool")]
fn fail(problem: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("{problem}");
    ExitCode::from(2)
}
