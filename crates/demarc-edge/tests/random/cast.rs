//! What a caller may name: mostly what it has a part in, sometimes what it has not.

use demarc_domain::World;
use demarc_domain::entity::{Entity, GatewayPhase};
use demarc_types::{AccountId, ArnResource, ResourceArn};

use crate::choice::Choice;

pub(crate) const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];

/// Ids of the objects in a World, by kind.
#[derive(Default)]
pub(crate) struct Cast {
    pub(crate) ports: Vec<String>,
    pub(crate) interconnects: Vec<String>,
    pub(crate) hosted: Vec<String>,
    pub(crate) lags: Vec<String>,
    pub(crate) private: Vec<String>,
    pub(crate) public: Vec<String>,
    pub(crate) transit: Vec<String>,
    /// Virtual interface and BGP peer.
    pub(crate) peers: Vec<(String, String)>,
    pub(crate) gateways: Vec<String>,
    pub(crate) associations: Vec<String>,
    /// Proposal, gateway, owner of the associated side.
    pub(crate) proposals: Vec<(String, String, String)>,
    pub(crate) tests: Vec<String>,
    pub(crate) groups: Vec<String>,
    /// Resiliency group and connection.
    pub(crate) members: Vec<(String, String)>,
    /// Direct Connect gateways of whomever, and their owners.
    pub(crate) known_gateways: Vec<(String, String)>,
    pub(crate) vpcs: Vec<String>,
    pub(crate) vpn_gateways: Vec<String>,
    pub(crate) transit_gateways: Vec<String>,
    pub(crate) arns: Vec<String>,
    /// Port or LAG, and the ARN of a MACsec key of it.
    pub(crate) secrets: Vec<(String, String)>,
}

impl Cast {
    /// Everything that `account` has a part in; everything there is for `None`.
    pub(crate) fn of(world: &World, account: Option<AccountId>) -> Self {
        let mut cast = Self::default();
        let mine = |owners: &[AccountId]| account.is_none_or(|account| owners.contains(&account));
        for entity in world.entities() {
            cast.add_port(&entity, &mine);
            cast.add_gateway(&entity, &mine);
            cast.add_secrets(&entity, &mine);
            if let Some(arn) = arn(&entity).filter(|arn| mine(&[arn.account])) {
                cast.arns.push(arn.to_string());
            }
        }
        cast
    }

    fn add_port(&mut self, entity: &Entity, mine: &dyn Fn(&[AccountId]) -> bool) {
        match entity {
            Entity::Connection(found) => {
                let partner = found.hosting().map_or(found.owner, |(partner, _)| partner);
                if mine(&[found.owner, partner]) {
                    let list = if found.is_hosted() {
                        &mut self.hosted
                    } else if found.is_interconnect() {
                        &mut self.interconnects
                    } else {
                        &mut self.ports
                    };
                    list.push(found.id.to_string());
                }
            }
            Entity::Lag(found) if mine(&[found.owner]) => self.lags.push(found.id.to_string()),
            Entity::VirtualInterface(found) if mine(&[found.owner, found.connection_owner]) => {
                match found.kind.as_str() {
                    "public" => self.public.push(found.id.to_string()),
                    "transit" => self.transit.push(found.id.to_string()),
                    _ => self.private.push(found.id.to_string()),
                }
                let peers = found.live_peers().map(|peer| peer.id.to_string());
                self.peers
                    .extend(peers.map(|peer| (found.id.to_string(), peer)));
            }
            Entity::FailoverTest(found) if mine(&[found.owner]) => {
                self.tests.push(found.id.to_string());
            }
            Entity::ResiliencyGroup(found) if mine(&[found.owner]) => {
                self.groups.push(found.id.to_string());
                let members = found.members.iter().map(|member| member.connection);
                self.members
                    .extend(members.map(|member| (found.id.to_string(), member.to_string())));
            }
            _ => {}
        }
    }

