//! What others attach to a function: who else may call it, and what else calls it or is told.

use payctl_engine::Attachments;
use serde_json::Value;

use crate::policy::principals;
use crate::{Absent as _, AwsError, Cx, Result};

const GONE: &str = "ResourceNotFoundException";

pub(super) const SORTS: &[&str] = &["alias", "event destination", "function URL", "permission"];

pub(super) async fn look(cx: &Cx<'_>, name: &str, attachments: &mut Attachments<'_>) -> Result<()> {
    let lambda = &cx.cloud.lambda;
    let policy = cx.cloud.function_policies.load(name);
    let aliases = async {
        let pages = lambda.list_aliases().function_name(name).into_paginator().items().send();
        let all = pages.collect::<std::result::Result<Vec<_>, _>>().await;
        all.unless_absent(GONE)
    };
    let url = async {
        lambda.get_function_url_config().function_name(name).send().await.unless_absent(GONE)
    };
    let told = async {
        let request = lambda.get_function_event_invoke_config().function_name(name);
        request.send().await.unless_absent(GONE)
    };
    let (policy, aliases, url, told) = futures::try_join!(policy, aliases, url, told)?;

    for (sid, whom) in statements(policy.as_deref())? {
        if attachments.is_declared("lambda.permission", &[("statement", &sid)]) {
            continue;
        }
        if attachments.meets("permission", &format!("{sid}: {whom}")) {
            let request = lambda.remove_permission().function_name(name).statement_id(sid);
            request.send().await.unless_absent(GONE)?;
        }
    }
    if let Some(url) = url {
        let which = format!("{} with authorization {}", url.function_url, url.auth_type.as_str());
        if attachments.meets("function URL", &which) {
            let request = lambda.delete_function_url_config().function_name(name);
            request.send().await.unless_absent(GONE)?;
        }
    }
    // One of its own without a destination only says how often a call is tried again.
    let destinations = told.and_then(|told| told.destination_config);
    let success = destinations.as_ref().and_then(|to| to.on_success()?.destination());
    let failure = destinations.as_ref().and_then(|to| to.on_failure()?.destination());
    for (when, whom) in [("success", success), ("failure", failure)] {
        let Some(whom) = whom else { continue };
        if attachments.meets("event destination", &format!("{whom} on {when}")) {
            let request = lambda.delete_function_event_invoke_config().function_name(name);
            request.send().await.unless_absent(GONE)?;
        }
    }
    for alias in aliases.into_iter().flatten().filter_map(|alias| alias.name) {
        if attachments.meets("alias", &alias) {
            let request = lambda.delete_alias().function_name(name).name(alias);
            request.send().await.unless_absent(GONE)?;
        }
    }
    Ok(())
}

/// The statements of a function's policy: their ids, and whom they let do what.
fn statements(policy: Option<&str>) -> Result<Vec<(String, String)>> {
    let Some(policy) = policy else { return Ok(Vec::new()) };
    let policy: Value = serde_json::from_str(policy)
        .map_err(|source| AwsError::unexpected("function policy", source))?;
    let all = policy["Statement"].as_array().into_iter().flatten();
    let read = |statement: &Value| {
        let sid = statement["Sid"].as_str()?.to_owned();
        let action = statement["Action"].as_str().unwrap_or_default();
        Some((sid, format!("{} may {action}", principals(statement))))
    };
    Ok(all.filter_map(read).collect())
}
