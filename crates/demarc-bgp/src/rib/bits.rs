//! A growing set of small numbers, one bit each.

#[derive(Debug, Default, Clone)]
pub(super) struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    fn place(index: u32) -> (usize, u64) {
        (index as usize / 64, 1 << (index % 64))
    }

    pub(super) fn contains(&self, index: u32) -> bool {
        let (word, bit) = Self::place(index);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether it was absent.
    pub(super) fn insert(&mut self, index: u32) -> bool {
        let (word, bit) = Self::place(index);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bits = &mut self.words[word];
        let absent = *bits & bit == 0;
        *bits |= bit;
        absent
    }

    /// Whether it was present.
    pub(super) fn remove(&mut self, index: u32) -> bool {
        let (word, bit) = Self::place(index);
        let Some(bits) = self.words.get_mut(word) else {
            return false;
        };
        let present = *bits & bit != 0;
        *bits &= !bit;
        present
    }

    pub(super) fn union_with(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    /// In ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.words).flat_map(|(word, bits)| {
            (0..64)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| word * 64 + bit)
        })
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.words.capacity() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_remembers_what_was_inserted_and_not_removed() {
        let mut set = BitSet::default();
        assert!(!set.contains(70) && !set.remove(70));
        assert!(set.insert(70) && !set.insert(70) && set.insert(3) && set.insert(64));
        assert!(set.remove(64) && !set.remove(64));
        assert_eq!(set.iter().collect::<Vec<_>>(), [3, 70]);
        let mut other = BitSet::default();
        other.insert(1000);
        other.union_with(&set);
        assert_eq!(other.iter().collect::<Vec<_>>(), [3, 70, 1000]);
    }
}
