//! What later reads tell of calls that nobody answered.
//!
//! Such a call may have taken effect at any time after it was made, or never, so a search has to try them all
//! everywhere. Reads leave less to try. No rule here changes the verdict; each says why.

use super::{Call, Operation, Outcome};
use std::collections::BTreeMap;

pub(super) fn settled(mut operations: Vec<Operation>) -> Vec<Operation> {
    let sights = Sights::of(&operations);
    operations.retain_mut(|operation| {
        operation.outcome != Outcome::Perhaps || sights.leave_a_doubt(operation)
    });
    operations
}

/// When names and values showed.
struct Sights {
    /// The end of the first read that shows it.
    first_ended: BTreeMap<String, u64>,
    /// The begin of the last read that shows it.
    last_begun: BTreeMap<String, u64>,
    /// The begin of the last read of all ports.
    final_look: u64,
}

impl Sights {
    fn of(operations: &[Operation]) -> Self {
        let (mut first_ended, mut last_begun) = (BTreeMap::new(), BTreeMap::new());
        let mut looks = BTreeMap::new();
        for operation in operations {
            let names: Vec<&String> = match &operation.call {
                Call::List { port, found } => {
                    let look = looks.entry(port).or_insert(0);
                    *look = operation.begun.max(*look);
                    found.keys().collect()
                }
                Call::Read { value, .. } => vec![value],
                _ => continue,
            };
            for name in names {
                let first = first_ended.entry(name.clone()).or_insert(u64::MAX);
                *first = operation.ended.min(*first);
                let last = last_begun.entry(name.clone()).or_insert(0);
                *last = operation.begun.max(*last);
            }
        }
        Self {
            first_ended,
            last_begun,
            final_look: looks.into_values().min().unwrap_or(0),
        }
    }

    /// Whether the call still has to be tried; its bounds are narrowed then.
    fn leave_a_doubt(&self, operation: &mut Operation) -> bool {
        match &operation.call {
            // Seen: it was done before that read ended. Never seen: it may as well be done after everything
            // else, where it changes nothing that anyone saw.
            Call::Create { name, .. } | Call::Write { value: name, .. } => {
                let Some(ended) = self.first_ended.get(name) else {
                    return false;
                };
                operation.outcome = Outcome::Yes;
                operation.ended = *ended;
                true
            }
            // Names are not used again, so what was seen was not deleted before. Seen to the last, it was not
            // deleted at all as far as anyone knows.
            Call::Delete { name } => {
                let last = self.last_begun.get(name).copied().unwrap_or(0);
                operation.begun = operation.begun.max(last);
                last < self.final_look
            }
            _ => true,
        }
    }
}
