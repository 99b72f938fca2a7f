//! Our keys in etcd and the records in them (`docs/store-format.md`, section 8).

use serde::{Deserialize, Serialize};

use super::EtcdError;
use super::wire::KeyValue;
use crate::{CommitId, Key, Revision};

/// The format that this program reads and writes.
pub(super) const FORMAT: &str = "1";
/// Commits that the log remembers; a slot is used again after so many.
const LOG_SLOTS: u64 = 4_096;

/// Where things are.
#[derive(Debug)]
pub(super) struct Layout {
    root: String,
}

impl Layout {
    pub(super) fn new(prefix: &str) -> Self {
        let root = format!("/{prefix}/");
        Self { root }
    }

    /// Everything of ours, as a range.
    pub(super) fn everything(&self) -> (String, String) {
        (self.root.clone(), end_of(&self.root))
    }

    /// All entries, as a range.
    pub(super) fn entries(&self) -> (String, String) {
        let start = format!("{}v1/", self.root);
        let end = end_of(&start);
        (start, end)
    }

    pub(super) fn head(&self) -> String {
        format!("{}head", self.root)
    }

    /// The heads that stores would have which take our keys for their entries.
    pub(super) fn heads_around(&self) -> Vec<String> {
        let slashes = self.root.match_indices('/').map(|(at, _)| at);
        slashes
            .filter(|at| *at > 0 && self.root[*at..].starts_with("/v1/"))
            .map(|at| format!("{}/head", &self.root[..at]))
            .collect()
    }

    pub(super) fn format(&self) -> String {
        format!("{}format", self.root)
    }

    /// The log slot of a revision.
    pub(super) fn slot(&self, revision: Revision) -> String {
        format!("{}log/{:04}", self.root, revision.get() % LOG_SLOTS)
    }

    pub(super) fn entry(&self, key: &Key) -> String {
        format!("{}v1/{key}", self.root)
    }

    /// The key of an entry, if it is one.
    pub(super) fn entry_key(&self, full: &[u8]) -> Option<Key> {
        let short = full
            .strip_prefix(self.root.as_bytes())?
            .strip_prefix(b"v1/")?;
        Key::new(std::str::from_utf8(short).ok()?).ok()
    }

    pub(super) fn is_entry(&self, full: &[u8]) -> bool {
        let rest = full.strip_prefix(self.root.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"v1/"))
    }
}

/// The first key after all that start with `prefix`, which ends in a slash.
fn end_of(prefix: &str) -> String {
    let stem = prefix.trim_end_matches('/');
    // '0' follows '/'.
    format!("{stem}0")
}

/// What the head and a log slot say: which commit made which revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) revision: Revision,
    pub(super) commit: CommitId,
}

#[derive(Serialize, Deserialize)]
struct Document {
    revision: u64,
    commit: String,
}

impl Record {
    /// Always the same text for the same record: transactions compare it.
    pub(super) fn encode(&self) -> String {
        let (revision, commit) = (self.revision, self.commit);
        format!("{{\"revision\":{revision},\"commit\":\"{commit}\"}}")
    }

    pub(super) fn decode(found: &KeyValue) -> Result<Self, EtcdError> {
        let garbled = || EtcdError::Garbled {
            key: String::from_utf8_lossy(&found.key).into_owned(),
        };
        let document: Document = serde_json::from_slice(&found.value).map_err(|_| garbled())?;
        Ok(Self {
            revision: Revision::new(document.revision),
            commit: CommitId::parse(&document.commit).ok_or_else(garbled)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn keys_are_where_the_document_says() {
        let layout = Layout::new("demarc");
        let key = Key::new("vif/dxvif-ffabcdef").unwrap();
        assert_eq!(layout.entry(&key), "/demarc/v1/vif/dxvif-ffabcdef");
        assert_eq!(
            layout.entry_key(b"/demarc/v1/vif/dxvif-ffabcdef"),
            Some(key)
        );
        assert_eq!(layout.entry_key(b"/demarc/head"), None);
        assert_eq!(layout.head(), "/demarc/head");
        assert_eq!(layout.slot(Revision::new(4_098)), "/demarc/log/0002");
        assert_eq!(
            layout.everything(),
            ("/demarc/".to_owned(), "/demarc0".to_owned())
        );
        assert_eq!(
            layout.entries(),
            ("/demarc/v1/".to_owned(), "/demarc/v10".to_owned())
        );
    }

    #[test]
    fn a_store_inside_another_one_knows_it() {
        for (prefix, around) in [
            ("demarc", &[][..]),
            ("v1", &[]),
            ("a/v1x", &[]),
            ("a/v1", &["/a/head"]),
            ("v1/v1", &["/v1/head"]),
            ("a/v1/b/v1/c", &["/a/head", "/a/v1/b/head"]),
        ] {
            assert_eq!(Layout::new(prefix).heads_around(), around, "{prefix}");
        }
    }

    #[test]
    fn a_record_reads_back_as_written() {
        let record = Record {
            revision: Revision::new(7),
            commit: CommitId::new(255),
        };
        let text = record.encode();
        assert_eq!(
            text,
            r#"{"revision":7,"commit":"000000000000000000000000000000ff"}"#
        );
        let mut found = KeyValue {
            key: Bytes::from_static(b"/demarc/head"),
            value: text.into(),
            mod_revision: 1,
        };
        assert_eq!(Record::decode(&found).unwrap(), record);
        found.value.truncate(20);
        assert!(Record::decode(&found).is_err());
    }
}
