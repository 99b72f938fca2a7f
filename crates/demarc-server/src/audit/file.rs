//! Records in a file, one JSON document a line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::Call;

/// Records that may wait for the disk; more are dropped and counted, since calls must not wait for it.
const QUEUE: usize = 8_192;

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot write audit log {}: {source}", path.display())]
pub struct AuditFileError {
    path: PathBuf,
    source: io::Error,
}

enum Message {
    Call(Arc<Call>),
    Stop,
}

/// A file with a thread of its own.
pub(crate) struct AuditFile {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    /// The path, if the file was not there before.
    made: Option<PathBuf>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl AuditFile {
    /// Opens the file for appending, and makes it if it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, AuditFileError> {
        let failed = |source| AuditFileError {
            path: path.to_owned(),
            source,
        };
        let made = (!path.exists()).then(|| path.to_owned());
        let mut options = OpenOptions::new();
        let file = options
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        let (queue, calls) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&dropped);
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write(file, &calls, &counted))
            .map_err(failed)?;
        Ok(Self {
            queue,
            dropped,
            made,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Takes the file away again, if it was made by this start.
    pub(crate) fn discard(self) {
        self.close();
        if let Some(path) = &self.made
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!(path = %path.display(), %error, "an empty audit log was left behind");
        }
    }

    pub(super) fn append(&self, call: Arc<Call>) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Message::Call(call)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("demarc_audit_dropped_total").increment(1);
        }
    }

    /// Waits until everything so far is in the file.
    pub(super) fn close(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            let told = self.queue.send(Message::Stop).is_ok();
            if !(told && thread.join().is_ok()) {
                tracing::error!("the audit log's thread has failed");
            }
        }
    }
}

fn write(file: File, calls: &Receiver<Message>, dropped: &AtomicU64) {
    let mut out = BufWriter::new(file);
    while let Ok(first) = calls.recv() {
        let mut next = Some(first);
        while let Some(message) = next {
            let Message::Call(call) = message else {
                report(out.flush());
                return;
            };
            report(line(&mut out, &call));
            next = calls.try_recv().ok();
        }
        report(out.flush());
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(
                lost,
                "the audit log could not keep up: records were dropped"
            );
        }
    }
    report(out.flush());
}

fn line(out: &mut impl Write, call: &Call) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &call.record())?;
    out.write_all(b"\n")
}

/// A full disk must not stop the service; it is said every time.
fn report(result: io::Result<()>) {
    if let Err(error) = result {
        metrics::counter!("demarc_audit_failed_total").increment(1);
        tracing::error!(%error, "the audit log was not written");
    }
}
