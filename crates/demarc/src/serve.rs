//! `demarc serve`.

use std::io::Write;
use std::path::PathBuf;

use demarc_server::EtcdAddress;
use demarc_server::{
    Config, Listener, Secret, ServerConfig, Service, StoreChoice, TlsError, tls_acceptor,
};

use crate::cli::{FabricName, LogFormat, ServeArguments};
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
    if arguments.bindings.is_some() && arguments.fabric != Some(FabricName::Linux) {
        // Who gives them wants real packets, and would wait for them in vain.
        return Err(usage(&"--bindings needs --fabric linux"));
    }
    match arguments.fabric {
        Some(FabricName::Linux) => config.fabric.linux.clone_from(&arguments.bindings),
        Some(FabricName::Edge) => (config.fabric.linux, config.fabric.edge) = (None, true),
        Some(FabricName::Simulated) => (config.fabric.linux, config.fabric.edge) = (None, false),
        None => {}
    }
    let certificate = arguments.tls_cert.clone();
    let certificate = certificate.or_else(|| config.server.tls_cert.clone());
    let key = arguments.tls_key.clone();
    let key = key.or_else(|| config.server.tls_key.clone());
    let tls = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            Some(tls_acceptor(&certificate, &key).map_err(|error| usage(&error))?)
        }
        _ => return Err(usage(&TlsError::Half)),
    };
    let address = arguments.listen.clone();
    let address = address.or_else(|| config.server.listen.clone());
    let address = address.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    let listener = Listener::bind(&address, tls)
        .await
        .map_err(|error| usage(&error))?;
    config.server.stale_reads |= arguments.stale_reads;
    let store = store(&arguments, &config.server)?;
    let described = describe(&store);
    let seed = arguments.seed.map(|number| {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        seed
    });
    let service = Service::start(config, store, &listener, seed)
        .await
        .map_err(|error| usage(&error))?;
    let stop = signals::stop_or_hangup()?;
    match arguments.log_format {
        Some(LogFormat::Json) => tracing::info!(
            url = listener.url(),
            open = service.is_open(),
            state = described,
            "listening on {}",
            listener.url()
        ),
        Some(LogFormat::Text) | None => announce(&listener, &service, &described)?,
    }
    service.serve(listener, stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// What the options say, else the configuration, else a directory here.
fn store(arguments: &ServeArguments, server: &ServerConfig) -> Result<StoreChoice, Failure> {
    if arguments.ephemeral {
        return Ok(StoreChoice::Ephemeral);
    }
    if let Some(data) = &arguments.data {
        if server.store.is_some() {
            // Several services that are meant to be one would each be well on their own.
            let text = "the configuration has server.store, and --data or DEMARC_DATA is given; state is kept in \
                        one place";
            return Err(Failure::Usage(text.to_owned()));
        }
        return Ok(StoreChoice::Directory(data.clone()));
    }
    let url = arguments.store.clone().or_else(|| server.store.clone());
    let Some(url) = url else {
        let data = server.data.clone();
        return Ok(StoreChoice::Directory(
            data.unwrap_or_else(|| PathBuf::from(DEFAULT_DATA)),
        ));
    };
    if arguments.store.is_none() && server.data.is_some() {
        let text =
            "the configuration has both server.data and server.store; state is kept in one place";
        return Err(Failure::Usage(text.to_owned()));
    }
    if arguments.seed.is_some() {
        let text = "a seed would make several processes choose the same ids; do without it on a shared store";
        return Err(Failure::Usage(text.to_owned()));
    }
    let environment = |name| std::env::var(name).ok();
    let password = environment("DEMARC_ETCD_PASSWORD").map(Secret::new);
    let address = EtcdAddress {
        url,
        ca: arguments.etcd_ca.clone().or_else(|| server.etcd_ca.clone()),
        certificate: arguments
            .etcd_cert
            .clone()
            .or_else(|| server.etcd_cert.clone()),
        key: arguments
            .etcd_key
            .clone()
            .or_else(|| server.etcd_key.clone()),
        user: environment("DEMARC_ETCD_USER").or_else(|| server.etcd_user.clone()),
        password: password.or_else(|| server.etcd_password.clone()),
    };
    let choice = address.choice();
    choice.map_err(|error| Failure::Usage(error.to_string()))
}

fn describe(store: &StoreChoice) -> String {
    match store {
        StoreChoice::Ephemeral => "in memory, until the service stops".to_owned(),
        StoreChoice::Directory(path) => format!("in {}", path.display()),
        StoreChoice::Etcd(config) => {
            let hosts = config.endpoints.iter();
            let hosts: Vec<_> = hosts
                .map(|end| format!("{}:{}", end.host, end.port))
                .collect();
            format!("in etcd at {}, under /{}/", hosts.join(", "), config.prefix)
        }
    }
}

/// Says where the service is, to people; scripts wait for the first line.
fn announce(listener: &Listener, service: &Service, store: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let mode = if service.is_open() {
        "open development mode: any credentials are accepted, a 12-digit access key id names the account"
    } else {
        "accounts are configured: signatures are verified"
    };
    let url = listener.url();
    let credentials = if service.is_open() {
        "AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=any "
    } else {
        ""
    };
    writeln!(
        out,
        "listening on {url}\n{mode}\nstate is kept {store}\n\
         try it: AWS_ENDPOINT_URL={url} {credentials}aws directconnect describe-locations --region us-east-1"
    )
    .and_then(|()| out.flush())
    .map_err(|error| Failure::Other(format!("cannot write to standard output: {error}")))
}
