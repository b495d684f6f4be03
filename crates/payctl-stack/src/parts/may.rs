//! What a function may do, as documents say it.

use std::collections::BTreeMap;

use payctl_aws::Statement;
use payctl_engine::Input;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One permission.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct May {
    /// Actions, such as `sqs:SendMessage`.
    #[serde(rename = "do")]
    pub actions: Vec<String>,
    /// The ARNs that they are about: one, or a list of them.
    pub on: On,
    /// Conditions, as IAM writes them.
    #[serde(default)]
    pub when: BTreeMap<String, BTreeMap<String, Value>>,
}

/// What a permission is about.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum On {
    /// Several ARNs.
    Several(Vec<Input<String>>),
    /// One.
    One(Input<String>),
}

impl May {
    /// Whether IAM takes it, which is asked only when half of the stack is there (its guide, "Grammar of
    /// the IAM JSON policy language").
    pub(super) fn check(&self) -> Result<(), String> {
        let is_action = |action: &str| {
            let service = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let name = |c: char| c.is_ascii_alphanumeric() || "*?".contains(c);
            action == "*"
                || action.split_once(':').is_some_and(|(of, what)| {
                    !of.is_empty()
                        && of.chars().all(service)
                        && !what.is_empty()
                        && what.chars().all(name)
                })
        };
        let on = match &self.on {
            On::Several(all) => all.as_slice(),
            On::One(one) => std::slice::from_ref(one),
        };
        let lacks =
            if self.actions.is_empty() { Some("do") } else { on.is_empty().then_some("on") };
        if let Some(lacks) = lacks {
            return Err(format!("has something in `may` with nothing in `{lacks}`"));
        }
        if let Some(action) = self.actions.iter().find(|action| !is_action(action)) {
            return Err(format!(
                "has an action {action:?} in `may`: one is called like `sqs:SendMessage`"
            ));
        }
        for one in on {
            if let Input::Known(text) = one
                && text != "*"
                && !text.starts_with("arn:")
            {
                return Err(format!("has something in `may` on {text:?}, which is no ARN"));
            }
        }
        Ok(())
    }

    pub(super) fn statement(&self, number: usize) -> Statement {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        let statement = Statement::allow(&format!("May{number}"), &actions);
        let statement = match &self.on {
            On::Several(all) => statement.on(all.iter().cloned()),
            On::One(one) => statement.on([one.clone()]),
        };
        let conditions = self.when.iter().flat_map(|(operator, keys)| {
            keys.iter().map(move |(key, value)| (operator, key, value))
        });
        conditions.fold(statement, |all, (operator, key, value)| all.when(operator, key, value))
    }
}
