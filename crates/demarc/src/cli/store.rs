//! The commands that work on a store.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

/// Where a store is. User and password for etcd come from DEMARC_ETCD_USER and DEMARC_ETCD_PASSWORD.
#[derive(Debug, Args)]
#[group(skip)]
#[command(group = ArgGroup::new("place").args(["data", "store"]).required(true))]
pub(crate) struct StoreLocation {
    /// The store in this directory
    #[arg(long, value_name = "DIR", env = "DEMARC_DATA")]
    pub(crate) data: Option<PathBuf>,

    /// The store in an etcd cluster: etcd://HOST:PORT,HOST:PORT[/PREFIX], or etcds:// for TLS
    #[arg(long, value_name = "URL", env = "DEMARC_STORE")]
    pub(crate) store: Option<String>,

    /// The PEM certificates that etcd members are signed by
    #[arg(long, value_name = "FILE", env = "DEMARC_ETCD_CA")]
    pub(crate) etcd_ca: Option<PathBuf>,

    /// Our PEM certificate for etcd members that ask for one
    #[arg(
        long,
        value_name = "FILE",
        env = "DEMARC_ETCD_CERT",
        requires = "etcd_key"
    )]
    pub(crate) etcd_cert: Option<PathBuf>,

    /// The PEM key of that certificate
    #[arg(
        long,
        value_name = "FILE",
        env = "DEMARC_ETCD_KEY",
        requires = "etcd_cert"
    )]
    pub(crate) etcd_key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Write everything in a store to one text file
    #[command(after_help = "Example: demarc store export --data demarc-data --to backup.jsonl")]
    Export {
        #[command(flatten)]
        location: StoreLocation,
        /// The file; it must not exist yet. Standard output when absent
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        /// Print what was exported as JSON; standard output must not have the dump then
        #[arg(long, requires = "to")]
        json: bool,
    },
    /// Fill an empty store from such a file, once what is in it makes sense
    #[command(
        after_help = "Example: demarc store import --store etcd://10.0.0.1:2379 --from backup.jsonl"
    )]
    Import {
        #[command(flatten)]
        location: StoreLocation,
        /// The file; standard input when absent
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// Take quotas and accounts from this configuration, as `serve` does
        #[arg(long, value_name = "FILE", env = "DEMARC_CONFIG")]
        config: Option<PathBuf>,
        /// Import it even if it makes no sense
        #[arg(long)]
        unchecked: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Read everything in a store, and check that it makes sense
    #[command(after_help = "Example: demarc store verify --data demarc-data --config demarc.toml")]
    Verify {
        #[command(flatten)]
        location: StoreLocation,
        /// Take quotas and accounts from this configuration, as `serve` does
        #[arg(long, value_name = "FILE", env = "DEMARC_CONFIG")]
        config: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}
