//! Transit gateways.

use demarc_types::{AccountId, Asn, Region, Timestamp, TransitGatewayId};
use serde::{Deserialize, Serialize};

use super::{Ec2Phase, Tags};

/// One transit gateway. Source: spec/clients §1.5.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransitGateway {
    pub id: TransitGatewayId,
    pub owner: AccountId,
    pub region: Region,
    #[serde(default)]
    pub description: String,
    pub amazon_side_asn: Asn,
    pub options: TransitGatewayOptions,
    /// Hexadecimal suffix of the id of the default route table.
    pub default_suffix: String,
    pub phase: Ec2Phase,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub created: Timestamp,
}

/// Switches that are stored and answered; they have no effect here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitGatewayOptions {
    pub auto_accept_shared_attachments: bool,
    pub default_route_table_association: bool,
    pub default_route_table_propagation: bool,
    pub vpn_ecmp_support: bool,
    pub dns_support: bool,
    pub security_group_referencing_support: bool,
    pub multicast_support: bool,
    pub cidr_blocks: Vec<String>,
}

impl Default for TransitGatewayOptions {
    fn default() -> Self {
        Self {
            auto_accept_shared_attachments: false,
            default_route_table_association: true,
            default_route_table_propagation: true,
            vpn_ecmp_support: true,
            dns_support: true,
            security_group_referencing_support: false,
            multicast_support: false,
            cidr_blocks: Vec::new(),
        }
    }
}

impl TransitGateway {
    pub(super) fn key(&self) -> TransitGatewayId {
        self.id
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.phase.deadline()
    }
}
