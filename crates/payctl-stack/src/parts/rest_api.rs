//! A REST API that functions answer, deployed as one stage.

use std::collections::BTreeMap;

use payctl_aws::apigateway::{
    AccessLog, Account, Content, Deployment, GatewayResponse, Integration, Method, RestApiRef,
    Stage, StageRef,
};
use payctl_aws::iam::Role;
use payctl_aws::logs::{LogGroup, LogGroupRef};
use payctl_aws::questions::API_LOG_ROLE;
use payctl_aws::{Arn, Set, Statement, Tags};
use payctl_engine::{Address, Handle as _, Input, Stack};
use serde_json::json;

use super::role;
use crate::Context;

/// What the role is called, but for the region, that API Gateway writes logs as where payctl made
/// it.
const API_LOGS_ROLE: &str = "payctl-apigateway-logs";
/// How long API Gateway waits for an answer at most.
const TIMEOUT_MS: u32 = 29_000;

/// The method, which the function with that ARN answers.
pub(super) fn answered(
    stack: &mut Stack,
    context: &Context<'_>,
    logical: &str,
    method: Method,
    function: &Input<Arn>,
) {
    let (api, resource) = (method.api.clone(), method.resource.clone());
    let method = stack.add(logical, method);
    let before = format!(
        "arn:{}:apigateway:{}:lambda:path/2015-03-31/functions/",
        context.partition, context.region
    );
    stack.add(
        logical,
        Integration {
            api,
            resource,
            method: method.http_method(),
            integration_type: "AWS_PROXY".to_owned(),
            integration_http_method: "POST".to_owned(),
            uri: function.within(&before, "/invocations"),
            passthrough_behavior: "WHEN_NO_MATCH".to_owned(),
            timeout_ms: TIMEOUT_MS,
        },
    );
}

/// Gives what API Gateway answers by itself the form of what a function answers: `error`, with the
/// reason. Each is called as `called` says.
pub(super) fn errors(stack: &mut Stack, api: &RestApiRef, called: impl Fn(&str) -> String) {
    // The first comes with its quotes, the second without (API Gateway's guide, "Variables for data
    // transformations"). That quotes within the second are escaped is assumed.
    const MESSAGE: &str = "$context.error.messageString";
    const REASON: &str = "\"$context.error.validationErrorString\"";
    for (logical, response_type, status, text) in [
        ("bad-request-body", "BAD_REQUEST_BODY", Some(400), REASON),
        ("client-errors", "DEFAULT_4XX", None, MESSAGE),
        ("server-errors", "DEFAULT_5XX", None, MESSAGE),
    ] {
        let template = format!("{{\"error\":{text}}}");
        stack.add(
            &called(logical),
            GatewayResponse {
                api: api.id(),
                response_type: response_type.to_owned(),
                status,
                parameters: BTreeMap::new(),
                templates: [("application/json".to_owned(), template)].into(),
            },
        );
    }
}

/// How a stage serves the API.
pub(crate) struct StageSpec {
    pub(crate) name: String,
    /// What the execution log tells: `ERROR`, or `INFO`. Never the requests themselves, which
    /// carry payments.
    pub(crate) logging_level: &'static str,
    pub(crate) burst_limit: u32,
    pub(crate) rate_limit: u32,
    pub(crate) tracing: bool,
}

/// What a stage and its logs are called.
pub(super) struct StageNames<'a> {
    pub(super) logical: &'a str,
    pub(super) access: &'a str,
    pub(super) errors: &'a str,
    /// In AWS, without the suffix.
    pub(super) base: &'a str,
}

/// Deploys what is declared of the API so far, called as `names` says, with its logs in groups that
/// `group` makes of their names.
pub(super) fn named_stage(
    stack: &mut Stack,
    context: &Context<'_>,
    api: &RestApiRef,
    served: StageSpec,
    names: &StageNames<'_>,
    group: impl Fn(String) -> LogGroup,
) -> StageRef {
    let content = Content::of(stack, api.address());
    let deployment = stack.add(names.logical, Deployment { api: api.id(), content });
    let name = context.name(names.base);
    let access: LogGroupRef = stack.add(names.access, group(format!("/aws/apigateway/{name}")));
    // API Gateway chooses this name, and would make the group itself, to be kept for ever.
    let errors = group(context.name(&format!("{}-errors", names.base)));
    let chosen = api.id().within("API-Gateway-Execution-Logs_", &format!("/{}", served.name));
    let errors = stack.add(names.errors, LogGroup { name: chosen, ..errors });
    let mut before = vec![errors.address().clone()];
    before.extend(account(stack, context));
    let before: Vec<&Address> = before.iter().collect();
    stack.add_after(
        names.logical,
        &before,
        Stage {
            api: api.id(),
            name: served.name,
            deployment: deployment.id(),
            description: String::new(),
            access_log: Some(AccessLog { destination: access.arn(), format: access_line() }),
            metrics: true,
            logging_level: served.logging_level.to_owned(),
            data_trace: false,
            burst_limit: served.burst_limit,
            rate_limit: served.rate_limit.into(),
            tracing: served.tracing,
            tags: context.tags(&name),
        },
    )
}

/// The role that API Gateway writes logs as, which is one per account and region: made where
/// there is none, and left to the others.
fn account(stack: &mut Stack, context: &Context<'_>) -> Option<Address> {
    let role = context.found.get(API_LOG_ROLE).flatten();
    if role.is_some_and(|role| !role.as_str().contains(API_LOGS_ROLE)) {
        stack.note("API Gateway writes its logs as the account's own role, which is used");
        return None;
    }
    let actions = [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:FilterLogEvents",
        "logs:GetLogEvents",
        "logs:PutLogEvents",
    ];
    // All APIs of the account log as this role, to groups of any name.
    let logs = Statement::allow("Logs", &actions).on([context.arn("logs", "*").into()]);
    let role = stack.add(
        "account/apigateway-logs",
        Role {
            name: format!("{API_LOGS_ROLE}-{}", context.region),
            // Whose tags would they be?
            tags: Tags::from([("ManagedBy".to_owned(), "payctl".to_owned())]),
            managed: Set::new(),
            ..role::of_service(
                context,
                "",
                "Lets API Gateway write logs, for all APIs of this region",
                role::trust("apigateway.amazonaws.com"),
                [logs],
            )
        },
    );
    let account = Account { cloudwatch_role: role.arn() };
    Some(stack.add("account/settings", account).address().clone())
}

/// What every request leaves in the access log.
fn access_line() -> String {
    json!({
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "protocol": "$context.protocol",
        "responseLength": "$context.responseLength",
    })
    .to_string()
}
