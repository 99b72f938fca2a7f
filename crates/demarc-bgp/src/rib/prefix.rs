//! Prefixes as small keys: 8 bytes for IPv4, 20 for IPv6.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::wire::Family;

/// A prefix of one family, compact enough to be kept by the million.
pub trait PrefixKey: Copy + Eq + std::fmt::Debug + Send + Sync + 'static {
    const FAMILY: Family;

    /// `None` for a prefix of the other family. Host bits are cleared.
    fn from_net(net: &IpNet) -> Option<Self>;

    fn to_net(self) -> IpNet;

    /// A hash that depends on `seed`, so that neighbors cannot choose colliding prefixes.
    fn hash(self, seed: u64) -> u64;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4Key {
    bits: u32,
    length: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Key {
    bits: [u32; 4],
    length: u8,
}

impl PrefixKey for Ipv4Key {
    const FAMILY: Family = Family::Ipv4;

    fn from_net(net: &IpNet) -> Option<Self> {
        match net {
            IpNet::V4(net) => Some(Self {
                bits: net.network().to_bits(),
                length: net.prefix_len(),
            }),
            IpNet::V6(_) => None,
        }
    }

    fn to_net(self) -> IpNet {
        let address = Ipv4Addr::from_bits(self.bits);
        IpNet::V4(Ipv4Net::new(address, self.length).expect("the length came from an Ipv4Net"))
    }

    fn hash(self, seed: u64) -> u64 {
        mix(u64::from(self.bits) << 8 | u64::from(self.length), seed)
    }
}

impl PrefixKey for Ipv6Key {
    const FAMILY: Family = Family::Ipv6;

    fn from_net(net: &IpNet) -> Option<Self> {
        match net {
            IpNet::V4(_) => None,
            IpNet::V6(net) => {
                let bits = net.network().to_bits().to_be_bytes();
                let (words, _) = bits.as_chunks::<4>();
                let mut key = Self {
                    bits: [0; 4],
                    length: net.prefix_len(),
                };
                for (word, octets) in key.bits.iter_mut().zip(words) {
                    *word = u32::from_be_bytes(*octets);
                }
                Some(key)
            }
        }
    }

    fn to_net(self) -> IpNet {
        let bits = self
            .bits
            .iter()
            .fold(0, |bits, word| bits << 32 | u128::from(*word));
        let address = Ipv6Addr::from_bits(bits);
        IpNet::V6(Ipv6Net::new(address, self.length).expect("the length came from an Ipv6Net"))
    }

    fn hash(self, seed: u64) -> u64 {
        let [a, b, c, d] = self.bits.map(u64::from);
        let high = mix(a << 32 | b, seed);
        mix(
            (c << 32 | d) ^ high,
            seed.rotate_left(17) ^ u64::from(self.length),
        )
    }
}

/// Folded multiplication: every bit of `value` reaches the top bits, which the table looks at.
pub(super) fn mix(value: u64, seed: u64) -> u64 {
    let product = u128::from(value ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let bytes = product.to_le_bytes();
    let (words, _) = bytes.as_chunks::<8>();
    words
        .iter()
        .fold(0, |folded, word| folded ^ u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_small_and_give_the_prefix_back() {
        assert_eq!(size_of::<Ipv4Key>(), 8);
        assert_eq!(size_of::<Ipv6Key>(), 20);
        for text in ["0.0.0.0/0", "10.1.2.0/23", "255.255.255.255/32"] {
            let net: IpNet = text.parse().unwrap();
            assert_eq!(Ipv4Key::from_net(&net).unwrap().to_net(), net);
            assert_eq!(Ipv6Key::from_net(&net), None);
        }
        for text in ["::/0", "2001:db8:1:2::/63", "fd00::1/128"] {
            let net: IpNet = text.parse().unwrap();
            assert_eq!(Ipv6Key::from_net(&net).unwrap().to_net(), net);
            assert_eq!(Ipv4Key::from_net(&net), None);
        }
        let host_bits: IpNet = "10.1.2.3/8".parse().unwrap();
        assert_eq!(
            Ipv4Key::from_net(&host_bits).unwrap().to_net(),
            host_bits.trunc()
        );
    }

    #[test]
    fn neighboring_prefixes_spread_over_buckets_and_tags() {
        let mut buckets = vec![0u32; 1 << 12];
        for index in 0..(1u32 << 16) {
            let net = Ipv4Net::new(Ipv4Addr::from_bits(index << 8), 24).unwrap();
            let hash = Ipv4Key::from_net(&IpNet::V4(net)).unwrap().hash(42);
            buckets[usize::try_from(hash & 0xfff).unwrap()] += 1;
        }
        assert!(buckets.iter().all(|count| (1..64).contains(count)));
    }
}
