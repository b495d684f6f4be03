//! The HTTP API: payments to their functions, the application through the load balancer.

use payctl_aws::apigatewayv2::{
    AccessLog, Cors, HttpApi, HttpApiRef, Integration, IntegrationRef, Route, Stage, StageRef,
    VpcLink,
};
use payctl_aws::ec2::SubnetRef;
use payctl_aws::elbv2::ListenerRef;
use payctl_aws::lambda::{FunctionRef, Permission};
use payctl_engine::Stack;

use super::balancer::Balancer;
use super::functions::Functions;
use super::system::{Groups, Keys, System, Tiers};
use crate::parts::http_api::{self, LONGEST_MS};
use crate::settings::Authorization;

pub(super) struct Api {
    pub(super) api: HttpApiRef,
    pub(super) stage: StageRef,
}

impl System<'_> {
    pub(super) fn api(
        &self,
        stack: &mut Stack,
        keys: &Keys,
        tiers: &Tiers,
        groups: &Groups,
        functions: &Functions,
        balancer: &Balancer,
    ) -> Api {
        let context = self.context;
        let name = context.name("payment-api");
        let api = stack.add(
            "main",
            HttpApi {
                description: "Takes payments, and leads to the payment application".to_owned(),
                cors: self.cors(),
                disable_execute_api_endpoint: false,
                tags: context.tags(&name),
                name,
            },
        );
        for (logical, function) in
            [("validate", &functions.validation), ("process", &functions.processing)]
        {
            let integration = self.to_function(stack, &api, logical, function);
            self.route(stack, &api, logical, &format!("POST /{logical}"), &integration);
        }
        if let Some(listener) = &balancer.listener {
            let integration = self.to_application(stack, &api, tiers, groups, listener);
            self.route(stack, &api, "app", "ANY /app/{proxy+}", &integration);
        }
        Api { stage: self.stage(stack, keys, &api), api }
    }

    fn cors(&self) -> Option<Cors> {
        http_api::cors(&self.parameters.cors_origins, ["POST".to_owned()].into_iter())
    }

    fn to_function(
        &self,
        stack: &mut Stack,
        api: &HttpApiRef,
        logical: &str,
        function: &FunctionRef,
    ) -> IntegrationRef {
        stack.add(
            logical,
            Permission {
                function: function.name().when_created(),
                statement: "apigateway".to_owned(),
                action: "lambda:InvokeFunction".to_owned(),
                principal: "apigateway.amazonaws.com".to_owned(),
                source_arn: Some(api.execution_arn().then(&format!("/*/POST/{logical}"))),
                source_account: None,
            },
        );
        stack.add(
            logical,
            Integration {
                api: api.id(),
                integration_type: "AWS_PROXY".to_owned(),
                uri: function.arn().when_created(),
                integration_method: "POST".to_owned(),
                payload_format_version: "2.0".to_owned(),
                vpc_link: None,
                tls_server_name: None,
                timeout_ms: LONGEST_MS,
            },
        )
    }

    fn to_application(
        &self,
        stack: &mut Stack,
        api: &HttpApiRef,
        tiers: &Tiers,
        groups: &Groups,
        listener: &ListenerRef,
    ) -> IntegrationRef {
        let context = self.context;
        let name = context.name("payment-vpc-link");
        let link = stack.add(
            "main",
            VpcLink {
                subnets: tiers.private.iter().map(SubnetRef::id).collect(),
                security_groups: [groups.link.id()].into_iter().collect(),
                tags: context.tags(&name),
                name,
            },
        );
        stack.add(
            "app",
            Integration {
                api: api.id(),
                integration_type: "HTTP_PROXY".to_owned(),
                uri: listener.arn(),
                integration_method: "ANY".to_owned(),
                payload_format_version: "1.0".to_owned(),
                vpc_link: Some(link.id()),
                tls_server_name: (!self.is_plain_inside()).then(|| self.parameters.domain.clone()),
                timeout_ms: LONGEST_MS,
            },
        )
    }

    fn route(
        &self,
        stack: &mut Stack,
        api: &HttpApiRef,
        logical: &str,
        route_key: &str,
        integration: &IntegrationRef,
    ) {
        let authorization = match self.parameters.authorization() {
            Authorization::None => "NONE",
            Authorization::Iam => "AWS_IAM",
        };
        stack.add(
            logical,
            Route {
                api: api.id(),
                route_key: route_key.to_owned(),
                target: integration.id(),
                authorization: authorization.to_owned(),
            },
        );
    }

    fn stage(&self, stack: &mut Stack, keys: &Keys, api: &HttpApiRef) -> StageRef {
        let (context, parameters) = (self.context, self.parameters);
        let name = context.name("payment-api");
        let group = self.log_group(format!("/aws/apigateway/{name}"), keys);
        let group = stack.add("api-access", group);
        stack.add(
            "main",
            Stage {
                api: api.id(),
                name: "$default".to_owned(),
                description: "What is served".to_owned(),
                auto_deploy: true,
                access_log: Some(AccessLog {
                    destination: group.arn(),
                    format: http_api::access_line(),
                }),
                detailed_metrics: true,
                burst_limit: parameters.burst_limit,
                rate_limit: f64::from(parameters.rate_limit),
                tags: context.tags(&name),
            },
        )
    }
}
