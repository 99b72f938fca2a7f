//! Temporary credentials without a store: the session token carries everything about the session, under
//! a MAC; the secret follows from the access key id and the server's key.
//!
//! Whoever holds the server key can check a token, so every replica can. A session ends when its time is
//! over, or when its role leaves the configuration; it cannot be called back one by one.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use demarc_types::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::digest::{Digest32, KeyedHmac, hmac, hmac_matches, hmac_parts, keyed};
use crate::error::AuthError;
use crate::principal::base32;
use crate::secret::Secret;

/// Issues temporary credentials and recognises them.
#[derive(Clone)]
pub struct Sessions {
    tokens: KeyedHmac,
    secrets: KeyedHmac,
    ids: KeyedHmac,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sessions")
    }
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The role's account.
    pub account: AccountId,
    pub role: String,
    pub session: String,
    pub expires: Timestamp,
    /// The `Policy` parameter of `AssumeRole`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// What a session token says; the wire form is `base64(mac || json)`.
#[derive(Serialize, Deserialize)]
struct Token {
    /// The format: 1.
    version: u8,
    access_key_id: String,
    #[serde(flatten)]
    claims: Claims,
}

/// Credentials that end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryCredentials {
    /// `ASIA` and 16 characters.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: Secret,
    pub session_token: String,
    pub expires: Timestamp,
}

impl Sessions {
    /// With the server's key: at least 32 random bytes, the same on every replica.
    pub fn new(server_key: &[u8]) -> Self {
        let derived = |purpose: &str| keyed(&hmac(server_key, purpose.as_bytes()));
        Self {
            tokens: derived("demarc session token"),
            secrets: derived("demarc session secret"),
            ids: derived("demarc session id"),
        }
    }

    /// Credentials for a session. `seed` has to differ from call to call.
    pub fn issue(&self, claims: Claims, seed: [u8; 16]) -> TemporaryCredentials {
        let mut access_key_id = "ASIA".to_owned();
        access_key_id.extend(base32(&hmac_parts(self.ids.clone(), &[&seed])).take(16));
        let expires = claims.expires;
        let token = Token {
            version: 1,
            access_key_id: access_key_id.clone(),
            claims,
        };
        let body = serde_json::to_vec(&token).expect("strings and numbers are always JSON");
        let mut sealed = hmac_parts(self.tokens.clone(), &[&body]).to_vec();
        sealed.extend_from_slice(&body);
        TemporaryCredentials {
            secret_access_key: self.secret(&access_key_id),
            access_key_id,
            session_token: STANDARD.encode(sealed),
            expires,
        }
    }

    /// Checks a session token that came with an access key id.
    ///
    /// # Errors
    /// [`AuthError::UnrecognizedClient`] when it is not one of ours or belongs to another key,
    /// [`AuthError::ExpiredToken`] when the session is over.
    pub fn open(
        &self,
        access_key_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(Claims, Secret), AuthError> {
        let token = self
            .unseal(token)
            .filter(|token| token.version == 1 && token.access_key_id == access_key_id)
            .ok_or(AuthError::UnrecognizedClient)?;
        if token.claims.expires <= now {
            return Err(AuthError::ExpiredToken);
        }
        let secret = self.secret(access_key_id);
        Ok((token.claims, secret))
    }

    fn unseal(&self, token: &str) -> Option<Token> {
        let sealed = STANDARD.decode(token).ok()?;
        let (mac, body) = sealed.split_first_chunk::<32>()?;
        let mac: &Digest32 = mac;
        if !hmac_matches(self.tokens.clone(), &[body], mac) {
            return None;
        }
        serde_json::from_slice(body).ok()
    }

    fn secret(&self, access_key_id: &str) -> Secret {
        let digest = hmac_parts(self.secrets.clone(), &[access_key_id.as_bytes()]);
        // 30 of the 32 bytes are 40 characters.
        Secret::new(STANDARD.encode(&digest[..30]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claims() -> Claims {
        Claims {
            account: "111122223333".parse().unwrap(),
            role: "operator".to_owned(),
            session: "night-shift".to_owned(),
            expires: Timestamp::from_millis(10_000),
            policy: None,
        }
    }

    #[test]
    fn issued_credentials_are_recognised_until_they_expire() {
        let sessions = Sessions::new(&[7; 32]);
        let issued = sessions.issue(claims(), [1; 16]);
        assert_eq!(issued.access_key_id.len(), 20);
        assert!(issued.access_key_id.starts_with("ASIA"));
        assert_eq!(issued.secret_access_key.expose().len(), 40);
        let open = |millis| {
            sessions.open(
                &issued.access_key_id,
                &issued.session_token,
                Timestamp::from_millis(millis),
            )
        };
        assert_eq!(
            open(9_999),
            Ok((claims(), issued.secret_access_key.clone()))
        );
        assert_eq!(open(10_000), Err(AuthError::ExpiredToken));
    }

    #[test]
    fn every_seed_gives_its_own_key() {
        let sessions = Sessions::new(&[7; 32]);
        let first = sessions.issue(claims(), [1; 16]);
        let second = sessions.issue(claims(), [2; 16]);
        assert_ne!(first.access_key_id, second.access_key_id);
        assert_ne!(first.secret_access_key, second.secret_access_key);
        assert_eq!(first, sessions.issue(claims(), [1; 16]));
        let mixed = sessions.open(
            &first.access_key_id,
            &second.session_token,
            Timestamp::default(),
        );
        assert_eq!(mixed, Err(AuthError::UnrecognizedClient));
    }

    #[test]
    fn a_token_of_another_server_is_not_recognised() {
        let issued = Sessions::new(&[7; 32]).issue(claims(), [1; 16]);
        let opened = Sessions::new(&[8; 32]).open(
            &issued.access_key_id,
            &issued.session_token,
            Timestamp::default(),
        );
        assert_eq!(opened, Err(AuthError::UnrecognizedClient));
    }

    proptest! {
        #[test]
        fn a_token_changed_anywhere_is_not_recognised(
            place in any::<prop::sample::Index>(),
            bit in 0_u8..8,
        ) {
            let sessions = Sessions::new(&[7; 32]);
            let issued = sessions.issue(claims(), [1; 16]);
            let mut sealed = STANDARD.decode(&issued.session_token).unwrap();
            let place = place.index(sealed.len());
            sealed[place] ^= 1 << bit;
            let opened = sessions.open(
                &issued.access_key_id,
                &STANDARD.encode(sealed),
                Timestamp::default(),
            );
            prop_assert_eq!(opened, Err(AuthError::UnrecognizedClient));
        }

        #[test]
        fn no_text_makes_opening_panic(token in ".{0,200}") {
            let opened = Sessions::new(&[7; 32]).open("ASIA", &token, Timestamp::default());
            prop_assert_eq!(opened, Err(AuthError::UnrecognizedClient));
        }
    }
}
