//! Enum shapes.

use super::names;
use crate::model::Model;
use std::collections::BTreeSet;
use std::fmt::Write;

pub(crate) fn render(model: &Model) -> String {
    let required = required_enumerations(model);
    let mut out = String::from("use crate::enumeration::enumeration;\n\nenumeration! {\n");
    let shapes = (model.shapes.iter()).filter(|(_, shape)| shape.is_enumeration());
    for (name, shape) in shapes {
        if required.contains(name.as_str()) {
            out.push_str("    #[derive(Default)]\n");
        }
        writeln!(out, "    {name} {{").expect("writing to a string");
        for (index, value) in shape.values.iter().enumerate() {
            if index == 0 && required.contains(name.as_str()) {
                out.push_str("        #[default]\n");
            }
            writeln!(out, "        {} = {value:?},", names::variant(value))
                .expect("writing to a string");
        }
        out.push_str("    }\n");
    }
    out.push_str("}\n");
    out
}

/// Enums that are plain members of a structure and so need a default as the structure does.
fn required_enumerations(model: &Model) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for name in model.input_shapes() {
        let shape = model.shape(name);
        for (member, target) in shape.members.iter() {
            if shape.is_required(member) && model.shape(&target.shape).is_enumeration() {
                found.insert(target.shape.as_str());
            }
        }
    }
    found
}
