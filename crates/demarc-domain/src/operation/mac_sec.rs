//! MACsec keys of ports and LAGs. Source: spec/operations §6, spec/states §12.

use demarc_api::{
    self as api, AssociateMacSecKeyRequest, AssociateMacSecKeyResponse,
    DisassociateMacSecKeyRequest, DisassociateMacSecKeyResponse,
};
use demarc_types::{AccountId, LagId, ParentId, Region};

use crate::context::Context;
use crate::entity::{Connection, EncryptionMode, Lag, MacSec, MacSecKey, MacSecKeyState};
use crate::observe::port_may_be_up;
use crate::parent::{own_connection, own_lag};
use crate::refusal::Refusal;
use crate::transaction::Transaction;
use crate::{input, state, view};

/// Characters of a CKN and of a CAK.
const KEY_LENGTH: usize = 64;

pub(crate) fn associate(
    tx: &mut Transaction<'_>,
    input: &AssociateMacSecKeyRequest,
) -> Result<AssociateMacSecKeyResponse, Refusal> {
    let id = input::connection_or_lag(&input.connection_id)?;
    let mut port = Port::own(tx, id)?;
    let mac_sec = port.mac_sec()?;
    let key = wanted(input)?;
    let limit = tx.context.settings.quotas.mac_sec_keys;
    if mac_sec.keys.len() >= limit {
        return Err(Refusal::Quota {
            what: "MACsec key",
            limit,
            scope: id.to_string(),
        });
    }
    let key = key.ready(tx.context);
    if let Some(known) = mac_sec.keys.iter().find(|known| is_same(known, &key)) {
        let ckn = known.ckn.as_deref().unwrap_or(&known.secret_arn);
        return Err(Refusal::invalid(format!(
            "The key {ckn} is already associated with {id}."
        )));
    }
    mac_sec.keys.push(key);
    let keys = view::mac_sec_keys(mac_sec);
    port.save(tx);
    Ok(AssociateMacSecKeyResponse {
        connection_id: Some(id.to_string()),
        mac_sec_keys: Some(keys),
    })
}

/// The two forms in which a key is given.
enum Wanted {
    Secret { arn: String, ckn: Option<String> },
    Pair { ckn: String, cak: String },
}

/// Exactly one of the two forms, well formed.
fn wanted(input: &AssociateMacSecKeyRequest) -> Result<Wanted, Refusal> {
    match (&input.secret_arn, &input.ckn, &input.cak) {
        (Some(arn), None, None) => secret(arn),
        (None, Some(ckn), Some(cak)) => {
            check_digits("ckn", ckn)?;
            check_digits("cak", cak)?;
            Ok(Wanted::Pair {
                ckn: ckn.clone(),
                cak: cak.clone(),
            })
        }
        _ => Err(Refusal::invalid("Specify either secretARN or ckn and cak.")),
    }
}

/// Neither value is repeated in the refusal: one of them is a secret.
fn check_digits(member: &str, text: &str) -> Result<(), Refusal> {
    if is_key(text) {
        Ok(())
    } else {
        Err(Refusal::invalid(format!(
            "{member} must be {KEY_LENGTH} hexadecimal digits."
        )))
    }
}

