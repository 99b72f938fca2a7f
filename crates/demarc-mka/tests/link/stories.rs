//! What happens to a cable, one story a test.

use std::time::Duration;

use demarc_mka::{CipherSuite, Key, KeyServer, Port, Refusal, Why};

use crate::cable::{Cable, Weather, config, key, sci};

const SUITES: [CipherSuite; 2] = [CipherSuite::GcmAes256, CipherSuite::GcmAesXpn256];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn sak(cable: &Cable, end: usize) -> Vec<u8> {
    let sa = cable.ends[end].driver.transmit.as_ref().unwrap();
    sa.sak.as_bytes().to_vec()
}

fn why(cable: &Cable, end: usize) -> Option<Why> {
    cable.ends[end].port.status().why
}

#[test]
fn two_ports_agree() {
    for cipher in SUITES {
        let mut cable = Cable::pair(cipher, 1);
        let took = cable.secure(6);
        assert!(took < seconds(1), "{took:?}");
        cable.run(3600);
        assert!(cable.is_secured());
        // One key lasts for as long as there are packet numbers.
        assert_eq!(
            cable.ends[0].port.association().transmit.unwrap().id.number,
            1
        );
        // Hellos every two seconds, and some at the begin.
        assert!(cable.frames < 3640, "{}", cable.frames);
        assert!(cable.delivered > 100_000);
        assert_eq!(cable.unopened, 0);
        let association = cable.ends[1].port.association();
        assert_eq!(association.cipher, cipher);
        assert_eq!(association.receive.len(), 1);
        assert_eq!(association.receive[0].associations.len(), 1);
    }
}

#[test]
fn the_lower_priority_serves_and_else_the_lower_sci() {
    for (priorities, server) in [([255, 255], 0), ([255, 16], 1), ([16, 255], 0), ([7, 8], 0)] {
        let configs = (0..2).map(|end| config(end, SUITES[0], priorities[end]));
        let mut cable = Cable::new(configs.collect(), &[key(1)], Weather::default(), 2);
        cable.secure(6);
        for end in 0..2 {
            let status = cable.ends[end].port.status();
            let expected = KeyServer {
                sci: sci(server),
                own: end == server,
            };
            assert_eq!(status.key_server, Some(expected), "{priorities:?}");
            assert_eq!(status.ckn, Some(key(1).ckn));
            assert_eq!(status.cipher, Some(SUITES[0]));
            assert_eq!(status.peers.len(), 1);
            assert!(status.peers[0].live);
        }
    }
}

#[test]
fn three_ports_agree_and_numbers_of_nonces_differ() {
    for cipher in SUITES {
        let configs = (0..3).map(|end| config(end, cipher, 255));
        let mut cable = Cable::new(configs.collect(), &[key(1)], Weather::default(), 3);
        cable.secure(20);
        cable.run(30);
        assert!(cable.is_secured());
        if !cipher.is_xpn() {
            continue;
        }
        let ssci = |end: usize| {
            let sa = cable.ends[end].driver.transmit.as_ref().unwrap();
            sa.xpn.unwrap().ssci
        };
        // The greatest SCI first.
        assert_eq!([ssci(0), ssci(1), ssci(2)], [3, 2, 1]);
    }
}

#[test]
fn salt_is_made_of_the_key_identifier() {
    let mut cable = Cable::pair(CipherSuite::GcmAesXpn256, 4);
    cable.secure(6);
    let sa = cable.ends[0].port.association().transmit.unwrap();
    let mut expected = sa.id.server;
    let [a, b, c, d] = sa.id.number.to_be_bytes();
    expected[0] ^= c;
    expected[1] ^= d;
    expected[2] ^= a;
    expected[3] ^= b;
    assert_eq!(sa.xpn.unwrap().salt, expected);
}

#[test]
fn a_lost_peer_is_noticed_in_time_and_comes_back_to_another_key() {
    for seed in 0..20 {
        let mut cable = Cable::pair(SUITES[0], seed);
        cable.secure(6);
        cable.run_until(cable.now + Duration::from_millis(seed * 97));
        let before = sak(&cable, 0);
        cable.cut = vec![true; 2];
        let cut = cable.now;
        cable.run_until(cut + Duration::from_millis(3900));
        assert!(cable.is_secured(), "seed {seed}");
        cable.run_until(cut + Duration::from_millis(6100));
        for end in 0..2 {
            assert_eq!(why(&cable, end), Some(Why::Silent), "seed {seed}");
            let association = cable.ends[end].port.association();
            assert_eq!(association.transmit, None);
            assert!(association.receive.is_empty());
        }
        cable.cut = vec![false; 2];
        cable.secure(8);
        assert_ne!(sak(&cable, 0), before);
    }
}

