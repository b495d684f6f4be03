//! The account's settings: as which role API Gateway writes logs.
//!
//! They are the account's, not a stack's: every API of the region logs through that role, whoever
//! made it. So it is set where there is none, and never changed or taken away.

use aws_sdk_apigateway::types::{Op, PatchOperation};

use crate::prelude::*;

/// As which role API Gateway writes logs, for all APIs of the account in this region.
#[kind(
    "apigateway.account",
    // The role that is set, whoever did that.
    outputs(cloudwatch_role: Arn),
    // API Gateway tries to write as the role before it takes it: that takes until it is visible.
    typical(8.0, 0.0, 0.0),
    look = "apigateway:GET",
    create = "apigateway:PATCH",
    on = "arn:{partition}:apigateway:{region}::/account",
    delegated = [("iam:PassRole", "cloudwatch_role", "apigateway")],
)]
pub struct Account {
    /// The role to set where there is none. Any that is set does.
    pub cloudwatch_role: Input<Arn>,
}

impl Resource for Account {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<AccountOutputs>> {
        Ok(look(cx).await?.into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, _: &AccountOutputs) -> Result<Option<Self>> {
        let Some(there) = look(cx).await? else { return Ok(None) };
        // Any role does, so that another one is no difference.
        let declared = Self::deserialize(cx.properties).ok();
        Ok(Some(declared.unwrap_or_else(|| Self { cloudwatch_role: there.cloudwatch_role.into() })))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<AccountOutputs> {
        // Someone else may have set one since the plan was made.
        if let Some(there) = look(cx).await? {
            return Ok(there);
        }
        let role = self.cloudwatch_role.get()?;
        let set = PatchOperation::builder().op(Op::Replace).path("/cloudwatchRoleArn").value(role);
        let request = cx.cloud.apigateway.update_account().patch_operations(set.build());
        request.send().await?;
        Ok(AccountOutputs { cloudwatch_role: role.clone() })
    }

    async fn converge(&self, _: &Cx<'_>, _: &AccountOutputs, _: &Changed) -> Result<()> {
        Ok(())
    }

    async fn delete(_: &Cx<'_>, _: &AccountOutputs) -> Result<()> {
        Ok(())
    }
}

/// The role that is set, if there is one.
async fn look(cx: &Cx<'_>) -> Result<Option<AccountOutputs>> {
    let role = cx.cloud.apigateway.get_account().send().await?.cloudwatch_role_arn;
    let role = role.filter(|role| !role.is_empty());
    Ok(role.map(|role| AccountOutputs { cloudwatch_role: role.into() }))
}
