//! The control plane's one writer.
//!
//! ```text
//!  requests ──► queue ──► writer: decide each on top of the last ──► store: one commit
//!                           ▲                                          │
//!  timers, fabric reports ──┘        answers ◄── publish snapshot ◄────┘
//!                                                   │
//!  readers ◄──────────────── ArcSwap<Snapshot> ◄────┘──► event log
//! ```
//!
//! The writer owns the World. It decides each request on top of the one before, fires what is due, commits
//! all of it as one batch, and only then publishes the new snapshot and answers. What is asked for while a
//! commit is under way is decided on top of it and makes the next batch; it falls if that commit fails
//! (`docs/decisions/0007-decide-ahead.md`). Readers load the current snapshot and never wait. Dropping every
//! [`Control`] stops the writer after the batches at hand.
//!
//! Several processes may share one store. Each commit builds on the head, so they are serialised: who comes
//! second gets a conflict, takes in what the others committed and decides again. Each follows the others'
//! commits; [`Control::read`] waits until it has caught up with the head. One of them holds the lease: it
//! fires what is due and runs the fabric.

mod catching;
mod clock;
mod commit;
mod commit_id;
mod control;
mod draft;
mod due;
mod edges;
mod event_log;
mod follower;
mod health;
mod load;
mod options;
mod pace;
mod read;
mod round;
mod silence;
mod snapshot;
mod task;
mod tenure;
mod turns;
mod waiting;
mod writer;

pub use clock::{Clock, SystemClock};
pub use control::{Control, ControlError};
pub use edges::{EdgeFabric, Edges, Heard};
pub use event_log::{EventLog, EventPage, NumberedEvent};
pub use health::{Health, Role};
pub use load::StartError;
pub use options::{Options, SharingOptions};
pub use snapshot::Snapshot;