    fn add_gateway(&mut self, entity: &Entity, mine: &dyn Fn(&[AccountId]) -> bool) {
        match entity {
            Entity::Gateway(found) => {
                let id = found.id.to_string();
                self.known_gateways
                    .push((id.clone(), found.owner.to_string()));
                if mine(&[found.owner]) && found.phase == GatewayPhase::Available {
                    self.gateways.push(id);
                }
            }
            Entity::Association(found) if mine(&[found.gateway_owner, found.associated_owner]) => {
                self.associations.push(found.id.to_string());
            }
            Entity::Proposal(found) if mine(&[found.gateway_owner, found.associated_owner]) => {
                self.proposals.push((
                    found.id.to_string(),
                    found.gateway.to_string(),
                    found.associated_owner.to_string(),
                ));
            }
            Entity::Vpc(found) if mine(&[found.owner]) => self.vpcs.push(found.id.to_string()),
            Entity::VpnGateway(found) if mine(&[found.owner]) => {
                self.vpn_gateways.push(found.id.to_string());
            }
            Entity::TransitGateway(found) if mine(&[found.owner]) => {
                self.transit_gateways.push(found.id.to_string());
            }
            _ => {}
        }
    }

    fn add_secrets(&mut self, entity: &Entity, mine: &dyn Fn(&[AccountId]) -> bool) {
        let (owner, id, mac_sec) = match entity {
            Entity::Connection(found) => (found.owner, found.id.to_string(), &found.mac_sec),
            Entity::Lag(found) => (found.owner, found.id.to_string(), &found.mac_sec),
            _ => return,
        };
        let keys = mac_sec.iter().flat_map(|mac_sec| &mac_sec.keys);
        if mine(&[owner]) {
            self.secrets
                .extend(keys.map(|key| (id.clone(), key.secret_arn.clone())));
        }
    }

    /// A connection of any kind, seldom a LAG.
    pub(crate) fn connection(&self, choice: &mut Choice) -> String {
        let list = match choice.below(8) {
            0..=3 => &self.ports,
            4 | 5 => &self.hosted,
            6 => &self.interconnects,
            _ => &self.lags,
        };
        choice.one(list, "dxcon-ffffffff")
    }

    /// What carries virtual interfaces.
    pub(crate) fn carrier(&self, choice: &mut Choice) -> String {
        let list = match choice.below(6) {
            0..=2 => &self.ports,
            3 => &self.hosted,
            _ => &self.lags,
        };
        choice.one(list, "dxcon-ffffffff")
    }

    /// What carries hosted connections.
    pub(crate) fn host(&self, choice: &mut Choice) -> String {
        let list = if choice.once_in(3) {
            &self.lags
        } else {
            &self.interconnects
        };
        choice.one(list, "dxcon-ffffffff")
    }

    pub(crate) fn interface(&self, choice: &mut Choice) -> String {
        let list = match choice.below(4) {
            0 => &self.public,
            1 => &self.transit,
            _ => &self.private,
        };
        choice.one(list, "dxvif-ffffffff")
    }

    pub(crate) fn gateway(&self, choice: &mut Choice) -> String {
        choice.one(&self.gateways, "11111111-2222-4333-8444-555555555555")
    }

    pub(crate) fn associable(&self, choice: &mut Choice) -> String {
        if choice.once_in(2) {
            choice.one(&self.vpn_gateways, "vgw-00000000000000000")
        } else {
            choice.one(&self.transit_gateways, "tgw-00000000000000000")
        }
    }
}

/// The ARN of what can be tagged.
fn arn(entity: &Entity) -> Option<ResourceArn> {
    let (region, owner, resource) = match entity {
        Entity::Connection(found) => (found.region, found.owner, ArnResource::Connection(found.id)),
        Entity::Lag(found) => (found.region, found.owner, ArnResource::Lag(found.id)),
        Entity::VirtualInterface(found) => (
            found.region,
            found.owner,
            ArnResource::VirtualInterface(found.id),
        ),
        Entity::Gateway(found) => (found.region, found.owner, ArnResource::Gateway(found.id)),
        Entity::ResiliencyGroup(found) => (
            found.region,
            found.owner,
            ArnResource::ResiliencyGroup(found.id),
        ),
        _ => return None,
    };
    Some(ResourceArn::new(region, owner, resource))
}
