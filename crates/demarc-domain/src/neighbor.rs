//! The EC2 objects that Direct Connect attaches to: VPCs, virtual private gateways, transit gateways.

pub(crate) mod transit_gateway;
pub(crate) mod vpn_gateway;
