//! Interned path attributes: each distinct set once, with the facts that decisions ask for.

use std::borrow::Borrow;

use hashbrown::HashTable;

use super::prefix::mix;
use super::slab::Slab;
use crate::policy::{CommunityRequest, read_communities};
use crate::wire::PathAttributes;

/// A set of attributes in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AttributesId(pub(super) u32);

/// What import and decision need to know without reading the bytes again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) hops: u16,
    pub(super) med: u32,
    pub(super) request: CommunityRequest,
}

#[derive(Debug)]
struct Entry {
    /// `None`: a free slot.
    attributes: Option<PathAttributes>,
    references: u32,
    /// The low half of the hash: enough to rebuild the index without reading the bytes.
    hash: u32,
    facts: Facts,
}

#[derive(Debug)]
pub(super) struct AttributeStore {
    entries: Slab<Entry>,
    free: Vec<AttributesId>,
    index: HashTable<AttributesId>,
    seed: u64,
}

impl AttributeStore {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            entries: Slab::new(),
            free: Vec::new(),
            index: HashTable::new(),
            seed,
        }
    }

    /// The id of equal attributes, with one reference for the caller.
    pub(super) fn acquire(&mut self, attributes: &PathAttributes) -> AttributesId {
        let bytes: &[u8] = attributes.borrow();
        let hash = hash_bytes(bytes, self.seed);
        let entries = &self.entries;
        let same = |id: &AttributesId| {
            let entry = &entries[id.0];
            entry.hash == hash && entry.attributes.as_ref() == Some(attributes)
        };
        if let Some(id) = self.index.find(spread(hash), same).copied() {
            self.retain(id);
            return id;
        }
        let entry = Entry {
            attributes: Some(attributes.clone()),
            references: 1,
            hash,
            facts: facts_of(attributes),
        };
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id.0] = entry;
                id
            }
            None => AttributesId(self.entries.push(entry)),
        };
        let entries = &self.entries;
        self.index
            .insert_unique(spread(hash), id, |id| spread(entries[id.0].hash));
        id
    }

    pub(super) fn retain(&mut self, id: AttributesId) {
        self.entries[id.0].references += 1;
    }

    /// Gives a reference back; the last one frees the attributes.
    pub(super) fn release(&mut self, id: AttributesId) {
        let entry = &mut self.entries[id.0];
        entry.references -= 1;
        if entry.references > 0 {
            return;
        }
        entry.attributes = None;
        if let Ok(occupied) = self
            .index
            .find_entry(spread(entry.hash), |other| *other == id)
        {
            occupied.remove();
        }
        self.free.push(id);
        if self.free.len() == self.entries.len() {
            // Nothing is left: give the memory back.
            *self = Self::new(self.seed);
        }
    }

    pub(super) fn get(&self, id: AttributesId) -> &PathAttributes {
        let entry = &self.entries[id.0];
        entry
            .attributes
            .as_ref()
            .expect("an id is held only with a reference")
    }

    pub(super) fn facts(&self, id: AttributesId) -> &Facts {
        &self.entries[id.0].facts
    }

    /// How many distinct sets there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        const ARC_COUNTS: usize = 16;
        let held = |entry: &Entry| {
            let length = entry
                .attributes
                .as_ref()
                .map_or(0, |one| one.as_bytes().len() + ARC_COUNTS);
            length.next_multiple_of(16)
        };
        self.entries.heap_bytes()
            + self.free.capacity() * size_of::<AttributesId>()
            + self.index.allocation_size()
            + self.entries.iter().map(held).sum::<usize>()
    }
}

fn facts_of(attributes: &PathAttributes) -> Facts {
    Facts {
        hops: u16::try_from(attributes.as_path().hop_count()).unwrap_or(u16::MAX),
        med: attributes.med().unwrap_or(0),
        request: read_communities(attributes.communities()),
    }
}

fn hash_bytes(bytes: &[u8], seed: u64) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = mix(bytes.len() as u64, seed);
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word), seed.rotate_left(29));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    hash = mix(hash ^ u64::from_le_bytes(last), seed);
    let [a, b, c, d, ..] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// The index looks at the top bits too, so the stored half is spread over 64.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Asn, SegmentKind};

    #[test]
    fn equal_attributes_share_an_entry_until_the_last_reference_goes() {
        let make = |asn| {
            PathAttributes::builder()
                .segment(SegmentKind::Sequence, &[Asn::new(asn)])
                .build()
        };
        let mut store = AttributeStore::new(9);
        let first = store.acquire(&make(1));
        let second = store.acquire(&make(2));
        assert_eq!(store.acquire(&make(1)), first);
        assert_ne!(first, second);
        assert_eq!(store.len(), 2);
        store.release(first);
        assert_eq!(store.get(first), &make(1));
        store.release(first);
        assert_eq!(store.len(), 1);
        let third = store.acquire(&make(3));
        assert_eq!(third, first, "the free slot is used again");
        assert_eq!(store.facts(third).hops, 1);
        store.release(third);
        store.release(second);
        assert_eq!((store.len(), store.heap_bytes()), (0, 0));
    }
}
