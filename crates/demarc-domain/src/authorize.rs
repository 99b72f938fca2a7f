//! What a request acts on, as policies see it: action, resources with their tags, tags in the request.
//! Source: spec/protocol §9.

mod named;

use demarc_api::Operation;
use demarc_types::{AccountId, ArnResource, ParentId, ResourceArn};
use serde_json::Value;

use crate::context::Context;
use crate::entity::{Entity, Tags};
use crate::input;
use crate::operation::tag;
use crate::world::World;

use named::{Kind, Named, made_by, named_by, tags_of};

/// The facts that a policy decides on.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// `CreateConnection`; the policy's action is `directconnect:CreateConnection`.
    pub action: &'static str,
    /// What the action is done to; none for actions on no resource, which only `*` allows.
    pub resources: Vec<AccessResource>,
    /// What the call would make, for the permission to tag it.
    pub made: Vec<AccessResource>,
    /// Tags that the request would set; a call that makes a resource with tags needs `TagResource`, too.
    pub request_tags: Vec<(String, String)>,
    /// Keys of tags in the request, also of those it would take away.
    pub tag_keys: Vec<String>,
}

/// A resource that a request acts on.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessResource {
    /// Ends in `/*` for any of a kind: a list of all, or what is still to be made.
    pub arn: String,
    /// Its tags, when it is the caller's own.
    pub tags: Vec<(String, String)>,
    /// A policy has to allow the action for it. Otherwise it is enough that none denies it.
    pub required: bool,
}

/// What a request would act on, by its body. Ids that are malformed or unknown still count, so that a caller without
/// permission learns nothing about them.
pub fn access(world: &World, context: &Context, operation: Operation, body: &[u8]) -> Access {
    // The wire form has the members by their names, whatever the operation.
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let request = Asked {
        world,
        context,
        operation,
        body: &body,
    };
    let lists = tags_of(operation).iter().map(|place| body.pointer(place));
    let request_tags: Vec<(String, String)> = lists.flatten().flat_map(tags).collect();
    let mut tag_keys: Vec<String> = request_tags.iter().map(|(key, _)| key.clone()).collect();
    if operation == Operation::UntagResource {
        tag_keys.extend(strings(&body["tagKeys"]).map(str::to_owned));
    }
    let made = made_by(operation).iter().map(|kind| request.any(*kind));
    Access {
        action: operation.name(),
        resources: request.resources(),
        made: made.collect(),
        request_tags,
        tag_keys,
    }
}

/// Operations on a Direct Connect gateway that may name it by one of its associations.
const BY_ASSOCIATION: [Operation; 2] = [
    Operation::DeleteDirectConnectGatewayAssociation,
    Operation::DescribeDirectConnectGatewayAssociations,
];

/// A request on its way to what it names.
struct Asked<'a> {
    world: &'a World,
    context: &'a Context,
    operation: Operation,
    body: &'a Value,
}

