//! One rule a test.

use std::time::Duration;

use super::{Participant, Server};
use crate::cak::{Cak, Ckn, Key};
use crate::cipher::CipherSuite;
use crate::discarded::Discarded;
use crate::pdu::tests::hello;
use crate::pdu::{
    Capability, Distributed, DistributedCipher, DistributedSak, KeyUse, Member, MemberId, Offset,
    Pdu, SakUse,
};
use crate::port::PortConfig;
use crate::random::Random;
use crate::sak::KeyId;
use crate::sci::Sci;
use crate::status::Refusal;
use crate::timing::{BURST, HELLO, LIFE, PEERS};

const CIPHER: CipherSuite = CipherSuite::GcmAes256;

struct Subject {
    it: Participant,
    random: Random,
    now: Duration,
}

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn sci(last: u8) -> Sci {
    Sci {
        address: [2, 0, 0, 0, 0, last],
        port: 1,
    }
}

impl Subject {
    /// Of SCI 5, which has spoken once.
    fn new(priority: u8) -> Self {
        let config = PortConfig {
            sci: sci(5),
            priority,
            cipher: CIPHER,
            accepted: Vec::new(),
        };
        let key = Key {
            ckn: Ckn::try_from(&[1; 32][..]).unwrap(),
            cak: Cak::try_from(&[2; 32][..]).unwrap(),
        };
        let mut random = Random::new(&[3; 32]);
        let now = second(50);
        let it = Participant::new(key, &config, &mut random, now);
        let mut subject = Self { it, random, now };
        subject.speak();
        subject
    }

    fn speak(&mut self) -> Pdu {
        self.it.speak(false, None, &mut self.random, self.now)
    }

    fn hear(&mut self, pdu: &Pdu) -> Result<(), Discarded> {
        let takes = |cipher| cipher == CIPHER;
        self.it.receive(pdu, takes, &mut self.random, self.now)
    }

    fn own(&self) -> Member {
        Member {
            id: self.it.member,
            number: self.it.number,
        }
    }

    /// A message of somebody who hears us.
    fn answer(&self, last: u8, number: u32) -> Pdu {
        Pdu {
            number,
            live: vec![self.own()],
            ..stranger(last, number)
        }
    }

    fn live(&self) -> Vec<MemberId> {
        self.it.peers.live.iter().map(|peer| peer.member).collect()
    }

    fn serve(&mut self) -> bool {
        self.it.serve(CIPHER, 1, &mut self.random, self.now)
    }

    /// A SAK of that peer, wrapped.
    fn sak(&self, number: u32) -> DistributedSak {
        DistributedSak {
            an: 1,
            offset: Offset::Zero,
            number,
            cipher: DistributedCipher::Known {
                cipher: CIPHER,
                wrapped: self.it.keys.kek.wrap(&[8; 32]).unwrap(),
            },
        }
    }
}

fn stranger(last: u8, number: u32) -> Pdu {
    Pdu {
        sci: sci(last),
        member: [last; 12],
        number,
        ..hello()
    }
}

#[test]
fn what_cannot_be_true_is_not_believed() {
    type Change = fn(&Subject, &mut Pdu);
    let cases: &[(&str, Change, Discarded)] = &[
        ("our SCI", |_, pdu| pdu.sci = sci(5), Discarded::Own),
        (
            "our member identifier",
            |s, pdu| pdu.member = s.it.member,
            Discarded::Own,
        ),
        ("number 0", |_, pdu| pdu.number = 0, Discarded::NumberZero),
        (
            "the same number",
            |_, _| {},
            Discarded::Replay { number: 7, last: 7 },
        ),
        (
            "a lower number",
            |_, pdu| pdu.number = 6,
            Discarded::Replay { number: 6, last: 7 },
        ),
        (
            "another SCI",
            |_, pdu| (pdu.number, pdu.sci) = (8, sci(10)),
            Discarded::OtherSci,
        ),
        (
            "a number that we have not come to",
            |s, pdu| {
                let (id, number) = (s.it.member, s.it.number + 1);
                pdu.live = vec![Member { id, number }];
            },
            Discarded::Own,
        ),
    ];
    for (case, change, expected) in cases {
        for is_live in [false, true] {
            let mut subject = Subject::new(255);
            let first = if is_live {
                subject.answer(9, 7)
            } else {
                stranger(9, 7)
            };
            subject.hear(&first).unwrap();
            let mut pdu = subject.answer(9, 7);
            change(&subject, &mut pdu);
            assert_eq!(subject.hear(&pdu), Err(*expected), "{case}");
        }
    }
}

