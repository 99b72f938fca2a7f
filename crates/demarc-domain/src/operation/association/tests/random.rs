//! Random sequences of calls by two accounts keep what must always be true of gateways.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::entity::Association;
use crate::gateway_rules::Use;
use crate::neighbor::testing::{association, cidrs};
use crate::neighbor::{CidrBlockOrder, Ec2Request};
use crate::testing::{ALICE, BOB, Lab};
use demarc_types::{GatewayRef, overlaps};

const VPN_GATEWAYS: usize = 4;
const TRANSIT_GATEWAYS: usize = 3;

/// One call, with numbers that choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Associate {
        by: usize,
        gateway: usize,
        with: usize,
        prefix: usize,
    },
    Update {
        by: usize,
        of: usize,
        prefix: usize,
        remove: bool,
    },
    Delete {
        by: usize,
        of: usize,
    },
    Propose {
        by: usize,
        gateway: usize,
        with: usize,
        prefix: usize,
    },
    Accept {
        by: usize,
        of: usize,
    },
    Attach {
        by: usize,
        gateway: usize,
        vlan: i64,
        transit: bool,
    },
    AddCidr {
        vpc: usize,
        cidr: usize,
    },
    Detach {
        gateway: usize,
    },
    DeleteGateway {
        by: usize,
        gateway: usize,
    },
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let (by, some) = (0..2_usize, 0..6_usize);
    prop_oneof![
        4 => (by.clone(), some.clone(), some.clone(), some.clone())
            .prop_map(|(by, gateway, with, prefix)| Step::Associate { by, gateway, with, prefix }),
        2 => (by.clone(), some.clone(), some.clone(), any::<bool>())
            .prop_map(|(by, of, prefix, remove)| Step::Update { by, of, prefix, remove }),
        2 => (by.clone(), some.clone()).prop_map(|(by, of)| Step::Delete { by, of }),
        2 => (by.clone(), some.clone(), some.clone(), some.clone())
            .prop_map(|(by, gateway, with, prefix)| Step::Propose { by, gateway, with, prefix }),
        2 => (by.clone(), some.clone()).prop_map(|(by, of)| Step::Accept { by, of }),
        2 => (by.clone(), some.clone(), 1..200_i64, any::<bool>())
            .prop_map(|(by, gateway, vlan, transit)| Step::Attach { by, gateway, vlan, transit }),
        1 => (some.clone(), some.clone()).prop_map(|(vpc, cidr)| Step::AddCidr { vpc, cidr }),
        1 => some.clone().prop_map(|gateway| Step::Detach { gateway }),
        1 => (by, some).prop_map(|(by, gateway)| Step::DeleteGateway { by, gateway }),
        2 => Just(Step::Wait),
    ]
}

/// What the steps choose from.
struct Cast {
    lab: Lab,
    gateways: Vec<String>,
    ports: Vec<String>,
    /// Owner, id and VPC, the latter of virtual private gateways only.
    associable: Vec<(&'static str, String, Option<String>)>,
}

const ACCOUNTS: [&str; 2] = [ALICE, BOB];
const PREFIXES: [&str; 6] = [
    "10.0.0.0/8",
    "10.1.0.0/16",
    "11.0.0.0/8",
    "0.0.0.0/0",
    "2001:db8::/32",
    "12.0.0.0/16",
];
const CIDRS: [&str; 6] = [
    "10.0.0.0/16",
    "10.0.128.0/20",
    "10.1.0.0/16",
    "10.2.0.0/16",
    "10.3.0.0/16",
    "10.1.0.0/20",
];

fn cast() -> Cast {
    let mut lab = Lab::with(|settings| {
        settings.quotas.vpn_gateways_per_gateway = 2;
        settings.quotas.transit_gateways_per_gateway = 2;
        settings.quotas.virtual_interfaces_per_gateway = 2;
    });
    // One after the other from each account, so that an even number chooses what is Alice's.
    let mut associable = Vec::new();
    for number in 0..VPN_GATEWAYS + TRANSIT_GATEWAYS {
        for account in ACCOUNTS {
            associable.push(match CIDRS.get(number).filter(|_| number < VPN_GATEWAYS) {
                Some(cidr) => {
                    let (gateway, vpc) = lab.vpn_gateway_on(account, cidr);
                    (account, gateway, Some(vpc))
                }
                None => {
                    let asn = 64_512 + i64::try_from(number).unwrap();
                    (account, lab.transit_gateway(account, asn), None)
                }
            });
        }
    }
    Cast {
        gateways: ACCOUNTS
            .iter()
            .map(|account| lab.gateway(account))
            .collect(),
        ports: ACCOUNTS
            .iter()
            .map(|account| lab.dedicated(account))
            .collect(),
        associable,
        lab,
    }
}

fn pick<T>(list: &[T], number: usize) -> Option<&T> {
    list.get(number % list.len().max(1))
}

/// The ids of all entities that `find` finds.
fn ids(lab: &Lab, find: impl Fn(&crate::entity::Entity) -> Option<String>) -> Vec<String> {
    lab.world
        .entities()
        .filter_map(|entity| find(&entity))
        .collect()
}

impl Cast {
    /// Makes the call; whether it succeeds is not the question.
    fn take(&mut self, step: &Step) {
        match self.call_of(step) {
            Some((account, operation, body)) => self.attempt(account, operation, &body),
            None => self.neighbor(step),
        }
    }

