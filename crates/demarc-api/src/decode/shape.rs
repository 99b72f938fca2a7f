//! Scalars and lists with their constraints.

use super::{Constraint, Malformed, Path, Violations};
use crate::enumeration::Enumeration;
use regex::Regex;
use serde_json::Value;
use std::marker::PhantomData;
use std::sync::LazyLock;

/// What the values of a shape of the model look like.
pub(crate) trait Shape {
    /// The Rust form of a value.
    type Output;

    /// Reads a value that is not null. `None` where the value is noted as violating a
    /// constraint and has no Rust form.
    fn decode(
        &self,
        value: Value,
        at: Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Self::Output>, Malformed>;
}

/// A string without constraints.
pub(crate) static TEXT: Text = Text::new();
/// An integer without constraints.
pub(crate) static INTEGER: Integer = Integer::new();
/// A boolean.
pub(crate) static BOOLEAN: Boolean = Boolean;

/// Compiles a pattern of the model.
pub(crate) fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a test compiles every pattern of the model")
}

/// How long a string or list may be.
struct Length {
    minimum: usize,
    maximum: usize,
}

impl Length {
    const ANY: Self = Self {
        minimum: 0,
        maximum: usize::MAX,
    };

    fn check(&self, length: usize) -> Option<Constraint> {
        if length < self.minimum {
            Some(Constraint::LengthAtLeast(self.minimum))
        } else if length > self.maximum {
            Some(Constraint::LengthAtMost(self.maximum))
        } else {
            None
        }
    }
}

/// The shape of a string; its length counts in characters.
pub(crate) struct Text {
    length: Length,
    pattern: Option<&'static LazyLock<Regex>>,
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self {
            length: Length::ANY,
            pattern: None,
        }
    }

    pub(crate) const fn at_least(mut self, characters: usize) -> Self {
        self.length.minimum = characters;
        self
    }

    pub(crate) const fn at_most(mut self, characters: usize) -> Self {
        self.length.maximum = characters;
        self
    }

    pub(crate) const fn matching(mut self, pattern: &'static LazyLock<Regex>) -> Self {
        self.pattern = Some(pattern);
        self
    }
}

impl Shape for Text {
    type Output = String;

    fn decode(
        &self,
        value: Value,
        at: Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<String>, Malformed> {
        let Value::String(text) = value else {
            return Err(wrong_type(&value, "String"));
        };
        if let Some(constraint) = self.length.check(text.chars().count()) {
            violations.note(at, Some(&text), constraint);
        }
        if let Some(pattern) = self.pattern
            && !pattern.is_match(&text)
        {
            violations.note(at, Some(&text), Constraint::Pattern(pattern.as_str()));
        }
        Ok(Some(text))
    }
}

/// The shape of an integer; the model's `integer` and `long` are both read as 64 bits, so that a
/// value that is too large is refused by the rule that it breaks.
pub(crate) struct Integer {
    minimum: i64,
    maximum: i64,
}

impl Integer {
    pub(crate) const fn new() -> Self {
        Self {
            minimum: i64::MIN,
            maximum: i64::MAX,
        }
    }

    pub(crate) const fn at_least(mut self, minimum: i64) -> Self {
        self.minimum = minimum;
        self
    }
}

impl Shape for Integer {
    type Output = i64;

    fn decode(
        &self,
        value: Value,
        at: Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<i64>, Malformed> {
        let integer = value
            .as_i64()
            .ok_or_else(|| wrong_type(&value, "Integer"))?;
        let broken = if integer < self.minimum {
            Some(Constraint::ValueAtLeast(self.minimum))
        } else if integer > self.maximum {
            Some(Constraint::ValueAtMost(self.maximum))
        } else {
            None
        };
        if let Some(constraint) = broken {
            violations.note(at, Some(&integer.to_string()), constraint);
        }
        Ok(Some(integer))
    }
}

/// The shape of a boolean.
pub(crate) struct Boolean;

impl Shape for Boolean {
    type Output = bool;

    fn decode(
        &self,
        value: Value,
        _: Path<'_>,
        _: &mut Violations,
    ) -> Result<Option<bool>, Malformed> {
        match value {
            Value::Bool(boolean) => Ok(Some(boolean)),
            other => Err(wrong_type(&other, "Boolean")),
        }
    }
}

/// The shape of an enum.
pub(crate) struct Enumerated<E>(PhantomData<fn() -> E>);

impl<E> Enumerated<E> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E: Enumeration> Shape for Enumerated<E> {
    type Output = E;

    fn decode(
        &self,
        value: Value,
        at: Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<E>, Malformed> {
        let Value::String(text) = value else {
            return Err(wrong_type(&value, "String"));
        };
        let known = E::from_text(&text);
        if known.is_none() {
            violations.note(at, Some(&text), Constraint::OneOf(E::TEXTS));
        }
        Ok(known)
    }
}

/// The shape of a list.
pub(crate) struct List<S: 'static> {
    member: &'static S,
    length: Length,
}

impl<S> List<S> {
    pub(crate) const fn of(member: &'static S) -> Self {
        Self {
            member,
            length: Length::ANY,
        }
    }

    pub(crate) const fn at_least(mut self, elements: usize) -> Self {
        self.length.minimum = elements;
        self
    }

    pub(crate) const fn at_most(mut self, elements: usize) -> Self {
        self.length.maximum = elements;
        self
    }
}

impl<S: Shape> Shape for List<S> {
    type Output = Vec<S::Output>;

    fn decode(
        &self,
        value: Value,
        at: Path<'_>,
        violations: &mut Violations,
    ) -> Result<Option<Self::Output>, Malformed> {
        let Value::Array(values) = value else {
            return Err(wrong_type(&value, "list"));
        };
        if let Some(constraint) = self.length.check(values.len()) {
            let shown = match values.len() {
                0 => "[]".to_owned(),
                count => format!("[{count} elements]"),
            };
            violations.note(at, Some(&shown), constraint);
        }
        let mut elements = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            let at = Path::Element(&at, index);
            if value.is_null() {
                violations.note(at, None, Constraint::NotNull);
            } else {
                elements.extend(self.member.decode(value, at, violations)?);
            }
        }
        Ok(Some(elements))
    }
}

/// What is wrong with a JSON value that should be something else, in the words of the front end
/// (`spec/protocol §3.3`). Never shows the value: it may be a secret in the wrong place.
pub(super) fn wrong_type(value: &Value, wanted: &'static str) -> Malformed {
    let token = match value {
        Value::Object(_) => {
            return Malformed("Start of structure or map found where not expected.".to_owned());
        }
        Value::Array(_) => {
            return Malformed("Start of list found where not expected.".to_owned());
        }
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
    };
    Malformed(format!("{token} cannot be converted to {wanted}"))
}
