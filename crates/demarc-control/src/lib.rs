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
//! The writer owns the World. It takes what queued up during the last commit, decides each request on top
//! of the one before, fires what is due, commits all of it as one batch, and only then publishes the new
//! snapshot and answers. Readers load the current snapshot and never wait. Dropping every [`Control`]
//! stops the writer after the batch at hand.

mod clock;
mod control;
mod event_log;
mod load;
mod options;
mod snapshot;
mod task;
mod writer;

pub use clock::{Clock, SystemClock};
pub use control::{Control, ControlError};
pub use event_log::{EventLog, EventPage, NumberedEvent};
pub use load::StartError;
pub use options::Options;
pub use snapshot::Snapshot;