#[test]
fn who_uses_our_member_identifier_makes_us_choose_another() {
    let mut subject = Subject::new(255);
    let before = subject.it.member;
    let collision = Pdu {
        member: before,
        ..stranger(9, 7)
    };
    assert_eq!(subject.hear(&collision), Err(Discarded::Own));
    assert_ne!(subject.it.member, before);
    assert_eq!(subject.speak().number, 1);
    // But a loop does not: it would never end.
    let before = subject.it.member;
    let own = subject.speak();
    assert_eq!(subject.hear(&own), Err(Discarded::Own));
    assert_eq!(subject.it.member, before);
}

#[test]
fn only_who_names_us_with_a_recent_number_is_live() {
    for (case, age, back, expected) in [
        ("at once", 0, 0, true),
        ("a message before", 0, 1, true),
        ("just in time", 5, 0, true),
        ("too late", 6, 0, false),
        ("long ago", 600, 0, false),
        ("number 0", 0, 2, false),
    ] {
        let mut subject = Subject::new(255);
        subject.speak();
        let number = subject.it.number - back;
        subject.now += second(age);
        let pdu = Pdu {
            live: vec![Member {
                id: subject.it.member,
                number,
            }],
            ..stranger(9, 7)
        };
        subject.hear(&pdu).unwrap();
        assert_eq!(subject.it.is_live(), expected, "{case}");
    }
}

#[test]
fn a_live_peer_that_does_not_name_us_any_more_goes() {
    let mut subject = Subject::new(255);
    subject.hear(&subject.answer(9, 1)).unwrap();
    for number in 2..6 {
        subject.now += second(1);
        subject.hear(&stranger(9, number)).unwrap();
        subject.it.expire(subject.now);
        assert!(subject.it.is_live());
    }
    subject.now += second(2);
    subject.it.expire(subject.now);
    assert!(!subject.it.is_live());
    assert_eq!(subject.it.server, Server::Nobody);
}

#[test]
fn a_peer_that_begins_anew_takes_its_own_place_once_it_is_live() {
    let mut subject = Subject::new(255);
    subject.hear(&subject.answer(9, 100)).unwrap();
    let again = |pdu: Pdu| Pdu {
        member: [99; 12],
        ..pdu
    };
    // It might be a recording.
    subject.hear(&again(stranger(9, 1))).unwrap();
    assert_eq!(subject.live(), [[9; 12]]);
    subject.hear(&again(subject.answer(9, 2))).unwrap();
    assert_eq!(subject.live(), [[99; 12]]);
    assert!(subject.it.peers.potential.is_empty());
}

#[test]
fn peers_are_bounded() {
    let mut subject = Subject::new(255);
    for last in 10..40 {
        subject.hear(&stranger(last, 1)).unwrap();
    }
    let potential = &subject.it.peers.potential;
    let expected: Vec<MemberId> = (32..40).map(|last| [last; 12]).collect();
    assert_eq!(potential.len(), PEERS);
    assert!(potential.iter().map(|peer| peer.member).eq(expected));
    for last in 10..18 {
        subject.hear(&subject.answer(last, 2)).unwrap();
    }
    assert_eq!(
        subject.hear(&subject.answer(18, 2)),
        Err(Discarded::TooManyPeers)
    );
    assert_eq!(subject.it.peers.live.len(), PEERS);
    let said = subject.speak();
    assert_eq!(said.live.len(), PEERS);
    // Servers whose keys were used up are forgotten, the longest ago first.
    for last in 0..200 {
        subject.it.spend(KeyId {
            server: [last; 12],
            number: 1,
        });
    }
    assert!(subject.it.spent.len() <= PEERS + 1);
}

#[test]
fn the_key_server_is_elected_as_the_standard_says() {
    let peer = |last: u8| Server::Peer([last; 12]);
    for (case, own, peers, expected) in [
        ("alone", 255, vec![], Server::Nobody),
        ("lower priority", 16, vec![(9, 17, true)], Server::Own),
        ("higher priority", 17, vec![(9, 16, true)], peer(9)),
        ("lower SCI", 255, vec![(9, 255, true)], Server::Own),
        ("higher SCI", 255, vec![(4, 255, true)], peer(4)),
        ("not willing", 255, vec![(4, 0, false)], Server::Own),
        (
            "best of two",
            255,
            vec![(9, 2, true), (8, 1, true)],
            peer(8),
        ),
        (
            "best of two by SCI",
            255,
            vec![(9, 2, true), (8, 2, true)],
            peer(8),
        ),
        (
            "the willing one",
            255,
            vec![(9, 2, true), (8, 1, false)],
            peer(9),
        ),
    ] {
        let mut subject = Subject::new(own);
        for (last, priority, key_server) in peers {
            let pdu = Pdu {
                priority,
                key_server,
                ..subject.answer(last, 1)
            };
            subject.hear(&pdu).unwrap();
        }
        assert_eq!(subject.it.server, expected, "{case}");
        let says = subject.speak().key_server;
        assert_eq!(says, !matches!(expected, Server::Peer(_)), "{case}");
    }
}

