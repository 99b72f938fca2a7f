use super::AesKey;
use crate::cak::{Cak, Ckn, Key};
use crate::cipher::CipherSuite;
use crate::keys::Keys;

fn hex(digits: &str) -> Vec<u8> {
    let digits = digits.replace(' ', "");
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn key(digits: &str) -> AesKey {
    AesKey::new(&hex(digits)).unwrap()
}

/// The message of RFC 4493 §4 and of NIST's examples of CMAC.
const MESSAGE: &str = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 \
                       30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710";

#[test]
fn macs_are_those_of_rfc_4493_and_nist() {
    let short = "2b7e151628aed2a6abf7158809cf4f3c";
    let long = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
    for (of, length, expected) in [
        (short, 0, "bb1d6929e95937287fa37d129b756746"),
        (short, 16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (short, 40, "dfa66747de9ae63030ca32611497c827"),
        (short, 64, "51f0bebf7e3b9d92fc49741779363cfe"),
        (long, 0, "028962f61b7bf89efc6b551f4667d983"),
        (long, 16, "28a7023f452e8f82bd4bf28d8c37c35c"),
        (long, 40, "aaf3d8f1de5640c232f5b169b9c911e6"),
        (long, 64, "e1992190549f6ed5696a2c056c315410"),
    ] {
        let message = &hex(MESSAGE)[..length];
        let expected = hex(expected);
        assert_eq!(key(of).mac(&[message]).to_vec(), expected, "{of}, {length}");
        // In parts it is the same.
        let (one, other) = message.split_at(length / 3);
        assert_eq!(key(of).mac(&[one, other]).to_vec(), expected);
        assert!(key(of).verify(&[message], &expected));
        assert!(!key(of).verify(&[message, &[0]], &expected));
    }
}

#[test]
fn wrapping_is_that_of_rfc_3394() {
    let kek = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let data = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f";
    for (kek, data, expected) in [
        (
            &kek[..32],
            &data[..32],
            "1fa68b0a8112b447 aef34bd8fb5a7b82 9d3e862371d2cfe5",
        ),
        (
            kek,
            &data[..32],
            "64e8c3f9ce0f5ba2 63e9777905818a2a 93c8191e7d6e8ae7",
        ),
        (
            kek,
            data,
            "28c9f404c4b810f4 cbccb35cfb87f826 3f5786e2d80ed326 cbc7f0e71a99f43b fb988b9b7a02dd21",
        ),
    ] {
        let wrapped = key(kek).wrap(&hex(data)).unwrap();
        assert_eq!(wrapped, hex(expected));
        assert_eq!(key(kek).unwrap(&wrapped).unwrap().to_vec(), hex(data));
        for at in 0..wrapped.len() {
            let mut damaged = wrapped.clone();
            damaged[at] ^= 0x10;
            assert_eq!(key(kek).unwrap(&damaged), None, "octet {at}");
        }
    }
}

#[test]
fn only_keys_of_two_lengths_are_wrapped_and_unwrapped() {
    let kek = key("000102030405060708090a0b0c0d0e0f");
    for length in (0..80).filter(|length| !matches!(length, 16 | 32)) {
        assert_eq!(kek.wrap(&vec![0; length]), None, "{length}");
    }
    for length in (0..80).filter(|length| !matches!(length, 24 | 40)) {
        assert_eq!(kek.unwrap(&vec![0; length]), None, "{length}");
    }
}

/// Computed by the functions of wpa_supplicant 2.10 (`ieee802_1x_key.c`).
#[test]
fn derived_keys_are_those_of_wpa_supplicant() {
    let cak: Vec<u8> = (0..32).map(|at: u8| at.wrapping_mul(7) + 1).collect();
    let ckn: Vec<u8> = (0..32).map(|at: u8| at * 5 + 3).collect();
    let same = "05740724aece581f9025309bf93ab297";
    let same_kek = "ec96a975742a0eadc54098c08790af86";
    let long = "14eba8f24542b3efc036d393aceccc946b526f47175fa6bcd1609cfb50895d37";
    let long_kek = "4976a13317a8fe0b867f09d425cfb87286f6834575cfa6d93d8b59dd5789b81f";
    for (cak_length, ckn_length, ick, kek) in [
        (16, 32, same, same_kek),
        (16, 16, same, same_kek),
        (
            16,
            5,
            "b05387f62fd88a67e6da79d3f927b161",
            "c3e048ee0fa45ecf6216b3b7f92c461f",
        ),
        (32, 32, long, long_kek),
        (32, 16, long, long_kek),
        (
            32,
            5,
            "d63d9dabc8423499b36e92869151058a2ebb43e347482d69a95d32e1d5bd6828",
            "ca766c3e98af8b147710b68517fae55e119543705ebdb211b4c0f23dda858885",
        ),
    ] {
        let keys = Keys::derive(&Key {
            ckn: Ckn::try_from(&ckn[..ckn_length]).unwrap(),
            cak: Cak::try_from(&cak[..cak_length]).unwrap(),
        });
        let case = format!("CAK of {cak_length}, CKN of {ckn_length}");
        assert_eq!(keys.ick.as_bytes(), hex(ick), "{case}");
        assert_eq!(keys.kek.as_bytes(), hex(kek), "{case}");
    }
}

/// Computed by the functions of wpa_supplicant 2.10. The context is counted up from zero: a nonce, members, and
/// the number of the key.
#[test]
fn saks_are_those_of_wpa_supplicant() {
    let cak: Vec<u8> = (0..32).map(|at: u8| at.wrapping_mul(7) + 1).collect();
    let context: Vec<u8> = (0..60).collect();
    for (cak_length, cipher, expected) in [
        (
            16,
            CipherSuite::GcmAes256,
            "7973bfba3fdda1b9512e809ba9a0e4ac06b18e8e59c15d330a3367c49a1d30cc",
        ),
        (
            16,
            CipherSuite::GcmAes128,
            "2f57f33831cb1cd20279c076e34409cc",
        ),
        (
            32,
            CipherSuite::GcmAesXpn256,
            "135c8498e95a7bfc47652acd961b93775e7e2aeb44f9f0cc37dc086e0f866b42",
        ),
        (
            32,
            CipherSuite::GcmAesXpn128,
            "c9acc1bd7c1eb809c30c14186088a9c2",
        ),
    ] {
        let keys = Keys::derive(&Key {
            ckn: Ckn::try_from(&[1][..]).unwrap(),
            cak: Cak::try_from(&cak[..cak_length]).unwrap(),
        });
        let nonce = cipher.key_length();
        let end = nonce + 28;
        let members = context[nonce..nonce + 24].chunks(12);
        let members = members.map(|member| member.try_into().unwrap());
        let number = u32::from_be_bytes(context[end - 4..end].try_into().unwrap());
        let sak = keys.generate_sak(cipher, &context[..nonce], members, number);
        assert_eq!(sak.unwrap().as_bytes(), hex(expected), "{cipher}");
    }
}
