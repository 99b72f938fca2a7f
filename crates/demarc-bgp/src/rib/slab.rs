//! A vector that grows without moving: no doubling, no copy, no moment in which a large table is
//! in memory twice.

use std::ops::{Index, IndexMut};

/// Elements of one block: a power of two, small enough that an empty table costs nothing to speak
/// of, large enough that the list of blocks stays in the cache.
const BLOCK: usize = 4096;

#[derive(Debug)]
pub(super) struct Slab<T> {
    blocks: Vec<Vec<T>>,
    length: usize,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self {
            blocks: Vec::new(),
            length: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// Appends and gives the place. Places are `u32`: a slab never holds more.
    pub(super) fn push(&mut self, value: T) -> u32 {
        let place = u32::try_from(self.length).expect("fewer than 2^32 elements");
        if self.length.is_multiple_of(BLOCK) {
            // The first block grows, so that small tables are small.
            let capacity = if self.blocks.is_empty() { 0 } else { BLOCK };
            self.blocks.push(Vec::with_capacity(capacity));
        }
        self.blocks[self.length / BLOCK].push(value);
        self.length += 1;
        place
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> + '_ {
        self.blocks.iter().flatten()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let elements: usize = self.blocks.iter().map(Vec::capacity).sum();
        elements * size_of::<T>() + self.blocks.capacity() * size_of::<Vec<T>>()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    fn index(&self, place: u32) -> &T {
        let place = place as usize;
        &self.blocks[place / BLOCK][place % BLOCK]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, place: u32) -> &mut T {
        let place = place as usize;
        &mut self.blocks[place / BLOCK][place % BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_values_across_blocks() {
        let mut slab = Slab::new();
        for value in 0..10_000u32 {
            assert_eq!(slab.push(value), value);
        }
        slab[5000] = 7;
        assert_eq!(
            (slab[0], slab[4095], slab[4096], slab[5000], slab[9999]),
            (0, 4095, 4096, 7, 9999)
        );
        assert_eq!((slab.len(), slab.iter().count()), (10_000, 10_000));
    }
}
