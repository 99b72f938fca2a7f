//! Structures and their members.

use super::shape::{Shape, wrong_type};
use super::{Constraint, Malformed, Path, Violations};
use serde_json::{Map, Value};
use std::marker::PhantomData;

/// A structure that can be read from the members of a JSON object.
pub(crate) trait FromMembers: Sized {
    fn from_members(members: &mut Members<'_>) -> Result<Self, Malformed>;
}

/// The members of a JSON object that are not read yet.
pub(crate) struct Members<'a> {
    values: Map<String, Value>,
    at: Path<'a>,
    violations: &'a mut Violations,
}

impl Members<'_> {
    /// A member that must be there. Where it is not, the violation is noted and the default
    /// stands in until decoding ends in an error.
    pub(crate) fn required<S: Shape>(
        &mut self,
        name: &'static str,
        shape: &S,
    ) -> Result<S::Output, Malformed>
    where
        S::Output: Default,
    {
        match self.take(name) {
            Some(value) => Ok(self.decode(name, value, shape)?.unwrap_or_default()),
            None => {
                let at = Path::Member(&self.at, name);
                self.violations.note(at, None, Constraint::NotNull);
                Ok(S::Output::default())
            }
        }
    }

    /// A member that may be absent or null.
    pub(crate) fn optional<S: Shape>(
        &mut self,
        name: &'static str,
        shape: &S,
    ) -> Result<Option<S::Output>, Malformed> {
        match self.take(name) {
            Some(value) => self.decode(name, value, shape),
            None => Ok(None),
        }
    }

    /// A list that may be absent, null or empty, although the model's minimum length is 1.
    pub(crate) fn optional_unless_empty<S: Shape>(
        &mut self,
        name: &'static str,
        shape: &S,
    ) -> Result<Option<S::Output>, Malformed> {
        let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        match self.take(name) {
            Some(value) if !is_empty(&value) => self.decode(name, value, shape),
            _ => Ok(None),
        }
    }

    /// What is left has not been asked for.
    fn note_unknown(&mut self) {
        let Some(unknown) = &mut self.violations.unknown else {
            return;
        };
        let left = self.values.iter().filter(|(_, value)| !value.is_null());
        unknown.extend(left.map(|(name, _)| Path::Member(&self.at, name).to_string()));
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.values
            .get_mut(name)
            .map(Value::take)
            .filter(|value| !value.is_null())
    }

    fn decode<S: Shape>(
        &mut self,
        name: &'static str,
        value: Value,
        shape: &S,
    ) -> Result<Option<S::Output>, Malformed> {
        shape.decode(value, Path::Member(&self.at, name), self.violations)
    }
}

/// The shape of a structure.
pub(crate) struct Structure<T>(PhantomData<fn() -> T>);

impl<T> Structure<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: FromMembers> Shape for Structure<T> {
    type Output = T;

    fn decode(
        &self,
        value: Value,
        at: Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<T>, Malformed> {
        match value {
            Value::Object(values) => {
                let mut members = Members {
                    values,
                    at,
                    violations,
                };
                let decoded = T::from_members(&mut members)?;
                members.note_unknown();
                Ok(Some(decoded))
            }
            other => Err(wrong_type(&other, "structure")),
        }
    }
}
