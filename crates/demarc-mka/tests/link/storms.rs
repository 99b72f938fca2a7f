//! Any weather and any events: once it is calm, all agree; and no key was used twice.

use std::time::Duration;

use demarc_mka::CipherSuite;
use proptest::prelude::*;

use crate::cable::{Cable, Weather, config, key};

fn weather() -> impl Strategy<Value = Weather> {
    (0..30_u64, 0..20_u64, 0..400_u64, 0..300_u64).prop_map(|(lost, doubled, delay, driver)| {
        Weather {
            lost,
            doubled,
            delay: Duration::from_millis(delay),
            driver: Duration::from_millis(driver),
        }
    })
}

/// What happens, to which end, and how many milliseconds later the next.
fn events() -> impl Strategy<Value = Vec<(u8, usize, u64)>> {
    prop::collection::vec((0..10_u8, 0..3_usize, 0..9000_u64), 0..12)
}

fn storm(
    ends: usize,
    cipher: CipherSuite,
    weather: Weather,
    events: &[(u8, usize, u64)],
    seed: u64,
) {
    let configs = (0..ends).map(|end| config(end, cipher, 255 - u8::try_from(end).unwrap() % 2));
    let mut cable = Cable::new(configs.collect(), &[key(1)], weather, seed);
    for &(what, end, wait) in events {
        let end = end % ends;
        match what {
            0 => cable.cut[end] = true,
            1 => cable.cut[end] = false,
            2 => cable.restart(end),
            3 => cable.set_keys(end, &[key(2), key(1)]),
            4 => cable.set_keys(end, &[key(1)]),
            5 => cable.set_keys(end, &[key(3), key(2)]),
            6 => cable.set_link(end, false),
            7 => cable.set_link(end, true),
            8 => {
                cable.ends[end].driver.next_packet_number = u64::MAX - 1_000_000;
                cable.apply(end);
            }
            _ => {}
        }
        cable.run_until(cable.now + Duration::from_millis(wait));
    }
    cable.weather = Weather::default();
    cable.cut = vec![false; ends];
    for end in 0..ends {
        cable.set_link(end, true);
        cable.set_keys(end, &[key(2), key(1)]);
    }
    cable.run(30);
    cable.secure(60);
    let unopened = cable.unopened;
    cable.run(60);
    assert!(cable.is_secured());
    assert_eq!(cable.unopened, unopened);
    assert_eq!(cable.ends[0].port.status().ckn, Some(key(2).ckn));
}

/// As many as `PROPTEST_CASES` says, else what takes some seconds.
fn cases() -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(24),
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn two_agree_after_a_storm(weather in weather(), events in events(), xpn: bool, seed: u64) {
        let cipher = if xpn { CipherSuite::GcmAesXpn256 } else { CipherSuite::GcmAes256 };
        storm(2, cipher, weather, &events, seed);
    }

    #[test]
    fn three_agree_after_a_storm(weather in weather(), events in events(), xpn: bool, seed: u64) {
        let cipher = if xpn { CipherSuite::GcmAesXpn256 } else { CipherSuite::GcmAes256 };
        storm(3, cipher, weather, &events, seed);
    }
}
