//! Audit records: every call of the API in CloudTrail's shape (spec/observability §4), kept in memory for the
//! operator API and appended to a file.
//!
//! A handler keeps what a record is made of, which costs a small copy; the record itself is made by who
//! reads the ring, and by the thread that writes the file. Where neither is on, nothing is kept.

mod call;
mod file;
mod mask;
mod record;
mod ring;

use std::sync::Arc;

use call::Call;
pub(crate) use call::is_read;
pub(crate) use file::{AuditFile, AuditFileError};
pub(crate) use ring::Ring;

/// Where calls are recorded.
pub(crate) struct Audit {
    ring: Option<Ring>,
    file: Option<AuditFile>,
}

impl Audit {
    /// `None` when there is nowhere to record anything.
    pub(crate) fn new(ring: usize, file: Option<AuditFile>) -> Option<Self> {
        let ring = (ring > 0).then(|| Ring::new(ring));
        (ring.is_some() || file.is_some()).then_some(Self { ring, file })
    }

    /// The records in memory, if any are kept there.
    pub(crate) fn ring(&self) -> Option<&Ring> {
        self.ring.as_ref()
    }

    fn append(&self, call: Call) {
        let call = Arc::new(call);
        if let Some(file) = &self.file {
            file.append(Arc::clone(&call));
        }
        if let Some(ring) = &self.ring {
            ring.append(call);
        }
    }

    /// Writes what waits to the file; blocks until it is there.
    pub(crate) fn close(&self) {
        if let Some(file) = &self.file {
            file.close();
        }
    }
}

#[cfg(test)]
mod tests;
