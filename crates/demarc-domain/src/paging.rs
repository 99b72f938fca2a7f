//! Pages of lists, and the tokens that lead from one to the next.
//!
//! A token names the place behind which to go on. It is sealed with the service's key over operation,
//! caller, filters and Region (for lists of gateways: the partition), so that one that was altered, or taken
//! to another list, is refused (spec/protocol §5).

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use demarc_types::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::context::Context;
use crate::refusal::Refusal;
use crate::world::World;

/// Bytes of the seal kept in a token.
const SEAL: usize = 16;

/// How many entries a caller gets who does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// Lists that had no pages for a decade, and old callers who know none.
    Everything,
    /// The gateway family.
    Hundred,
}

/// What a caller asked to see of a list.
pub(crate) struct Page {
    limit: usize,
    after: Option<(Timestamp, String)>,
    binding: Vec<u8>,
    key: Vec<u8>,
}

impl Page {
    /// Reads `maxResults` and `nextToken`. `operation` names the list, `filters` are the other members that
    /// choose the entries.
    pub(crate) fn read(
        world: &World,
        context: &Context,
        operation: impl Display,
        filters: &[&str],
        max_results: Option<i64>,
        next_token: Option<&str>,
        unasked: Unasked,
    ) -> Result<Self, Refusal> {
        let place = context.region.as_str();
        Self::bound(
            world,
            context,
            (place, operation, filters),
            max_results,
            next_token,
            unasked,
        )
    }

    /// As [`Page::read`], of a list that is the same in every Region of a partition: those of Direct Connect
    /// gateways and what is on them. A token of one Region goes on in another.
    pub(crate) fn read_global(
        world: &World,
        context: &Context,
        operation: impl Display,
        filters: &[&str],
        max_results: Option<i64>,
        next_token: Option<&str>,
    ) -> Result<Self, Refusal> {
        let place = context.region.partition().as_str();
        Self::bound(
            world,
            context,
            (place, operation, filters),
            max_results,
            next_token,
            Unasked::Hundred,
        )
    }

    fn bound(
        world: &World,
        context: &Context,
        (place, operation, filters): (&str, impl Display, &[&str]),
        max_results: Option<i64>,
        next_token: Option<&str>,
        unasked: Unasked,
    ) -> Result<Self, Refusal> {
        // A page of nothing would lead nowhere.
        let largest = context.settings.quotas.page_size.max(1);
        let limit = match max_results {
            Some(number) if number <= 0 => return Err(Refusal::MaxResults),
            Some(number) => usize::try_from(number).unwrap_or(largest).min(largest),
            None if unasked == Unasked::Hundred || next_token.is_some() => largest,
            None => usize::MAX,
        };
        let mut binding = format!("{operation}\n{}\n{place}\n", context.account).into_bytes();
        for filter in filters {
            binding.extend_from_slice(format!("{}:{filter}\n", filter.len()).as_bytes());
        }
        let key = world
            .service()
            .map(|service| service.token_key.clone().into_bytes())
            .unwrap_or_default();
        let mut page = Self {
            limit,
            after: None,
            binding,
            key,
        };
        if let Some(token) = next_token {
            page.after = Some(page.open(token).ok_or(Refusal::NextToken)?);
        }
        Ok(page)
    }

    /// Where the page begins: behind this entry.
    pub(crate) fn position<I: FromStr>(&self) -> Result<Option<(Timestamp, I)>, Refusal> {
        match &self.after {
            None => Ok(None),
            Some((created, id)) => id
                .parse()
                .map(|id| Some((*created, id)))
                .map_err(|_| Refusal::NextToken),
        }
    }

    /// The page's entries out of `entries`, which begin at [`Page::position`], and the token of the next
    /// page if there is one.
    pub(crate) fn take<T>(
        &self,
        mut entries: impl Iterator<Item = T>,
        place: impl Fn(&T) -> (Timestamp, String),
    ) -> (Vec<T>, Option<String>) {
        let taken: Vec<T> = entries.by_ref().take(self.limit).collect();
        let token = match (taken.last(), entries.next()) {
            (Some(last), Some(_)) => {
                let (created, id) = place(last);
                Some(self.seal(created, &id))
            }
            _ => None,
        };
        (taken, token)
    }

    fn mac(&self, body: &str) -> [u8; SEAL] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(&self.binding);
        mac.update(body.as_bytes());
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&mac.finalize().into_bytes()[..SEAL]);
        seal
    }

    fn seal(&self, created: Timestamp, id: &str) -> String {
        let body = format!("{} {id}", created.millis());
        let mut bytes = self.mac(&body).to_vec();
        bytes.extend_from_slice(body.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, token: &str) -> Option<(Timestamp, String)> {
        if token.len() > 1_024 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (seal, body) = bytes.split_at_checked(SEAL)?;
        let body = std::str::from_utf8(body).ok()?;
        if self.mac(body) != seal {
            return None;
        }
        let (millis, id) = body.split_once(' ')?;
        Some((Timestamp::from_millis(millis.parse().ok()?), id.to_owned()))
    }
}
