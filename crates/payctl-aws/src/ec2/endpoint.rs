//! What endpoints of every sort have in common: how they are found, come and go.

use std::collections::BTreeSet;

use aws_sdk_ec2::types;
use payctl_engine::{Failure, FailureKind, Readiness};

use crate::{Absent as _, Arn, AwsError, Cx, Policy, Result};

/// What an endpoint without a policy of its own allows.
const FULL_ACCESS: &str =
    r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;

/// Those that carry this very resource's tags.
pub(super) async fn ours(cx: &Cx<'_>) -> Result<Vec<types::VpcEndpoint>> {
    let mut found = cx.cloud.bulk.vpc_endpoints.ours(cx.owner, cx.address).await?;
    found.retain(|seen| !is_going(seen));
    Ok(found)
}

/// The endpoint, unless it is gone or on its way out.
pub(super) async fn look(cx: &Cx<'_>, id: &str) -> Result<Option<types::VpcEndpoint>> {
    let seen = cx.cloud.bulk.vpc_endpoints.load(id).await?;
    Ok(seen.filter(|seen| !is_going(seen)))
}

/// The endpoint, which is there: it was just made or seen.
pub(super) async fn there(cx: &Cx<'_>, id: &str) -> Result<types::VpcEndpoint> {
    look(cx, id).await?.ok_or_else(|| AwsError::not_visible("the endpoint"))
}

/// Deletes it, and is content when it is gone.
pub(super) async fn delete(cx: &Cx<'_>, id: &str) -> Result<()> {
    let Some(seen) = cx.cloud.bulk.vpc_endpoints.load(id).await? else { return Ok(()) };
    if is(&seen, "deleted") {
        return Ok(());
    }
    if !is(&seen, "deleting") {
        let request = cx.cloud.ec2.delete_vpc_endpoints().vpc_endpoint_ids(id);
        let reply = request.send().await.unless_absent("InvalidVpcEndpointId.NotFound")?;
        let failed = reply.and_then(|reply| reply.unsuccessful).unwrap_or_default();
        AwsError::of_items("DeleteVpcEndpoints", &failed)
            .unless_absent("InvalidVpcEndpoint.NotFound")?;
    }
    Err(AwsError::pending("the endpoint to be deleted"))
}

/// Whether it can be used.
pub(super) async fn ready(cx: &Cx<'_>, id: &str) -> Result<Readiness> {
    match cx.cloud.bulk.vpc_endpoints.load(id).await? {
        Some(seen) if is(&seen, "available") => Ok(Readiness::Ready),
        Some(seen) if !is(&seen, "pending") => {
            let state = seen.state().map_or("in no state", types::State::as_str);
            let why = seen.last_error().and_then(types::LastError::message);
            let why = why.or(seen.failure_reason()).unwrap_or("AWS gives no reason");
            let message = format!("the endpoint is {state}: {why}");
            Err(Failure::new(FailureKind::Unexpected, message).into())
        }
        _ => Ok(Readiness::NotYet("the endpoint to become available".to_owned())),
    }
}

/// What may be done through it.
pub(super) fn policy(seen: &types::VpcEndpoint) -> Result<Policy> {
    Policy::parse(seen.policy_document().unwrap_or(FULL_ACCESS))
}

pub(super) fn arn(cx: &Cx<'_>, id: &str) -> Arn {
    cx.cloud.facts.arn("ec2", &format!("vpc-endpoint/{id}"))
}

/// What is to be added to and what removed from `seen` to make it `wanted`; none for nothing.
pub(super) fn difference<'a>(
    wanted: &BTreeSet<String>,
    seen: impl IntoIterator<Item = &'a str>,
) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let seen: BTreeSet<String> = seen.into_iter().map(str::to_owned).collect();
    let some = |ids: Vec<String>| (!ids.is_empty()).then_some(ids);
    let add = wanted.difference(&seen).cloned().collect();
    let remove = seen.difference(wanted).cloned().collect();
    (some(add), some(remove))
}

/// AWS writes the states in lower case, and documents them with a capital.
fn is(seen: &types::VpcEndpoint, state: &str) -> bool {
    seen.state().is_some_and(|seen| seen.as_str().eq_ignore_ascii_case(state))
}

/// Whether it is gone or on its way out; AWS goes on showing it for a while.
fn is_going(seen: &types::VpcEndpoint) -> bool {
    is(seen, "deleting") || is(seen, "deleted")
}
