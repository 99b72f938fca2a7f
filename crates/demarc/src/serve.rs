//! `demarc serve`.

use std::io::Write;
use std::path::PathBuf;

use demarc_server::{Config, Listener, Service, StoreChoice, TlsError, tls_acceptor};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::cli::{LogFormat, ServeArguments};
use crate::failure::Failure;

const DEFAULT_LISTEN: &str = "127.0.0.1:4580";
const DEFAULT_DATA: &str = "demarc-data";

pub(crate) fn run(arguments: ServeArguments) -> Result<(), Failure> {
    start_logging(arguments.log_format.unwrap_or(LogFormat::Text))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    runtime.block_on(serve(arguments))
}

fn start_logging(format: LogFormat) -> Result<(), Failure> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) => text.parse::<EnvFilter>().map_err(|error| {
            Failure::Usage(format!(
                "RUST_LOG is `{text}`, which is not a log filter: {error}"
            ))
        })?,
        Err(_) => EnvFilter::new("info"),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

async fn serve(arguments: ServeArguments) -> Result<(), Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let mut config = match &arguments.config {
        Some(path) => Config::read(path).map_err(|error| usage(&error))?,
        None => Config::default(),
    };
    if let Some(settle) = arguments.settle {
        config.server.settle = Some(settle);
    }
    let certificate = arguments
        .tls_cert
        .or_else(|| config.server.tls_cert.clone());
    let key = arguments.tls_key.or_else(|| config.server.tls_key.clone());
    let tls = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            Some(tls_acceptor(&certificate, &key).map_err(|error| usage(&error))?)
        }
        _ => return Err(usage(&TlsError::Half)),
    };
    let address = arguments.listen.or_else(|| config.server.listen.clone());
    let address = address.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    let listener = Listener::bind(&address, tls)
        .await
        .map_err(|error| usage(&error))?;
    let store = if arguments.ephemeral {
        StoreChoice::Ephemeral
    } else {
        let data = arguments.data.or_else(|| config.server.data.clone());
        StoreChoice::Directory(data.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA)))
    };
    let described = describe(&store);
    let seed = arguments.seed.map(|number| {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        seed
    });
    let service = Service::start(config, store, &listener, seed)
        .await
        .map_err(|error| usage(&error))?;
    announce(&listener, &service, &described)?;
    let stop = stop_signal()?;
    service.serve(listener, stop).await;
    tracing::info!("stopped");
    Ok(())
}

fn describe(store: &StoreChoice) -> String {
    match store {
        StoreChoice::Ephemeral => "in memory, until the service stops".to_owned(),
        StoreChoice::Directory(path) => format!("in {}", path.display()),
    }
}

/// Says where the service is; scripts wait for the first line.
fn announce(listener: &Listener, service: &Service, store: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mode = if service.is_open() {
        "open development mode: any credentials are accepted, a 12-digit access key id names the account"
    } else {
        "accounts are configured: signatures are verified"
    };
    writeln!(
        out,
        "listening on {}\n{mode}\nstate is kept {store}",
        listener.url()
    )
    .and_then(|()| out.flush())
    .map_err(|error| Failure::Other(format!("cannot write to standard output: {error}")))
}

/// Resolves at SIGTERM or SIGINT.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
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
