//! `demarc serve`.

use std::io::Write;
use std::path::PathBuf;

use demarc_server::{Config, Listener, Service, StoreChoice, TlsError, tls_acceptor};

use crate::cli::{LogFormat, ServeArguments};
use crate::failure::Failure;
use crate::{logging, signals};

const DEFAULT_LISTEN: &str = "127.0.0.1:4580";
const DEFAULT_DATA: &str = "demarc-data";

pub(crate) fn run(arguments: ServeArguments) -> Result<(), Failure> {
    logging::start(arguments.log_format.unwrap_or(LogFormat::Text))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    runtime.block_on(serve(arguments))
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
    let stop = signals::stop()?;
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
