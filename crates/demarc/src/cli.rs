//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use demarc_server::HumanDuration;

/// A self-hosted interconnect service that speaks the AWS Direct Connect API.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service
    Serve(Box<ServeArguments>),
    /// Run the BGP speaker alone, for labs and tests (docs/speaker.md)
    Speaker(SpeakerArguments),
}

/// Run the service.
///
/// Without accounts in the configuration this is the open development mode: any credentials are accepted,
/// an access key id of 12 digits names the account, and only loopback addresses can be listened on.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:4580]
    #[arg(long, value_name = "HOST:PORT", env = "DEMARC_LISTEN")]
    pub(crate) listen: Option<String>,

    /// Keep state in this directory; it is made if it is missing [default: ./demarc-data]
    #[arg(
        long,
        value_name = "DIR",
        env = "DEMARC_DATA",
        conflicts_with = "ephemeral"
    )]
    pub(crate) data: Option<PathBuf>,

    /// Keep state in memory only: it ends with the process
    #[arg(long)]
    pub(crate) ephemeral: bool,

    /// Read accounts, rules and limits from this TOML file
    #[arg(long, value_name = "FILE", env = "DEMARC_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// How long each provisioning step takes, such as 0, 500ms or 2s [default: 500ms]
    #[arg(long, value_name = "DURATION")]
    pub(crate) settle: Option<HumanDuration>,

    /// Serve HTTPS with this PEM certificate chain
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The PEM key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// How log lines look; what is logged follows RUST_LOG [default: text]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,

    /// Make ids and keys follow from this number, for repeatable tests
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct SpeakerArguments {
    /// Read neighbors and everything else from this TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,

    /// How log lines look; what is logged follows RUST_LOG [default: text]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
