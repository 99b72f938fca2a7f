//! The address blocks of VPCs. Associations with Direct Connect gateways hear of every change.

use std::net::Ipv6Addr;

use demarc_types::{Prefix, overlaps};
use ipnet::{IpNet, Ipv6Net};

use super::error::Ec2Error;
use super::request::CidrBlockOrder;
use super::response::{CidrBlockAnswer, CidrBlockView};
use super::vpc;
use crate::entity::{CidrAssociation, Vpc};
use crate::operation::association::following;
use crate::transaction::Transaction;

/// IPv4 blocks of a VPC, and IPv6 blocks, as EC2's defaults have it.
const LIMIT: usize = 5;

/// An IPv4 block of 16 to 28 bits, cut to its network address.
pub(super) fn read(text: &str) -> Result<Prefix, Ec2Error> {
    let block: Prefix = text
        .parse()
        .map_err(|_| Ec2Error::value(text, "cidrBlock", "This is not a valid CIDR block."))?;
    match block {
        IpNet::V4(net) if (16..=28).contains(&net.prefix_len()) => Ok(block.trunc()),
        IpNet::V4(_) => Err(Ec2Error::VpcRange(block.to_string())),
        IpNet::V6(_) => Err(Ec2Error::value(
            text,
            "cidrBlock",
            "This is not a valid IPv4 CIDR block.",
        )),
    }
}

pub(super) fn fresh_association_id(tx: &mut Transaction<'_>) -> String {
    format!("vpc-cidr-assoc-{}", tx.context.ids.hex(17))
}

/// A /56 that no VPC of the account has, out of 2001:db8::/32 but for the /48 of the peering pools.
fn fresh_ipv6_block(tx: &mut Transaction<'_>) -> Prefix {
    loop {
        let digits = tx.context.ids.hex(6);
        let drawn = u128::from_str_radix(&digits, 16).unwrap_or_default();
        let address = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (drawn << 72));
        let block = IpNet::V6(Ipv6Net::new_assert(address, 56));
        let reserved = address.segments()[2] == 0x1100;
        let mut own = tx.vpcs_of(tx.context.account, tx.context.region);
        let taken = own.any(|vpc| vpc.prefixes().any(|other| overlaps(&other, &block)));
        drop(own);
        if !reserved && !taken {
            return block;
        }
    }
}

pub(super) fn show(cidr: &CidrAssociation, state: &'static str) -> CidrBlockView {
    CidrBlockView {
        association_id: cidr.id.clone(),
        cidr_block: cidr.block.to_string(),
        state,
    }
}

fn answer(vpc: &Vpc, cidr: &CidrAssociation, state: &'static str) -> CidrBlockAnswer {
    CidrBlockAnswer {
        vpc_id: vpc.id.to_string(),
        is_ipv6: is_ipv6(cidr),
        block: show(cidr, state),
    }
}

fn is_ipv6(cidr: &CidrAssociation) -> bool {
    matches!(cidr.block, IpNet::V6(_))
}

/// Adds a block, IPv4 as given or IPv6 as drawn. It is in force at once.
pub(super) fn associate(
    tx: &mut Transaction<'_>,
    vpc_id: &str,
    order: &CidrBlockOrder,
) -> Result<CidrBlockAnswer, Ec2Error> {
    let mut vpc = vpc::own(tx, tx.context, vpc_id)?.as_ref().clone();
    let block = match (&order.cidr_block, order.amazon_provided_ipv6_cidr_block) {
        (Some(text), false) => read(text)?,
        (None, true) => fresh_ipv6_block(tx),
        (Some(_), true) => {
            return Err(Ec2Error::ParameterCombination(
                "CidrBlock and AmazonProvidedIpv6CidrBlock cannot be given together.".to_owned(),
            ));
        }
        (None, false) => return Err(Ec2Error::MissingParameter("CidrBlock")),
    };
    let cidr = CidrAssociation {
        id: fresh_association_id(tx),
        block,
    };
    if vpc.prefixes().any(|other| overlaps(&other, &block)) {
        return Err(Ec2Error::CidrConflict {
            cidr: block.to_string(),
            vpc: vpc.id.to_string(),
        });
    }
    let alike = vpc
        .cidrs
        .iter()
        .filter(|other| is_ipv6(other) == is_ipv6(&cidr));
    if alike.count() >= LIMIT {
        return Err(Ec2Error::CidrLimit {
            vpc: vpc.id.to_string(),
            limit: LIMIT,
        });
    }
    vpc.cidrs.push(cidr.clone());
    tx.put(vpc.clone());
    following::vpc_changed(tx, vpc.id, block);
    Ok(answer(&vpc, &cidr, "associating"))
}

/// Takes a block away; the one that the VPC was made with stays.
pub(super) fn disassociate(
    tx: &mut Transaction<'_>,
    association_id: &str,
) -> Result<CidrBlockAnswer, Ec2Error> {
    let is_it = |cidr: &CidrAssociation| cidr.id == association_id;
    let mut vpc = tx
        .vpcs_of(tx.context.account, tx.context.region)
        .find(|vpc| vpc.cidrs.iter().any(is_it))
        .map(|vpc| vpc.as_ref().clone())
        .ok_or_else(|| {
            Ec2Error::CidrAssociationNotFound(association_id.chars().take(128).collect())
        })?;
    if vpc.cidrs.first().is_some_and(is_it) {
        return Err(Ec2Error::NotPermitted(format!(
            "The vpc CIDR block with association ID {association_id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC"
        )));
    }
    let (gone, kept): (Vec<_>, Vec<_>) = vpc.cidrs.into_iter().partition(is_it);
    vpc.cidrs = kept;
    tx.put(vpc.clone());
    for cidr in &gone {
        following::vpc_changed(tx, vpc.id, cidr.block);
    }
    match gone.first() {
        Some(cidr) => Ok(answer(&vpc, cidr, "disassociating")),
        None => Err(Ec2Error::CidrAssociationNotFound(association_id.to_owned())),
    }
}
