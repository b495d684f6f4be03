//! Stages: what of an API answers under which name, what is written down of it, and how much of
//! it is let through.

use std::collections::HashMap;

use aws_sdk_apigateway::operation::get_stage::GetStageOutput;
use aws_sdk_apigateway::types::MethodSetting;

use super::patch::{Patch, replace_tags, tags};
use super::{ApiId, DeploymentId};
use crate::prelude::*;

/// The settings of all methods that have none of their own.
const ALL: &str = "*/*";

/// What of an API answers under a name of its own.
#[kind(
    "apigateway.stage",
    outputs(
        api: ApiId,
        name: StageName,
        /// What a web ACL is associated with.
        arn: Arn,
        /// What leads to it from outside, without a slash at the end.
        url: String,
    ),
    stable(api, name, arn, url),
    typical(1.0, 0.0, 0.5),
    look = "apigateway:GET",
    // PUT is for the tags.
    create = "apigateway:POST PUT",
    change = "apigateway:DELETE PATCH PUT",
    delete = "apigateway:DELETE",
    on = [
        "arn:{partition}:apigateway:{region}::/restapis/*",
        "arn:{partition}:apigateway:{region}::/tags/*",
    ],
)]
pub struct Stage {
    #[prop(replaces, unique, serial)]
    pub api: Input<ApiId>,
    #[prop(replaces, unique)]
    pub name: String,
    #[prop(holds)]
    pub deployment: Input<DeploymentId>,
    pub description: String,
    /// Where every request leaves a line.
    #[prop(later)]
    pub access_log: Option<AccessLog>,
    /// Whether there are metrics for each method.
    #[prop(later)]
    pub metrics: bool,
    /// What the execution log holds: `OFF`, `ERROR` or `INFO`.
    #[prop(later)]
    pub logging_level: String,
    /// Whether it also holds whole requests and answers: not where card data passes.
    #[prop(later)]
    pub data_trace: bool,
    /// How many requests may come at once.
    #[prop(later)]
    pub burst_limit: u32,
    /// How many requests may come per second.
    #[prop(later)]
    pub rate_limit: f64,
    /// Whether X-Ray traces requests.
    pub tracing: bool,
    pub tags: Tags,
}

/// Where every request leaves a line, and what that says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccessLog {
    /// The log group's ARN, without the `:*` of policies.
    pub destination: Input<Arn>,
    /// Usually a JSON text in one line, with variables such as `$context.requestId`.
    pub format: String,
}

id! {
    /// A stage's name within its API, such as `prod`.
    StageName,
}

impl Resource for Stage {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<StageOutputs>> {
        let Ok(api) = self.api.get() else { return Ok(Vec::new()) };
        let known = outputs(cx, api, &self.name);
        let there = look(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &StageOutputs) -> Result<Option<Self>> {
        let seen = look(cx, known).await?;
        seen.map(|seen| from_seen(known, seen)).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<StageOutputs> {
        let api = self.api.get()?;
        let tags: HashMap<_, _> = self.tags.clone().into_iter().collect();
        let request = cx.cloud.apigateway.create_stage().rest_api_id(api);
        request
            .stage_name(&self.name)
            .deployment_id(self.deployment.get()?)
            .description(&self.description)
            .tracing_enabled(self.tracing)
            .set_tags(Some(tags))
            .send()
            .await?;
        Ok(outputs(cx, api, &self.name))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &StageOutputs, changed: &Changed) -> Result<()> {
        let seen = look(cx, known).await?;
        let seen = seen.ok_or_else(|| AwsError::not_visible("the stage"))?;
        let mut patch = Patch::default();
        if changed.has("deployment") {
            patch.replace("/deploymentId", self.deployment.get()?);
        }
        if changed.has("description") {
            patch.replace("/description", &self.description);
        }
        if changed.has("tracing") {
            patch.replace("/tracingEnabled", self.tracing.to_string());
        }
        if changed.has("access_log") {
            match &self.access_log {
                Some(AccessLog { destination, format }) => {
                    patch.replace("/accessLogSettings/destinationArn", destination.get()?);
                    patch.replace("/accessLogSettings/format", format);
                }
                None if access_log(&seen).is_some() => patch.remove("/accessLogSettings"),
                None => {}
            }
        }
        let mut set = |property: &str, path: &str, value: String| {
            if changed.has(property) {
                patch.replace(format!("/{ALL}/{path}"), value);
            }
        };
        set("metrics", "metrics/enabled", self.metrics.to_string());
        set("logging_level", "logging/loglevel", self.logging_level.clone());
        set("data_trace", "logging/dataTrace", self.data_trace.to_string());
        set("burst_limit", "throttling/burstLimit", self.burst_limit.to_string());
        set("rate_limit", "throttling/rateLimit", self.rate_limit.to_string());
        if let Some(operations) = patch.operations() {
            let request = cx.cloud.apigateway.update_stage().rest_api_id(&known.api);
            let request = request.stage_name(&known.name);
            request.set_patch_operations(Some(operations)).send().await?;
        }
        if changed.has("tags") {
            let seen = tags(seen.tags.iter().flatten());
            replace_tags(cx, &known.arn, seen, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &StageOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_stage().rest_api_id(&known.api);
        let request = request.stage_name(&known.name);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

async fn look(cx: &Cx<'_>, known: &StageOutputs) -> Result<Option<GetStageOutput>> {
    let request = cx.cloud.apigateway.get_stage().rest_api_id(&known.api);
    request.stage_name(&known.name).send().await.unless_absent("NotFoundException")
}

fn outputs(cx: &Cx<'_>, api: &ApiId, name: &str) -> StageOutputs {
    StageOutputs {
        api: api.clone(),
        name: name.into(),
        arn: format!("{}/stages/{name}", super::rest_api::arn(cx, api)).into(),
        url: format!("https://{}/{name}", super::host(cx, api.as_str())),
    }
}

fn from_seen(known: &StageOutputs, seen: GetStageOutput) -> Result<Stage> {
    let settings = seen.method_settings.as_ref().and_then(|settings| settings.get(ALL));
    let settings = settings.cloned().unwrap_or_else(|| MethodSetting::builder().build());
    Ok(Stage {
        access_log: access_log(&seen),
        metrics: settings.metrics_enabled,
        logging_level: settings.logging_level.unwrap_or_else(|| "OFF".to_owned()),
        data_trace: settings.data_trace_enabled,
        burst_limit: settings.throttling_burst_limit.cast_unsigned(),
        rate_limit: settings.throttling_rate_limit,
        tracing: seen.tracing_enabled,
        tags: tags(seen.tags.iter().flatten()),
        api: known.api.clone().into(),
        name: known.name.to_string(),
        deployment: DeploymentId::from(seen.deployment_id.present("deployment_id")?).into(),
        description: seen.description.unwrap_or_default(),
    })
}

fn access_log(seen: &GetStageOutput) -> Option<AccessLog> {
    let seen = seen.access_log_settings()?;
    let destination = Arn::from(seen.destination_arn()?).into();
    Some(AccessLog { destination, format: seen.format().unwrap_or_default().to_owned() })
}
