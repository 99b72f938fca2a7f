//! Fresh ids and keys, from a seed.

use demarc_types::{
    AssociationId, BgpPeerId, ConnectionId, DirectConnectGatewayId, LagId, ProposalId,
    ResiliencyGroupId, TestId, VirtualInterfaceId,
};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of ids and keys; the same seed gives the same stream on every machine.
pub struct IdSource(ChaCha12Rng);

const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const HEX: &[u8; 16] = b"0123456789abcdef";
/// The characters of generated BGP keys, `[A-Za-z0-9_.]` (spec/identifiers §9).
const KEY: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";

impl IdSource {
    pub fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha12Rng::from_seed(seed))
    }

    fn pick(&mut self, alphabet: &[u8]) -> char {
        // Rejection keeps every character equally likely.
        let count = u32::try_from(alphabet.len()).unwrap_or(1);
        let limit = u32::MAX - u32::MAX % count;
        loop {
            let number = self.0.next_u32();
            if number < limit {
                let index = usize::try_from(number % count).unwrap_or_default();
                return char::from(alphabet[index]);
            }
        }
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| self.pick(alphabet)).collect()
    }

    /// `f`, one of `fgh`, six of `[0-9a-z]`: the form of every id observed (spec/identifiers §1).
    fn suffix(&mut self) -> String {
        let mut suffix = String::from("f");
        suffix.push(self.pick(b"fgh"));
        suffix.push_str(&self.text(BASE36, 6));
        suffix
    }

    pub fn connection(&mut self) -> ConnectionId {
        ConnectionId::from_suffix(&self.suffix()).expect("a generated suffix is well formed")
    }

    pub fn lag(&mut self) -> LagId {
        LagId::from_suffix(&self.suffix()).expect("a generated suffix is well formed")
    }

    pub fn virtual_interface(&mut self) -> VirtualInterfaceId {
        VirtualInterfaceId::from_suffix(&self.suffix()).expect("a generated suffix is well formed")
    }

    pub fn bgp_peer(&mut self) -> BgpPeerId {
        BgpPeerId::from_suffix(&self.suffix()).expect("a generated suffix is well formed")
    }

    pub fn resiliency_group(&mut self) -> ResiliencyGroupId {
        ResiliencyGroupId::from_suffix(&self.text(BASE36, 17))
            .expect("a generated suffix is well formed")
    }

    fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    pub fn gateway(&mut self) -> DirectConnectGatewayId {
        DirectConnectGatewayId::from_random(self.bytes())
    }

    pub fn association(&mut self) -> AssociationId {
        AssociationId::from_random(self.bytes())
    }

    pub fn proposal(&mut self) -> ProposalId {
        ProposalId::from_random(self.bytes())
    }

    pub fn failover_test(&mut self) -> TestId {
        TestId::from_random(self.bytes())
    }

    /// Hexadecimal digits, for EC2 ids and keys.
    pub fn hex(&mut self, digits: usize) -> String {
        self.text(HEX, digits)
    }

    /// Digits and lower-case letters.
    pub fn base36(&mut self, length: usize) -> String {
        self.text(BASE36, length)
    }

    /// A BGP authentication key: `0x` and 22 characters (spec/identifiers §9).
    pub fn auth_key(&mut self) -> String {
        format!("0x{}", self.text(KEY, 22))
    }

    /// The six characters that end a secret's ARN.
    pub fn secret_suffix(&mut self) -> String {
        self.text(&KEY[..62], 6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_stream() {
        let (mut first, mut second) = (IdSource::new([7; 32]), IdSource::new([7; 32]));
        assert_eq!(first.connection(), second.connection());
        assert_eq!(first.auth_key(), second.auth_key());
        assert_ne!(first.connection(), IdSource::new([8; 32]).connection());
    }

    #[test]
    fn ids_and_keys_have_the_observed_forms() {
        let mut ids = IdSource::new([1; 32]);
        for _ in 0..1_000 {
            let id = ids.connection().to_string();
            let suffix = id.strip_prefix("dxcon-").unwrap();
            assert!(
                suffix.len() == 8 && suffix.starts_with('f') && "fgh".contains(&suffix[1..2]),
                "{id}"
            );
            let key = ids.auth_key();
            assert!(key.len() == 24 && key.starts_with("0x"), "{key}");
        }
    }
}
