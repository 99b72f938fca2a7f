//! Counts the distinct prefixes that a neighbor has, reading as little of an UPDATE as possible.

/// Which of the workload's prefixes a neighbor has been sent and still has.
#[derive(Debug, Default)]
pub(super) struct Counter {
    words: Vec<u64>,
    present: u32,
    /// Bytes of a message that is not complete yet.
    rest: Vec<u8>,
}

/// What [`Counter::read`] saw besides routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    Messages,
    /// The neighbor sent a NOTIFICATION, with this code and subcode.
    Notification(u8, u8),
    /// Not BGP.
    Garbage,
}

const HEADER: usize = 19;
const UPDATE: u8 = 2;
const NOTIFICATION: u8 = 3;

impl Counter {
    pub(super) fn present(&self) -> u32 {
        self.present
    }

    pub(super) fn read(&mut self, bytes: &[u8]) -> Seen {
        if self.rest.is_empty() {
            return self.read_buffer(bytes);
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(bytes);
        self.read_buffer(&joined)
    }

    fn read_buffer(&mut self, mut bytes: &[u8]) -> Seen {
        while let Some(header) = bytes.get(..HEADER) {
            let length = usize::from(u16::from_be_bytes([header[16], header[17]]));
            if length < HEADER {
                return Seen::Garbage;
            }
            let Some((message, next)) = bytes.split_at_checked(length) else {
                break;
            };
            bytes = next;
            match (message[18], message.get(HEADER..)) {
                (UPDATE, Some(body)) if self.update(body).is_none() => return Seen::Garbage,
                (NOTIFICATION, Some(&[code, subcode, ..])) => {
                    return Seen::Notification(code, subcode);
                }
                _ => {}
            }
        }
        self.rest = bytes.to_vec();
        Seen::Messages
    }

    fn update(&mut self, body: &[u8]) -> Option<()> {
        let (length, body) = body.split_first_chunk::<2>()?;
        let (mut withdrawn, body) =
            body.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (length, body) = body.split_first_chunk::<2>()?;
        let mut announced = body.get(usize::from(u16::from_be_bytes(*length))..)?;
        while !withdrawn.is_empty() {
            let number = next(&mut withdrawn)?;
            self.set(number, false);
        }
        while !announced.is_empty() {
            let number = next(&mut announced)?;
            self.set(number, true);
        }
        Some(())
    }

    fn set(&mut self, number: u32, present: bool) {
        let (word, bit) = ((number / 64) as usize, 1u64 << (number % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bits = &mut self.words[word];
        match (present, *bits & bit != 0) {
            (true, false) => self.present += 1,
            (false, true) => self.present -= 1,
            _ => return,
        }
        *bits ^= bit;
    }
}

/// The /24 at the front, as a number from 16.0.0.0/24 on. Others count as 0.
fn next(bytes: &mut &[u8]) -> Option<u32> {
    let (length, rest) = bytes.split_first()?;
    let (octets, rest) = rest.split_at_checked(usize::from(length.div_ceil(8)))?;
    *bytes = rest;
    match octets {
        [a, b, c] => u32::from_be_bytes([0, *a, *b, *c])
            .checked_sub(16 << 16)
            .or(Some(0)),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload;

    #[test]
    fn a_counter_counts_distinct_prefixes_however_the_bytes_arrive() {
        let next_hop = "192.0.2.1".parse().unwrap();
        let announced = workload::announcements(65001, next_hop, 0, 1234);
        let withdrawn = workload::withdrawals(1000, 100);
        for size in [1, 7, 1000, 100_000] {
            let mut counter = Counter::default();
            for chunk in announced.chunks(size).chain(announced.chunks(size)) {
                assert_eq!(counter.read(chunk), Seen::Messages);
            }
            assert_eq!(counter.present(), 1234);
            for chunk in withdrawn.chunks(size) {
                counter.read(chunk);
            }
            assert_eq!(counter.present(), 1134);
        }
    }
}
