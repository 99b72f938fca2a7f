//! The request and response enums: one variant an operation.

use crate::model::Model;
use std::fmt::Write;

pub(crate) fn render(model: &Model) -> String {
    let mut out = String::from("use super::*;\nuse crate::dispatch::dispatch;\n\ndispatch! {\n");
    for (name, definition) in &model.operations {
        let input = match &definition.input {
            Some(input) => input.shape.clone(),
            None => format!("{name}Request"),
        };
        writeln!(out, "    {name}({input}) -> {},", definition.output.shape)
            .expect("writing to a string");
    }
    out.push_str("}\n");
    out
}
