//! The secrets that MACsec keys stand in, as far as Secrets Manager tells about them: that they exist, and
//! what they are called. Terraform asks before it associates one (spec/clients §1.5). Their contents are
//! never told.

use demarc_types::{AccountId, Timestamp};

use crate::context::Context;
use crate::entity::MacSecKey;
use crate::world::World;

/// Characters behind the name in an ARN: a hyphen and six more.
const SUFFIX: usize = 7;

/// A secret that a port or LAG of the caller's is associated with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub arn: String,
    pub name: String,
    /// When it was first associated.
    pub created: Timestamp,
}

/// The caller's secret in its Region, by ARN or by name.
pub fn secret(world: &World, context: &Context, id: &str) -> Option<Secret> {
    let (account, region) = (context.account, context.region);
    let of_ports = world
        .connections_of(account, region)
        .filter(|port| port.is_live())
        .filter_map(|port| port.mac_sec.as_ref());
    let of_lags = world
        .lags_of(account, region)
        .filter(|lag| lag.is_live())
        .filter_map(|lag| lag.mac_sec.as_ref());
    of_ports
        .chain(of_lags)
        .flat_map(|mac_sec| &mac_sec.keys)
        .filter_map(|key| read(key, context))
        .filter(|secret| secret.arn == id || secret.name == id)
        .min_by_key(|secret| secret.created)
}

/// The secret of a key, unless it is kept in another account or Region.
fn read(key: &MacSecKey, context: &Context) -> Option<Secret> {
    let parts: Vec<&str> = key.secret_arn.splitn(7, ':').collect();
    let [_, partition, _, region, account, _, tail] = parts[..] else {
        return None;
    };
    let is_here = partition == context.region.partition().as_str()
        && region == context.region.as_str()
        && account.parse::<AccountId>().ok() == Some(context.account);
    let split = tail.len().checked_sub(SUFFIX)?;
    let (name, suffix) = tail.split_at_checked(split)?;
    (is_here && suffix.starts_with('-')).then(|| Secret {
        arn: key.secret_arn.clone(),
        name: name.to_owned(),
        created: key.start_on,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{ALICE, BOB, Lab, text};

    #[test]
    fn the_secret_of_a_key_is_found_by_arn_and_by_name_by_its_account_alone() {
        let mut lab = Lab::new();
        let port = lab.ordered_with_mac_sec(ALICE);
        lab.settle();
        let (ckn, cak) = ("a".repeat(64), "b".repeat(64));
        let body = json!({"connectionId": port, "ckn": ckn, "cak": cak});
        let made = lab.ok(ALICE, "AssociateMacSecKey", body);
        let arn = text(&made["macSecKeys"][0], "secretARN");
        let name = format!("directconnect!prod/us-east-1/directconnect/{ckn}");
        for id in [&arn, &name] {
            let context = lab.context(ALICE);
            let found = secret(&lab.world, &context, id).unwrap();
            assert_eq!((&found.arn, &found.name), (&arn, &name));
        }
        let context = lab.context(BOB);
        assert_eq!(secret(&lab.world, &context, &arn), None);
        let context = lab.context(ALICE);
        assert_eq!(secret(&lab.world, &context, "directconnect!"), None);
        lab.go_to("us-west-2");
        let context = lab.context(ALICE);
        assert_eq!(secret(&lab.world, &context, &arn), None);
    }
}
