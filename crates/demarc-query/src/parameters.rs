//! The parameters of a Query request: `Filter.1.Value.2=x` and the like, as a tree.
//!
//! Names are split at their dots. EC2 numbers lists directly (`VpcId.1`), STS and IAM below `member`
//! (`Tags.member.1.Key`); [`Node::items`] reads both.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Why the parameters cannot be read: `MalformedQueryString` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedParameters {
    #[error("the request has more than {0} parameters")]
    TooMany(usize),
    #[error("the parameter name `{0}` has too many parts or is too long")]
    Name(String),
    #[error("the request is not UTF-8 text")]
    NotText,
}

/// Parameters at most; real requests have a few dozen.
const MAX_PARAMETERS: usize = 2000;
/// Parts of a name at most; the deepest real name, `TagSpecification.1.Tag.1.Key`, has five.
const MAX_DEPTH: usize = 8;
const MAX_NAME: usize = 256;

/// A part of a name: numbers sort as numbers, before words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Index(u32),
    Word(String),
}

impl Part {
    fn of(text: &str) -> Self {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(index) if digits => Self::Index(index),
            _ => Self::Word(text.to_owned()),
        }
    }
}

/// A parameter with what stands below it; the root holds all of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    value: Option<String>,
    below: BTreeMap<Part, Self>,
}

impl Node {
    /// Reads a form body, or the query string of a GET. Of a parameter given twice the last one counts.
    ///
    /// # Errors
    /// Text that is not UTF-8, and more or deeper parameters than any real request has.
    pub fn parse(form: &[u8]) -> Result<Self, MalformedParameters> {
        let mut root = Self::default();
        if std::str::from_utf8(form).is_err() {
            return Err(MalformedParameters::NotText);
        }
        for (count, (name, value)) in form_urlencoded::parse(form).enumerate() {
            if count >= MAX_PARAMETERS {
                return Err(MalformedParameters::TooMany(MAX_PARAMETERS));
            }
            root.insert(&name, value)?;
        }
        Ok(root)
    }

    fn insert(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), MalformedParameters> {
        if name.len() > MAX_NAME || name.bytes().filter(|byte| *byte == b'.').count() >= MAX_DEPTH {
            return Err(MalformedParameters::Name(name.chars().take(64).collect()));
        }
        let mut node = self;
        for part in name.split('.') {
            node = node.below.entry(Part::of(part)).or_default();
        }
        node.value = Some(value.into_owned());
        Ok(())
    }

    /// The parameter's own value.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// What stands below `name`, which may have dots.
    pub fn get(&self, name: &str) -> Option<&Self> {
        name.split('.')
            .try_fold(self, |node, part| node.below.get(&Part::of(part)))
    }

    /// The value of `name`; empty texts count, as EC2 has them.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.value()
    }

    /// The items of the list `name`, by their numbers; gaps are passed over.
    pub fn items(&self, name: &str) -> impl Iterator<Item = &Self> {
        let list = self.get(name);
        let members = list.and_then(|list| list.below.get(&Part::Word("member".to_owned())));
        let numbered = members.or(list).into_iter().flat_map(|list| &list.below);
        numbered
            .filter(|(part, _)| matches!(part, Part::Index(_)))
            .map(|(_, item)| item)
    }

    /// The texts in the list `name`.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.items(name).filter_map(Self::value).collect()
    }
}

#[cfg(test)]
mod tests;
