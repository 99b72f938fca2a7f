//! The operator's commands.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use demarc_server::HumanDuration;
use demarc_types::{
    BgpPeerId, ConnectionId, DirectConnectGatewayId, LocationCode, Region, ResiliencyGroupId,
    VirtualInterfaceId,
};

use crate::operator::ServiceUrl;

/// Where the service is and how to print its answers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceArguments {
    /// The service
    #[arg(
        long,
        value_name = "URL",
        env = "DEMARC_URL",
        default_value = "http://127.0.0.1:4580"
    )]
    pub(crate) url: ServiceUrl,

    /// The operator's token, needed when accounts are configured
    #[arg(
        long,
        value_name = "TOKEN",
        env = "DEMARC_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: Option<String>,

    /// Read the operator's token from a file
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub(crate) token_file: Option<PathBuf>,

    /// Trust these PEM certificates, and what they signed, instead of the public authorities
    #[arg(long, value_name = "FILE", env = "DEMARC_CA_CERT")]
    pub(crate) ca_cert: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArguments {
    pub(crate) state: UpDown,
    /// The connection, dxcon-...
    pub(crate) connection: ConnectionId,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SessionArguments {
    pub(crate) state: UpDown,
    /// The BGP peer, dxpeer-...
    pub(crate) peer: BgpPeerId,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UpDown {
    Up,
    Down,
}

impl UpDown {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct HairpinArguments {
    pub(crate) choice: AllowDeny,
    /// The Direct Connect gateway
    pub(crate) gateway: DirectConnectGatewayId,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AllowDeny {
    Allow,
    Deny,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Put it forward; it cannot be put back
    #[command(after_help = "Examples:\n  demarc clock advance 15m\n  demarc clock advance 7d")]
    Advance {
        /// How far, such as 90s, 15m, 1h or 7d
        duration: HumanDuration,
        #[command(flatten)]
        service: ServiceArguments,
    },
}

/// What can be approved, or looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reviewed {
    Connection(ConnectionId),
    VirtualInterface(VirtualInterfaceId),
}

/// The text is neither id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NeitherId;

impl std::fmt::Display for NeitherId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(
            "the id of a connection (dxcon-...) or a virtual interface (dxvif-...) is needed",
        )
    }
}

impl std::error::Error for NeitherId {}

impl FromStr for Reviewed {
    type Err = NeitherId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let connection = text.parse().map(Self::Connection);
        connection
            .or_else(|_| text.parse().map(Self::VirtualInterface))
            .map_err(|_| NeitherId)
    }
}

impl Reviewed {
    /// `connections/dxcon-fgk145dr`.
    pub(crate) fn path(self) -> String {
        match self {
            Self::Connection(id) => format!("connections/{id}"),
            Self::VirtualInterface(id) => format!("virtual-interfaces/{id}"),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArguments {
    /// The connection (dxcon-...) or virtual interface (dxvif-...)
    pub(crate) id: Reviewed,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RejectArguments {
    /// The virtual interface, dxvif-...
    pub(crate) id: VirtualInterfaceId,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PrefixesArguments {
    /// The virtual interface, dxvif-...
    pub(crate) id: VirtualInterfaceId,
    /// Public prefixes in CIDR notation; they replace those that it has
    #[arg(value_name = "CIDR", required = true)]
    pub(crate) prefixes: Vec<String>,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct LocationsArguments {
    #[command(subcommand)]
    pub(crate) command: Option<LocationsCommand>,
    /// The Region
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: Region,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LocationsCommand {
    /// Store a location, in the form that `locations --json` prints
    Put {
        /// Its code, 1 to 24 letters, digits and hyphens
        code: LocationCode,
        /// The location as JSON; - reads standard input
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        service: ServiceArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EventsArguments {
    /// Begin behind the event of this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) after: u64,
    /// Wait for more, until interrupted
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    /// Begin behind the record of this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) after: u64,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct IntentArguments {
    /// The connection (dxcon-...) or virtual interface (dxvif-...)
    pub(crate) id: Reviewed,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct JudgeArguments {
    /// The resiliency group, dxrg-...
    pub(crate) group: ResiliencyGroupId,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// An address such as 10.0.0.1, or a route such as 10.0.0.0/8
    #[arg(value_name = "ROUTE-OR-ADDRESS")]
    pub(crate) destination: String,
    /// The virtual interface, dxvif-...
    #[arg(long, value_name = "ID")]
    pub(crate) vif: VirtualInterfaceId,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
}

#[derive(Debug, Args)]
pub(crate) struct WhatIfArguments {
    /// The account that calls, where the file names none
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// The Region that is called, where the file names none
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: Region,
    /// How long provisioning may go on before the effects are looked at, such as 10s or 1h
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(crate) after: HumanDuration,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
    /// A file with a list of calls as JSON (- is standard input), or a call in the words of the AWS CLI
    #[arg(
        value_name = "FILE|COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) what: Vec<String>,
}