impl Asked<'_> {
    fn resources(&self) -> Vec<AccessResource> {
        let named = named_by(self.operation);
        let found: Vec<AccessResource> = named.iter().flat_map(|named| self.of(named)).collect();
        match named.first() {
            Some(first) if found.is_empty() => match self.gateway_of_association() {
                Some(gateway) => vec![gateway],
                None => vec![self.any(first.kind)],
            },
            _ => found,
        }
    }

    fn of(&self, named: &Named) -> Vec<AccessResource> {
        let value = &self.body[named.member];
        let texts: Vec<&str> = match value {
            Value::String(text) => vec![text],
            _ => strings(value).collect(),
        };
        let found = texts.into_iter().map(|text| AccessResource {
            required: named.required,
            ..self.by_text(named.kind, text)
        });
        found.collect()
    }

    /// Any of a kind: policies see `arn:…:dxcon/*`.
    fn any(&self, kind: Kind) -> AccessResource {
        self.unknown(kind, "*")
    }

    fn by_text(&self, kind: Kind, text: &str) -> AccessResource {
        if kind == Kind::Arn || text.starts_with("arn:") {
            return match text.parse::<ResourceArn>() {
                Ok(arn) => self.known(arn),
                Err(_) => resource(text.chars().take(256).collect()),
            };
        }
        let found = match kind {
            Kind::VirtualInterface => text.parse().ok().map(ArnResource::VirtualInterface),
            Kind::Gateway => text.parse().ok().map(ArnResource::Gateway),
            // Read as the operations read it: letters in either case.
            Kind::ResiliencyGroup => input::resiliency_group(text)
                .ok()
                .map(ArnResource::ResiliencyGroup),
            Kind::Connection | Kind::Lag | Kind::Arn => match text.parse() {
                Ok(ParentId::Connection(id)) => Some(ArnResource::Connection(id)),
                Ok(ParentId::Lag(id)) => Some(ArnResource::Lag(id)),
                Err(_) => None,
            },
        };
        match found {
            Some(found) => self.known(ResourceArn::new(
                self.context.region,
                self.owner(found),
                found,
            )),
            None => self.unknown(kind, text),
        }
    }

    /// Whose resource it is, as far as the caller sees it: the resource of nobody and of a stranger look
    /// alike.
    fn owner(&self, resource: ArnResource) -> AccountId {
        let caller = self.context.account;
        let region = self.context.region;
        match resource {
            ArnResource::VirtualInterface(id) => self
                .world
                .virtual_interface(id)
                .filter(|found| found.region == region && found.connection_owner == caller)
                .map_or(caller, |found| found.owner),
            ArnResource::Connection(id) => self
                .world
                .connection(id)
                .filter(|found| found.region == region)
                .filter(|found| {
                    found
                        .hosting()
                        .is_some_and(|(partner, _)| partner == caller)
                })
                .map_or(caller, |found| found.owner),
            ArnResource::Gateway(_) => self.named_owner().unwrap_or(caller),
            ArnResource::Lag(_) | ArnResource::ResiliencyGroup(_) => caller,
        }
    }

    /// A proposal is made to the gateway of another account, which it names. Other calls have no such member,
    /// and one that is added to them must not lead a policy astray.
    fn named_owner(&self) -> Option<AccountId> {
        if self.operation != Operation::CreateDirectConnectGatewayAssociationProposal {
            return None;
        }
        let account = &self.body["directConnectGatewayOwnerAccount"];
        account.as_str()?.parse().ok()
    }

    /// An association can be named by its own id: its gateway is meant. Its change is on no resource.
    fn gateway_of_association(&self) -> Option<AccessResource> {
        if !BY_ASSOCIATION.contains(&self.operation) {
            return None;
        }
        let caller = self.context.account;
        let id = self.body["associationId"].as_str()?.parse().ok()?;
        let found = self
            .world
            .association(id)
            .filter(|found| found.gateway_owner == caller || found.associated_owner == caller)?;
        let gateway = ArnResource::Gateway(found.gateway);
        let arn = ResourceArn::new(self.context.region, found.gateway_owner, gateway);
        Some(self.known(arn))
    }

    /// An ARN for a policy to look at, of something that cannot exist.
    fn unknown(&self, kind: Kind, id: &str) -> AccessResource {
        let Context {
            region, account, ..
        } = self.context;
        let partition = region.partition().as_str();
        let shown: String = id.chars().take(64).collect();
        let place = match kind {
            Kind::Gateway | Kind::ResiliencyGroup => "",
            Kind::Connection | Kind::Lag | Kind::VirtualInterface | Kind::Arn => region.as_str(),
        };
        let word = kind.word();
        resource(format!(
            "arn:{partition}:directconnect:{place}:{account}:{word}/{shown}"
        ))
    }

    fn known(&self, arn: ResourceArn) -> AccessResource {
        let entity = self.world.get(&tag::key_of(arn.resource));
        let owner = entity.as_ref().and_then(Entity::owner);
        let tags = entity
            .as_ref()
            .filter(|_| owner == Some(self.context.account))
            .and_then(|entity| tag::tags_of(entity))
            .map(pairs)
            .unwrap_or_default();
        AccessResource {
            tags,
            ..resource(arn.to_string())
        }
    }
}

fn resource(arn: String) -> AccessResource {
    AccessResource {
        arn,
        tags: Vec::new(),
        required: true,
    }
}

fn pairs(tags: &Tags) -> Vec<(String, String)> {
    tags.iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// The pairs of a list of tags.
fn tags(list: &Value) -> impl Iterator<Item = (String, String)> {
    let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
    let tags = list.as_array().into_iter().flatten();
    tags.map(move |tag| (text(tag, "key"), text(tag, "value")))
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

#[cfg(test)]
mod tests;
