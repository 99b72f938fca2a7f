//! What shares one commit.

use std::time::Duration;

use crate::control::ControlError;
use crate::draft::Draft;
use crate::task::Task;

/// Decisions for one commit, and who waits for it.
pub(crate) struct Round {
    pub(crate) draft: Draft,
    /// In the order in which they were decided.
    pub(crate) decided: Vec<Decided>,
    /// The next one did not fit.
    pub(crate) is_full: bool,
    /// The time that deciding took.
    pub(crate) took: Duration,
}

/// A request whose answer depends on the commit.
pub(crate) struct Decided {
    pub(crate) task: Box<dyn Task>,
    /// Why it can never be committed, if that is so.
    pub(crate) too_large: Option<String>,
}

impl Round {
    pub(crate) fn new(draft: Draft) -> Self {
        Self {
            draft,
            decided: Vec::new(),
            is_full: false,
            took: Duration::ZERO,
        }
    }

    /// Whether more requests may be decided in it, `most` in all.
    pub(crate) fn has_room(&self, most: usize) -> bool {
        !self.is_full && self.decided.len() < most
    }
}

impl Decided {
    /// Answers after the commit.
    pub(crate) fn answer(self) {
        self.task.answer(match self.too_large {
            Some(why) => Err(ControlError::TooLarge(why)),
            None => Ok(()),
        });
    }

    /// There was no commit.
    pub(crate) fn refuse(self, error: &ControlError) {
        self.task.answer(Err(error.clone()));
    }
}
