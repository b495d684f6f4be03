//! APIs, web ACLs and load balancers.

use serde_json::Value;

use crate::rule::{Rule, Said, holds, none};

const STAGE: &[&str] = &["apigateway.stage"];
const ACL: &[&str] = &["wafv2.web_acl"];
const BALANCER: &[&str] = &["elbv2.load_balancer"];
const MANAGED: [&str; 3] = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
];
/// What TLS policies of 1.2 and better have in their names (Elastic Load Balancing's guide, "Security
/// policies for your Application Load Balancer").
const GOOD_TLS: [&str; 3] = ["TLS13-1-2", "TLS13-1-3", "TLS-1-2-2017"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-EDG-01", STAGE, &["access_log"], |of| {
        holds(of.this.has("access_log"), "requests are not logged")
    }),
    Rule::of("PAY-EDG-02", STAGE, &["logging_level", "data_trace"], |of| {
        let level = of.this.text("logging_level");
        let logs = level == "ERROR" || level == "INFO";
        holds(logs && !of.this.is("data_trace"), "failures are not logged, or bodies are")
    }),
    Rule::of("PAY-EDG-03", STAGE, &[], |of| {
        let mut all = of.all().with("wafv2.association", "resource", of.this);
        holds(all.next().is_some(), "no web ACL stands before it")
    }),
    Rule::of("PAY-EDG-04", STAGE, &["cache"], |of| {
        // The kind has no cache.
        holds(!of.this.has("cache"), "its cache is not said to be encrypted")
    }),
    Rule::of("PAY-EDG-05", STAGE, &["tracing"], |of| {
        holds(of.this.is("tracing"), "it does not trace")
    }),
    Rule::of("PAY-EDG-06", &["apigateway.method"], &["authorization", "api_key_required"], |of| {
        if of.this.text("http_method") == "OPTIONS" {
            return Said::Skip;
        }
        let open = of.this.text("authorization") == "NONE" && !of.this.is("api_key_required");
        holds(!open, "everybody may call it")
    }),
    Rule::of("PAY-EDG-07", &["apigateway.method"], &["request_validator"], |of| {
        if matches!(of.this.text("http_method"), "OPTIONS" | "GET") {
            return Said::Skip;
        }
        holds(of.this.has("request_validator"), "bodies are not validated")
    }),
    Rule::of("PAY-EDG-08", &["apigateway.rest_api"], &["endpoint"], |of| {
        let endpoint = of.this.text("endpoint");
        holds(endpoint == "REGIONAL" || endpoint == "PRIVATE", "it is served from every edge")
    }),
    Rule::of("PAY-EDG-09", &["apigatewayv2.stage"], &["access_log"], |of| {
        holds(of.this.has("access_log"), "requests are not logged")
    }),
    Rule::of("PAY-EDG-10", &["apigatewayv2.route"], &["authorization"], |of| {
        holds(of.this.text("authorization") != "NONE", "everybody may call it")
    }),
    Rule::of("PAY-EDG-11", &["apigatewayv2.api"], &["cors"], |of| {
        let open = of.this.get("cors")["allow_origins"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == "*"));
        holds(!open, "pages of every origin may call it")
    }),
    Rule::of("PAY-EDG-12", ACL, &["rules"], |of| {
        let has = |name: &str| {
            of.this
                .list("rules")
                .iter()
                .any(|one| one["statement"]["managed_group"]["name"] == name)
        };
        none(MANAGED.into_iter().find(|name| !has(name)), "is not among its rules")
    }),
    Rule::of("PAY-EDG-13", ACL, &["rules"], |of| {
        let limits = of.this.list("rules").iter().any(|one| {
            one["statement"]["rate_limit"]["limit"].as_i64().is_some_and(|limit| limit <= 2000)
        });
        holds(limits, "nobody's requests are limited")
    }),
    Rule::of("PAY-EDG-14", ACL, &[], |of| {
        let mut logs = of.all().with("wafv2.logging", "web_acl", of.this);
        holds(logs.next().is_some(), "what it lets through and blocks is not logged")
    }),
    Rule::of("PAY-EDG-15", ACL, &["rules"], |of| {
        let mute = of.this.list("rules").iter().find(|one| one["visibility"]["metrics"] != true);
        none(mute.and_then(|one| one["name"].as_str()), "does not report")
    }),
    Rule::of("PAY-EDG-16", &["elbv2.listener"], &["protocol"], |of| {
        let redirects = !of.this.get("redirect").is_null();
        holds(of.this.text("protocol") == "HTTPS" || redirects, "it speaks plain HTTP")
    }),
    Rule::of("PAY-EDG-17", &["elbv2.listener"], &["ssl_policy"], |of| {
        if of.this.text("protocol") != "HTTPS" {
            return Said::Skip;
        }
        let policy = of.this.text("ssl_policy");
        holds(
            GOOD_TLS.iter().any(|one| policy.contains(one)),
            format!("{policy} takes less than TLS 1.2"),
        )
    }),
    Rule::of("PAY-EDG-18", BALANCER, &["access_logs"], |of| {
        holds(of.this.has("access_logs"), "requests are not logged")
    }),
    Rule::of("PAY-EDG-19", BALANCER, &["drop_invalid_headers"], |of| {
        holds(of.this.is("drop_invalid_headers"), "malformed headers are passed on")
    }),
    Rule::of("PAY-EDG-20", BALANCER, &["desync_mode"], |of| {
        let mode = of.this.text("desync_mode");
        holds(mode == "defensive" || mode == "strictest", "requests of two meanings are passed on")
    }),
    Rule::of("PAY-EDG-21", BALANCER, &["scheme", "subnets"], |of| {
        let inside = of.this.text("scheme") == "internal";
        holds(inside && of.this.list("subnets").len() >= 2, "it stands in public, or in one zone")
    }),
    Rule::of("PAY-EDG-22", BALANCER, &[], |of| {
        let mut all = of.all().with("wafv2.association", "resource", of.this);
        holds(all.next().is_some(), "no web ACL stands before it")
    }),
    Rule::of("PAY-EDG-23", BALANCER, &["deletion_protection"], |of| {
        holds(of.this.is("deletion_protection"), "it can be deleted")
    }),
    Rule::of("PAY-EDG-24", &["acm.certificate"], &["renewed", "valid_days"], |of| {
        match of.this.get("renewed") {
            Value::Bool(renewed) => holds(*renewed, "it is not valid for 30 days more"),
            _ => Said::Unknown("how long it is valid is not known".to_owned()),
        }
    }),
];
