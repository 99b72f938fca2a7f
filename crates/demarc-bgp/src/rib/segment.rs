//! A stretch of a group's log, encoded once for all members.

use std::ops::Range;

use super::session::SessionIndex;
use super::table::NetId;
use crate::wire::{EncodeError, PathAttributes};

/// Where the routes of a run come from; decides which members may have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// There is no route for them: withdraw.
    Withdrawn,
    Originated,
    SiteLink(SessionIndex),
}

/// Why there is a withdrawal where there is a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unsendable {
    /// Who announced it; the network itself is 0.
    pub(super) from: SessionIndex,
    pub(super) error: EncodeError,
}

/// Prefixes that share their attributes and their source.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) source: Source,
    /// As sent; `None` for a withdrawal.
    pub(super) attributes: Option<PathAttributes>,
    pub(super) unsendable: Option<Unsendable>,
    /// Into [`Segment::nets`].
    pub(super) nets: Range<usize>,
    /// Whole messages, into [`Segment::bytes`].
    pub(super) bytes: Range<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Segment {
    /// The log entries `start..end` are in it.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) nets: Vec<NetId>,
    pub(super) runs: Vec<Run>,
    pub(super) bytes: Vec<u8>,
}

impl Segment {
    pub(super) fn heap_bytes(&self) -> usize {
        self.nets.capacity() * size_of::<NetId>()
            + self.runs.capacity() * size_of::<Run>()
            + self.bytes.capacity()
    }
}
