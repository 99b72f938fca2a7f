//! Policy documents, checked when they come in.
//!
//! iam-rs ignores what it does not know, and finds out about a broken pattern only when a request meets
//! it. A misspelt `Deny` that denies nothing is worse than no start at all, so everything is checked here.

use iam_rs::{
    ConditionBlock, ConditionValue, EvaluationOptions, IAMPolicy, IAMStatement, PolicyEvaluator,
};
use serde_json::{Map, Value};

/// Why a document is no identity policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// Not JSON; lines and columns count from 1.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        line: usize,
        column: usize,
        reason: String,
    },
    /// JSON, but not a policy; `at` is the path to the element.
    #[error("{at}: {reason}")]
    Content { at: String, reason: String },
}

/// Policies that are evaluated together: an explicit deny in any wins, then an allow in any.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    policies: Vec<IAMPolicy>,
    evaluator: PolicyEvaluator,
    /// Some condition's value has a variable, which iam-rs would take literally.
    has_condition_variables: bool,
}

impl PolicySet {
    /// Reads documents in JSON.
    ///
    /// # Errors
    /// The first fault found, with its position.
    pub fn from_json<'a>(
        documents: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidPolicy> {
        let mut set = Self::default();
        for text in documents {
            set.push_json(text)?;
        }
        Ok(set)
    }

    /// Adds a document in JSON.
    ///
    /// # Errors
    /// The first fault found, with its position.
    pub fn push_json(&mut self, text: &str) -> Result<(), InvalidPolicy> {
        let document = serde_json::from_str(text).map_err(|error| InvalidPolicy::Syntax {
            line: error.line(),
            column: error.column(),
            reason: without_position(&error.to_string()),
        })?;
        self.push(document)
    }

    /// Adds a document that is parsed already.
    ///
    /// # Errors
    /// [`InvalidPolicy::Content`].
    pub fn push(&mut self, document: Value) -> Result<(), InvalidPolicy> {
        let policy = check(document)?;
        self.has_condition_variables |= policy
            .statement
            .iter()
            .filter_map(|statement| statement.condition.as_ref())
            .any(has_variables);
        self.policies.push(policy);
        self.evaluator = evaluator(self.policies.clone());
        Ok(())
    }

    /// The verdict of these policies alone. A fault in the evaluation denies.
    pub(super) fn evaluate(&self, request: &iam_rs::IAMRequest) -> iam_rs::Decision {
        let result = if self.has_condition_variables {
            let mut policies = self.policies.clone();
            let conditions = policies
                .iter_mut()
                .flat_map(|policy| &mut policy.statement)
                .filter_map(|statement| statement.condition.as_mut());
            for condition in conditions {
                if fill_in_variables(condition, &request.context).is_err() {
                    return iam_rs::Decision::Deny;
                }
            }
            evaluator(policies).evaluate(request)
        } else {
            self.evaluator.evaluate(request)
        };
        result.map_or(iam_rs::Decision::Deny, |result| result.decision)
    }
}

fn evaluator(policies: Vec<IAMPolicy>) -> PolicyEvaluator {
    PolicyEvaluator::with_policies(policies).with_options(EvaluationOptions {
        max_statements: usize::MAX,
        ..EvaluationOptions::default()
    })
}

fn has_variables(condition: &ConditionBlock) -> bool {
    let values = condition.conditions.values().flat_map(|keys| keys.values());
    values.flat_map(texts_of).any(|text| text.contains("${"))
}

fn texts_of(value: &ConditionValue) -> &[String] {
    match value {
        ConditionValue::String(text) => std::slice::from_ref(text),
        ConditionValue::StringList(texts) => texts,
        ConditionValue::Boolean(_) | ConditionValue::Number(_) => &[],
    }
}

fn fill_in_variables(
    condition: &mut ConditionBlock,
    context: &iam_rs::Context,
) -> Result<(), iam_rs::EvaluationError> {
    for value in condition
        .conditions
        .values_mut()
        .flat_map(|keys| keys.values_mut())
    {
        let texts = match value {
            ConditionValue::String(text) => std::slice::from_mut(text),
            ConditionValue::StringList(texts) => texts.as_mut_slice(),
            ConditionValue::Boolean(_) | ConditionValue::Number(_) => continue,
        };
        for text in texts {
            *text = iam_rs::interpolate_variables(text, context)?;
        }
    }
    Ok(())
}