#[test]
fn a_port_that_begins_anew_is_back_in_seconds() {
    for cipher in SUITES {
        for end in 0..2 {
            for seed in 0..10 {
                let mut cable = Cable::pair(cipher, seed);
                cable.secure(6);
                cable.run_until(cable.now + Duration::from_millis(8000 + seed * 310));
                let before = sak(&cable, 0);
                cable.restart(end);
                let took = cable.secure(10);
                assert!(took < seconds(5), "{took:?}, seed {seed}");
                assert_ne!(sak(&cable, 0), before, "seed {seed}");
            }
        }
    }
}

#[test]
fn a_short_break_of_the_link_changes_nothing() {
    let mut cable = Cable::pair(SUITES[0], 5);
    cable.secure(6);
    cable.run(10);
    let before = cable.ends[0].port.association();
    cable.set_link(0, false);
    assert_eq!(why(&cable, 0), Some(Why::NoLink));
    cable.run(3);
    cable.set_link(0, true);
    cable.run(1);
    assert!(cable.is_secured());
    assert_eq!(cable.ends[0].port.association(), before);
    cable.set_link(0, false);
    cable.run(10);
    assert_eq!(cable.ends[0].port.association().transmit, None);
    cable.set_link(0, true);
    cable.secure(8);
}

#[test]
fn keys_change_without_loss() {
    for cipher in SUITES {
        for seed in 0..30 {
            let mut cable = Cable::pair(cipher, seed);
            cable.weather.delay = Duration::from_millis(seed * 3);
            cable.weather.driver = Duration::from_millis(seed * 11);
            cable.secure(8);
            let first = (seed % 2) as usize;
            let before = cable.unopened;
            // As an operator does it: the new key is added here, then there; then the old one goes.
            cable.set_keys(first, &[key(2), key(1)]);
            cable.run_until(cable.now + Duration::from_millis(3000 + seed * 211));
            assert!(cable.is_secured(), "seed {seed}");
            cable.set_keys(1 - first, &[key(2), key(1)]);
            for _ in 0..600 {
                cable.run_until(cable.now + Duration::from_millis(20));
                for end in 0..2 {
                    let status = cable.ends[end].port.status();
                    assert!(status.secured, "seed {seed}, end {end}: {status:?}");
                }
            }
            assert_eq!(cable.ends[0].port.status().ckn, Some(key(2).ckn));
            assert_eq!(cable.ends[1].port.status().ckn, Some(key(2).ckn));
            cable.set_keys(first, &[key(2)]);
            cable.run(7);
            cable.set_keys(1 - first, &[key(2)]);
            cable.run(20);
            assert!(cable.is_secured(), "seed {seed}");
            assert_eq!(cable.unopened, before, "seed {seed}");
        }
    }
}

#[test]
fn a_port_falls_back_to_a_key_that_its_peer_has() {
    let keys = [key(3), key(2), key(1)];
    let mut cable = Cable::pair(SUITES[0], 6);
    cable.set_keys(0, &keys);
    cable.secure(6);
    assert_eq!(cable.ends[0].port.status().ckn, Some(key(1).ckn));
    // Both have another one, and then not any more.
    cable.set_keys(1, &[key(2), key(1)]);
    cable.run(12);
    assert_eq!(cable.ends[0].port.status().ckn, Some(key(2).ckn));
    cable.set_keys(1, &[key(1)]);
    cable.run(2);
    cable.secure(12);
    assert_eq!(cable.ends[0].port.status().ckn, Some(key(1).ckn));
    assert_eq!(cable.ends[1].port.status().ckn, Some(key(1).ckn));
}

#[test]
fn keys_that_are_taken_away_are_not_used_a_moment_longer() {
    let mut cable = Cable::pair(SUITES[0], 7);
    cable.secure(6);
    cable.set_keys(0, &[]);
    let association = cable.ends[0].port.association();
    assert_eq!(association.transmit, None);
    assert!(association.receive.is_empty());
    assert_eq!(why(&cable, 0), Some(Why::NoKeys));
    cable.run(7);
    assert_eq!(why(&cable, 1), Some(Why::Silent));
    cable.set_keys(0, &[key(1)]);
    cable.secure(8);
    // Another CAK of the same name is another key.
    let other = Key {
        cak: key(9).cak,
        ..key(1)
    };
    cable.set_keys(0, &[other]);
    cable.run(7);
    for end in 0..2 {
        assert_eq!(why(&cable, end), Some(Why::OtherCak(key(1).ckn)));
    }
}

