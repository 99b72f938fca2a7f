//! The speeds of dedicated ports.

/// Speed of a physical port; hosted connections have none (spec/identifiers §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PortSpeed {
    OneGbps,
    TenGbps,
    HundredGbps,
    FourHundredGbps,
}

impl PortSpeed {
    /// Every speed, slowest first.
    pub const ALL: [Self; 4] = [
        Self::OneGbps,
        Self::TenGbps,
        Self::HundredGbps,
        Self::FourHundredGbps,
    ];

    /// The speed for an API bandwidth string such as `10Gbps`.
    #[must_use]
    pub fn from_bandwidth(bandwidth: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|speed| speed.bandwidth() == bandwidth)
    }

    /// The API's spelling (spec/identifiers §5).
    #[must_use]
    pub const fn bandwidth(self) -> &'static str {
        match self {
            Self::OneGbps => "1Gbps",
            Self::TenGbps => "10Gbps",
            Self::HundredGbps => "100Gbps",
            Self::FourHundredGbps => "400Gbps",
        }
    }

    /// The transceiver at the port (spec/routing §10).
    #[must_use]
    pub const fn optic(self) -> &'static str {
        match self {
            Self::OneGbps => "1000BASE-LX",
            Self::TenGbps => "10GBASE-LR",
            Self::HundredGbps => "100GBASE-LR4",
            Self::FourHundredGbps => "400GBASE-LR4",
        }
    }

    /// Average receive power the optic works at, as a clause of a sentence
    /// (IEEE 802.3 clauses 38, 52 and 88).
    #[must_use]
    pub const fn receive_power(self) -> Option<&'static str> {
        match self {
            Self::OneGbps => Some("between -19 and -3 dBm"),
            Self::TenGbps => Some("between -14.4 and 0.5 dBm"),
            Self::HundredGbps => Some("between -10.6 and 4.5 dBm in each lane"),
            Self::FourHundredGbps => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bandwidth_reads_back_and_shared_bandwidths_are_not_ports() {
        for speed in PortSpeed::ALL {
            assert_eq!(PortSpeed::from_bandwidth(speed.bandwidth()), Some(speed));
        }
        for hosted in ["50Mbps", "5Gbps", "1gbps", "1G", ""] {
            assert_eq!(PortSpeed::from_bandwidth(hosted), None, "{hosted}");
        }
    }
}
