//! Any datagrams, in any order and at any time, to a session: decoding never panics, what decodes
//! encodes to itself, and the session's timers always lie ahead.
#![no_main]

use std::num::NonZeroU32;
use std::time::Duration;

use demarc_bfd::{Config, ControlPacket, Session};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut now = Duration::from_secs(1);
    let mut session = Session::new(Config::new(NonZeroU32::MIN), 1, now);
    for chunk in data.chunks(26) {
        let (&wait, bytes) = chunk.split_first().expect("chunks are not empty");
        now += Duration::from_millis(u64::from(wait) * 8);
        session.handle_timeout(now);
        if let Ok(packet) = ControlPacket::decode(bytes) {
            assert_eq!(ControlPacket::decode(&packet.encode()), Ok(packet));
            // Refused packets are part of the game.
            let _ = session.handle_packet(&packet, now);
        }
        let sent = std::iter::from_fn(|| session.poll_transmit(now)).take(4).count();
        assert!(sent < 4, "it transmits without end");
        if let Some(deadline) = session.next_deadline() {
            assert!(deadline > now, "a deadline that has passed would spin");
        }
    }
});
