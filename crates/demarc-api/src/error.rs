//! Why a request body was refused.

use std::fmt;
use thiserror::Error;

/// Longest part of a refused value that a message repeats, in characters.
const SHOWN_CHARACTERS: usize = 200;

/// Why [`Request::decode`](crate::Request::decode) refused a body (`spec/protocol §3.3`).
///
/// The two kinds come in this order: a body that has a member of the wrong JSON type is a
/// `Serialization` error even when other members violate constraints (`spec/protocol §3.4`).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// Not JSON, not an object, or a member of the wrong JSON type: `SerializationException`.
    #[error("{0}")]
    Serialization(String),
    /// Constraints of the model are violated; in the order of the model's members, at most
    /// [`Violation::MAX_REPORTED`].
    #[error("{}", Report(.0))]
    Validation(Vec<Violation>),
}

/// One member that does not satisfy the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: `newPrivateVirtualInterface.vlan`, `tags.1.member.key`.
    pub path: String,
    /// What was sent, shortened to 200 characters; `None` for null or absent.
    pub value: Option<String>,
    /// What should have been sent.
    pub constraint: Constraint,
}

/// A constraint of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// The member is required.
    NotNull,
    /// Shortest string in characters, or list in elements.
    LengthAtLeast(usize),
    /// Longest string in characters, or list in elements.
    LengthAtMost(usize),
    /// Smallest integer.
    ValueAtLeast(i64),
    /// Largest integer.
    ValueAtMost(i64),
    /// The regular expression a string must match.
    Pattern(&'static str),
    /// The values of an enum.
    OneOf(&'static [&'static str]),
}

impl Violation {
    /// A body can violate a constraint in each of very many list elements; the report stops
    /// here so that its size does not grow with the body.
    pub const MAX_REPORTED: usize = 50;

    pub(crate) fn new(path: String, value: Option<&str>, constraint: Constraint) -> Self {
        Self {
            path,
            value: value.map(shortened),
            constraint,
        }
    }
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(formatter, "Value '{value}'")?,
            None => formatter.write_str("Value null")?,
        }
        let Self {
            path, constraint, ..
        } = self;
        write!(
            formatter,
            " at '{path}' failed to satisfy constraint: {constraint}"
        )
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Member must ")?;
        match self {
            Self::NotNull => formatter.write_str("not be null"),
            Self::LengthAtLeast(minimum) => {
                write!(formatter, "have length greater than or equal to {minimum}")
            }
            Self::LengthAtMost(maximum) => {
                write!(formatter, "have length less than or equal to {maximum}")
            }
            Self::ValueAtLeast(minimum) => {
                write!(formatter, "have value greater than or equal to {minimum}")
            }
            Self::ValueAtMost(maximum) => {
                write!(formatter, "have value less than or equal to {maximum}")
            }
            Self::Pattern(pattern) => {
                write!(formatter, "satisfy regular expression pattern: {pattern}")
            }
            Self::OneOf(values) => {
                write!(formatter, "satisfy enum value set: [{}]", values.join(", "))
            }
        }
    }
}

/// Violations as one message, in the words of the front end (`spec/protocol §3.3`).
struct Report<'a>(&'a [Violation]);

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(
            formatter,
            "{} validation error{plural} detected: ",
            self.0.len()
        )?;
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{violation}")?;
        }
        Ok(())
    }
}
