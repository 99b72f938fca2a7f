//! Structure shapes.

use super::{Corrections, names};
use crate::model::{Model, Shape, ShapeKind};
use std::fmt::Write;

/// Structures that requests use, with one empty structure for each operation without input.
pub(crate) fn requests(model: &Model, corrections: &Corrections) -> String {
    let mut out = String::new();
    let shapes = model.input_shapes();
    for name in &shapes {
        structure(&mut out, model, corrections, name);
    }
    for (operation, _) in model.operations.iter().filter(|(_, o)| o.input.is_none()) {
        write!(
            out,
            "/// Input of [`Operation::{operation}`](crate::Operation::{operation}): none.\n\
             #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]\n\
             #[cfg_attr(test, derive(serde::Deserialize))]\n\
             pub struct {operation}Request {{}}\n\n"
        )
        .expect("writing to a string");
    }
    with_imports(&out)
}

/// Structures that only responses use.
pub(crate) fn responses(model: &Model, corrections: &Corrections) -> String {
    let mut out = String::new();
    let inputs = model.input_shapes();
    for name in model.output_shapes() {
        if !inputs.contains(name) {
            structure(&mut out, model, corrections, name);
        }
    }
    with_imports(&out)
}

/// The imports that the structures use.
fn with_imports(structures: &str) -> String {
    let scalars: Vec<&str> = ["Blob", "EpochSeconds", "Protected"]
        .into_iter()
        .filter(|name| structures.contains(name))
        .collect();
    format!(
        "use super::*;\nuse crate::scalar::{{{}}};\nuse serde::Serialize;\nuse std::fmt;\n\n{structures}",
        scalars.join(", ")
    )
}

fn structure(out: &mut String, model: &Model, corrections: &Corrections, name: &str) {
    let shape = model.shape(name);
    if shape.kind != ShapeKind::Structure {
        return;
    }
    let has_secret = (shape.members.iter()).any(|(member, _)| corrections.is_secret(member));
    let debug = if has_secret { "" } else { "Debug, " };
    let documentation = documentation(model, name);
    write!(
        out,
        "{documentation}#[derive(Clone, {debug}Default, PartialEq, Eq, Serialize)]\n\
         #[cfg_attr(test, derive(serde::Deserialize))]\n\
         pub struct {name} {{\n"
    )
    .expect("writing to a string");
    for (member, target) in shape.members.iter() {
        let field = names::field(member);
        let plain = rust_type(model, &target.shape);
        let (skip, of) = match shape.is_required(member) {
            true => ("", plain),
            false => (
                ", skip_serializing_if = \"Option::is_none\"",
                format!("Option<{plain}>"),
            ),
        };
        writeln!(
            out,
            "#[serde(rename = {member:?}{skip})]\npub {field}: {of},"
        )
        .expect("writing to a string");
    }
    out.push_str("}\n\n");
    if has_secret {
        masked_debug(out, corrections, name, shape);
    }
}

fn documentation(model: &Model, name: &str) -> String {
    let mut uses = Vec::new();
    for (operation, definition) in &model.operations {
        let link = format!("[`{operation}`](crate::Operation::{operation})");
        if definition
            .input
            .as_ref()
            .is_some_and(|input| input.shape == name)
        {
            uses.push(format!("input of {link}"));
        }
        if definition.output.shape == name {
            uses.push(format!("output of {link}"));
        }
    }
    match uses.as_slice() {
        [] => format!("/// Structure `{name}` of the model.\n"),
        uses => format!(
            "/// Structure `{name}` of the model: {}.\n",
            uses.join(", ")
        ),
    }
}

/// `Debug` by hand: a secret shows whether it is there, nothing else.
fn masked_debug(out: &mut String, corrections: &Corrections, name: &str, shape: &Shape) {
    write!(
        out,
        "impl fmt::Debug for {name} {{\n\
         fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {{\n\
         formatter.debug_struct({name:?})\n"
    )
    .expect("writing to a string");
    for (member, _) in shape.members.iter() {
        let field = names::field(member);
        let label = field.trim_start_matches("r#");
        match (corrections.is_secret(member), shape.is_required(member)) {
            (true, true) => writeln!(out, ".field({label:?}, &Protected)"),
            (true, false) => writeln!(
                out,
                ".field({label:?}, &self.{field}.as_ref().map(|_| Protected))"
            ),
            (false, _) => writeln!(out, ".field({label:?}, &self.{field})"),
        }
        .expect("writing to a string");
    }
    out.push_str(".finish()\n}\n}\n\n");
}

/// The Rust type of a value of a shape.
pub(crate) fn rust_type(model: &Model, name: &str) -> String {
    let shape = model.shape(name);
    match shape.kind {
        ShapeKind::Structure => name.to_owned(),
        ShapeKind::String if shape.is_enumeration() => name.to_owned(),
        ShapeKind::String => "String".to_owned(),
        ShapeKind::Integer | ShapeKind::Long => "i64".to_owned(),
        ShapeKind::Boolean => "bool".to_owned(),
        ShapeKind::Timestamp => "EpochSeconds".to_owned(),
        ShapeKind::Blob => "Blob".to_owned(),
        ShapeKind::List => {
            let member = shape.member.as_ref().expect("a list shape has a member");
            format!("Vec<{}>", rust_type(model, &member.shape))
        }
    }
}
