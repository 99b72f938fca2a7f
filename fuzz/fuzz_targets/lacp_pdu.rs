//! Any frames, in any order and at any time, to a bundle of two: decoding never panics, what decodes encodes
//! to itself, timers lie ahead, speech is bounded, and nothing is sent to a partner that does not take it.
#![no_main]

use std::time::Duration;

use demarc_lacp::{Bundle, BundleConfig, Flags, Mux, SlowFrame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut now = Duration::from_secs(1);
    let mut bundle = Bundle::new(BundleConfig {
        system: [2, 0, 0, 0, 0, 1],
        key: 1,
        minimum_links: usize::from(data.first().copied().unwrap_or_default() % 4),
    });
    bundle.adopt(1, true, now);
    bundle.add(2);
    // A step, a wait, and a frame of which only what counts is given.
    for chunk in data.chunks(48) {
        let [step, wait, bytes @ ..] = chunk else {
            break;
        };
        now += Duration::from_millis(u64::from(*wait) * 16);
        bundle.handle_timeout(now);
        let port = u16::from(step & 1) + 1;
        match step >> 5 {
            0 => bundle.set_link(port, step & 2 != 0, now),
            1 => bundle.set_minimum_links(usize::from(step & 3), now),
            2 => {
                bundle.remove(port, now);
                bundle.add(port);
            }
            _ => {
                let mut frame = bytes.to_vec();
                frame.resize(110, 0);
                if let Ok(decoded) = SlowFrame::decode(&frame) {
                    assert_eq!(SlowFrame::decode(&decoded.encode()), Ok(decoded));
                    if let SlowFrame::Lacp(pdu) = decoded {
                        bundle.handle_pdu(port, &pdu, now);
                    }
                }
            }
        }
        let sent = std::iter::from_fn(|| bundle.poll_transmit(now)).take(7).count();
        assert!(sent <= 6, "it transmits without end");
        if let Some(deadline) = bundle.next_deadline() {
            assert!(deadline > now, "a deadline that has passed would spin");
        }
        for member in bundle.members().filter(|member| member.mux == Mux::Distributing) {
            if let Some(partner) = member.partner {
                assert!(partner.flags.has(Flags::COLLECTING | Flags::SYNCHRONIZATION));
            }
        }
    }
});
