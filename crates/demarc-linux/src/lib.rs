//! What the Linux edge asks of the kernel: namespaces, links, addresses, routes and the VLAN program.
//!
//! Everything here is one request and its answer; what should be there is decided elsewhere
//! (`demarc-edge`). Requests are made so that doing them again changes nothing.

mod address;
mod attachment;
mod bundle;
mod counters;
mod error;
mod filter;
mod ledger;
mod link;
mod macsec;
mod namespace;
mod netlink;
mod police;
mod probe;
mod program;
mod route;
mod rule;
mod slow;
mod tcx;
mod watch;

pub use attachment::Attachment;
pub use bundle::{BundleMaps, Inherited, bundle_number, port_number};
pub use counters::{Strays, VifCounters};
pub use error::KernelError;
pub use link::{Link, VethSpec};
pub use macsec::{
    AssociationSpec, MacSec, MacSecLink, MacSecSpec, SecChannel, SecCounters, SecY,
    SecureAssociation,
};
pub use namespace::Namespace;
pub use netlink::Kernel;
pub use probe::{probe, probe_mac_sec};
pub use program::{VlanDelivery, VlanProgram};
pub use route::{KnownRoute, NextHop, Table};
pub use slow::{EapolSocket, LinkNews, SlowSocket, wait};
pub use watch::{ChangeWatch, LinkWatch, Watched};
