//! Any frames, in any order and at any time, to a port with two keys, with and without a right check value: decoding
//! never panics, timers lie ahead, speech and peers are bounded, no AN has two keys, and no key is begun twice.
#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use demarc_mka::{
    Cak, CipherSuite, Ckn, Installed, Key, Port, PortConfig, Receiving, Sci, Transmitting,
    seal_parameters,
};
use libfuzzer_sys::fuzz_target;

const SOURCE: [u8; 6] = [2, 0, 0, 0, 0, 9];

fn key(octet: u8) -> Key {
    Key {
        ckn: Ckn::try_from(&[octet; 32][..]).expect("32 octets"),
        cak: Cak::try_from(&[octet; 32][..]).expect("32 octets"),
    }
}

/// A message of a peer, of which only what counts is given. `own`: our member identifier and message number, as
/// they stand in our last frame.
fn message(bytes: &[u8], own: &[u8; 16], number: u32) -> Vec<u8> {
    let [shape, rest @ ..] = bytes else {
        return Vec::new();
    };
    let peer = shape & 3;
    let mut body = vec![1, shape >> 2 & 1, 0b1110_0000, 60];
    body.extend([2, 0, 0, 0, 0, 9 + peer, 0, 1]);
    body.extend([9 + peer; 12]);
    body.extend(number.to_be_bytes());
    body.extend([0x00, 0x80, 0xc2, 0x01]);
    body.extend([1 + (shape >> 3 & 1); 32]);
    if shape & 0x10 != 0 {
        body.extend([1, 0, 0, 16]);
        body.extend(own);
    }
    // It uses our key of that number.
    if shape & 0x20 != 0
        && let [number, keys, ..] = rest
    {
        body.extend([3, keys | 0x10, 0, 40]);
        body.extend(&own[..12]);
        body.extend([0, 0, 0, number & 7, 0, 0, 0, 1]);
        body.extend([0; 20]);
    }
    body.extend(rest);
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

fuzz_target!(|data: &[u8]| {
    let keys = [key(1), key(2)];
    let mut now = Duration::from_secs(1);
    let config = PortConfig {
        sci: Sci {
            address: [2, 0, 0, 0, 0, 5],
            port: 1,
        },
        priority: 255,
        cipher: CipherSuite::GcmAes256,
        accepted: CipherSuite::ALL.to_vec(),
    };
    let mut port = Port::new(config, [7; 32]);
    port.set_keys(&keys, now);
    port.set_link(true, now);
    let mut own = [[0; 16]; 2];
    let mut number = 0;
    let mut begun = BTreeSet::new();
    let mut sent_with = None;
    let mut rest = data;
    // A step, a wait, a length, and as many octets.
    while let [step, wait, length, behind @ ..] = rest {
        let (bytes, behind) = behind.split_at(behind.len().min(usize::from(*length)));
        rest = behind;
        now += Duration::from_millis(u64::from(*wait) * 16);
        port.advance(now);
        match step >> 5 {
            0 => port.set_link(step & 1 != 0, now),
            1 => port.set_keys(&keys[usize::from(step & 1)..], now),
            // As it is.
            2 => {
                let _ = port.receive(bytes, now);
            }
            // With a right check value, whatever it covers.
            3 => {
                let _ = port.receive(
                    &seal_parameters(SOURCE, bytes, &keys[usize::from(step & 1)]),
                    now,
                );
            }
            _ => {
                number += 1;
                let which = bytes.first().map_or(0, |shape| usize::from(shape >> 3 & 1));
                let body = message(bytes, &own[which], number);
                let _ = port.receive(&seal_parameters(SOURCE, &body, &keys[which]), now);
            }
        }
        // The driver, at once, unless it is late.
        if step & 0x10 == 0 {
            let association = port.association();
            let mut ids = Vec::new();
            for channel in &association.receive {
                assert!(channel.associations.len() <= 2);
                let ans: BTreeSet<u8> = channel.associations.iter().map(|sa| sa.an).collect();
                assert_eq!(ans.len(), channel.associations.len(), "an AN of two keys");
                ids.extend(channel.associations.iter().map(|sa| sa.id));
            }
            ids.sort_unstable();
            ids.dedup();
            let transmit = association.transmit.map(|sa| sa.id);
            if transmit != sent_with {
                assert!(
                    transmit.is_none_or(|id| begun.insert(id)),
                    "a key is begun twice"
                );
                sent_with = transmit;
            }
            let receiving = ids.into_iter().map(|id| Receiving {
                id,
                next_packet_number: 1,
            });
            let installed = Installed {
                receiving: receiving.collect(),
                transmitting: transmit.map(|id| Transmitting {
                    id,
                    next_packet_number: u64::from(*wait) << 24,
                }),
                fault: None,
            };
            port.installed(installed, now);
        }
        let frames = port.frames();
        assert!(
            frames.len() <= 2 && port.frames().is_empty(),
            "it transmits without end"
        );
        for frame in &frames {
            // Behind addresses, type, EAPOL, the first octets and the SCI; the CKN is behind the agility.
            own[usize::from(frame[50] - 1)].copy_from_slice(&frame[30..46]);
        }
        if let Some(deadline) = port.next_deadline() {
            assert!(deadline > now, "a deadline that has passed would spin");
        }
        let status = port.status();
        assert!(status.peers.len() <= 16);
        assert_eq!(status.secured, status.why.is_none());
    }
});
