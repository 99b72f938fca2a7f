//! Addresses with a prefix length, and their spellings.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address on its subnet, such as `169.254.40.2/30`. Host bits are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    pub(super) address: IpAddr,
    pub(super) length: u8,
}

/// The text is not `address/length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotACidr;

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let (address, length) = text.split_once('/').ok_or(NotACidr)?;
        let address: IpAddr = address.parse().map_err(|_| NotACidr)?;
        if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotACidr);
        }
        let length: u8 = length.parse().map_err(|_| NotACidr)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if length > longest {
            return Err(NotACidr);
        }
        Ok(Self { address, length })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl Cidr {
    pub(super) const fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    /// The subnet: this address with its host bits cleared.
    pub(super) fn network(self) -> Self {
        let address = match self.address {
            IpAddr::V4(a) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.length))
                    .unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from(u32::from(a) & mask))
            }
            IpAddr::V6(a) => {
                let shift = 128 - u32::from(self.length);
                let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from(u128::from(a) & mask))
            }
        };
        Self { address, ..self }
    }

    /// Dotted netmask of the length, for IPv4 command lines.
    pub(super) fn netmask(self) -> Ipv4Addr {
        let shift = 32 - u32::from(self.length.min(32));
        Ipv4Addr::from(u32::MAX.checked_shl(shift).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_of_both_families_and_refuses_the_rest() {
        for good in [
            "169.254.40.2/30",
            "0.0.0.0/0",
            "2001:db8::4216/125",
            "10.0.0.1/32",
        ] {
            assert_eq!(good.parse::<Cidr>().map(|c| c.to_string()), Ok(good.into()));
        }
        for bad in [
            "",
            "10.0.0.1",
            "10.0.0.1/33",
            "::/129",
            "10.0.0.1/",
            "10.0.0.1/+8",
            "x/8",
        ] {
            assert_eq!(bad.parse::<Cidr>(), Err(NotACidr), "{bad}");
        }
    }

    #[test]
    fn network_and_netmask_follow_the_length() {
        for (cidr, network, netmask) in [
            ("169.254.40.2/30", "169.254.40.0/30", "255.255.255.252"),
            ("169.254.96.6/29", "169.254.96.0/29", "255.255.255.248"),
            ("10.9.8.7/0", "0.0.0.0/0", "0.0.0.0"),
            ("10.9.8.7/32", "10.9.8.7/32", "255.255.255.255"),
            ("203.0.113.7/31", "203.0.113.6/31", "255.255.255.254"),
        ] {
            let cidr: Cidr = cidr.parse().unwrap();
            assert_eq!(cidr.network().to_string(), network);
            assert_eq!(cidr.netmask().to_string(), netmask);
        }
        let six: Cidr = "2001:db8::4216/125".parse().unwrap();
        assert_eq!(six.network().to_string(), "2001:db8::4210/125");
        let all: Cidr = "2001:db8::1/0".parse().unwrap();
        assert_eq!(all.network().to_string(), "::/0");
    }
}
