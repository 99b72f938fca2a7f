//! From a JSON body to a request structure.
//!
//! Each shape of the model that requests use has a [`Shape`] that says what its values look
//! like; each structure has [`FromMembers`], which asks for its members in model order. A JSON
//! value of the wrong type ends decoding at once ([`Malformed`]); a violated constraint is noted
//! and decoding goes on, so that one answer names them all and a wrong type further on still
//! wins (`spec/protocol §3.4`).

mod members;
mod shape;

pub(crate) use members::{FromMembers, Members, Structure};
pub(crate) use shape::{BOOLEAN, Enumerated, INTEGER, Integer, List, TEXT, Text, pattern};

use crate::error::{Constraint, DecodeError, Violation};
use serde_json::{Map, Value};
use shape::{Shape, wrong_type};
use std::fmt;

/// Reads a whole body.
pub(crate) fn body<T: FromMembers>(body: &[u8]) -> Result<T, DecodeError> {
    let value = if body.is_empty() {
        Value::Object(Map::new())
    } else {
        serde_json::from_slice(body)
            .map_err(|error| DecodeError::Serialization(format!("Invalid JSON: {error}.")))?
    };
    if value.is_null() {
        return Err(wrong_type(&value, "structure").into());
    }
    let mut violations = Violations::default();
    let decoded = Structure::<T>::new().decode(value, Path::Root, &mut violations)?;
    match decoded {
        Some(decoded) if violations.noted.is_empty() => Ok(decoded),
        _ => Err(DecodeError::Validation(violations.noted)),
    }
}

/// The members of a body that `T`, or a structure in it, does not have, as paths; those with null excepted.
pub(crate) fn unknown<T: FromMembers>(body: &[u8]) -> Vec<String> {
    let Ok(value) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let mut violations = Violations {
        unknown: Some(Vec::new()),
        ..Violations::default()
    };
    // What has the wrong type is for those to say who decode the body in earnest.
    let _ = Structure::<T>::new().decode(value, Path::Root, &mut violations);
    violations.unknown.unwrap_or_default()
}

/// A JSON value of the wrong type, in words.
#[derive(Debug)]
pub(crate) struct Malformed(String);

impl From<Malformed> for DecodeError {
    fn from(malformed: Malformed) -> Self {
        Self::Serialization(malformed.0)
    }
}

/// The violations found so far.
#[derive(Default)]
pub(crate) struct Violations {
    noted: Vec<Violation>,
    /// Members that nobody asked for, when somebody wants to know of them.
    unknown: Option<Vec<String>>,
}

impl Violations {
    fn note(&mut self, at: Path<'_>, value: Option<&str>, constraint: Constraint) {
        if self.noted.len() < Violation::MAX_REPORTED {
            self.noted
                .push(Violation::new(at.to_string(), value, constraint));
        }
    }
}

/// Where decoding is; written out only when something is wrong there.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Member(&'a Self, &'a str),
    /// The index counts from 0.
    Element(&'a Self, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Element(parent, index) => write!(formatter, "{parent}.{}.member", index + 1),
        }
    }
}

#[cfg(test)]
mod tests;
