//! What the kernel drops for its TCP-MD5 signature (RFC 2385 §4.5). Such segments never reach a
//! socket, so this count is all that tells a wrong key from a neighbor that is switched off.

use std::time::Duration;

use tracing::warn;

use crate::roster::RosterReader;

/// How often the count is looked at: soon enough for someone who has just typed a key.
const PERIOD: Duration = Duration::from_secs(5);

/// The kernel's counters of segments with no signature where one is wanted, with one where none
/// is, and with a wrong one.
const COUNTERS: [&str; 3] = ["TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure"];

/// What such drops mean to whoever looks after one end.
pub const WRONG_SIGNATURE: &str =
    "dropped for a missing or wrong MD5 signature: is the key the same on both sides?";

/// Segments dropped for their signature in the network namespace of the calling thread, since the
/// namespace began; 0 where the kernel does not tell.
pub fn dropped_segments() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/net/netstat").unwrap_or_default();
    sum(&text)
}

/// The file is pairs of lines, names above values.
fn sum(text: &str) -> u64 {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("TcpExt:"))
        .collect();
    let [names, values] = lines.as_slice() else {
        return 0;
    };
    let pairs = names.split_whitespace().zip(values.split_whitespace());
    pairs
        .filter(|(name, _)| COUNTERS.contains(name))
        .filter_map(|(_, value)| value.parse::<u64>().ok())
        .sum()
}

/// What an operator is told about a neighbor with a key that does not come up: `None` while it is
/// too early to tell.
pub(crate) fn hint(dropped: u64, waiting: Duration) -> Option<String> {
    if dropped > 0 {
        return Some(format!("{dropped} TCP segments were {WRONG_SIGNATURE}"));
    }
    // A neighbor with another key drops our segments as we drop its own: silently.
    (waiting > PERIOD)
        .then(|| "no answer: the neighbor is down, or its MD5 key is another".to_owned())
}

/// Logs whenever segments were dropped while a neighbor has a key, for ever. The kernel counts for the
/// whole namespace: without keys the segments were somebody else's.
pub(crate) async fn watch(roster: RosterReader) {
    let mut seen = dropped_segments();
    let mut tick = tokio::time::interval(PERIOD);
    loop {
        tick.tick().await;
        let now = dropped_segments();
        if now > seen && roster.now().has_key() {
            let segments = now - seen;
            warn!(
                segments,
                "dropped for a missing or wrong MD5 signature: compare the keys of neighbors that are not up"
            );
        }
        seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_a_hint_only_after_a_while() {
        assert_eq!(hint(0, Duration::from_secs(1)), None);
        assert!(hint(0, Duration::from_secs(6)).is_some());
        assert!(hint(7, Duration::ZERO).is_some_and(|text| text.starts_with("7 ")));
    }

    #[test]
    fn the_three_counters_are_added_up_wherever_they_stand() {
        let text = "TcpExt: SyncookiesSent TCPMD5NotFound X TCPMD5Unexpected TCPMD5Failure\n\
                    TcpExt: 9 1 9 20 300\nIpExt: TCPMD5Failure\nIpExt: 4000\n";
        assert_eq!(sum(text), 321);
        assert_eq!(sum(""), 0);
        assert_eq!(sum("TcpExt: A\n"), 0);
    }
}