    fn attempt(&mut self, account: &str, operation: &str, body: &Value) {
        let operation = demarc_api::Operation::from_name(operation).unwrap();
        let request = demarc_api::Request::decode(operation, body.to_string().as_bytes()).unwrap();
        let _ = self.lab.call(account, &request);
    }

    fn call_of(&self, step: &Step) -> Option<(&'static str, &'static str, Value)> {
        let associations = || {
            ids(&self.lab, |entity| match entity {
                crate::entity::Entity::Association(found) => Some(found.id.to_string()),
                _ => None,
            })
        };
        Some(match *step {
            Step::Associate {
                by,
                gateway,
                with,
                prefix,
            } => (
                ACCOUNTS[by],
                "CreateDirectConnectGatewayAssociation",
                association(
                    // Mostly one's own.
                    &self.gateways[if gateway == 5 { 1 - by } else { by }],
                    &pick(&self.associable, with * 2 + by)?.1,
                    if prefix > 2 {
                        &[]
                    } else {
                        &PREFIXES[prefix..=prefix]
                    },
                ),
            ),
            Step::Update {
                by,
                of,
                prefix,
                remove,
            } => {
                let member = if remove {
                    "removeAllowedPrefixesToDirectConnectGateway"
                } else {
                    "addAllowedPrefixesToDirectConnectGateway"
                };
                let id = pick(&associations(), of)?.clone();
                (
                    ACCOUNTS[by],
                    "UpdateDirectConnectGatewayAssociation",
                    json!({"associationId": id, member: cidrs(&PREFIXES[prefix..=prefix])}),
                )
            }
            Step::Delete { by, of } => (
                ACCOUNTS[by],
                "DeleteDirectConnectGatewayAssociation",
                json!({"associationId": pick(&associations(), of)?}),
            ),
            _ => return self.other_call_of(step),
        })
    }

    fn other_call_of(&self, step: &Step) -> Option<(&'static str, &'static str, Value)> {
        Some(match *step {
            Step::Propose {
                by,
                gateway,
                with,
                prefix,
            } => (
                ACCOUNTS[by],
                "CreateDirectConnectGatewayAssociationProposal",
                json!({
                    "directConnectGatewayId": pick(&self.gateways, gateway)?,
                    "directConnectGatewayOwnerAccount": ACCOUNTS[gateway % self.gateways.len()],
                    "gatewayId": pick(&self.associable, with * 2 + by)?.1,
                    "addAllowedPrefixesToDirectConnectGateway": cidrs(&PREFIXES[prefix..=prefix]),
                }),
            ),
            Step::Accept { by, of } => {
                let proposals = ids(&self.lab, |entity| match entity {
                    crate::entity::Entity::Proposal(found) => Some(found.id.to_string()),
                    _ => None,
                });
                let id = pick(&proposals, of)?.parse().unwrap();
                let proposal = self.lab.world.proposal(id)?;
                (
                    ACCOUNTS[by],
                    "AcceptDirectConnectGatewayAssociationProposal",
                    json!({
                        "directConnectGatewayId": proposal.gateway.to_string(),
                        "associatedGatewayOwnerAccount": proposal.associated_owner.to_string(),
                        "proposalId": id.to_string(),
                    }),
                )
            }
            Step::Attach {
                by,
                gateway,
                vlan,
                transit,
            } => {
                let new = json!({
                    "virtualInterfaceName": "one", "vlan": vlan, "asn": 65_000,
                    "directConnectGatewayId": pick(&self.gateways, gateway)?,
                });
                let (operation, member) = if transit {
                    (
                        "CreateTransitVirtualInterface",
                        "newTransitVirtualInterface",
                    )
                } else {
                    (
                        "CreatePrivateVirtualInterface",
                        "newPrivateVirtualInterface",
                    )
                };
                (
                    ACCOUNTS[by],
                    operation,
                    json!({"connectionId": self.ports[by], member: new}),
                )
            }
            Step::DeleteGateway { by, gateway } => (
                ACCOUNTS[by],
                "DeleteDirectConnectGateway",
                json!({"directConnectGatewayId": pick(&self.gateways, gateway)?}),
            ),
            _ => return None,
        })
    }