/// serde_json ends its messages with the position, which we print ourselves.
fn without_position(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    message[..end].to_owned()
}

fn fault(at: impl AsRef<str>, reason: impl Into<String>) -> InvalidPolicy {
    InvalidPolicy::Content {
        at: at.as_ref().to_owned(),
        reason: reason.into(),
    }
}

fn check(mut document: Value) -> Result<IAMPolicy, InvalidPolicy> {
    let Some(policy) = document.as_object_mut() else {
        return Err(fault("policy", "a policy is a JSON object"));
    };
    only_known_elements(policy, &["Version", "Id", "Statement"], "policy")?;
    policy
        .entry("Version")
        .or_insert_with(|| Value::from("2012-10-17"));
    match policy.get_mut("Statement") {
        Some(Value::Array(statements)) if statements.is_empty() => {
            return Err(fault("Statement", "at least one statement is needed"));
        }
        Some(Value::Array(statements)) => {
            for (place, statement) in statements.iter_mut().enumerate() {
                check_statement(statement, &format!("Statement[{place}]"))?;
            }
        }
        Some(statement) => check_statement(statement, "Statement")?,
        None => return Err(fault("Statement", "missing")),
    }
    let policy: IAMPolicy = serde_json::from_value(document)
        .map_err(|error| fault("policy", without_position(&error.to_string())))?;
    for (place, statement) in policy.statement.iter().enumerate() {
        check_values(statement, &format!("Statement[{place}]"))?;
    }
    Ok(policy)
}

fn only_known_elements(
    object: &Map<String, Value>,
    known: &[&str],
    at: &str,
) -> Result<(), InvalidPolicy> {
    match object.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(fault(
            at,
            format!("unknown element `{name}`, expected {}", known.join(", ")),
        )),
        None => Ok(()),
    }
}

fn check_statement(statement: &mut Value, at: &str) -> Result<(), InvalidPolicy> {
    const KNOWN: [&str; 7] = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let Some(statement) = statement.as_object_mut() else {
        return Err(fault(at, "a statement is a JSON object"));
    };
    only_known_elements(statement, &KNOWN, at)?;
    match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow" | "Deny") => {}
        _ => {
            return Err(fault(
                format!("{at}.Effect"),
                "must be \"Allow\" or \"Deny\"",
            ));
        }
    }
    for (one, other) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        if statement.contains_key(one) == statement.contains_key(other) {
            return Err(fault(at, format!("needs either {one} or {other}")));
        }
        for name in [one, other] {
            if let Some(value) = statement.get(name) {
                check_texts(value, &format!("{at}.{name}"))?;
            }
        }
    }
    if let Some(conditions) = statement.get_mut("Condition") {
        read_arn_equals_as_arn_like(conditions);
        check_condition(conditions, &format!("{at}.Condition"))?;
    }
    Ok(())
}

/// A text, or a list of at least one.
fn check_texts(value: &Value, at: &str) -> Result<(), InvalidPolicy> {
    let good = match value {
        Value::String(_) => true,
        Value::Array(texts) => !texts.is_empty() && texts.iter().all(Value::is_string),
        _ => false,
    };
    if good {
        Ok(())
    } else {
        Err(fault(at, "must be a string or a list of strings"))
    }
}

/// `{operator: {key: value or [values]}}`.
fn check_condition(conditions: &Value, at: &str) -> Result<(), InvalidPolicy> {
    let Some(operators) = conditions.as_object() else {
        return Err(fault(at, "must be an object of condition operators"));
    };
    for (operator, keys) in operators {
        let at = format!("{at}.{operator}");
        if serde_json::from_value::<iam_rs::IAMOperator>(Value::from(operator.as_str())).is_err() {
            return Err(fault(at, "unknown condition operator"));
        }
        let Some(keys) = keys.as_object() else {
            return Err(fault(at, "must be an object of condition keys"));
        };
        for (key, value) in keys {
            let scalar =
                |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
            let good = match value {
                Value::Array(values) => !values.is_empty() && values.iter().all(Value::is_string),
                other => scalar(other),
            };
            if !good {
                let at = format!("{at}.{key}");
                return Err(fault(at, "must be a value or a list of strings"));
            }
        }
    }
    Ok(())
}

