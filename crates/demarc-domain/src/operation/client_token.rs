//! Client tokens: a call repeated with the same token is carried out once. Source: spec/api-2026 §3.

use demarc_api::Request;
use demarc_types::ResiliencyGroupId;
use sha2::{Digest, Sha256};

use crate::entity::{ClientToken, ClientTokenKey};
use crate::refusal::Refusal;
use crate::transaction::Transaction;

/// A token of a call that is being decided.
pub(super) struct Token {
    key: ClientTokenKey,
    request_digest: u128,
}

impl Token {
    /// The call's token, if it has one. `request` is the call without it.
    pub(super) fn read(
        tx: &Transaction<'_>,
        token: Option<&str>,
        request: &Request,
    ) -> Option<Self> {
        let token = token?;
        let operation = request.operation();
        let (account, region) = (tx.context.account, tx.context.region);
        let body = serde_json::to_vec(request).unwrap_or_default();
        Some(Self {
            key: ClientTokenKey(digest(
                format!("{account}/{region}/{operation}/{token}").as_bytes(),
            )),
            request_digest: digest(&body),
        })
    }

    /// The group that the call was about when it was carried out before.
    pub(super) fn earlier(
        token: Option<&Self>,
        tx: &Transaction<'_>,
    ) -> Result<Option<ResiliencyGroupId>, Refusal> {
        let Some(token) = token else { return Ok(None) };
        match tx.client_token(token.key) {
            None => Ok(None),
            Some(known) if known.request_digest == token.request_digest => Ok(Some(known.group)),
            Some(_) => Err(Refusal::invalid(
                "The clientToken was used before with other parameters.",
            )),
        }
    }

    /// Remembers that the call was carried out.
    pub(super) fn keep(token: Option<Self>, tx: &mut Transaction<'_>, group: ResiliencyGroupId) {
        if let Some(token) = token {
            tx.put(ClientToken {
                key: token.key,
                account: tx.context.account,
                request_digest: token.request_digest,
                group,
                created: tx.context.now,
            });
        }
    }
}

fn digest(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}