    fn neighbor(&mut self, step: &Step) {
        let (index, cidr) = match step {
            Step::AddCidr { vpc, cidr } => (*vpc, Some(*cidr)),
            Step::Detach { gateway } => (*gateway, None),
            _ => return self.lab.settle(),
        };
        let Some((account, gateway, Some(vpc))) = pick(&self.associable, index).cloned() else {
            return;
        };
        let request = match cidr {
            Some(cidr) => Ec2Request::AssociateVpcCidrBlock {
                vpc_id: vpc,
                block: CidrBlockOrder {
                    cidr_block: Some(CIDRS[cidr].to_owned()),
                    ..CidrBlockOrder::default()
                },
            },
            None => Ec2Request::DetachVpnGateway {
                vpn_gateway_id: gateway,
                vpc_id: vpc,
            },
        };
        let _ = self.lab.call_ec2(account, &request);
    }

    fn check(&self) {
        let world = &self.lab.world;
        for id in &self.gateways {
            let id = id.parse().unwrap();
            let associations: Vec<&Association> =
                world.associations_of(id).map(AsRef::as_ref).collect();
            let interfaces: Vec<_> = crate::gateway_rules::attached(world, id).collect();
            assert!(
                world.gateway(id).is_some() || (associations.is_empty() && interfaces.is_empty()),
                "something hangs on a gateway that is gone"
            );
            let uses: Vec<Use> = associations
                .iter()
                .map(|found| Use::of_associated(found.associated))
                .chain(
                    interfaces
                        .iter()
                        .filter_map(|found| Use::of_kind(found.kind)),
                )
                .collect();
            assert!(uses.windows(2).all(|pair| pair[0] == pair[1]), "{uses:?}");
            assert!(interfaces.len() <= 2, "virtual interfaces of a gateway");
            assert!(associations.len() <= 2, "associations of a gateway");
            self.check_announced(&associations);
        }
        for (_, associated, _) in &self.associable {
            let associated: GatewayRef = associated.parse().unwrap();
            let count = world.associations_with(associated).count();
            let limit = match associated {
                GatewayRef::VirtualPrivate(_) => 1,
                GatewayRef::Transit(_) => 20,
            };
            assert!(count <= limit, "{associated} has {count} associations");
        }
    }

    /// No prefix comes, or is about to come, from two sides.
    fn check_announced(&self, associations: &[&Association]) {
        let announced: Vec<_> = associations
            .iter()
            .filter(|found| found.is_live())
            .map(|found| crate::gateway_rules::allowed_prefixes::announced(&self.lab.world, found))
            .collect();
        for (index, one) in announced.iter().enumerate() {
            for other in &announced[index + 1..] {
                assert!(
                    !one.iter()
                        .any(|left| other.iter().any(|right| overlaps(left, right))),
                    "{one:?} and {other:?} overlap"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn kinds_never_mix_quotas_hold_and_nothing_overlaps(steps in prop::collection::vec(step(), 1..60)) {
        let mut cast = cast();
        for step in &steps {
            cast.take(step);
            cast.check();
        }
        // In the end everything has settled.
        cast.lab.settle();
        cast.lab.settle();
        for entity in cast.lab.world.entities() {
            if let crate::entity::Entity::Association(found) = entity {
                prop_assert_eq!(crate::state::association(&found), "associated");
            }
        }
    }
}
