//! What the clients saw, and whether one register could have shown it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use demarc_control::ControlError;

#[derive(Default)]
pub(crate) struct History {
    ticks: AtomicU64,
    writes: Mutex<Vec<Write>>,
    reads: Mutex<Vec<Read>>,
    made: Mutex<Vec<String>>,
}

/// Whether a write was made.
pub(crate) enum Written {
    Yes,
    No,
    Perhaps,
}

impl Written {
    pub(crate) fn of<T, E>(answer: &Result<Result<T, E>, ControlError>) -> Self {
        match answer {
            Ok(Ok(_)) => Self::Yes,
            Err(ControlError::Unknown(_)) => Self::Perhaps,
            Ok(Err(_)) | Err(_) => Self::No,
        }
    }
}

struct Write {
    value: String,
    begun: u64,
    /// Never, when nobody knows whether it was made.
    ended: u64,
}

struct Read {
    value: String,
    begun: u64,
    ended: u64,
}

impl History {
    pub(crate) fn now(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn write(&self, begun: u64, value: String, written: Written) {
        let ended = match written {
            Written::Yes => self.now(),
            Written::Perhaps => u64::MAX,
            // A read that shows it will not find it.
            Written::No => return,
        };
        self.writes.lock().unwrap().push(Write {
            value,
            begun,
            ended,
        });
    }

    pub(crate) fn read(&self, begun: u64, value: &str) {
        let (value, ended) = (value.to_owned(), self.now());
        self.reads.lock().unwrap().push(Read {
            value,
            begun,
            ended,
        });
    }

    pub(crate) fn made(&self, id: &str) {
        self.made.lock().unwrap().push(id.to_owned());
    }

    pub(crate) fn all_made(&self) -> Vec<String> {
        self.made.lock().unwrap().clone()
    }

    /// Values are unique, so each read names the write that it saw.
    pub(crate) fn check(&self, seed: u64) {
        let mut writes = self.writes.lock().unwrap();
        let value = "0".to_owned();
        let (begun, ended) = (0, 0);
        writes.push(Write {
            value,
            begun,
            ended,
        });
        let reads = self.reads.lock().unwrap();
        let source = |read: &Read| {
            let found = writes.iter().find(|write| write.value == read.value);
            found.unwrap_or_else(|| {
                panic!("seed {seed}: {:?} was read and never written", read.value)
            })
        };
        for read in reads.iter() {
            let write = source(read);
            assert!(
                write.begun <= read.ended,
                "seed {seed}: read before written"
            );
            let newer = writes
                .iter()
                .find(|newer| newer.begun > write.ended && newer.ended < read.begun);
            if let Some(newer) = newer {
                panic!(
                    "seed {seed}: {:?} was read after {:?} had replaced it",
                    read.value, newer.value
                );
            }
            let later = reads.iter().filter(|later| later.begun > read.ended);
            for later in later {
                assert!(
                    source(later).ended >= write.begun,
                    "seed {seed}: reads went back from {:?} to {:?}",
                    read.value,
                    later.value
                );
            }
        }
    }
}