#[test]
fn packet_numbers_that_run_out_bring_a_new_key() {
    for (cipher, limit) in [
        (CipherSuite::GcmAes256, 0xc000_0000),
        (CipherSuite::GcmAesXpn256, 0xc000_0000_0000_0000),
    ] {
        // Of the server, and of the other, which the server is told of.
        for end in 0..2 {
            let mut cable = Cable::pair(cipher, 8);
            cable.weather.driver = Duration::from_millis(100);
            cable.secure(6);
            cable.run(10);
            cable.ends[end].driver.next_packet_number = limit - 1000;
            cable.apply(end);
            cable.run(10);
            let number = |cable: &Cable| cable.ends[0].driver.transmit.as_ref().unwrap().id.number;
            assert_eq!(number(&cable), 1);
            cable.ends[end].driver.next_packet_number = limit + 1;
            cable.apply(end);
            cable.run(15);
            assert!(cable.is_secured());
            assert_eq!(number(&cable), 2);
            assert_eq!(cable.unopened, 0, "{cipher}, end {end}");
            cable.run(60);
            assert_eq!(number(&cable), 2);
            let association = cable.ends[end].port.association();
            assert_eq!(association.receive[0].associations.len(), 1);
        }
    }
}

#[test]
fn a_suite_that_is_not_taken_is_refused_with_a_reason() {
    let configs = vec![
        config(0, CipherSuite::GcmAes128, 16),
        config(1, CipherSuite::GcmAes256, 255),
    ];
    let mut cable = Cable::new(configs, &[key(1)], Weather::default(), 9);
    cable.run(20);
    let refusal = Refusal::Cipher(CipherSuite::GcmAes128);
    assert_eq!(why(&cable, 1), Some(Why::Refused(refusal)));
    assert_eq!(cable.ends[1].port.association().transmit, None);
    assert_eq!(why(&cable, 0), Some(Why::NotTaken));
    assert_eq!(cable.ends[0].port.association().transmit, None);
}

#[test]
fn a_driver_that_fails_is_named() {
    let mut cable = Cable::pair(SUITES[0], 10);
    cable.ends[1].driver.fault = Some("no such device".to_owned());
    cable.run(20);
    let fault = Why::Fault("no such device".to_owned());
    assert_eq!(why(&cable, 1), Some(fault));
    assert_eq!(why(&cable, 0), Some(Why::NotTaken));
    cable.ends[1].driver.fault = None;
    cable.apply(1);
    cable.secure(6);
}

#[test]
fn why_nothing_works_is_told() {
    let mut cable = Cable::pair(SUITES[0], 11);
    cable.set_keys(1, &[key(2)]);
    cable.run(10);
    assert_eq!(why(&cable, 0), Some(Why::OtherCkn(key(2).ckn)));
    assert_eq!(why(&cable, 1), Some(Why::OtherCkn(key(1).ckn)));
    let counted = cable.ends[0].port.status().discarded;
    assert!(
        counted
            .iter()
            .any(|(label, count)| *label == "other_ckn" && *count > 3)
    );
    cable.cut = vec![true; 2];
    cable.run(10);
    assert_eq!(why(&cable, 0), Some(Why::NotHeard));
}

#[test]
fn a_loop_is_no_peer() {
    let mut port = Port::new(config(0, SUITES[0], 255), [1; 32]);
    let mut now = seconds(1);
    port.set_keys(&[key(1)], now);
    port.set_link(true, now);
    for _ in 0..50 {
        for frame in port.frames() {
            assert!(port.receive(&frame, now).is_err());
        }
        now = port.next_deadline().unwrap();
        port.advance(now);
    }
    assert_eq!(port.status().peers, Vec::new());
    assert_eq!(port.association().transmit, None);
}

/// Frames of before are heard again, all of them and more than once.
#[test]
fn recordings_change_nothing() {
    let mut one = Port::new(config(0, SUITES[0], 255), [1; 32]);
    let mut other = Port::new(config(1, SUITES[0], 255), [2; 32]);
    let mut now = seconds(1);
    let mut recorded = Vec::new();
    for port in [&mut one, &mut other] {
        port.set_keys(&[key(1)], now);
        port.set_link(true, now);
    }
    for _ in 0..40 {
        for frame in other.frames() {
            one.receive(&frame, now).unwrap();
            recorded.push(frame);
        }
        for frame in one.frames() {
            other.receive(&frame, now).unwrap();
        }
        now += Duration::from_millis(500);
        one.advance(now);
        other.advance(now);
    }
    assert!(one.status().peers[0].live);
    for frame in &recorded {
        assert!(one.receive(frame, now).is_err());
    }
    // The peer is gone, and a recording of it does not bring it back.
    now += seconds(10);
    one.advance(now);
    for frame in &recorded {
        let _ = one.receive(frame, now);
        one.frames();
        now += Duration::from_millis(100);
        one.advance(now);
        assert!(one.status().peers.iter().all(|peer| !peer.live));
    }
}
