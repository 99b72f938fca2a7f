//! The lab's commands.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::lab::Daemon;

#[derive(Debug, Subcommand)]
pub(crate) enum LabCommand {
    /// Build a lab, show what it does, and leave it running
    #[command(
        after_help = "Examples:\n  sudo demarc lab up\n  sudo demarc lab up --teardown\n  sudo demarc lab up --topology mine.toml --router frr"
    )]
    Up(UpArguments),
    /// End the lab; nothing is left of it
    Down(LabPlace),
    /// Show the lab's virtual interfaces, their sessions and routes, and who reaches whom
    Status(StatusArguments),
    /// Run a command at a site of the lab: a customer's, or in a VPC
    #[command(
        after_help = "Examples:\n  demarc lab exec hq ip route\n  demarc lab exec hq birdc show protocols\n  demarc lab exec branch ping -I 192.168.2.1 10.40.0.1\n  demarc lab exec acme-vpc sh"
    )]
    Exec(ExecArguments),
    /// Print the topology of the example, to make one's own from
    Topology,
    /// The lab's own process
    #[command(hide = true)]
    Keep(KeepArguments),
}

/// Which lab: each has a directory.
#[derive(Debug, Args)]
pub(crate) struct LabPlace {
    /// Where the lab keeps its state [default: /run/demarc-lab, or a user's own]
    #[arg(long, value_name = "DIR", env = "DEMARC_LAB")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    /// Build what this TOML file says instead of the example; docs/lab.md
    #[arg(long, value_name = "FILE")]
    pub(crate) topology: Option<PathBuf>,
    /// The router of the customers [default: whichever is installed, BIRD first]
    #[arg(long, value_enum)]
    pub(crate) router: Option<Daemon>,
    /// Where the lab's service listens; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4580")]
    pub(crate) listen: String,
    /// Build it only: no failing links, no failover test
    #[arg(long)]
    pub(crate) no_tour: bool,
    /// End it again after showing it
    #[arg(long)]
    pub(crate) teardown: bool,
    #[command(flatten)]
    pub(crate) place: LabPlace,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: LabPlace,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArguments {
    #[command(flatten)]
    pub(crate) place: LabPlace,
    /// The name of a customer or a VPC
    #[arg(value_name = "CUSTOMER")]
    pub(crate) site: String,
    /// A program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct KeepArguments {
    #[arg(long)]
    pub(crate) dir: PathBuf,
    /// In the new namespaces already
    #[arg(long)]
    pub(crate) inside: bool,
}
