//! Filters and pages of Describe calls.
//!
//! Filters are ANDed, the values of one are ORed, `*` and `?` stand for any characters and any one, and a
//! backslash takes their meaning away, as EC2 has it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::Ec2Error;
use super::request::{Describe, Ec2Tag};
use super::response::Page;

/// One filter of a Describe call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub name: String,
    pub values: Vec<String>,
}

/// A view that can be filtered by name.
pub(super) trait Filtered {
    /// The filters there are, beside those of tags.
    const NAMES: &'static [&'static str];

    /// What a filter of that name, one of [`Filtered::NAMES`], looks at.
    fn values(&self, name: &str) -> Vec<String>;

    /// `None` for what has no tags, and no filters for them.
    fn tags(&self) -> Option<&[Ec2Tag]>;

    /// What no other view of the list has; stands in the token of the next page.
    fn id(&self) -> String;
}

/// The views that all filters take.
pub(super) fn apply<T: Filtered>(filters: &[Filter], views: Vec<T>) -> Result<Vec<T>, Ec2Error> {
    for filter in filters {
        let of_tags = filter.name == "tag-key" || filter.name.starts_with("tag:");
        if !of_tags && !T::NAMES.contains(&filter.name.as_str()) {
            let shown: String = filter.name.chars().take(128).collect();
            return Err(Ec2Error::ParameterValue(format!(
                "The filter '{shown}' is invalid"
            )));
        }
    }
    let takes = |view: &T| filters.iter().all(|filter| takes(filter, view));
    Ok(views.into_iter().filter(takes).collect())
}

fn takes<T: Filtered>(filter: &Filter, view: &T) -> bool {
    let tags = || view.tags().unwrap_or_default().iter();
    let found: Vec<String> = match filter.name.strip_prefix("tag:") {
        Some(key) => tags()
            .filter(|tag| tag.key == key)
            .map(|tag| tag.value.clone())
            .collect(),
        None if filter.name == "tag-key" => tags().map(|tag| tag.key.clone()).collect(),
        None => view.values(&filter.name),
    };
    filter
        .values
        .iter()
        .any(|pattern| found.iter().any(|text| matches(pattern, text)))
}

/// Whether `text` has the form of `pattern`. Linear in both for patterns with one star, never worse than
/// their product.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern = units(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut of) = (0, 0);
    // The last star, and how much of the text it takes so far.
    let mut star: Option<(usize, usize)> = None;
    while of < text.len() {
        match pattern.get(at) {
            Some(Unit::Any) => {
                star = Some((at, of));
                at += 1;
            }
            Some(Unit::One) => {
                at += 1;
                of += 1;
            }
            Some(Unit::Literal(wanted)) if *wanted == text[of] => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((back, taken)) => {
                    star = Some((back, taken + 1));
                    at = back + 1;
                    of = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|unit| *unit == Unit::Any)
}

#[derive(PartialEq)]
enum Unit {
    Any,
    One,
    Literal(char),
}

fn units(pattern: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        units.push(match character {
            '*' => Unit::Any,
            '?' => Unit::One,
            '\\' => Unit::Literal(characters.next().unwrap_or('\\')),
            other => Unit::Literal(other),
        });
    }
    units
}

/// The most entries of a page.
const LARGEST: usize = 1_000;
/// The least that a caller may ask for.
const SMALLEST: usize = 5;

/// Filters, then cuts the page that was asked for; everything, if no size was given.
pub(super) fn page<T: Filtered>(input: &Describe, views: Vec<T>) -> Result<Page<T>, Ec2Error> {
    let limit = match input.max_results {
        None => usize::MAX,
        Some(number) => usize::try_from(number)
            .ok()
            .filter(|number| *number >= SMALLEST)
            .map(|number| number.min(LARGEST))
            .ok_or_else(|| {
                Ec2Error::value(
                    &number.to_string(),
                    "maxResults",
                    "Expecting a value of at least 5.",
                )
            })?,
    };
    let mut views = apply(&input.filters, views)?;
    if let Some(token) = &input.next_token {
        let last = URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|id| views.iter().position(|view| view.id() == id))
            .ok_or(Ec2Error::NextToken)?;
        views.drain(..=last);
    }
    let more = views.len() > limit;
    views.truncate(limit);
    let next_token = views
        .last()
        .filter(|_| more)
        .map(|last| URL_SAFE_NO_PAD.encode(last.id()));
    Ok(Page {
        items: views,
        next_token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_characters() {
        for (pattern, text, matching) in [
            ("available", "available", true),
            ("avail", "available", false),
            ("avail*", "available", true),
            ("*", "", true),
            ("?", "", false),
            ("10.?.*/16", "10.1.0.0/16", true),
            ("10.?.*/16", "10.12.0.0/16", false),
            ("*a*b", "xxaxxbxxb", true),
            ("*a*b", "xxaxxbxxc", false),
            (r"\*", "*", true),
            (r"\*", "x", false),
            (r"a\", r"a\", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), matching, "{pattern} on {text}");
        }
    }
}
