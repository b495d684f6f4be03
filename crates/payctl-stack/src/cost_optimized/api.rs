//! The REST API, and the web ACL before it.

use payctl_aws::Arn;
use payctl_aws::apigateway::{ApiResource, StageRef};
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::wafv2::WebAclRef;
use payctl_engine::{Input, Stack};

use super::system::System;
use crate::parts::rest_api::{self, MethodSpec, StageSpec};
use crate::parts::{note, web_acl};
use crate::settings::Posture;

/// AWS's rules that requests are held against.
const MANAGED_RULES: [&str; 3] = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
];

impl System<'_> {
    /// The API, deployed as the stage `prod`.
    pub(super) fn api(&self, stack: &mut Stack, function: &FunctionRef, key: &KeyRef) -> StageRef {
        let (context, parameters) = (self.context, self.parameters);
        let api = rest_api::api(stack, context, "Takes payments and tells what became of them");
        note::open_api(stack, super::NAME, parameters.authorization());
        let part =
            |parent, path: &str| ApiResource { api: api.id(), parent, path_part: path.to_owned() };
        let payments = stack.add("payments", part(api.root(), "payments"));
        let payment = stack.add("payment", part(payments.id(), "{id}"));
        for (logical, resource, http_method) in [
            ("payments-post", payments.id(), "POST"),
            ("payments-get", payments.id(), "GET"),
            ("payment-get", payment.id(), "GET"),
        ] {
            let answered = MethodSpec {
                resource,
                http_method,
                authorization: parameters.authorization(),
                // The function says what is wrong with a payment.
                validator: None,
                function,
            };
            rest_api::method(stack, context, &api, logical, answered);
        }
        rest_api::permission(stack, &api, function, "/*/*/payments*");
        let served = StageSpec {
            name: "prod".to_owned(),
            logging_level: "INFO",
            burst_limit: parameters.burst_limit,
            rate_limit: parameters.rate_limit,
            tracing: parameters.posture == Posture::Strict,
        };
        rest_api::serve(stack, context, &api, served, |name| self.log_group(name, key))
    }

    /// The web ACL; where every control is asked for, with a log of what it sees.
    pub(super) fn web_acl(&self, stack: &mut Stack, stage: Input<Arn>, key: &KeyRef) -> WebAclRef {
        let (context, limit) = (self.context, Some(self.parameters.address_limit));
        let web_acl = web_acl::before(stack, context, stage, limit, &MANAGED_RULES);
        if self.parameters.posture == Posture::Strict {
            web_acl::log(stack, context, &web_acl, |name| self.log_group(name, key));
        }
        web_acl
    }
}
