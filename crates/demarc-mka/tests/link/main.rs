//! Ports at the ends of a simulated cable, with drivers that take their time: what they agree on, and whether
//! data gets through while they do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cable;
mod driver;
mod random;
mod stories;
mod storms;
