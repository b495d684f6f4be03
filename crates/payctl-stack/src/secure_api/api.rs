//! The REST API, the stage that serves it, and the web ACL before that.

use payctl_aws::Arn;
use payctl_aws::apigateway::{ApiResource, Model, RequestValidator, RestApiRef, Schema};
use payctl_aws::lambda::FunctionRef;
use payctl_engine::{Input, Stack};
use serde_json::json;

use super::system::{Keys, System};
use crate::parts::rest_api::{self, MethodSpec, StageSpec};
use crate::parts::{note, web_acl};

const METHOD: &str = "POST";
const PATH: &str = "process-payment";

impl System<'_> {
    /// The API, deployed as a stage named like the environment.
    pub(super) fn api(&self, stack: &mut Stack, function: &FunctionRef, keys: &Keys) {
        let (context, parameters) = (self.context, self.parameters);
        let api = rest_api::api(stack, context, "Takes payments");
        self.method(stack, &api, function);
        rest_api::errors(stack, &api);
        rest_api::permission(stack, &api, function, &format!("/*/{METHOD}/{PATH}"));
        let served = StageSpec {
            name: context.suffix.to_string(),
            logging_level: "ERROR",
            burst_limit: parameters.burst_limit,
            rate_limit: parameters.rate_limit,
            tracing: true,
        };
        let group = |name| self.log_group(name, keys);
        let stage = rest_api::serve(stack, context, &api, served, group);
        stack.output("api_gateway_url", &stage.url());
        self.web_acl(stack, stage.arn(), keys);
    }

    /// `POST /process-payment`, whose body has to be a payment.
    fn method(&self, stack: &mut Stack, api: &RestApiRef, function: &FunctionRef) {
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
        note::open_api(stack, super::NAME, self.parameters.authorization());
        let resource =
            ApiResource { api: api.id(), parent: api.root(), path_part: PATH.to_owned() };
        let resource = stack.add(PATH, resource);
        let answered = MethodSpec {
            resource: resource.id(),
            http_method: METHOD,
            authorization: self.parameters.authorization(),
            validator: Some((validator.id(), payment.name())),
            function,
        };
        rest_api::method(stack, self.context, api, PATH, answered);
    }

    /// The web ACL, and the log of what it sees.
    fn web_acl(&self, stack: &mut Stack, stage: Input<Arn>, keys: &Keys) {
        let limit = Some(self.parameters.address_limit);
        let rules = &web_acl::MANAGED_RULES;
        let web_acl = web_acl::before(stack, self.context, stage, limit, rules);
        web_acl::log(stack, self.context, &web_acl, |name| self.log_group(name, keys));
        stack.output("waf_web_acl_id", &web_acl.id());
    }
}
