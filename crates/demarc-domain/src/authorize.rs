//! What a request acts on, as policies see it: action, resources with their tags, tags in the request.
//! Source: spec/protocol §9.

use demarc_api::Operation;
use demarc_types::{ArnResource, ParentId, Region, ResourceArn};
use serde_json::Value;

use crate::context::Context;
use crate::entity::Tags;
use crate::input;
use crate::operation::tag;
use crate::world::World;

/// The facts that a policy decides on.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// `CreateConnection`; the policy's action is `directconnect:CreateConnection`.
    pub action: &'static str,
    /// Every resource named; none for actions on no resource, which stand for `*`.
    pub resources: Vec<AccessResource>,
    /// Tags that the request would set; a call that makes a resource with tags needs `TagResource`, too.
    pub request_tags: Vec<(String, String)>,
    /// Keys of tags in the request, also of those it would take away.
    pub tag_keys: Vec<String>,
}

/// A resource that a request names.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessResource {
    pub arn: String,
    /// Its tags, when it is the caller's own.
    pub tags: Vec<(String, String)>,
}

/// What a request would act on, by its body. Ids that are malformed or unknown still count, so that a caller without
/// permission learns nothing about them.
pub fn access(world: &World, context: &Context, operation: Operation, body: &[u8]) -> Access {
    // The wire form has the members by their names, whatever the operation.
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let mut resources = Vec::new();
    collect_resources(world, context, &body, &mut resources);
    if BY_ASSOCIATION.contains(&operation)
        && let Some(id) = body["associationId"].as_str()
    {
        resources.extend(gateway_of(world, context, id));
    }
    let mut request_tags = Vec::new();
    collect_tags(&body, &mut request_tags);
    let mut tag_keys: Vec<String> = request_tags.iter().map(|(key, _)| key.clone()).collect();
    tag_keys.extend(strings(&body["tagKeys"]).map(str::to_owned));
    Access {
        action: operation.name(),
        resources,
        request_tags,
        tag_keys,
    }
}

/// Operations on a Direct Connect gateway that may name it by one of its associations. The change of an
/// association is on no resource.
const BY_ASSOCIATION: [Operation; 2] = [
    Operation::DeleteDirectConnectGatewayAssociation,
    Operation::DescribeDirectConnectGatewayAssociations,
];

/// Members that hold the id or ARN of a resource with an ARN.
const ID_MEMBERS: [&str; 7] = [
    "connectionId",
    "interconnectId",
    "parentConnectionId",
    "lagId",
    "virtualInterfaceId",
    "directConnectGatewayId",
    "resiliencyGroupId",
];

fn collect_resources(
    world: &World,
    context: &Context,
    body: &Value,
    resources: &mut Vec<AccessResource>,
) {
    let Value::Object(members) = body else { return };
    for (name, value) in members {
        match value {
            Value::String(id) if ID_MEMBERS.contains(&name.as_str()) => {
                resources.push(by_id(world, context, name, id));
            }
            Value::String(arn) if name == "resourceArn" => {
                resources.push(by_arn(world, context, arn));
            }
            Value::Array(_) if name == "resourceArns" => {
                resources.extend(strings(value).map(|arn| by_arn(world, context, arn)));
            }
            Value::Array(_) if name == "connectionIds" || name == "connectionIdentifiers" => {
                resources.extend(strings(value).map(|text| {
                    if text.starts_with("arn:") {
                        by_arn(world, context, text)
                    } else {
                        by_id(world, context, "connectionId", text)
                    }
                }));
            }
            Value::Object(_) => collect_resources(world, context, value, resources),
            _ => {}
        }
    }
}

