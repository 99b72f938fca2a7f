//! The command line.

mod lab;
mod operator;
mod store;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use demarc_server::HumanDuration;

use crate::operator::ServiceUrl;

pub(crate) use lab::{ExecArguments, KeepArguments, LabCommand, StatusArguments, UpArguments};
pub(crate) use operator::{
    AllowDeny, ApproveArguments, AuditArguments, ClockCommand, EventsArguments, HairpinArguments,
    IntentArguments, JudgeArguments, LinkArguments, LocationsArguments, LocationsCommand,
    PrefixesArguments, RejectArguments, Reviewed, ServiceArguments, SessionArguments, UpDown,
    WhatIfArguments, WhyArguments,
};
pub(crate) use store::{StoreCommand, StoreLocation};

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
    /// Run the edge of a device on this machine: its ports, VLANs, gateways and sessions (docs/edge.md)
    #[command(
        after_help = "Example: demarc edge --device EqDC2-370kou9loeqh0 --server https://dx.example:4580 --token-file token --bindings bindings.toml"
    )]
    Edge(EdgeArguments),
    /// Run the BGP speaker alone, for labs and tests (docs/speaker.md)
    Speaker(SpeakerArguments),
    /// A whole Direct Connect on this machine, with real routers and packets (docs/lab.md)
    #[command(subcommand)]
    Lab(LabCommand),
    /// Bring the link of a port up or down
    #[command(after_help = "Example: demarc link down dxcon-fgk145dr")]
    Link(LinkArguments),
    /// Make the simulated router of a BGP peer speak or stay away
    #[command(after_help = "Example: demarc session down dxpeer-fgfnx1l0")]
    Session(SessionArguments),
    /// Put the service's clock forward; what is due by then happens
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Approve an ordered port, or a public virtual interface under review
    #[command(
        after_help = "Examples:\n  demarc approve dxcon-fgk145dr\n  demarc approve dxvif-fgr3hzn3"
    )]
    Approve(ApproveArguments),
    /// Reject a public virtual interface under review, or the peers that were added to it
    #[command(after_help = "Example: demarc reject dxvif-fgr3hzn3")]
    Reject(RejectArguments),
    /// Replace the prefixes of a public virtual interface; its sessions stay up
    #[command(
        after_help = "Example: demarc prefixes dxvif-fgr3hzn3 175.45.176.0/22 210.52.109.0/24"
    )]
    Prefixes(PrefixesArguments),
    /// Let the associations of a Direct Connect gateway reach each other by a customer's wider route, or not
    #[command(
        after_help = "Example: demarc hairpin allow 5f294f92-bafb-4011-916d-9b0bec5e2f05\n\nThey are kept apart unless this allows it; AWS lets such packets pass."
    )]
    Hairpin(HairpinArguments),
    /// List the locations of a Region, or store one
    #[command(
        after_help = "Examples:\n  demarc locations --region eu-west-1\n  demarc locations --json > all.json\n  demarc locations put MYSITE --file mysite.json"
    )]
    Locations(LocationsArguments),
    /// Print state changes in the order that they were committed
    #[command(
        after_help = "Examples:\n  demarc events\n  demarc events --follow --json | jq .detail"
    )]
    Events(EventsArguments),
    /// Print the calls that clients made, as far as the service keeps records of them
    #[command(
        after_help = "Examples:\n  demarc audit\n  demarc audit --json | jq 'select(.errorCode)'"
    )]
    Audit(AuditArguments),
    /// List the accounts that the service knows; secrets are never shown
    Accounts(ServiceArguments),
    /// Show the service at a glance: version, clock, and how much there is of what
    Show(ServiceArguments),
    /// List the edges of devices, with what is wrong
    Edges(ServiceArguments),
    /// Show what the fabric is told to do for a connection or a virtual interface
    #[command(after_help = "Example: demarc intent dxvif-fgr3hzn3")]
    Intent(IntentArguments),
    /// Explain a route of a virtual interface: received, accepted, preferred, announced, and why not
    #[command(after_help = "Example: demarc why 192.168.1.1 --vif dxvif-fgr3hzn3")]
    Why(WhyArguments),
    /// Try calls on a copy of the state: what would change, and what would be refused. Options go first
    #[command(
        after_help = "Examples:\n  demarc what-if --account 111111111111 delete-virtual-interface --virtual-interface-id dxvif-fgr3hzn3\n  demarc what-if --account 111111111111 plan.json\n\nA file holds [{\"operation\": \"DeleteVirtualInterface\", \"input\": {...}}, ...], perhaps with \"account\" and \"region\";\na text such as \"$1.connectionId\" stands for that member of the first call's answer."
    )]
    WhatIf(WhatIfArguments),
    /// Judge a resiliency group against its intended model
    #[command(after_help = "Example: demarc judge dxrg-0123456789abcdef0")]
    Judge(JudgeArguments),
    /// List the router types that configurations are written for
    RouterTypes(ServiceArguments),
    /// Copy, fill or check a store, while no service uses it
    #[command(subcommand)]
    Store(StoreCommand),
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
        conflicts_with_all = ["ephemeral", "store"]
    )]
    pub(crate) data: Option<PathBuf>,

    /// Keep state in an etcd cluster, shared with other processes: etcd://HOST:PORT,HOST:PORT[/PREFIX], or
    /// etcds:// for TLS. User and password come from DEMARC_ETCD_USER and DEMARC_ETCD_PASSWORD
    #[arg(
        long,
        value_name = "URL",
        env = "DEMARC_STORE",
        conflicts_with_all = ["ephemeral", "seed"]
    )]
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

    /// Answer reads without asking etcd: they may miss what other processes just wrote
    #[arg(long, requires = "store")]
    pub(crate) stale_reads: bool,

    /// Keep state in memory only: it ends with the process
    #[arg(long)]
    pub(crate) ephemeral: bool,

    /// Read accounts, rules and limits from this TOML file
    #[arg(long, value_name = "FILE", env = "DEMARC_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// What carries out what the API is asked for [default: simulated]
    #[arg(long, value_name = "FABRIC", value_enum)]
    pub(crate) fabric: Option<FabricName>,

    /// Which interfaces of this machine are ports and uplinks: a TOML file, for `--fabric linux`
    #[arg(long, value_name = "FILE", required_if_eq("fabric", "linux"))]
    pub(crate) bindings: Option<PathBuf>,

    /// How long each provisioning step takes, such as 0, 500ms or 2s [default: 500ms]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
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

