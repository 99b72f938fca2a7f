//! What the lab's own process is asked to do: one line of JSON, answered by one.

use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use demarc_types::{PeerAddress, Prefix};
use serde::{Deserialize, Serialize};

use super::topology::Preference;
use crate::failure::Failure;

/// The longest that an order may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub(crate) enum Order {
    /// A namespace for a VPC, and the uplink to it.
    Vpc {
        name: String,
        number: usize,
        cidr: Prefix,
    },
    /// A cable from a port of the edge to the cage of the customers.
    Cable { number: usize },
    /// A namespace for a site.
    Customer { name: String, network: Prefix },
    /// A VLAN of a cable, to the customer's router.
    Vlan {
        customer: String,
        cable: usize,
        vlan: u16,
        address: PeerAddress,
    },
    /// Starts the customer's router.
    Router(RouterPlan),
    /// Puts the plug of a cable in, or pulls it.
    Plug { cable: usize, up: bool },
    /// Sends echo requests and counts the replies.
    Ping {
        from: String,
        source: Ipv4Addr,
        target: Ipv4Addr,
        count: u16,
        milliseconds: u64,
    },
    /// The addresses on the way to a target.
    Trace {
        from: String,
        source: Ipv4Addr,
        target: Ipv4Addr,
    },
}

/// Everything that a customer's router has to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RouterPlan {
    pub(crate) customer: String,
    pub(crate) daemon: Daemon,
    pub(crate) network: Prefix,
    pub(crate) sessions: Vec<SessionPlan>,
}

/// A session, in the words of `DescribeVirtualInterfaces`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SessionPlan {
    /// Of the virtual interface, for a name in the configuration.
    pub(crate) name: String,
    pub(crate) vlan: u16,
    pub(crate) asn: u32,
    pub(crate) amazon_side_asn: u32,
    pub(crate) auth_key: String,
    pub(crate) amazon_address: PeerAddress,
    pub(crate) customer_address: PeerAddress,
    pub(crate) preference: Preference,
}

/// A router daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Daemon {
    Bird,
    Frr,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    Done,
    /// Of how many requests there were replies.
    Received(u16),
    /// Who answered at each hop; the last one is the target if it was reached.
    Hops(Vec<Option<Ipv4Addr>>),
    Failed(String),
}

/// A way to the lab's process.
pub(crate) struct Keeper {
    stream: BufReader<UnixStream>,
}

impl Keeper {
    pub(crate) fn connect(socket: &Path) -> Result<Self, Failure> {
        let stream = UnixStream::connect(socket).and_then(|stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(stream)
        });
        let stream = stream.map_err(|error| {
            Failure::Other(format!(
                "cannot reach the lab at {}: {error}",
                socket.display()
            ))
        })?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Gives an order and waits for what comes of it.
    pub(crate) fn give(&mut self, order: &Order) -> Result<Answer, Failure> {
        let broken =
            |error: std::io::Error| Failure::Other(format!("the lab has gone away: {error}"));
        let mut line = serde_json::to_string(order)
            .map_err(|error| Failure::Other(format!("an order cannot be written: {error}")))?;
        line.push('\n');
        self.stream
            .get_mut()
            .write_all(line.as_bytes())
            .map_err(broken)?;
        line.clear();
        self.stream.read_line(&mut line).map_err(broken)?;
        match serde_json::from_str(&line) {
            Ok(Answer::Failed(message)) => Err(Failure::Other(message)),
            Ok(answer) => Ok(answer),
            Err(_) => Err(Failure::Other("the lab has gone away".to_owned())),
        }
    }
}
