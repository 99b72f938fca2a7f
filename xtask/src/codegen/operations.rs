//! The table of operations.

use super::Corrections;
use crate::model::{Model, ShapeKind};
use std::fmt::Write;

/// How the results of an operation are paged, when its input takes `maxResults`.
pub(crate) struct Paging<'m> {
    /// The output member that holds one page.
    pub(crate) items: &'m str,
    /// Whether SDKs follow the tokens by themselves.
    pub(crate) automatic: bool,
}

pub(crate) fn paging<'m>(model: &'m Model, operation: &str) -> Option<Paging<'m>> {
    let definition = &model.operations[operation];
    let input = model.shape(&definition.input.as_ref()?.shape);
    input.members.get("maxResults")?;
    let is_list = |shape: &str| model.shape(shape).kind == ShapeKind::List;
    let mut lists = (model.shape(&definition.output.shape).members.iter())
        .filter_map(|(member, target)| is_list(&target.shape).then_some(member));
    let items = lists
        .next()
        .unwrap_or_else(|| panic!("{operation} is paged and returns no list"));
    assert!(lists.next().is_none(), "{operation} returns two lists");
    let paginator = model.pagination.get(operation);
    assert!(
        paginator.is_none_or(|paginator| paginator.result_key == items),
        "{operation}: the paginator pages something else than {items}"
    );
    Some(Paging {
        items,
        automatic: paginator.is_some(),
    })
}

pub(crate) fn render(model: &Model, corrections: &Corrections) -> String {
    let mut out =
        String::from("use crate::operation::{Pagination, operations};\n\noperations! {\n");
    for (name, definition) in &model.operations {
        let errors: Vec<String> = (definition.errors.iter())
            .map(|error| format!("{:?}", error.shape))
            .collect();
        let pagination = match paging(model, name) {
            Some(Paging { items, automatic }) => {
                format!("Some(Pagination {{ items: {items:?}, automatic: {automatic} }})")
            }
            None => "None".to_owned(),
        };
        write!(
            out,
            "    {name} {{\n        deprecated: {},\n        read_only: {},\n        \
             errors: [{}],\n        pagination: {pagination},\n    }}\n",
            definition.deprecated,
            corrections.is_read_only(name),
            errors.join(", "),
        )
        .expect("writing to a string");
    }
    out.push_str("}\n");
    out
}