/// Run the edge of a device on this machine.
///
/// It follows the intent of the device, and goes on with the last one while no server answers. What it makes in
/// the kernel stays when it ends. Needs root.
#[derive(Debug, Args)]
pub(crate) struct EdgeArguments {
    /// The device that this machine is, as the API shows it in awsDeviceV2
    #[arg(long, value_name = "NAME")]
    pub(crate) device: String,

    /// The service; more than once to name all replicas
    #[arg(
        long,
        value_name = "URL",
        required = true,
        env = "DEMARC_SERVER",
        value_delimiter = ','
    )]
    pub(crate) server: Vec<ServiceUrl>,

    /// Read the token of the device from a file; in the development mode none is needed
    #[arg(long, value_name = "FILE", env = "DEMARC_EDGE_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Which interfaces of this machine are ports and uplinks: a TOML file
    #[arg(long, value_name = "FILE", default_value = "/etc/demarc/bindings.toml")]
    pub(crate) bindings: PathBuf,

    /// Keep the last intent here, with its BGP keys, for a start without the service
    #[arg(long, value_name = "DIR", default_value = "/var/lib/demarc-edge")]
    pub(crate) state: PathBuf,

    /// Trust these PEM certificates, and what they signed, instead of the public authorities
    #[arg(long, value_name = "FILE", env = "DEMARC_CA_CERT")]
    pub(crate) ca_cert: Option<PathBuf>,

    /// How log lines look; what is logged follows RUST_LOG [default: text]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) log_format: Option<LogFormat>,
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
pub(crate) enum FabricName {
    /// Links and routers in memory.
    Simulated,
    /// This machine: interfaces, VLANs, namespaces and BGP sessions. Needs root.
    Linux,
    /// Other machines, each with `demarc edge`.
    Edge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
