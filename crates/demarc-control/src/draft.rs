//! A batch in the making.

use std::collections::VecDeque;

use bytes::Bytes;
use demarc_domain::entity::Change;
use demarc_domain::event::Event;
use demarc_domain::{Report, World};
use demarc_store::{BatchBuilder, Change as StoreChange, Key, Limits, Rejected};

/// The World after all decisions of a batch, and their changes.
pub(crate) struct Draft {
    pub(crate) world: World,
    pub(crate) builder: BatchBuilder,
    pub(crate) changes: Vec<Change>,
    /// Step by step: a state that lasts for one step only is seen all the same. Empty where others write too:
    /// they see commits, not steps, and all processes tell the same.
    pub(crate) events: Vec<Event>,
    /// Reports of the fabric that were taken in. They come once, so they are kept until they are durable.
    pub(crate) reports: VecDeque<Report>,
}

impl Draft {
    pub(crate) fn new(world: World, limits: Limits) -> Self {
        Self {
            world,
            builder: BatchBuilder::new(limits),
            changes: Vec::new(),
            events: Vec::new(),
            reports: VecDeque::new(),
        }
    }

    /// Appends a decision and gives the World before it; one that does not fit changes nothing.
    pub(crate) fn take(&mut self, world: World, changes: Vec<Change>) -> Result<World, Rejected> {
        self.builder.push(changes.iter().map(stored).collect())?;
        self.changes.extend(changes);
        Ok(std::mem::replace(&mut self.world, world))
    }
}

/// A change as the store takes it.
fn stored(change: &Change) -> StoreChange {
    let key = Key::new(change.key().to_string()).expect("entity keys are well-formed store keys");
    match change {
        Change::Put(entity) => StoreChange::Put {
            key,
            value: Bytes::from(entity.to_json()),
        },
        Change::Remove(_) => StoreChange::Delete { key },
    }
}
