//! Taking a function out of its VPC before it is deleted: its network interfaces are then free
//! within minutes, otherwise after up to half an hour.

use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::{LastUpdateStatus, State, VpcConfig};
use payctl_engine::FailureKind;

use super::FunctionOutputs;
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
pub(super) async fn detach(cx: &Cx<'_>, known: &FunctionOutputs) -> Result<bool> {
    let nowhere = VpcConfig::builder()
        .set_subnet_ids(Some(Vec::new()))
        .set_security_group_ids(Some(Vec::new()))
        .build();
    let request = cx.cloud.lambda.update_function_configuration().function_name(&known.name);
    match request.vpc_config(nowhere).send().await.map_err(AwsError::from) {
        Ok(_) => Ok(true),
        // Its role or key may be gone; then it is deleted as it is.
        Err(error) if matches!(error.kind(), FailureKind::Invalid | FailureKind::NotYetVisible) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
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