/// `ArnEquals` and `ArnLike` behave alike in IAM; iam-rs compares `ArnEquals` without wildcards.
fn read_arn_equals_as_arn_like(conditions: &mut Value) {
    let Some(operators) = conditions.as_object_mut() else {
        return;
    };
    let renamed: Vec<(String, String)> = operators
        .keys()
        .filter(|name| name.contains("ArnEquals") || name.contains("ArnNotEquals"))
        .map(|name| {
            let like = name.replace("ArnEquals", "ArnLike");
            (name.clone(), like.replace("ArnNotEquals", "ArnNotLike"))
        })
        .collect();
    for (from, to) in renamed {
        if operators.contains_key(&to) {
            continue;
        }
        if let Some(keys) = operators.remove(&from) {
            operators.insert(to, keys);
        }
    }
}

/// What only shows once the statement is typed: actions, ARNs, variables, values of operators.
fn check_values(statement: &IAMStatement, at: &str) -> Result<(), InvalidPolicy> {
    use iam_rs::Validate;

    let actions = [&statement.action, &statement.not_action];
    for action in actions.into_iter().flatten() {
        let invalid = |error| fault(format!("{at}.Action"), format!("{error}"));
        action.validate_result().map_err(invalid)?;
    }
    let resources = [&statement.resource, &statement.not_resource];
    for resource in resources.into_iter().flatten() {
        let patterns = match resource {
            iam_rs::IAMResource::Single(pattern) => std::slice::from_ref(pattern),
            iam_rs::IAMResource::Multiple(patterns) => patterns.as_slice(),
        };
        for pattern in patterns {
            check_resource(pattern).map_err(|reason| fault(format!("{at}.Resource"), reason))?;
        }
    }
    if let Some(conditions) = &statement.condition {
        let at = format!("{at}.Condition");
        let values = conditions
            .conditions
            .values()
            .flat_map(|keys| keys.values());
        for text in values.flat_map(texts_of) {
            check_variables(text).map_err(|reason| fault(&at, reason))?;
        }
        let invalid = |error| fault(&at, format!("{error}"));
        conditions.validate_result().map_err(invalid)?;
        probe(conditions).map_err(|error| fault(&at, format!("{error}")))?;
    }
    Ok(())
}

/// Has the evaluator read every value once, each alone: it would otherwise find out about one that it
/// cannot read, such as `10.0.0.0/99`, in the middle of a request.
fn probe(conditions: &ConditionBlock) -> Result<(), iam_rs::EvaluationError> {
    let request = iam_rs::IAMRequest::new(
        iam_rs::Principal::Aws(iam_rs::PrincipalId::String("000000000000".to_owned())),
        "probe:Probe",
        iam_rs::Arn::parse("arn:aws:probe:::probe")
            .map_err(|error| iam_rs::EvaluationError::InvalidArn(error.to_string()))?,
    );
    for (operator, keys) in &conditions.conditions {
        for (key, value) in keys {
            let single = match value {
                ConditionValue::StringList(texts) => {
                    texts.iter().cloned().map(ConditionValue::String).collect()
                }
                other => vec![other.clone()],
            };
            for value in single {
                let statement = IAMStatement::new(iam_rs::IAMEffect::Allow)
                    .with_action(iam_rs::IAMAction::Single("*".to_owned()))
                    .with_resource(iam_rs::IAMResource::Single("*".to_owned()))
                    .with_condition(operator.clone(), key.clone(), value);
                let policy = IAMPolicy::new().add_statement(statement);
                evaluator(vec![policy]).evaluate(&request)?;
            }
        }
    }
    Ok(())
}

/// `*`, or an ARN in six parts whose service is spelt out and whose variables are closed.
fn check_resource(pattern: &str) -> Result<(), String> {
    if pattern == "*" {
        return Ok(());
    }
    let arn = iam_rs::Arn::parse(pattern)
        .map_err(|_| format!("`{pattern}` is neither \"*\" nor an ARN in six parts"))?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if arn.service.is_empty() || !arn.service.bytes().all(plain) {
        return Err(format!(
            "`{pattern}`: the service must be spelt out, without wildcards"
        ));
    }
    check_variables(pattern)
}

/// Variables have to be closed and named. The escapes `${*}`, `${?}` and `${$}` are not supported.
fn check_variables(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            return Err(format!("`{text}`: a variable is not closed"));
        };
        if !name.contains(':') {
            return Err(format!("`{text}`: `${{{name}}}` is no variable"));
        }
        iam_rs::PolicyVariable::parse(&format!("${{{name}}}"))
            .map_err(|error| format!("`{text}`: {error}"))?;
        rest = after;
    }
    Ok(())
}
