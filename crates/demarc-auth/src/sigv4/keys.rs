//! Signing keys, derived once per key id, day, Region and service.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::parameters::Scope;
use crate::digest::{KeyedHmac, hmac, keyed};
use crate::secret::Secret;

/// The signing keys of credentials that have signed a request correctly. Only verified requests add to
/// it, so that nobody without a secret can fill it.
#[derive(Debug, Default)]
pub struct SigningKeys {
    /// By the whole credential, `keyid/date/region/service/aws4_request`; with the secret it comes from,
    /// so that a changed secret is not answered with an old key.
    derived: RwLock<HashMap<Box<str>, (Secret, KeyedHmac)>>,
}

impl SigningKeys {
    /// Some 400 bytes each. When it is full it starts again: a day brings a new key for every
    /// credential anyway, and deriving one costs about as much as one verification.
    const CAPACITY: usize = 8192;

    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn get(&self, credential: &str, secret: &Secret) -> Option<KeyedHmac> {
        let derived = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        let (from, key) = derived.get(credential)?;
        (from == secret).then(|| key.clone())
    }

    pub(super) fn insert(&self, credential: &str, secret: Secret, key: KeyedHmac) {
        let mut derived = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        if derived.len() >= Self::CAPACITY {
            derived.clear();
        }
        derived.insert(credential.into(), (secret, key));
    }
}

/// `HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request")`.
pub(super) fn derive(secret: &Secret, scope: &Scope<'_>) -> KeyedHmac {
    let mut first = Vec::with_capacity(4 + secret.expose().len());
    first.extend_from_slice(b"AWS4");
    first.extend_from_slice(secret.expose().as_bytes());
    let date = hmac(&first, scope.date.as_bytes());
    let region = hmac(&date, scope.region.as_bytes());
    let service = hmac(&region, scope.service.as_bytes());
    keyed(&hmac(&service, scope.terminator.as_bytes()))
}
