//! What was asked for and is not decided yet.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::control::ControlError;
use crate::task::Task;

/// The queue, and what was taken from it. Who asked first comes first.
pub(crate) struct Waiting {
    queue: mpsc::Receiver<Box<dyn Task>>,
    arriving: Vec<Box<dyn Task>>,
    tasks: VecDeque<Box<dyn Task>>,
    /// Nobody can ask for anything any more.
    is_closed: bool,
}

impl Waiting {
    pub(crate) fn new(queue: mpsc::Receiver<Box<dyn Task>>) -> Self {
        Self {
            queue,
            arriving: Vec::new(),
            tasks: VecDeque::new(),
            is_closed: false,
        }
    }

    /// Waits for tasks and takes up to `most` of them; false when there will be none any more. Dropped while
    /// it waits, it loses nothing.
    pub(crate) async fn arrive(&mut self, most: usize) -> bool {
        let count = self.queue.recv_many(&mut self.arriving, most).await;
        self.tasks.extend(self.arriving.drain(..));
        self.is_closed |= count == 0;
        count > 0
    }

    /// Whether [`Waiting::arrive`] may still bring something.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_closed
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// How many are taken from the queue.
    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(crate) fn next(&mut self) -> Option<Box<dyn Task>> {
        self.tasks.pop_front()
    }

    /// These, in this order, come before all others.
    pub(crate) fn put_back(&mut self, tasks: impl DoubleEndedIterator<Item = Box<dyn Task>>) {
        for task in tasks.rev() {
            self.tasks.push_front(task);
        }
    }

    /// Refuses those that were taken from the queue.
    pub(crate) fn refuse(&mut self, error: &ControlError) {
        for task in self.tasks.drain(..) {
            task.answer(Err(error.clone()));
        }
    }
}
