//! Making large maps at once, of everything that they are to hold.

use imbl::{OrdMap, OrdSet};

/// A piece of the work of making a World. Those that are handed over together may be done in any order, or at
/// the same time.
pub type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// A map of the pairs, filled as [`set`] is. Of those with the same key the last one counts.
pub(crate) fn map<K: Ord + Clone, V: Clone>(mut pairs: Vec<(K, V)>) -> OrdMap<K, V> {
    // Stable: those with the same key stay in their order.
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    pairs.dedup_by(|later, earlier| {
        let is_same = later.0 == earlier.0;
        if is_same {
            std::mem::swap(later, earlier);
        }
        is_same
    });
    let mut map: OrdMap<K, V> = pairs.iter().step_by(2).cloned().collect();
    map.extend(pairs.into_iter().skip(1).step_by(2));
    map
}

/// A set of the values.
///
/// They are added in ascending order, which stays within the processor's cache: each lands beside the one
/// before. But that alone would leave the tree's leaves half full, as each is split in the middle once it is
/// full and never comes by again. So every other value is added first, and the rest then fills the leaves.
pub(crate) fn set<T: Ord + Clone>(mut values: Vec<T>) -> OrdSet<T> {
    values.sort_unstable();
    let mut set: OrdSet<T> = values.iter().step_by(2).cloned().collect();
    set.extend(values.into_iter().skip(1).step_by(2));
    set
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_map_holds_what_was_last_put(pairs: Vec<(u8, u16)>) {
            let mut expected = OrdMap::new();
            for (key, value) in &pairs {
                expected.insert(*key, *value);
            }
            prop_assert_eq!(map(pairs), expected);
        }

        #[test]
        fn a_set_holds_every_value_once(values: Vec<u8>) {
            let mut expected = OrdSet::new();
            for value in &values {
                expected.insert(*value);
            }
            prop_assert_eq!(set(values), expected);
        }
    }
}
