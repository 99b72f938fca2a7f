//! What the intents want of ports with MACsec.

use std::collections::BTreeSet;

use demarc_domain::intent::{DeviceIntent, MacSecKeyIntent, PortIntent};
use demarc_linux::Link;
use demarc_mka::{Cak, CipherSuite, Ckn, Key};
use demarc_types::ConnectionId;

/// What may pass a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::linux) enum Mode {
    /// No MACsec.
    Clear,
    /// MACsec; without success everything in the clear.
    Should,
    /// MACsec or nothing.
    Must,
}

/// A port with MACsec that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::linux) struct WantedPort {
    pub(in crate::linux) connection: ConnectionId,
    pub(in crate::linux) device: String,
    pub(in crate::linux) interface: u32,
    /// LACP says which frames are taken.
    pub(in crate::linux) in_lag: bool,
    pub(in crate::linux) mode: Mode,
    /// Newest first.
    pub(in crate::linux) keys: Vec<Key>,
    /// Their secrets.
    pub(in crate::linux) secrets: BTreeSet<String>,
    /// What to use where we serve keys.
    pub(in crate::linux) cipher: CipherSuite,
}

/// From 100 Gbit/s on 32 bits of packet numbers last for some minutes only.
const FAST: u32 = 100_000;

/// Ports with MACsec that have an interface.
pub(in crate::linux) fn wanted<'a>(
    devices: &[&DeviceIntent],
    interface: impl Fn(ConnectionId) -> Option<&'a Link>,
) -> Vec<WantedPort> {
    let ports = devices.iter().flat_map(|device| {
        let ports = device.ports.iter();
        ports.filter_map(|port| one(&device.device, port, interface(port.connection)?.index))
    });
    ports.collect()
}

fn one(device: &str, port: &PortIntent, interface: u32) -> Option<WantedPort> {
    let mode = match port.encryption_mode.as_deref()? {
        "no_encrypt" => Mode::Clear,
        "must_encrypt" => Mode::Must,
        _ => Mode::Should,
    };
    let known = port
        .mac_sec_keys
        .iter()
        .filter_map(|it| Some((it, key(it)?)));
    let (secrets, keys) = known.map(|(it, key)| (it.secret_arn.clone(), key)).unzip();
    Some(WantedPort {
        connection: port.connection,
        device: device.to_owned(),
        interface,
        in_lag: port.lag.is_some(),
        mode,
        keys,
        secrets,
        cipher: if port.megabits >= FAST {
            CipherSuite::GcmAesXpn256
        } else {
            CipherSuite::GcmAes256
        },
    })
}

fn key(intent: &MacSecKeyIntent) -> Option<Key> {
    let ckn = Ckn::from_hex(intent.ckn.as_ref()?).ok()?;
    let cak = Cak::from_hex(intent.cak.as_ref()?).ok()?;
    Some(Key { ckn, cak })
}

/// What to say of keys that a port cannot use: of these only a secret is known, and nobody here can read it.
pub(in crate::linux) fn unknown_keys(port: &PortIntent) -> Option<String> {
    let keys = port.mac_sec_keys.iter().filter(|it| key(it).is_none());
    let names: Vec<&str> = keys.map(|it| it.secret_arn.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "of the MACsec keys {} only the secrets are named, which this edge cannot read: associate them with \
             ckn and cak",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_a_cak_are_used_and_the_others_are_named() {
        let key = |cak: Option<&str>| MacSecKeyIntent {
            secret_arn: format!("arn:{}", cak.unwrap_or("none")),
            ckn: Some("ab".repeat(32)),
            cak: cak.map(|digits| digits.repeat(32)),
        };
        let port = PortIntent {
            connection: "dxcon-fg000001".parse().unwrap(),
            megabits: 100_000,
            lag: None,
            jumbo: true,
            encryption_mode: Some("must_encrypt".to_owned()),
            mac_sec_keys: vec![key(Some("cd")), key(None)],
        };
        let found = one("d", &port, 9).unwrap();
        assert_eq!((found.mode, found.keys.len()), (Mode::Must, 1));
        assert_eq!(found.secrets, BTreeSet::from(["arn:cd".to_owned()]));
        assert_eq!(found.cipher, CipherSuite::GcmAesXpn256);
        assert!(unknown_keys(&port).unwrap().contains("arn:none"));
        assert!(!format!("{found:?}").contains("cdcd"));
        let without = PortIntent {
            encryption_mode: None,
            ..port
        };
        assert_eq!(one("d", &without, 9), None);
    }
}
