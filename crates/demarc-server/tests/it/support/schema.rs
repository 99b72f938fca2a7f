//! As much of JSON Schema as the OpenAPI document uses. A keyword that is not known here fails the test, so that
//! nothing is taken for checked that is not.

use serde_json::Value;

/// Checks a value against a schema of an OpenAPI document; says where it does not fit.
pub(crate) fn check_against(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    check(document, schema, value, "$")
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{at}: {what}; it is {value}"));
    for (keyword, rule) in schema.as_object().ok_or("a schema is an object")? {
        match keyword.as_str() {
            "$ref" => {
                let pointer = rule.as_str().unwrap_or_default().trim_start_matches('#');
                let target = document
                    .pointer(pointer)
                    .ok_or_else(|| format!("no {pointer}"))?;
                check(document, target, value, at)?;
            }
            "anyOf" => {
                let mut choices = rule.as_array().into_iter().flatten();
                if !choices.any(|choice| check(document, choice, value, at).is_ok()) {
                    return wrong("nothing of anyOf fits".to_owned());
                }
            }
            "type" => {
                let mut types = match rule {
                    Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
                    one => vec![one.as_str().unwrap_or_default()],
                }
                .into_iter();
                if !types.any(|name| is_of_type(value, name)) {
                    return wrong(format!("not {rule}"));
                }
            }
            "const" if rule != value => return wrong(format!("not {rule}")),
            "enum" if !rule.as_array().is_some_and(|all| all.contains(value)) => {
                return wrong(format!("none of {rule}"));
            }
            "required" => {
                for name in rule.as_array().into_iter().flatten() {
                    if value.get(name.as_str().unwrap_or_default()).is_none() {
                        return wrong(format!("{name} is missing"));
                    }
                }
            }
            "items" => {
                for (place, element) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, rule, element, &format!("{at}[{place}]"))?;
                }
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    let place = format!("{at}.{name}");
                    match rule.get(name) {
                        Some(member_schema) => check(document, member_schema, member, &place)?,
                        None if schema["additionalProperties"] == false => {
                            return wrong(format!("{name} is not documented"));
                        }
                        None => {}
                    }
                }
            }
            "const"
            | "enum"
            | "additionalProperties"
            | "description"
            | "format"
            | "minimum"
            | "maximum"
            | "default" => {}
            other => return Err(format!("{at}: keyword {other} is not known to this test")),
        }
    }
    Ok(())
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    }
}
