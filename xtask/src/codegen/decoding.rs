//! How request structures are read: one static per shape that says what its values look like,
//! one `FromMembers` per structure that names its members in model order.

use super::{Corrections, names, structures};
use crate::model::{Model, Shape, ShapeKind};
use std::fmt::Write;

pub(crate) fn render(model: &Model, corrections: &Corrections) -> String {
    let mut out = String::from(
        "use super::*;\n\
         use crate::decode::{BOOLEAN, Enumerated, FromMembers, INTEGER, Integer, List, Malformed,\
         Members, Structure, TEXT, Text, pattern};\n\
         use regex::Regex;\nuse std::sync::LazyLock;\n\n",
    );
    let shapes = model.input_shapes();
    // The input of an operation is the whole body: no member refers to its shape.
    let is_input = |name: &str| {
        let mut inputs = model.operations.values().filter_map(|o| o.input.as_ref());
        inputs.any(|input| input.shape == name)
    };
    for name in shapes.iter().filter(|name| !is_input(name)) {
        shape_static(&mut out, model, name);
    }
    for name in &shapes {
        from_members(&mut out, model, corrections, name);
    }
    for operation in (model.operations.iter()).filter_map(|(n, o)| o.input.is_none().then_some(n)) {
        write!(
            out,
            "impl FromMembers for {operation}Request {{\n\
             fn from_members(_: &mut Members<'_>) -> Result<Self, Malformed> {{ Ok(Self {{}}) }}\n\
             }}\n\n"
        )
        .expect("writing to a string");
    }
    out
}

/// Shapes without constraints share one static a type.
fn describer(shape: &Shape, name: &str) -> String {
    let constrained = shape.min.is_some() || shape.max.is_some() || shape.pattern.is_some();
    match shape.kind {
        ShapeKind::Boolean => "BOOLEAN".to_owned(),
        ShapeKind::Integer | ShapeKind::Long if !constrained => "INTEGER".to_owned(),
        ShapeKind::String if !constrained && !shape.is_enumeration() => "TEXT".to_owned(),
        ShapeKind::Timestamp | ShapeKind::Blob => {
            panic!(
                "{name}: no request has a {:?} so far; write its decoder first",
                shape.kind
            )
        }
        _ => names::constant(name),
    }
}

fn shape_static(out: &mut String, model: &Model, name: &str) {
    let shape = model.shape(name);
    let constant = describer(shape, name);
    if ["BOOLEAN", "INTEGER", "TEXT"].contains(&constant.as_str()) {
        return;
    }
    if let Some(pattern) = &shape.pattern {
        writeln!(
            out,
            "static {constant}_PATTERN: LazyLock<Regex> = LazyLock::new(|| pattern(r\"{pattern}\"));"
        )
        .expect("writing to a string");
    }
    let (of, mut value) = match shape.kind {
        ShapeKind::Structure => (format!("Structure<{name}>"), "Structure::new()".to_owned()),
        ShapeKind::String if shape.is_enumeration() => (
            format!("Enumerated<{name}>"),
            "Enumerated::new()".to_owned(),
        ),
        ShapeKind::String => ("Text".to_owned(), "Text::new()".to_owned()),
        ShapeKind::Integer | ShapeKind::Long => ("Integer".to_owned(), "Integer::new()".to_owned()),
        ShapeKind::List => {
            let member = &shape
                .member
                .as_ref()
                .expect("a list shape has a member")
                .shape;
            let of = describer_type(model, member);
            let member = describer(model.shape(member), member);
            (format!("List<{of}>"), format!("List::of(&{member})"))
        }
        ShapeKind::Boolean | ShapeKind::Timestamp | ShapeKind::Blob => return,
    };
    if let Some(minimum) = shape.min {
        write!(value, ".at_least({minimum})").expect("writing to a string");
    }
    if let Some(maximum) = shape.max {
        write!(value, ".at_most({maximum})").expect("writing to a string");
    }
    if shape.pattern.is_some() {
        write!(value, ".matching(&{constant}_PATTERN)").expect("writing to a string");
    }
    writeln!(out, "static {constant}: {of} = {value};\n").expect("writing to a string");
}

fn describer_type(model: &Model, name: &str) -> String {
    let shape = model.shape(name);
    match shape.kind {
        ShapeKind::Structure => format!("Structure<{name}>"),
        ShapeKind::String if shape.is_enumeration() => format!("Enumerated<{name}>"),
        ShapeKind::String => "Text".to_owned(),
        ShapeKind::Integer | ShapeKind::Long => "Integer".to_owned(),
        _ => panic!(
            "no request has a list of {}",
            structures::rust_type(model, name)
        ),
    }
}

fn from_members(out: &mut String, model: &Model, corrections: &Corrections, name: &str) {
    let shape = model.shape(name);
    if shape.kind != ShapeKind::Structure {
        return;
    }
    write!(
        out,
        "impl FromMembers for {name} {{\n\
         fn from_members(members: &mut Members<'_>) -> Result<Self, Malformed> {{\n\
         Ok(Self {{\n"
    )
    .expect("writing to a string");
    for (member, target) in shape.members.iter() {
        let method = match shape.is_required(member) {
            true => "required",
            false if corrections.empty_means_absent(&target.shape) => "optional_unless_empty",
            false => "optional",
        };
        writeln!(
            out,
            "{}: members.{method}({member:?}, &{})?,",
            names::field(member),
            describer(model.shape(&target.shape), &target.shape)
        )
        .expect("writing to a string");
    }
    out.push_str("})\n}\n}\n\n");
}