fn is_key(text: &str) -> bool {
    text.len() == KEY_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A secret that Direct Connect can use has a name that starts with `directconnect!`
/// (spec/operations §6). Where the name is one of ours, the CKN is in it.
fn secret(arn: &str) -> Result<Wanted, Refusal> {
    let invalid = || {
        let shown: String = arn.chars().take(256).collect();
        Refusal::invalid(format!(
            "The secret {shown} is not valid: the ARN of a secret whose name starts with directconnect! is needed."
        ))
    };
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [
        "arn",
        partition,
        "secretsmanager",
        region,
        account,
        "secret",
        name,
    ] = parts[..]
    else {
        return Err(invalid());
    };
    let known = matches!(partition, "aws" | "aws-cn" | "aws-us-gov")
        && region.parse::<Region>().is_ok()
        && account.parse::<AccountId>().is_ok()
        && arn.len() <= 2_048;
    let name = name
        .strip_prefix("directconnect!")
        .filter(|rest| known && !rest.is_empty())
        .ok_or_else(invalid)?;
    let last = name.rsplit('/').next().unwrap_or_default();
    let ckn = last
        .rsplit_once('-')
        .map(|(ckn, _)| ckn)
        .filter(|ckn| is_key(ckn));
    Ok(Wanted::Secret {
        arn: arn.to_owned(),
        ckn: ckn.map(str::to_owned),
    })
}

impl Wanted {
    /// The key as it is stored. A pair becomes a secret of its own (spec/identifiers §1).
    fn ready(self, context: &mut Context) -> MacSecKey {
        let start_on = context.now;
        let state = MacSecKeyState::Associating;
        match self {
            Self::Secret { arn, ckn } => MacSecKey {
                secret_arn: arn,
                ckn,
                cak: None,
                state,
                start_on,
            },
            Self::Pair { ckn, cak } => {
                let region = context.region;
                let secret_arn = format!(
                    "arn:{}:secretsmanager:{region}:{}:secret:directconnect!prod/{region}/directconnect/{ckn}-{}",
                    region.partition().as_str(),
                    context.account,
                    context.ids.secret_suffix()
                );
                MacSecKey {
                    secret_arn,
                    ckn: Some(ckn),
                    cak: Some(cak),
                    state,
                    start_on,
                }
            }
        }
    }
}

/// The same name or the same secret; CKNs compare without case.
fn is_same(known: &MacSecKey, new: &MacSecKey) -> bool {
    let same_name = match (&known.ckn, &new.ckn) {
        (Some(known), Some(new)) => known.eq_ignore_ascii_case(new),
        _ => false,
    };
    same_name || known.secret_arn == new.secret_arn
}

pub(crate) fn disassociate(
    tx: &mut Transaction<'_>,
    input: &DisassociateMacSecKeyRequest,
) -> Result<DisassociateMacSecKeyResponse, Refusal> {
    let id = input::connection_or_lag(&input.connection_id)?;
    let mut port = Port::own(tx, id)?;
    let mac_sec = port.mac_sec()?;
    let Some(place) = mac_sec
        .keys
        .iter()
        .position(|key| key.secret_arn == input.secret_arn)
    else {
        let shown: String = input.secret_arn.chars().take(256).collect();
        return Err(Refusal::invalid(format!(
            "The secret {shown} is not associated with {id}."
        )));
    };
    let removed = mac_sec.keys.remove(place);
    if mac_sec.keys.is_empty() {
        mac_sec.encrypted = false;
        // Not to cut off a port that has no key left (spec/states §12).
        if mac_sec.mode == EncryptionMode::MustEncrypt {
            mac_sec.mode = EncryptionMode::ShouldEncrypt;
        }
    }
    port.save(tx);
    Ok(DisassociateMacSecKeyResponse {
        connection_id: Some(id.to_string()),
        mac_sec_keys: Some(vec![api::MacSecKey {
            state: Some("disassociating".to_owned()),
            ..view::mac_sec_key(&removed)
        }]),
    })
}

/// What keys are associated with: a port that stands alone, or a LAG.
enum Port {
    Connection(Connection),
    Lag(Lag),
}

impl Port {
    /// The caller's port or LAG of that id, one that can have keys.
    fn own(tx: &Transaction<'_>, id: ParentId) -> Result<Self, Refusal> {
        match id {
            ParentId::Lag(id) => Ok(Self::Lag(own_lag(tx, &id.to_string())?.as_ref().clone())),
            ParentId::Connection(id) => {
                let found = own_connection(tx, &id.to_string())?;
                if found.is_hosted() {
                    return Err(Refusal::invalid(format!(
                        "Connection {id} is a hosted connection, which cannot have MACsec keys."
                    )));
                }
                if let Some(lag) = found.lag {
                    return Err(Refusal::invalid(format!(
                        "Connection {id} is a member of Lag {lag}, which has the MACsec keys."
                    )));
                }
                if !found.is_live() {
                    return Err(Refusal::ConnectionNotAvailable {
                        id: id.to_string(),
                        state: state::connection(tx, found),
                    });
                }
                Ok(Self::Connection(found.as_ref().clone()))
            }
        }
    }

    /// Its keys, if it was ordered with MACsec.
    fn mac_sec(&mut self) -> Result<&mut MacSec, Refusal> {
        let (kind, id, mac_sec) = match self {
            Self::Connection(connection) => (
                "Connection",
                ParentId::Connection(connection.id),
                &mut connection.mac_sec,
            ),
            Self::Lag(lag) => ("Lag", ParentId::Lag(lag.id), &mut lag.mac_sec),
        };
        mac_sec
            .as_mut()
            .ok_or_else(|| Refusal::invalid(format!("{kind} {id} is not MACsec capable.")))
    }

    /// Stores it, and with a LAG what its members have to follow.
    fn save(self, tx: &mut Transaction<'_>) {
        match self {
            Self::Connection(connection) => {
                let id = connection.id;
                tx.put(connection);
                port_may_be_up(tx, id);
            }
            Self::Lag(lag) => {
                tx.put(lag.clone());
                if let Some(mac_sec) = &lag.mac_sec {
                    follow(tx, lag.id, mac_sec);
                }
            }
        }
    }
}

/// Members have the LAG's mode, and are not encrypted without a key.
fn follow(tx: &mut Transaction<'_>, lag: LagId, common: &MacSec) {
    let members: Vec<Connection> = tx
        .members(lag)
        .map(|member| member.as_ref().clone())
        .collect();
    for mut member in members {
        if let Some(mac_sec) = &mut member.mac_sec {
            mac_sec.mode = common.mode;
            mac_sec.encrypted &= !common.keys.is_empty();
            let id = member.id;
            tx.put(member);
            port_may_be_up(tx, id);
        }
    }
}

#[cfg(test)]
mod tests;