#[test]
fn a_key_is_taken_of_the_key_server_only() {
    for (case, last, own, taken) in [
        ("of the server", 9, 255, true),
        ("while we serve", 9, 0, false),
    ] {
        let mut subject = Subject::new(own);
        let pdu = Pdu {
            distributed: Some(Distributed::Sak(subject.sak(1))),
            ..subject.answer(last, 1)
        };
        subject.hear(&pdu).unwrap();
        assert_eq!(subject.it.offer.is_some(), taken, "{case}");
    }
    // Of one that does not count us in, as we may have had the key before we began anew.
    let mut subject = Subject::new(255);
    let pdu = Pdu {
        live: Vec::new(),
        potential: vec![subject.own()],
        distributed: Some(Distributed::Sak(subject.sak(1))),
        ..stranger(9, 1)
    };
    subject.hear(&pdu).unwrap();
    assert!(subject.it.is_live());
    assert!(subject.it.offer.is_none());
    // Of one that is not live, and of one that another goes before.
    let mut subject = Subject::new(255);
    let distributed = Some(Distributed::Sak(subject.sak(1)));
    let potential = Pdu {
        distributed: distributed.clone(),
        ..stranger(9, 1)
    };
    subject.hear(&potential).unwrap();
    let better = Pdu {
        priority: 1,
        ..subject.answer(8, 1)
    };
    subject.hear(&better).unwrap();
    let worse = Pdu {
        distributed,
        ..subject.answer(9, 2)
    };
    subject.hear(&worse).unwrap();
    assert!(subject.it.offer.is_none());
}

#[test]
fn what_a_key_server_asks_for_in_vain_is_told() {
    let with = |change: fn(&mut DistributedSak)| {
        let mut sak = Subject::new(255).sak(1);
        change(&mut sak);
        Distributed::Sak(sak)
    };
    let suite = CipherSuite::GcmAes128;
    for (distributed, expected) in [
        (Distributed::Unprotected, Refusal::Unprotected),
        (
            with(|sak| {
                let wrapped = vec![0; 24];
                let cipher = CipherSuite::GcmAes128;
                sak.cipher = DistributedCipher::Known { cipher, wrapped };
            }),
            Refusal::Cipher(suite),
        ),
        (
            with(|sak| sak.cipher = DistributedCipher::Unknown(77)),
            Refusal::UnknownCipher(77),
        ),
        (
            with(|sak| sak.offset = Offset::NoConfidentiality),
            Refusal::IntegrityOnly,
        ),
        (with(|sak| sak.offset = Offset::Thirty), Refusal::Offset(30)),
        (with(|sak| sak.offset = Offset::Fifty), Refusal::Offset(50)),
    ] {
        let mut subject = Subject::new(255);
        let pdu = Pdu {
            distributed: Some(distributed),
            ..subject.answer(9, 1)
        };
        subject.hear(&pdu).unwrap();
        assert_eq!(subject.it.refusal, Some(expected));
        assert!(subject.it.offer.is_none());
        // A key that we can take ends it.
        let pdu = Pdu {
            distributed: Some(Distributed::Sak(subject.sak(2))),
            ..subject.answer(9, 2)
        };
        subject.hear(&pdu).unwrap();
        assert_eq!(subject.it.refusal, None);
        assert!(subject.it.offer.is_some());
    }
}

#[test]
fn a_key_that_was_wrapped_with_another_is_refused() {
    let mut subject = Subject::new(255);
    let mut sak = subject.sak(1);
    if let DistributedCipher::Known { wrapped, .. } = &mut sak.cipher {
        wrapped[3] ^= 1;
    }
    let pdu = Pdu {
        distributed: Some(Distributed::Sak(sak)),
        ..subject.answer(9, 1)
    };
    assert_eq!(subject.hear(&pdu), Err(Discarded::Wrap));
    assert!(subject.it.offer.is_none());
}

#[test]
fn a_key_that_was_used_up_is_not_taken_again() {
    let mut subject = Subject::new(255);
    let mut message = 0;
    let mut offered = |subject: &mut Subject, number| {
        message += 1;
        let pdu = Pdu {
            distributed: Some(Distributed::Sak(subject.sak(number))),
            ..subject.answer(9, message)
        };
        subject.hear(&pdu).unwrap();
        subject.it.offer.as_ref().map(|offer| offer.id.number)
    };
    assert_eq!(offered(&mut subject, 4), Some(4));
    subject.it.spend(KeyId {
        server: [9; 12],
        number: 4,
    });
    assert_eq!(offered(&mut subject, 4), None);
    assert_eq!(offered(&mut subject, 3), None);
    assert_eq!(offered(&mut subject, 5), Some(5));
}

