//! Choices of one step, from its seed.

/// A stream of numbers; the same seed makes the same choices.
pub(crate) struct Choice(u64);

impl Choice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64: good enough to choose, and the same everywhere.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        self.next() % count.max(1)
    }

    /// True once in `count` times.
    pub(crate) fn once_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let count = u64::try_from(list.len()).unwrap();
        &list[usize::try_from(self.below(count)).unwrap()]
    }

    pub(crate) fn name(&mut self, list: &[&'static str]) -> &'static str {
        self.of::<&'static str>(list)
    }

    /// One of the list, or `otherwise` when there is none.
    pub(crate) fn one(&mut self, list: &[String], otherwise: &str) -> String {
        if list.is_empty() {
            otherwise.to_owned()
        } else {
            self.of(list).clone()
        }
    }
}
