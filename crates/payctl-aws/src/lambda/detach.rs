//! Taking a function out of its VPC before it is deleted: its network interfaces are then free
//! within minutes, otherwise after up to half an hour.

use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::{LastUpdateStatus, State, VpcConfig};
use payctl_engine::FailureKind;

use crate::ec2::interfaces::Place;
use crate::{AwsError, Cx, Result};

/// Whether it has interfaces in a VPC that it can still give back by itself.
pub(super) fn can_detach(seen: &GetFunctionConfigurationOutput) -> bool {
    let in_vpc = seen.vpc_config().is_some_and(|vpc| !vpc.subnet_ids().is_empty());
    // One that failed, or failed to detach, or was idle for weeks, is deleted as it is.
    let works = matches!(seen.state(), None | Some(State::Active))
        && seen.last_update_status() != Some(&LastUpdateStatus::Failed);
    in_vpc && works
}

/// Takes it out of its VPC, and answers whether that is under way now.
pub(super) async fn detach(cx: &Cx<'_>, name: &str) -> Result<bool> {
    let nowhere = VpcConfig::builder()
        .set_subnet_ids(Some(Vec::new()))
        .set_security_group_ids(Some(Vec::new()))
        .build();
    let request = cx.cloud.lambda.update_function_configuration().function_name(name);
    match request.vpc_config(nowhere).send().await.map_err(AwsError::from) {
        Ok(_) => Ok(true),
        // Its role or key may be gone; then it is deleted as it is.
        Err(error) if matches!(error.kind(), FailureKind::Invalid | FailureKind::NotYetVisible) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Where the function was, as recorded.
pub(super) fn place(recorded: &serde_json::Value) -> Place {
    let ids = |name: &str| {
        let ids = recorded.get(name).and_then(serde_json::Value::as_array);
        let ids = ids.into_iter().flatten().filter_map(serde_json::Value::as_str);
        ids.map(str::to_owned).collect()
    };
    Place { subnets: ids("subnets"), groups: ids("security_groups") }
}

/// Whether other functions of the account are at the same place.
pub(super) async fn shared(cx: &Cx<'_>, name: &str, place: &Place) -> Result<bool> {
    let mut all = cx.cloud.lambda.list_functions().into_paginator().items().send();
    while let Some(other) = all.next().await {
        let other = other?;
        let Some(vpc) = other.vpc_config() else { continue };
        let groups = vpc.security_group_ids().iter().cloned().collect();
        let meets = vpc.subnet_ids().iter().any(|subnet| place.subnets.contains(subnet));
        if meets && place.groups == groups && other.function_name() != Some(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::types::VpcConfigResponse;

    use super::*;

    #[test]
    fn only_a_working_function_gives_its_interfaces_back() {
        let vpc = VpcConfigResponse::builder().subnet_ids("subnet-1").build();
        let seen = |state: State, update: LastUpdateStatus| {
            GetFunctionConfigurationOutput::builder()
                .vpc_config(vpc.clone())
                .state(state)
                .last_update_status(update)
                .build()
        };
        assert!(can_detach(&seen(State::Active, LastUpdateStatus::Successful)));
        assert!(!can_detach(&seen(State::Failed, LastUpdateStatus::Successful)));
        assert!(!can_detach(&seen(State::Active, LastUpdateStatus::Failed)));
        assert!(!can_detach(&GetFunctionConfigurationOutput::builder().build()));
    }
}
