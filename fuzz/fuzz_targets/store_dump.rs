//! Any text as a dump of a store: reading never panics, and what it accepts has the keys in order
//! and as many of them as its last line says.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut keys = Vec::new();
    let read = demarc_store::dump::read(data, |entry| keys.push(entry.key));
    assert!(keys.is_sorted_by(|a, b| a < b), "keys out of order");
    if let Ok(summary) = read {
        assert_eq!(summary.entries, keys.len() as u64);
        assert_eq!(summary.kinds.values().sum::<u64>(), summary.entries);
    }
});
