//! A BGP speaker on tokio: [`demarc_bgp`] and [`demarc_bfd`] do the thinking, this crate owns the
//! sockets, the clock and the tasks.
//!
//! ```text
//!   listener per address ──TcpStream──▶ neighbor task ──routes──▶ RIB task
//!   BFD task ────────────BFD down─────▶ (one per session: owns  ◀──chunks── (owns all tables,
//!   control HTTP ────────commands─────▶  its sockets and its      of UPDATEs  no locks)
//!                                        Session machine)
//! ```
//!
//! Every channel is bounded. A neighbor task that cannot hand over routes stops reading its socket,
//! so TCP slows the sender down. The RIB task gives a neighbor at most two chunks that it has not
//! written yet, so a slow reader costs its two chunks and a position in the table, no more.
//!
//! Dropping the future of [`run`] stops everything: tasks die with it, and the thread of the tables
//! ends when nobody can send to it any more.
//! To say good-bye to neighbors first, send on the shutdown handle.

mod activity;
mod bfd;
mod clock;
mod config;
mod control;
mod gateway;
mod listener;
pub mod md5;
mod message;
mod metrics;
mod neighbor;
mod reload;
mod rib_task;
mod roster;
mod sockets;
mod speaker;

pub use activity::Activity;
pub use config::{ConfigError, ConfigProblem, ExportMode, NeighborConfig, Secret, SpeakerConfig};
pub use gateway::{
    ForwardingChange, GatewayError, GatewayNeighbor, GatewaySpeaker, NeighborKey, NeighborReport,
    NeighborRoutes, SessionStamp,
};
pub use reload::{ReloadError, Reloaded, Reloads};
pub use sockets::{HostSockets, NamespaceSockets, SocketFactory};
pub use speaker::{SpeakerError, run, run_reloadable, run_with};