fn collect_tags(body: &Value, tags: &mut Vec<(String, String)>) {
    let Value::Object(members) = body else { return };
    for (name, value) in members {
        match value {
            Value::Array(list) if name == "tags" || name == "childConnectionTags" => {
                tags.extend(list.iter().map(|tag| {
                    let text = |member: &str| tag[member].as_str().unwrap_or_default().to_owned();
                    (text("key"), text("value"))
                }));
            }
            Value::Object(_) => collect_tags(value, tags),
            _ => {}
        }
    }
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn by_id(world: &World, context: &Context, member: &str, id: &str) -> AccessResource {
    let resource = match member {
        "virtualInterfaceId" => id.parse().ok().map(ArnResource::VirtualInterface),
        "directConnectGatewayId" => id.parse().ok().map(ArnResource::Gateway),
        // Read as the operations read it: letters in either case.
        "resiliencyGroupId" => input::resiliency_group(id)
            .ok()
            .map(ArnResource::ResiliencyGroup),
        _ => match id.parse() {
            Ok(ParentId::Connection(id)) => Some(ArnResource::Connection(id)),
            Ok(ParentId::Lag(id)) => Some(ArnResource::Lag(id)),
            Err(_) => None,
        },
    };
    match resource {
        Some(resource) => known(
            world,
            context,
            ResourceArn::new(context.region, context.account, resource),
        ),
        None => AccessResource {
            arn: malformed(context.region, context, member, id),
            tags: Vec::new(),
        },
    }
}

/// The Direct Connect gateway of an association that the caller has a side of: an association has no ARN,
/// and what is done to it is done to its gateway. Unknown ones name none, as foreign ones do.
fn gateway_of(world: &World, context: &Context, id: &str) -> Option<AccessResource> {
    let association = world.association(id.parse().ok()?)?;
    let owner = association.gateway_owner;
    let sides = [owner, association.associated_owner];
    sides.contains(&context.account).then(|| {
        let resource = ArnResource::Gateway(association.gateway);
        known(
            world,
            context,
            ResourceArn::new(association.associated_region, owner, resource),
        )
    })
}

/// An ARN for a policy to look at, of something that cannot exist.
fn malformed(region: Region, context: &Context, member: &str, id: &str) -> String {
    let kind = match member {
        "virtualInterfaceId" => "dxvif",
        "directConnectGatewayId" => "dx-gateway",
        "resiliencyGroupId" => "dx-resiliency-group",
        "lagId" => "dxlag",
        _ => "dxcon",
    };
    let shown: String = id.chars().take(64).collect();
    format!(
        "arn:{}:directconnect:{region}:{}:{kind}/{shown}",
        region.partition().as_str(),
        context.account
    )
}

fn by_arn(world: &World, context: &Context, text: &str) -> AccessResource {
    match text.parse::<ResourceArn>() {
        Ok(arn) => known(world, context, arn),
        Err(_) => AccessResource {
            arn: text.chars().take(256).collect(),
            tags: Vec::new(),
        },
    }
}

fn known(world: &World, context: &Context, arn: ResourceArn) -> AccessResource {
    let entity = world.get(&tag::key_of(arn.resource));
    let owner = entity.as_ref().and_then(crate::entity::Entity::owner);
    let tags = entity
        .as_ref()
        .filter(|_| owner == Some(context.account))
        .and_then(|entity| tag::tags_of(entity))
        .map(|tags: &Tags| {
            tags.iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        })
        .unwrap_or_default();
    AccessResource {
        arn: arn.to_string(),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{ALICE, BOB, Lab, text};

    #[test]
    fn an_association_stands_for_its_gateway() {
        let mut lab = Lab::new();
        let made = lab.ok(
            ALICE,
            "CreateDirectConnectGateway",
            json!({"directConnectGatewayName": "g", "tags": [{"key": "stage", "value": "production"}]}),
        );
        let gateway = text(&made["directConnectGateway"], "directConnectGatewayId");
        lab.settle();
        let vgw = lab.vpn_gateway_on(ALICE, "10.0.0.0/16").0;
        let made = lab.ok(
            ALICE,
            "CreateDirectConnectGatewayAssociation",
            json!({"directConnectGatewayId": gateway, "gatewayId": vgw}),
        );
        let association = text(&made["directConnectGatewayAssociation"], "associationId");
        let of_gateway = vec![AccessResource {
            arn: format!("arn:aws:directconnect::{ALICE}:dx-gateway/{gateway}"),
            tags: vec![("stage".to_owned(), "production".to_owned())],
        }];
        let unknown = "00000000-0000-4000-8000-000000000000";
        for (operation, account, id, expected) in [
            (
                Operation::DeleteDirectConnectGatewayAssociation,
                ALICE,
                &*association,
                of_gateway.clone(),
            ),
            (
                Operation::DescribeDirectConnectGatewayAssociations,
                ALICE,
                &association,
                of_gateway,
            ),
            (
                Operation::DeleteDirectConnectGatewayAssociation,
                BOB,
                &association,
                vec![],
            ),
            (
                Operation::DeleteDirectConnectGatewayAssociation,
                ALICE,
                unknown,
                vec![],
            ),
            (
                Operation::DeleteDirectConnectGatewayAssociation,
                ALICE,
                "x",
                vec![],
            ),
            // On no resource (spec/protocol §9).
            (
                Operation::UpdateDirectConnectGatewayAssociation,
                ALICE,
                &association,
                vec![],
            ),
        ] {
            let body = json!({"associationId": id}).to_string();
            let context = lab.context(account);
            let found = access(&lab.world, &context, operation, body.as_bytes());
            assert_eq!(found.resources, expected, "{operation} {account} {id}");
        }
    }

    #[test]
    fn an_id_in_the_other_case_is_the_same_resource() {
        let mut lab = Lab::new();
        let made = lab.ok(
            ALICE,
            "CreateResiliencyGroup",
            json!({
                "resiliencyGroupName": "g", "intendedResiliencyModel": "high-resiliency",
                "tags": [{"key": "stage", "value": "production"}],
            }),
        );
        let id = text(&made["resiliencyGroup"], "resiliencyGroupId");
        for id in [id.clone(), id.to_ascii_uppercase()] {
            let body = json!({"resiliencyGroupId": id}).to_string();
            let context = lab.context(ALICE);
            let operation = Operation::DeleteResiliencyGroup;
            let found = access(&lab.world, &context, operation, body.as_bytes());
            assert_eq!(
                found.resources,
                [AccessResource {
                    arn: text(&made["resiliencyGroup"], "resiliencyGroupArn"),
                    tags: vec![("stage".to_owned(), "production".to_owned())],
                }]
            );
        }
    }
}
