//! Stages: under which name an API answers, what is written down of it, and how much of it is let
//! through.

use aws_sdk_apigatewayv2::types::{self, AccessLogSettings, RouteSettings};

use super::{AccessLog, ApiId, tags};
use crate::apigateway::host;
use crate::prelude::*;

/// The stage that answers without its name in the path.
const UNNAMED: &str = "$default";

/// An API as it answers under a name.
#[kind(
    "apigatewayv2.stage",
    outputs(
        api: ApiId,
        name: StageName,
        arn: Arn,
        /// What leads to it from outside, without a slash at the end.
        url: String,
    ),
    stable(api, name, arn, url),
    typical(1.0, 0.0, 0.5),
    look = "apigateway:GET",
    // PUT is for the tags. What CloudWatch Logs is asked for, API Gateway does in the caller's
    // name: an HTTP API writes its log as a delivery, and not as the account's role.
    // TagResource as of a VPC link; see there.
    create = "apigateway:POST PUT TagResource logs:CreateLogDelivery DescribeLogGroups \
        DescribeResourcePolicies GetLogDelivery ListLogDeliveries PutResourcePolicy",
    change = "apigateway:DELETE PATCH POST PUT logs:UpdateLogDelivery",
    delete = "apigateway:DELETE logs:DeleteLogDelivery",
    unscoped = "logs:CreateLogDelivery DeleteLogDelivery DescribeLogGroups \
        DescribeResourcePolicies GetLogDelivery ListLogDeliveries PutResourcePolicy UpdateLogDelivery",
    on = [
        "arn:{partition}:apigateway:{region}::/apis/*/stages",
        "arn:{partition}:apigateway:{region}::/apis/*/stages/*",
        "arn:{partition}:apigateway:{region}::/tags/*",
    ],
)]
pub struct Stage {
    #[prop(replaces, unique, serial)]
    pub api: Input<ApiId>,
    /// Such as `prod`; `$default` answers without a name in the path.
    #[prop(replaces, unique)]
    pub name: String,
    pub description: String,
    /// Whether it serves each change of the API at once.
    pub auto_deploy: bool,
    /// Where every request leaves a line.
    pub access_log: Option<AccessLog>,
    /// Whether there are metrics for each route.
    pub detailed_metrics: bool,
    /// How many requests may come at once to a route.
    pub burst_limit: u32,
    /// How many requests may come per second to a route.
    pub rate_limit: f64,
    pub tags: Tags,
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
        Ok(look(cx, known).await?.map(|seen| from_seen(known, seen)))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<StageOutputs> {
        let api = self.api.get()?;
        let request = cx.cloud.apigatewayv2.create_stage().api_id(api);
        request
            .stage_name(&self.name)
            .description(&self.description)
            .auto_deploy(self.auto_deploy)
            .set_access_log_settings(self.access_log()?)
            .default_route_settings(self.settings()?)
            .set_tags(Some(tags::written(&self.tags)))
            .send()
            .await?;
        Ok(outputs(cx, api, &self.name))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &StageOutputs, changed: &Changed) -> Result<()> {
        let client = &cx.cloud.apigatewayv2;
        // An update can replace the log, and not take it away.
        if changed.has("access_log") && self.access_log.is_none() {
            let request = client.delete_access_log_settings().api_id(&known.api);
            let request = request.stage_name(&known.name);
            request.send().await.unless_absent("NotFoundException")?;
        }
        let settings = ["detailed_metrics", "burst_limit", "rate_limit"];
        if changed.any(&["description", "auto_deploy", "access_log"]) || changed.any(&settings) {
            let request = client.update_stage().api_id(&known.api).stage_name(&known.name);
            request
                .description(&self.description)
                .auto_deploy(self.auto_deploy)
                .set_access_log_settings(self.access_log()?)
                .default_route_settings(self.settings()?)
                .send()
                .await?;
        }
        if changed.has("tags") {
            let seen = look(cx, known).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the stage"))?;
            tags::replace(cx, &known.arn, tags::all(seen.tags), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &StageOutputs) -> Result<()> {
        let request = cx.cloud.apigatewayv2.delete_stage().api_id(&known.api);
        let request = request.stage_name(&known.name);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Stage {
    fn access_log(&self) -> Result<Option<AccessLogSettings>> {
        let Some(AccessLog { destination, format }) = &self.access_log else { return Ok(None) };
        let settings = AccessLogSettings::builder().destination_arn(destination.get()?);
        Ok(Some(settings.format(format).build()))
    }

    fn settings(&self) -> Result<RouteSettings> {
        let burst = i32::try_from(self.burst_limit)
            .map_err(|_| AwsError::invalid("a stage's burst limit is too high"))?;
        Ok(RouteSettings::builder()
            .detailed_metrics_enabled(self.detailed_metrics)
            .throttling_burst_limit(burst)
            .throttling_rate_limit(self.rate_limit)
            .build())
    }
}

async fn look(cx: &Cx<'_>, known: &StageOutputs) -> Result<Option<types::Stage>> {
    let all = cx.cloud.lists.stages(known.api.as_str()).await?;
    Ok(all.into_iter().find(|seen| seen.stage_name() == Some(known.name.as_str())))
}

fn outputs(cx: &Cx<'_>, api: &ApiId, name: &str) -> StageOutputs {
    let host = host(cx, api.as_str());
    StageOutputs {
        api: api.clone(),
        name: name.into(),
        arn: format!("{}/stages/{name}", super::api::arn(cx, api)).into(),
        url: match name {
            UNNAMED => format!("https://{host}"),
            _ => format!("https://{host}/{name}"),
        },
    }
}

fn from_seen(known: &StageOutputs, seen: types::Stage) -> Stage {
    let settings = seen.default_route_settings.as_ref();
    let burst = settings.and_then(RouteSettings::throttling_burst_limit);
    let metrics = settings.and_then(RouteSettings::detailed_metrics_enabled);
    let rate = settings.and_then(RouteSettings::throttling_rate_limit);
    Stage {
        api: known.api.clone().into(),
        name: known.name.to_string(),
        access_log: access_log(&seen),
        description: seen.description.unwrap_or_default(),
        auto_deploy: seen.auto_deploy.unwrap_or_default(),
        detailed_metrics: metrics.unwrap_or_default(),
        burst_limit: burst.unwrap_or_default().cast_unsigned(),
        rate_limit: rate.unwrap_or_default(),
        tags: tags::all(seen.tags),
    }
}

fn access_log(seen: &types::Stage) -> Option<AccessLog> {
    let seen = seen.access_log_settings()?;
    // By hand it may be the group with the `:*` of policies.
    let destination = Arn::from(seen.destination_arn()?.trim_end_matches(":*")).into();
    Some(AccessLog { destination, format: seen.format().unwrap_or_default().to_owned() })
}
