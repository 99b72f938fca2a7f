//! ARNs of the resources that can be tagged.

use std::fmt;
use std::str::FromStr;

use crate::{
    AccountId, ConnectionId, DirectConnectGatewayId, LagId, Partition, Region, ResiliencyGroupId,
    VirtualInterfaceId,
};

/// What an ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArnResource {
    Connection(ConnectionId),
    Lag(LagId),
    VirtualInterface(VirtualInterfaceId),
    /// Global: the ARN's Region is empty.
    Gateway(DirectConnectGatewayId),
    /// Global: the ARN's Region is empty.
    ResiliencyGroup(ResiliencyGroupId),
}

impl ArnResource {
    /// The resource belongs to no Region.
    pub fn is_global(&self) -> bool {
        matches!(self, Self::Gateway(_) | Self::ResiliencyGroup(_))
    }
}

/// `arn:{partition}:directconnect:{region}:{owner}:dxcon/{id}` and its kin (spec/identifiers §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResourceArn {
    pub partition: Partition,
    /// `None` for global resources.
    pub region: Option<Region>,
    pub account: AccountId,
    pub resource: ArnResource,
}

impl ResourceArn {
    /// The ARN of `resource`, owned by `account`, as seen from `region`.
    pub fn new(region: Region, account: AccountId, resource: ArnResource) -> Self {
        let partition = region.partition();
        let region = (!resource.is_global()).then_some(region);
        Self {
            partition,
            region,
            account,
            resource,
        }
    }
}

/// The text is not the ARN of a Direct Connect resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the ARN of a Direct Connect resource")]
pub struct InvalidArn(pub String);

impl FromStr for ResourceArn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| InvalidArn(text.chars().take(128).collect()))
    }
}

fn parse(text: &str) -> Option<ResourceArn> {
    let mut parts = text.splitn(6, ':');
    if parts.next()? != "arn" {
        return None;
    }
    let partition = match parts.next()? {
        "aws" => Partition::Aws,
        "aws-cn" => Partition::AwsCn,
        "aws-us-gov" => Partition::AwsUsGov,
        _ => return None,
    };
    if parts.next()? != "directconnect" {
        return None;
    }
    let region = match parts.next()? {
        "" => None,
        name => Some(name.parse::<Region>().ok()?),
    };
    let account = parts.next()?.parse().ok()?;
    let (kind, id) = parts.next()?.split_once('/')?;
    let resource = match kind {
        "dxcon" => ArnResource::Connection(id.parse().ok()?),
        "dxlag" => ArnResource::Lag(id.parse().ok()?),
        "dxvif" => ArnResource::VirtualInterface(id.parse().ok()?),
        "dx-gateway" => ArnResource::Gateway(id.parse().ok()?),
        "dx-resiliency-group" => ArnResource::ResiliencyGroup(id.parse().ok()?),
        _ => return None,
    };
    (resource.is_global() == region.is_none()).then_some(ResourceArn {
        partition,
        region,
        account,
        resource,
    })
}

impl fmt::Display for ResourceArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "arn:{}:directconnect:", self.partition.as_str())?;
        if let Some(region) = &self.region {
            write!(out, "{region}")?;
        }
        write!(out, ":{}:", self.account)?;
        match &self.resource {
            ArnResource::Connection(id) => write!(out, "dxcon/{id}"),
            ArnResource::Lag(id) => write!(out, "dxlag/{id}"),
            ArnResource::VirtualInterface(id) => write!(out, "dxvif/{id}"),
            ArnResource::Gateway(id) => write!(out, "dx-gateway/{id}"),
            ArnResource::ResiliencyGroup(id) => write!(out, "dx-resiliency-group/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_round_trip() {
        for text in [
            "arn:aws:directconnect:us-east-1:111122223333:dxcon/dxcon-fgk145dr",
            "arn:aws-cn:directconnect:cn-north-1:111122223333:dxlag/dxlag-fgk145dr",
            "arn:aws-us-gov:directconnect:us-gov-west-1:111122223333:dxvif/dxvif-fgk145dr",
            "arn:aws:directconnect::111122223333:dx-gateway/be85116d-46eb-4b43-a27a-da0c2ad648de",
            "arn:aws:directconnect::111122223333:dx-resiliency-group/dxrg-0123456789abcdefg",
        ] {
            assert_eq!(text.parse::<ResourceArn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_no_arns() {
        for text in [
            "",
            "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-12345678",
            "arn:aws:directconnect::111122223333:dxcon/dxcon-fgk145dr",
            "arn:aws:directconnect:us-east-1:111122223333:dx-gateway/be85116d-46eb-4b43-a27a-da0c2ad648de",
            "arn:aws:directconnect:us-east-1::dxcon/dxcon-fgk145dr",
            "arn:aws:directconnect:us-east-1:111122223333:dxcon/dxvif-fgk145dr",
        ] {
            assert!(text.parse::<ResourceArn>().is_err(), "{text}");
        }
    }
}
