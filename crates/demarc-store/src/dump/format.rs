//! The lines of a dump.

use std::borrow::Cow;
use std::io::{BufRead, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{DumpError, Summary};
use crate::{Cause, Entry, Key, Revision};

const FORMAT: u64 = 1;
/// Longer lines are not dumps: no engine takes such a value.
const LONGEST_LINE: u64 = 128 << 20;

/// The highest revision that a dump may name: no store gets there by commits, and there is room above it for
/// commits and for the numbers that are made of revisions (events: 65536 for each).
const HIGHEST: Revision = Revision::new(1 << 47);

#[derive(Serialize, Deserialize)]
struct Header {
    demarc: String,
    format: u64,
    #[serde(default)]
    revision: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer {
    entries: u64,
    sha256: String,
}

/// The sums that both directions keep.
struct Tally {
    summary: Summary,
    hash: Sha256,
}

impl Tally {
    fn new(revision: Revision) -> Self {
        let summary = Summary {
            revision,
            ..Summary::default()
        };
        Self {
            summary,
            hash: Sha256::new(),
        }
    }

    fn count(&mut self, entry: &Entry) {
        self.summary.entries += 1;
        self.summary.bytes += entry.value.len() as u64;
        let kind = entry.key.kind();
        match self.summary.kinds.get_mut(kind) {
            Some(count) => *count += 1,
            None => {
                self.summary.kinds.insert(kind.to_owned(), 1);
            }
        }
        if entry.value.first() != Some(&b'{') || raw(&entry.value).is_none() {
            self.summary.strange.push(entry.key.clone());
        }
    }

    fn seal(&mut self) {
        let digest = self.hash.finalize_reset();
        self.summary.sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    }
}

/// The value as JSON that keeps every byte.
fn raw(value: &[u8]) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_slice(value).ok()?;
    (raw.get().len() == value.len()).then_some(raw)
}

/// Writes a dump.
pub(super) struct Writer<W> {
    out: W,
    tally: Tally,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(out: W, revision: Revision) -> Result<Self, DumpError> {
        let tally = Tally::new(revision);
        let mut writer = Self { out, tally };
        writer.line(&Header {
            demarc: "dump".to_owned(),
            format: FORMAT,
            revision: revision.get(),
        })?;
        Ok(writer)
    }

    pub(super) fn entry(&mut self, entry: &Entry) -> Result<(), DumpError> {
        self.tally.count(entry);
        let one_line = !entry.value.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
        let value = raw(&entry.value).filter(|_| one_line);
        let encoded = value.is_none().then(|| BASE64.encode(&entry.value).into());
        self.line(&EntryLine {
            key: entry.key.as_str().into(),
            value,
            base64: encoded,
        })
    }

    pub(super) fn finish(mut self) -> Result<Summary, DumpError> {
        self.tally.seal();
        let summary = self.tally.summary.clone();
        self.line(&Footer {
            entries: summary.entries,
            sha256: summary.sha256.clone(),
        })?;
        self.out.flush()?;
        Ok(summary)
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), DumpError> {
        let mut text = serde_json::to_vec(line).map_err(std::io::Error::from)?;
        text.push(b'\n');
        self.tally.hash.update(&text);
        Ok(self.out.write_all(&text)?)
    }
}

/// Reads a dump.
pub(super) struct Reader<R> {
    input: R,
    tally: Tally,
    line: Vec<u8>,
    number: u64,
    last: Option<Key>,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn begin(input: R) -> Result<Self, DumpError> {
        let mut reader = Self {
            input,
            tally: Tally::new(Revision::ZERO),
            line: Vec::new(),
            number: 0,
            last: None,
        };
        reader.next_line()?;
        let header: Header = serde_json::from_slice(&reader.line)
            .map_err(|error| reader.broken_by("not the header of a dump", error))?;
        if header.demarc != "dump" {
            return Err(reader.broken("not the header of a dump"));
        }
        if header.format > FORMAT {
            return Err(DumpError::NewerFormat {
                found: header.format,
                known: FORMAT,
            });
        }
        let revision = Revision::new(header.revision);
        if revision > HIGHEST {
            return Err(DumpError::TooHigh {
                revision,
                highest: HIGHEST,
            });
        }
        reader.tally.summary.revision = revision;
        reader.tally.hash.update(&reader.line);
        Ok(reader)
    }

    /// The next entry; `None` after the last line has been checked.
    pub(super) fn entry(&mut self) -> Result<Option<Entry>, DumpError> {
        self.next_line()?;
        if self.line.starts_with(b"{\"entries\"") {
            self.check_footer()?;
            return Ok(None);
        }
        let entry = self.parse_entry()?;
        if self.last.as_ref().is_some_and(|last| *last >= entry.key) {
            return Err(self.broken("its key does not come after the one before"));
        }
        self.tally.hash.update(&self.line);
        self.tally.count(&entry);
        self.last = Some(entry.key.clone());
        Ok(Some(entry))
    }

    pub(super) fn revision(&self) -> Revision {
        self.tally.summary.revision
    }

    pub(super) fn summary(self) -> Summary {
        self.tally.summary
    }

    fn parse_entry(&self) -> Result<Entry, DumpError> {
        let line: EntryLine<'_> = serde_json::from_slice(&self.line)
            .map_err(|error| self.broken_by("not an entry", error))?;
        let value = match (line.value, line.base64) {
            (Some(value), None) => Bytes::copy_from_slice(value.get().as_bytes()),
            (None, Some(text)) => {
                let decoded = BASE64.decode(text.as_bytes());
                decoded
                    .map_err(|error| self.broken_by("not base64", error))?
                    .into()
            }
            _ => return Err(self.broken("an entry has either a value or base64")),
        };
        let key = Key::new(&*line.key);
        let key = key.map_err(|error| self.broken_by("not a key", error))?;
        Ok(Entry { key, value })
    }

    fn check_footer(&mut self) -> Result<(), DumpError> {
        let footer: Footer = serde_json::from_slice(&self.line)
            .map_err(|error| self.broken_by("not the last line of a dump", error))?;
        self.tally.seal();
        if footer.entries != self.tally.summary.entries {
            return Err(self.broken("the number of entries does not match"));
        }
        if footer.sha256 != self.tally.summary.sha256 {
            return Err(self.broken("the checksum does not match; the dump was changed"));
        }
        if !self.input.fill_buf()?.is_empty() {
            return Err(self.broken("there is more after the last line"));
        }
        Ok(())
    }

    fn next_line(&mut self) -> Result<(), DumpError> {
        self.line.clear();
        self.number += 1;
        let mut limited = self.input.by_ref().take(LONGEST_LINE);
        limited.read_until(b'\n', &mut self.line)?;
        if self.line.last() == Some(&b'\n') {
            Ok(())
        } else {
            Err(self.broken("the dump ends here; it was cut"))
        }
    }

    fn broken(&self, what: &'static str) -> DumpError {
        DumpError::Broken {
            line: self.number,
            what,
            cause: None,
        }
    }

    fn broken_by(&self, what: &'static str, cause: impl Into<Cause>) -> DumpError {
        DumpError::Broken {
            line: self.number,
            what,
            cause: Some(cause.into()),
        }
    }
}
