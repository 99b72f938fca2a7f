//! The bytes in the tables (`docs/store-format.md`, section 3).

use std::sync::Arc;

use bytes::Bytes;
use redb::TableDefinition;

use crate::{Batch, Change, Commit, CommitId, Key, Revision};

pub(super) const ENTRIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("entries");
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
pub(super) const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");

/// Key in [`META`]: the format version, decimal.
pub(super) const FORMAT: &str = "format";
/// Key in [`META`]: who made the store.
pub(super) const CREATED_BY: &str = "created-by";
/// Key in [`META`]: the [`Head`].
pub(super) const HEAD: &str = "head";

/// Bytes that were read and do not make sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {name:?} does not match its checksum or its layout")]
pub(crate) struct Garbled {
    /// The table's word for it.
    pub(crate) what: &'static str,
    /// Which one.
    pub(crate) name: String,
}

impl Garbled {
    fn new(what: &'static str, name: impl ToString) -> Self {
        Self {
            what,
            name: name.to_string(),
        }
    }
}

/// The record that every commit rewrites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    pub(super) revision: Revision,
    pub(super) commit: Option<CommitId>,
    pub(super) entries: u64,
    /// The newest revision that is no longer in the log.
    pub(super) log_floor: Revision,
    pub(super) log_bytes: u64,
}

impl Head {
    const BYTES: usize = 52;

    pub(super) fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let id = self.commit.unwrap_or(CommitId::NONE);
        out[..8].copy_from_slice(&self.revision.get().to_le_bytes());
        out[8..24].copy_from_slice(&id.get().to_be_bytes());
        out[24..32].copy_from_slice(&self.entries.to_le_bytes());
        out[32..40].copy_from_slice(&self.log_floor.get().to_le_bytes());
        out[40..48].copy_from_slice(&self.log_bytes.to_le_bytes());
        let sum = crc32fast::hash(&out[..48]);
        out[48..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Garbled> {
        let garbled = || Garbled::new("meta", HEAD);
        let body = checked(bytes).ok_or_else(garbled)?;
        let mut input = Input(body);
        let head = (|| {
            let revision = Revision::new(input.u64()?);
            let id = CommitId::new(u128::from_be_bytes(input.array()?));
            Some(Self {
                revision,
                commit: (id != CommitId::NONE).then_some(id),
                entries: input.u64()?,
                log_floor: Revision::new(input.u64()?),
                log_bytes: input.u64()?,
            })
        })();
        head.filter(|_| input.0.is_empty()).ok_or_else(garbled)
    }
}

/// Writes the stored form of an entry into `out`, which is cleared first.
pub(super) fn encode_entry(key: &Key, value: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&entry_sum(key.as_str(), value).to_le_bytes());
    out.extend_from_slice(value);
}

/// The value inside a stored entry.
pub(super) fn decode_entry<'a>(key: &str, stored: &'a [u8]) -> Result<&'a [u8], Garbled> {
    let parts = stored.split_first_chunk::<4>();
    let (sum, value) = parts.ok_or_else(|| Garbled::new("entry", key))?;
    if u32::from_le_bytes(*sum) == entry_sum(key, value) {
        Ok(value)
    } else {
        Err(Garbled::new("entry", key))
    }
}

fn entry_sum(key: &str, value: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(key.as_bytes());
    sum.update(&[0]);
    sum.update(value);
    sum.finalize()
}

