//! What happens by itself: deadlines, and what the fabric has to say.

use demarc_domain::{Context, World, fire, next_deadline, observe};
use demarc_store::Rejected;
use demarc_types::{Span, Timestamp};

use crate::draft::Draft;
use crate::writer::Writer;

/// Deadlines and reports handled behind one batch of requests; more wait for the next batch.
const STEPS: usize = 1_000;

/// What is so late happens when it was due, not now: what follows from it may be due as well, when the clock was
/// advanced or nobody was there.
const LATE: Span = Span::from_secs(1);

/// Something is due that no commit can hold.
#[derive(Debug)]
pub(crate) struct Stuck;

/// Whether a batch had room for what was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// There may be more to do all the same: it takes its time.
    Enough,
    Short,
}

impl Writer {
    /// Fires deadlines and takes reports until nothing is due any more, the batch is full, or `most` changes
    /// came of it.
    pub(crate) fn what_is_due(&mut self, draft: &mut Draft, most: usize) -> Result<Room, Stuck> {
        let end = draft.changes.len().saturating_add(most);
        for _ in 0..STEPS {
            if draft.changes.len() >= end {
                return Ok(Room::Short);
            }
            let now = self.shared.now(&draft.world);
            let deadline = next_deadline(&draft.world);
            let due = deadline.into_iter().chain(self.fabric.next_report()).min();
            let moment = due.filter(|due| now - *due >= LATE).unwrap_or(now);
            let mut idle = true;
            if deadline.is_some_and(|at| at <= moment) {
                let mut context = self.context_at(&draft.world, moment);
                let (world, changes) = fire(&draft.world, &mut context, 1);
                idle = changes.is_empty();
                match self.accept(draft, world, changes, moment) {
                    Ok(()) => {}
                    Err(Rejected::Full(_)) => return Ok(Room::Short),
                    Err(rejected) => {
                        tracing::error!(%rejected, "a deadline cannot be fired");
                        return Err(Stuck);
                    }
                }
            }
            if self.fabric.next_report().is_some_and(|at| at <= moment) {
                let reports = self.fabric.poll(&draft.world, moment);
                self.reports.extend(reports);
            }
            idle &= !self.take_reports(draft, end, moment)?;
            if !self.reports.is_empty() {
                return Ok(Room::Short);
            }
            if idle {
                break;
            }
        }
        Ok(Room::Enough)
    }

    /// Takes the reports that fit, one by one, until there are `end` changes; whether any of them changed
    /// something.
    fn take_reports(
        &mut self,
        draft: &mut Draft,
        end: usize,
        moment: Timestamp,
    ) -> Result<bool, Stuck> {
        let mut changed = false;
        while draft.changes.len() < end
            && let Some(report) = self.reports.pop_front()
        {
            let mut context = self.context_at(&draft.world, moment);
            let (world, changes) =
                observe(&draft.world, &mut context, std::slice::from_ref(&report));
            let changes_something = !changes.is_empty();
            match self.accept(draft, world, changes, moment) {
                Ok(()) if changes_something => draft.reports.push_back(report),
                Ok(()) => {}
                Err(Rejected::Full(_)) => {
                    self.reports.push_front(report);
                    return Ok(false);
                }
                Err(rejected) => {
                    tracing::error!(%rejected, "a report cannot be taken in");
                    return Err(Stuck);
                }
            }
            changed |= changes_something;
        }
        Ok(changed)
    }

    fn context_at(&mut self, world: &World, now: Timestamp) -> Context {
        let context = self.context(world);
        Context { now, ..context }
    }
}
