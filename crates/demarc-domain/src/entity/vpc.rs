//! Virtual private clouds, as far as Direct Connect needs them.

use demarc_types::{AccountId, Prefix, Region, Timestamp, VpcId};
use serde::{Deserialize, Serialize};

use super::Tags;

/// One VPC. Source: spec/clients §1.5.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    pub id: VpcId,
    pub owner: AccountId,
    pub region: Region,
    /// The first one is the VPC's own; IPv6 blocks stand among them.
    pub cidrs: Vec<CidrAssociation>,
    #[serde(default)]
    pub instance_tenancy: String,
    #[serde(default)]
    pub enable_dns_support: bool,
    #[serde(default)]
    pub enable_dns_hostnames: bool,
    #[serde(default)]
    pub enable_network_address_usage_metrics: bool,
    /// Hexadecimal suffix of the ids of the default route table, network ACL, security group and DHCP options.
    pub default_suffix: String,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub created: Timestamp,
}

/// One address block of a VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CidrAssociation {
    /// `vpc-cidr-assoc-…`.
    pub id: String,
    pub block: Prefix,
}

impl Vpc {
    pub(super) fn key(&self) -> VpcId {
        self.id
    }

    #[expect(clippy::unused_self, reason = "every entity answers this question")]
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        None
    }

    pub fn prefixes(&self) -> impl Iterator<Item = Prefix> {
        self.cidrs.iter().map(|cidr| cidr.block)
    }
}