/// The stored form of a commit. The lengths fit: keys are short and redb refuses values over 3 GiB.
pub(super) fn encode_commit(revision: Revision, batch: &Batch) -> Vec<u8> {
    let mut out = Vec::with_capacity(batch.bytes() + 32);
    out.extend_from_slice(&batch.id().get().to_be_bytes());
    out.extend_from_slice(&length32(batch.changes().len()));
    for change in batch.changes().iter() {
        let key = change.key().as_str();
        out.push(u8::from(change.value().is_some()));
        out.extend_from_slice(&length32(key.len())[..2]);
        out.extend_from_slice(key.as_bytes());
        if let Some(value) = change.value() {
            out.extend_from_slice(&length32(value.len()));
            out.extend_from_slice(value);
        }
    }
    let sum = commit_sum(revision, &out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

fn length32(length: usize) -> [u8; 4] {
    // A longer value has been refused as too large before it comes here.
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn commit_sum(revision: Revision, body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&revision.get().to_le_bytes());
    sum.update(body);
    sum.finalize()
}

/// Reads what [`encode_commit`] wrote.
pub(super) fn decode_commit(revision: Revision, stored: &[u8]) -> Result<Commit, Garbled> {
    let garbled = || Garbled::new("commit", revision);
    let (body, sum) = stored.split_last_chunk::<4>().ok_or_else(garbled)?;
    if u32::from_le_bytes(*sum) != commit_sum(revision, body) {
        return Err(garbled());
    }
    let mut input = Input(body);
    let parsed = (|| {
        let id = CommitId::new(u128::from_be_bytes(input.array()?));
        let count = input.u32()?;
        let changes = (0..count).map(|_| input.change());
        let changes = changes.collect::<Option<Arc<[Change]>>>()?;
        Some(Commit {
            revision,
            id,
            changes,
        })
    })();
    parsed.filter(|_| input.0.is_empty()).ok_or_else(garbled)
}

/// Only the id of a stored commit.
pub(super) fn decode_commit_id(revision: Revision, stored: &[u8]) -> Result<CommitId, Garbled> {
    let id = stored.first_chunk::<16>();
    let id = id.ok_or_else(|| Garbled::new("commit", revision))?;
    Ok(CommitId::new(u128::from_be_bytes(*id)))
}

/// Everything before a matching crc32 at the end.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    (u32::from_le_bytes(*sum) == crc32fast::hash(body)).then_some(body)
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn change(&mut self) -> Option<Change> {
        let [tag] = self.array()?;
        let length = u16::from_le_bytes(self.array()?);
        let key = std::str::from_utf8(self.take(length.into())?).ok()?;
        let key = Key::new(key).ok()?;
        match tag {
            0 => Some(Change::Delete { key }),
            1 => {
                let length = usize::try_from(self.u32()?).ok()?;
                let value = Bytes::copy_from_slice(self.take(length)?);
                Some(Change::Put { key, value })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn batch() -> impl Strategy<Value = Batch> {
        let change = ("[!-.0-~]{1,20}", proptest::option::of(any::<Vec<u8>>()));
        let change = change.prop_map(|(key, value)| {
            let key = Key::new(key).unwrap();
            match value {
                Some(value) => Change::Put {
                    key,
                    value: value.into(),
                },
                None => Change::Delete { key },
            }
        });
        (any::<u128>(), proptest::collection::vec(change, 0..8))
            .prop_map(|(id, changes)| Batch::new(CommitId::new(id), changes))
    }

    proptest! {
        #[test]
        fn a_commit_reads_back_as_written(revision: u64, batch in batch()) {
            let revision = Revision::new(revision);
            let stored = encode_commit(revision, &batch);
            let commit = decode_commit(revision, &stored).unwrap();
            prop_assert_eq!(commit.revision, revision);
            prop_assert_eq!(commit.id, batch.id());
            prop_assert_eq!(&commit.changes, batch.changes());
            prop_assert_eq!(decode_commit_id(revision, &stored).unwrap(), batch.id());
        }

        #[test]
        fn a_changed_or_cut_commit_is_noticed(batch in batch(), at: prop::sample::Index, bit in 0..8_u8) {
            let revision = Revision::new(7);
            let mut stored = encode_commit(revision, &batch);
            let at = at.index(stored.len());
            prop_assert!(decode_commit(revision, &stored[..at]).is_err());
            prop_assert!(decode_commit(revision.next(), &stored).is_err());
            stored[at] ^= 1 << bit;
            prop_assert!(decode_commit(revision, &stored).is_err());
        }

        #[test]
        fn arbitrary_bytes_are_refused_without_panic(bytes: Vec<u8>) {
            let mut sealed = bytes.clone();
            sealed.extend(commit_sum(Revision::ZERO, &bytes).to_le_bytes());
            let _either = decode_commit(Revision::ZERO, &sealed);
            prop_assert!(Head::decode(&bytes).is_err() || bytes.len() == Head::BYTES);
        }

        #[test]
        fn an_entry_belongs_to_its_key(value: Vec<u8>, at: prop::sample::Index) {
            let mut stored = Vec::new();
            encode_entry(&Key::new("vif/a").unwrap(), &value, &mut stored);
            prop_assert_eq!(decode_entry("vif/a", &stored).unwrap(), &*value);
            prop_assert!(decode_entry("vif/b", &stored).is_err());
            let at = at.index(stored.len());
            stored[at] ^= 0x10;
            prop_assert!(decode_entry("vif/a", &stored).is_err());
        }
    }

    #[test]
    fn a_head_has_the_documented_bytes() {
        let head = Head {
            revision: Revision::new(0x0102),
            commit: Some(CommitId::new(3)),
            entries: 4,
            log_floor: Revision::new(5),
            log_bytes: 6,
        };
        let bytes = head.encode();
        assert_eq!(bytes[..8], [2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[8..24], 3_u128.to_be_bytes());
        assert_eq!(
            bytes[24..48],
            [
                [4, 0, 0, 0, 0, 0, 0, 0],
                [5, 0, 0, 0, 0, 0, 0, 0],
                [6, 0, 0, 0, 0, 0, 0, 0]
            ]
            .concat()
        );
        assert_eq!(Head::decode(&bytes).unwrap(), head);
        assert!(Head::decode(&bytes[..51]).is_err());
    }
}
