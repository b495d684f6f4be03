//! What keeps a role or a policy from being deleted: IAM refuses with DeleteConflict, and does not
//! say for what.

use aws_sdk_iam::types::{InstanceProfile, PolicyGroup, PolicyRole, PolicyUser};

use crate::error::few;
use crate::{Absent as _, Arn, AwsError, Cx, Result};

/// The refusal of a role's deletion; where instance profiles hold it, a wait for those.
pub(super) async fn of_role(cx: &Cx<'_>, refused: AwsError, role: &str) -> Result<AwsError> {
    if refused.code() != Some("DeleteConflict") {
        return Ok(refused);
    }
    let request = cx.cloud.iam.list_instance_profiles_for_role().role_name(role);
    let held = request.into_paginator().items().send();
    let held = held.collect::<std::result::Result<Vec<InstanceProfile>, _>>().await;
    let held = held.unless_absent("NoSuchEntity")?.unwrap_or_default();
    let name = |profile: &InstanceProfile| {
        format!("the instance profile {}", profile.instance_profile_name)
    };
    Ok(wait(refused, &held.iter().map(name).collect::<Vec<_>>()))
}

/// The refusal of a policy's deletion; where others have it, a wait for those.
pub(super) async fn of_policy(cx: &Cx<'_>, refused: AwsError, policy: &Arn) -> Result<AwsError> {
    if refused.code() != Some("DeleteConflict") {
        return Ok(refused);
    }
    let request = cx.cloud.iam.list_entities_for_policy().policy_arn(policy);
    let pages = request.into_paginator().send();
    let pages = pages.collect::<std::result::Result<Vec<_>, _>>().await;
    let mut held = Vec::new();
    for page in pages.unless_absent("NoSuchEntity")?.unwrap_or_default() {
        let roles = page.policy_roles().iter().filter_map(PolicyRole::role_name);
        held.extend(roles.map(|name| format!("the role {name}")));
        let users = page.policy_users().iter().filter_map(PolicyUser::user_name);
        held.extend(users.map(|name| format!("the user {name}")));
        let groups = page.policy_groups().iter().filter_map(PolicyGroup::group_name);
        held.extend(groups.map(|name| format!("the group {name}")));
    }
    Ok(wait(refused, &held))
}

fn wait(refused: AwsError, users: &[String]) -> AwsError {
    match users.is_empty() {
        true => refused,
        false => AwsError::pending(format!("what uses it to let go of it: {}", few(users))),
    }
}
