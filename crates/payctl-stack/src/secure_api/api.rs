//! The REST API, the stage that serves it, and the firewall before that.

use std::collections::BTreeMap;

use payctl_aws::apigateway::{
    AccessLog, Account, ApiResource, Content, Deployment, Integration, Method, Model,
    RequestValidator, RestApi, RestApiRef, Schema, Stage,
};
use payctl_aws::iam::Role;
use payctl_aws::lambda::{FunctionRef, Permission};
use payctl_aws::wafv2::{Association, Logging, Rule, RuleStatement, Visibility, WebAcl};
use payctl_aws::{Set, Statement, Tags};
use payctl_engine::{Address, Handle as _, Stack};
use serde_json::json;

use super::{Keys, System};
use crate::API_LOGS_ROLE;
use crate::config::Authorization;
use crate::parts::role;

/// How long API Gateway waits for an answer at most.
const TIMEOUT_MS: u32 = 29_000;
const METHOD: &str = "POST";
const PATH: &str = "process-payment";

impl System<'_> {
    /// The API, deployed as a stage named like the environment.
    pub(super) fn api(&self, stack: &mut Stack, function: &FunctionRef, keys: &Keys) {
        let (context, parameters) = (self.context, self.parameters);
        let name = context.name("payment-api");
        let api = stack.add(
            "main",
            RestApi {
                description: "Takes payments".to_owned(),
                endpoint: "REGIONAL".to_owned(),
                disable_execute_api_endpoint: false,
                tags: context.tags(&name),
                name: name.clone(),
            },
        );
        self.method(stack, &api, function);
        stack.add(
            "api",
            Permission {
                function: function.name().when_created(),
                statement: "payment-api".to_owned(),
                action: "lambda:InvokeFunction".to_owned(),
                principal: "apigateway.amazonaws.com".to_owned(),
                source_arn: Some(api.execution_arn().then(&format!("/*/{METHOD}/{PATH}"))),
                source_account: None,
            },
        );
        let content = Content::of(stack, api.address());
        let deployment = stack.add("main", Deployment { api: api.id(), content });

        let stage = context.suffix.to_string();
        let access =
            stack.add("api-access", self.log_group(format!("/aws/apigateway/{name}"), keys));
        // API Gateway chooses this name, and would make the group itself, to be kept for ever.
        let errors = self.log_group(context.name("payment-api-errors"), keys);
        let group = api.id().within("API-Gateway-Execution-Logs_", &format!("/{stage}"));
        let errors = stack.add("api-errors", payctl_aws::logs::LogGroup { name: group, ..errors });
        let mut before = vec![errors.address().clone()];
        before.extend(self.account(stack));
        let before: Vec<&Address> = before.iter().collect();
        let stage = stack.add_after(
            "main",
            &before,
            Stage {
                api: api.id(),
                name: stage,
                deployment: deployment.id(),
                description: String::new(),
                access_log: Some(AccessLog { destination: access.arn(), format: access_line() }),
                metrics: true,
                logging_level: "ERROR".to_owned(),
                data_trace: false,
                burst_limit: parameters.burst_limit,
                rate_limit: parameters.rate_limit.into(),
                tracing: true,
                tags: context.tags(&name),
            },
        );
        stack.output("api_gateway_url", &stage.url());
        self.firewall(stack, &stage.arn(), keys);
    }

    /// `POST /process-payment`, whose body has to be a payment.
    fn method(&self, stack: &mut Stack, api: &RestApiRef, function: &FunctionRef) {
        let context = self.context;
        let payment = stack.add(
            "payment",
            Model {
                api: api.id(),
                name: "Payment".to_owned(),
                content_type: "application/json".to_owned(),
                description: "A payment".to_owned(),
                schema: Schema::new(json!({
                    "$schema": "http://json-schema.org/draft-04/schema#",
                    "title": "Payment",
                    "type": "object",
                    "required": ["transactionId", "customerId", "amount"],
                    "properties": {
                        "transactionId": { "type": "string" },
                        "customerId": { "type": "string" },
                        "amount": { "type": ["number", "string"] },
                    },
                })),
            },
        );
        let validator = stack.add(
            "body",
            RequestValidator {
                api: api.id(),
                name: "body".to_owned(),
                body: true,
                parameters: true,
            },
        );
        let resource =
            ApiResource { api: api.id(), parent: api.root(), path_part: PATH.to_owned() };
        let resource = stack.add(PATH, resource);
        let authorization = match self.parameters.authorization() {
            Authorization::None => "NONE",
            Authorization::Iam => "AWS_IAM",
        };
        let method = stack.add(
            PATH,
            Method {
                api: api.id(),
                resource: resource.id(),
                http_method: METHOD.to_owned(),
                authorization: authorization.to_owned(),
                api_key_required: false,
                request_validator: Some(validator.id()),
                request_models: [("application/json".to_owned(), payment.name())].into(),
                request_parameters: BTreeMap::new(),
            },
        );
        let before = format!(
            "arn:{}:apigateway:{}:lambda:path/2015-03-31/functions/",
            context.partition, context.region
        );
        stack.add(
            PATH,
            Integration {
                api: api.id(),
                resource: resource.id(),
                method: method.http_method(),
                integration_type: "AWS_PROXY".to_owned(),
                integration_http_method: "POST".to_owned(),
                uri: function.arn().within(&before, "/invocations"),
                passthrough_behavior: "WHEN_NO_MATCH".to_owned(),
                timeout_ms: TIMEOUT_MS,
            },
        );
    }

    /// The role that API Gateway writes logs as, which is one per account and region: made where
    /// there is none, and left to the others.
    fn account(&self, stack: &mut Stack) -> Option<Address> {
        let context = self.context;
        if context.api_logs {
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

    /// The firewall, and the log of what it sees.
    fn firewall(
        &self,
        stack: &mut Stack,
        stage: &payctl_engine::Input<payctl_aws::Arn>,
        keys: &Keys,
    ) {
        let context = self.context;
        let name = context.name("payment-waf");
        let visibility =
            |metric: &str| Visibility { metric: metric.to_owned(), metrics: true, samples: true };
        let rule = |name: &str, statement: RuleStatement| Rule {
            name: name.to_owned(),
            statement,
            visibility: visibility(name),
        };
        let managed = |group: &str| {
            let statement =
                RuleStatement::ManagedGroup { vendor: "AWS".to_owned(), name: group.to_owned() };
            rule(group, statement)
        };
        let limit = RuleStatement::RateLimit { limit: self.parameters.address_limit };
        let web_acl = stack.add(
            "main",
            WebAcl {
                description: "What may reach the payment API".to_owned(),
                default_allow: true,
                rules: vec![
                    rule("RateLimit", limit),
                    managed("AWSManagedRulesCommonRuleSet"),
                    managed("AWSManagedRulesKnownBadInputsRuleSet"),
                    managed("AWSManagedRulesSQLiRuleSet"),
                ],
                visibility: visibility(&name),
                tags: context.tags(&name),
                name,
            },
        );
        stack.add("main", Association { web_acl: web_acl.arn(), resource: stage.clone() });
        let group = self.log_group(context.name("aws-waf-logs-payment"), keys);
        let group = stack.add("waf", group);
        stack.add("main", Logging { web_acl: web_acl.arn(), log_group: group.arn() });
        stack.output("waf_web_acl_id", &web_acl.id());
    }
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