#[test]
fn a_new_key_is_made_when_somebody_comes_or_goes() {
    let mut subject = Subject::new(0);
    assert!(!subject.serve(), "for nobody");
    subject.hear(&subject.answer(9, 1)).unwrap();
    assert!(subject.serve(), "for the first");
    assert!(!subject.serve(), "once");
    let first = subject.it.offer.clone().unwrap();
    subject.hear(&subject.answer(8, 1)).unwrap();
    assert!(subject.serve(), "for the second");
    let second_key = subject.it.offer.clone().unwrap();
    assert_eq!(second_key.id.number, first.id.number + 1);
    assert_ne!(second_key.sak, first.sak);
    // One goes.
    subject.now += second(4);
    subject.speak();
    subject.hear(&subject.answer(8, 2)).unwrap();
    subject.now += second(3);
    subject.it.expire(subject.now);
    assert_eq!(subject.live(), [[8; 12]]);
    assert!(subject.serve(), "without the one that went");
}

#[test]
fn keys_wait_for_who_is_about_to_come_but_not_for_longer_than_a_life() {
    let mut subject = Subject::new(0);
    subject.hear(&subject.answer(9, 1)).unwrap();
    assert!(subject.serve());
    subject.hear(&subject.answer(8, 1)).unwrap();
    let mut number = 1;
    let begin = subject.now;
    while subject.now < begin + LIFE {
        subject.hear(&stranger(7, number)).unwrap();
        assert!(!subject.serve());
        let deadline = subject.it.next_deadline(subject.now).unwrap();
        assert!(deadline <= begin + LIFE);
        subject.now += second(1);
        number += 1;
    }
    assert!(subject.serve());
}

#[test]
fn nothing_is_served_to_who_cannot_encrypt() {
    for (capability, refused) in [
        (Capability::None, true),
        (Capability::Integrity, true),
        (Capability::Confidentiality, false),
        (Capability::Offsets, false),
    ] {
        let mut subject = Subject::new(0);
        let pdu = Pdu {
            capability,
            ..subject.answer(9, 1)
        };
        subject.hear(&pdu).unwrap();
        assert_eq!(subject.serve(), !refused, "{capability:?}");
        let expected = refused.then_some(Refusal::Capability);
        assert_eq!(subject.it.refusal, expected, "{capability:?}");
    }
}

#[test]
fn a_key_is_given_out_until_all_receive_and_never_to_who_came_later() {
    let mut subject = Subject::new(0);
    subject.hear(&subject.answer(9, 1)).unwrap();
    assert!(subject.serve());
    let id = subject.it.offer.as_ref().unwrap().id;
    let sak = subject.it.offer.as_ref().unwrap().sak.clone();
    let Some(Distributed::Sak(given)) = subject.speak().distributed else {
        panic!("it is not given out");
    };
    assert_eq!(given.number, id.number);
    let DistributedCipher::Known { cipher, wrapped } = given.cipher else {
        panic!("of an unknown suite");
    };
    assert_eq!(cipher, CIPHER);
    let unwrapped = subject.it.keys.kek.unwrap(&wrapped).unwrap();
    assert_eq!(&unwrapped[..], sak.as_bytes());
    for (receive, goes_on) in [(false, true), (true, false)] {
        let key = KeyUse {
            id,
            an: 1,
            transmit: false,
            receive,
            lowest_packet_number: 1,
        };
        let pdu = Pdu {
            sak_use: Some(SakUse {
                old: Some(key),
                ..SakUse::default()
            }),
            ..subject.answer(9, 2 + u32::from(receive))
        };
        subject.hear(&pdu).unwrap();
        assert_eq!(subject.speak().distributed.is_some(), goes_on);
    }
    subject.hear(&subject.answer(8, 1)).unwrap();
    assert_eq!(subject.speak().distributed, None);
}

#[test]
fn it_says_hello_every_two_seconds_and_news_at_once_but_not_too_often() {
    let mut subject = Subject::new(255);
    let begin = subject.now;
    let mut sent = 0;
    while subject.now < begin + second(10) {
        if subject.it.is_due(subject.now) {
            subject.speak();
            sent += 1;
        }
        subject.now = subject.it.next_message();
    }
    assert_eq!(sent, 4);
    let begin = subject.now;
    let mut sent = 0;
    while subject.now < begin + second(10) {
        subject.it.soon = true;
        if subject.it.is_due(subject.now) {
            subject.speak();
            sent += 1;
        }
        subject.now += Duration::from_millis(10);
    }
    assert!(sent > 30 && sent <= 11 * BURST, "{sent}");
    // What may be answered is bounded.
    assert!(subject.it.sent.len() <= 7 * BURST);
    assert!(subject.it.next_message() <= subject.now + HELLO);
}
