//! What of a policy the caller is not allowed, as IAM simulates it: asked before anything is made,
//! since a right that is missing is met half-way otherwise.
//!
//! IAM simulates identity policies, boundaries and those of the organisation, and says itself that
//! its results can differ from what happens (IAM API reference, SimulatePrincipalPolicy). So this
//! is told, and refuses nothing.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::{Aws, Present as _, Result};

/// How many simulations run at once, beside what reads: our choice.
const AT_ONCE: usize = 4;

/// Actions and what they are not allowed on.
pub type Lacking = BTreeMap<String, BTreeSet<String>>;

/// The services that a policy lets make a role of their own in the account, and whether it is there.
pub type LinkedRoles = BTreeMap<String, bool>;

/// A statement of a policy.
struct Statement {
    actions: BTreeSet<String>,
    resources: BTreeSet<String>,
    context: BTreeMap<String, BTreeSet<String>>,
}

/// What of `document` the caller is not allowed. A service-linked role that is there already has
/// not to be made.
///
/// # Errors
/// When the caller may not simulate, or is none that can be: the account's root, for instance.
pub async fn lacking(aws: &Aws, document: &Value, linked: &LinkedRoles) -> Result<Lacking> {
    let there =
        |resource: &String| linked_to(resource).is_some_and(|to| linked.get(to) == Some(&true));
    let mut statements = statements(document);
    for statement in &mut statements {
        statement.resources.retain(|resource| !there(resource));
    }
    statements.retain(|statement| !statement.resources.is_empty());
    let principal = principal(aws).await?;
    // Whoever may do all of it anywhere is told so by one call.
    let mut anywhere = Statement {
        actions: BTreeSet::new(),
        resources: ["*".to_owned()].into(),
        context: BTreeMap::new(),
    };
    for Statement { actions, context, .. } in &statements {
        anywhere.actions.extend(actions.iter().cloned());
        for (key, values) in context {
            anywhere.context.entry(key.clone()).or_default().extend(values.iter().cloned());
        }
    }
    let doubtful = simulate(aws, &principal, &anywhere).await?;
    for statement in &mut statements {
        statement.actions.retain(|action| doubtful.contains_key(action));
    }
    statements.retain(|statement| !statement.actions.is_empty());
    let mut all = Lacking::new();
    let each = stream::iter(&statements).map(|statement| simulate(aws, &principal, statement));
    let found: Vec<Lacking> = each.buffer_unordered(AT_ONCE).try_collect().await?;
    for (action, resources) in found.into_iter().flatten() {
        all.entry(action).or_default().extend(resources);
    }
    Ok(all)
}

/// The service-linked roles that `document` lets be made; services make them at their first use in
/// an account.
///
/// # Errors
/// When the caller may not list roles.
pub async fn linked_roles(aws: &Aws, document: &Value) -> Result<LinkedRoles> {
    let all = statements(document).into_iter().flat_map(|statement| statement.resources);
    let services = all.filter_map(|resource| linked_to(&resource).map(str::to_owned));
    let mut linked: LinkedRoles = services.map(|service| (service, false)).collect();
    if linked.is_empty() {
        return Ok(linked);
    }
    let roles = aws.iam.list_roles().path_prefix("/aws-service-role/").into_paginator();
    let mut roles = roles.items().send();
    while let Some(role) = roles.next().await {
        let role = role?;
        if let Some(there) = linked_to(role.arn()).and_then(|service| linked.get_mut(service)) {
            *there = true;
        }
    }
    Ok(linked)
}

/// The service that a role is linked to.
fn linked_to(arn: &str) -> Option<&str> {
    let (_, role) = arn.split_once(":role/aws-service-role/")?;
    role.split('/').next()
}

/// Whose policies are simulated: a session has those of its role.
async fn principal(aws: &Aws) -> Result<String> {
    let caller = &aws.facts.caller;
    let Some((_, session)) = caller.split_once(":assumed-role/") else {
        return Ok(caller.clone());
    };
    let name = session.split('/').next().unwrap_or_default();
    // The session does not tell the role's path.
    let role = aws.iam.get_role().role_name(name).send().await?;
    Ok(role.role.present("role")?.arn)
}

async fn simulate(aws: &Aws, principal: &str, statement: &Statement) -> Result<Lacking> {
    let Statement { actions, resources, context } = statement;
    let context = context.iter().map(|(key, values)| {
        ContextEntry::builder()
            .context_key_name(key)
            .set_context_key_values(Some(values.iter().cloned().collect()))
            .context_key_type(match values.len() {
                1 => ContextKeyTypeEnum::String,
                _ => ContextKeyTypeEnum::StringList,
            })
            .build()
    });
    let request = aws.iam.simulate_principal_policy().policy_source_arn(principal);
    let mut results = request
        .set_action_names(Some(actions.iter().cloned().collect()))
        .set_resource_arns(Some(resources.iter().cloned().collect()))
        .set_context_entries(Some(context.collect()))
        .into_paginator()
        .items()
        .send();
    let mut lacking = Lacking::new();
    while let Some(result) = results.next().await {
        let EvaluationResult { eval_action_name, eval_resource_name, eval_decision, .. } = result?;
        if eval_decision != PolicyEvaluationDecisionType::Allowed {
            let resource = eval_resource_name.unwrap_or_else(|| "*".to_owned());
            lacking.entry(eval_action_name).or_default().insert(resource);
        }
    }
    Ok(lacking)
}

fn statements(document: &Value) -> Vec<Statement> {
    let texts = |value: &Value| -> BTreeSet<String> {
        let one = value.as_str().map(str::to_owned);
        let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        one.into_iter().chain(many.map(str::to_owned)).collect()
    };
    let all = document["Statement"].as_array().into_iter().flatten();
    all.map(|statement| {
        let mut context = BTreeMap::new();
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let values = match operator.as_str() {
                    // It has to be absent, and is.
                    "Null" if texts(values).contains("true") => continue,
                    // It has to be there, whatever it is.
                    "Null" => ["Create".to_owned()].into(),
                    _ => texts(values),
                };
                context.insert(key.clone(), values);
            }
        }
        Statement {
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            context,
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_become_what_the_request_says() {
        let document = json!({ "Statement": [{
            "Action": ["iam:PassRole"],
            "Resource": "arn:aws:iam::123456789012:role/x",
            "Condition": {
                "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" },
                "Null": { "aws:ResourceTag/payctl:suffix": "true", "ec2:CreateAction": "false" },
            },
        }] });
        let [statement] = &statements(&document)[..] else { panic!("one statement") };
        assert_eq!(statement.actions, ["iam:PassRole".to_owned()].into());
        assert_eq!(statement.resources, ["arn:aws:iam::123456789012:role/x".to_owned()].into());
        let keys: Vec<&str> = statement.context.keys().map(String::as_str).collect();
        assert_eq!(keys, ["ec2:CreateAction", "iam:PassedToService"]);
    }
}
