//! An HTTP API that functions answer.

use std::collections::BTreeMap;

use payctl_aws::Arn;
use payctl_aws::apigatewayv2::{self, AccessLog, Cors, HttpApiRef, Integration, Stage, StageRef};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::logs;
use super::part::{self, Part, PartContext};
use super::routes::{self, ReadRoute, Route};
use crate::check::is_origin;
use crate::settings::Authorization;

/// An HTTP API whose routes functions answer: with the permissions that takes, a stage that serves each
/// change at once, a limit of requests, and a log with a line for each. Callers sign their requests.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct HttpApi {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Which function answers which requests: a method, or `ANY`, and a path, such as
    /// `"GET /payments/{id}"`, and the function's name.
    pub routes: BTreeMap<String, Route>,
    /// Who may call: `iam` is whoever IAM lets, with a signed request, `none` is anyone.
    #[serde(default = "routes::iam")]
    pub authorization: Authorization,
    /// What the statement of each function's policy is called that lets it call the function; as in the
    /// stack where nothing is said. One that answers two routes needs two names.
    #[serde(default)]
    pub statement: Option<String>,
    /// The origins whose pages browsers let call it, such as `https://shop.example`.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// How many requests may come at once.
    #[serde(default = "burst_limit")]
    pub burst_limit: u32,
    /// How many requests may come per second.
    #[serde(default = "rate_limit")]
    pub rate_limit: f64,
    /// How long its log is kept.
    #[serde(default = "log_retention_days")]
    pub log_retention_days: u32,
    /// The ARN of the key that encrypts its log; the stack's key where nothing is said.
    #[serde(default)]
    pub key: Option<Input<Arn>>,
}

/// What an HTTP API is made of.
#[derive(Debug)]
pub struct HttpApiMade {
    /// The API.
    pub api: HttpApiRef,
    /// What is served.
    pub stage: StageRef,
}

impl HttpApi {
    /// One with these routes, of which nothing is said besides.
    #[must_use]
    pub fn of(routes: BTreeMap<String, Route>) -> Self {
        Self {
            name: None,
            description: String::new(),
            routes,
            authorization: routes::iam(),
            statement: None,
            cors_origins: Vec::new(),
            burst_limit: burst_limit(),
            rate_limit: rate_limit(),
            log_retention_days: log_retention_days(),
            key: None,
        }
    }
}

/// An HTTP API waits no longer (CreateIntegration, `TimeoutInMillis`).
pub(crate) const LONGEST_MS: u32 = 30_000;

fn burst_limit() -> u32 {
    200
}

fn rate_limit() -> f64 {
    100.0
}

fn log_retention_days() -> u32 {
    30
}

impl Part for HttpApi {
    const NAME: &'static str = "http_api";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("apigatewayv2.api", "NAME"),
        ("apigatewayv2.integration", "NAME/METHOD/PATH, one for each route"),
        ("apigatewayv2.route", "NAME/METHOD/PATH"),
        ("lambda.permission", "NAME/METHOD/PATH"),
        ("apigatewayv2.stage", "NAME"),
        ("logs.group", "NAME-access"),
    ];
    type Made = HttpApiMade;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<HttpApiMade, String> {
        let context = part.context;
        logs::check_retention(self.log_retention_days)?;
        let routes = routes::read(self.routes, self.authorization)?;
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            return Err(format!("has an origin `{origin}`: those are like https://shop.example"));
        }
        let methods = routes.iter().map(|route| match route.method.as_str() {
            "ANY" => "*".to_owned(),
            method => method.to_owned(),
        });
        let cors = cors(&self.cors_origins, methods);
        let base = part::base(self.name, logical);
        let name = context.name(&base);
        let api = apigatewayv2::HttpApi {
            description: self.description,
            cors,
            disable_execute_api_endpoint: false,
            tags: context.tags(&name),
            name: name.clone(),
        };
        let api = stack.add(logical, api);
        if let Some(route) = routes.iter().find(|route| route.model.is_some()) {
            return Err(format!(
                "has a `model` of {}: an HTTP API holds no body against one, a `rest_api` does",
                route.key
            ));
        }
        let twice = |nth: usize, route: &ReadRoute| {
            routes[..nth].iter().any(|other| other.function == route.function)
        };
        if self.statement.is_some() && routes.iter().enumerate().any(|(nth, one)| twice(nth, one)) {
            return Err("has one `statement` for two routes of one function".to_owned());
        }
        routes::note_open(stack, part.section, &base, &routes);
        for route in &routes {
            route.permit(stack, logical, self.statement.as_deref(), &api.execution_arn());
            let logical = route.logical(logical);
            let integration = Integration {
                api: api.id(),
                integration_type: "AWS_PROXY".to_owned(),
                uri: route.function_arn(context).when_created(),
                integration_method: "POST".to_owned(),
                payload_format_version: "2.0".to_owned(),
                vpc_link: None,
                tls_server_name: None,
                timeout_ms: LONGEST_MS,
            };
            let integration = stack.add(&logical, integration);
            stack.add(
                &logical,
                apigatewayv2::Route {
                    api: api.id(),
                    route_key: route.key.clone(),
                    target: integration.id(),
                    authorization: routes::authorization(route.authorization),
                },
            );
        }
        let key = part.key(self.key)?;
        let group = format!("/aws/apigateway/{name}");
        let group = logs::group(context, group, self.log_retention_days, key);
        let group = stack.add(&format!("{logical}-access"), group);
        let stage = Stage {
            api: api.id(),
            name: "$default".to_owned(),
            description: "What is served".to_owned(),
            auto_deploy: true,
            access_log: Some(AccessLog { destination: group.arn(), format: access_line() }),
            detailed_metrics: true,
            burst_limit: self.burst_limit,
            rate_limit: self.rate_limit,
            tags: context.tags(&name),
        };
        Ok(HttpApiMade { stage: stack.add(logical, stage), api })
    }
}

/// Which pages browsers let call an API with these methods; none: no other site's.
fn cors(origins: &[String], methods: impl Iterator<Item = String>) -> Option<Cors> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    // Of a set no entry comes twice.
    let methods: std::collections::BTreeSet<String> = methods.collect();
    (!origins.is_empty()).then(|| Cors {
        allow_origins: origins.iter().cloned().collect(),
        allow_methods: methods.into_iter().collect(),
        allow_headers: texts(&["authorization", "content-type", "idempotency-key"]),
        expose_headers: texts(&[]),
        allow_credentials: false,
        max_age_s: 300,
    })
}

/// What every request leaves in the access log.
fn access_line() -> String {
    let of = |name: &str| format!("$context.{name}");
    json!({
        "requestId": of("requestId"),
        "ip": of("identity.sourceIp"),
        "requestTime": of("requestTime"),
        "routeKey": of("routeKey"),
        "status": of("status"),
        "responseLength": of("responseLength"),
        "integrationError": of("integrationErrorMessage"),
    })
    .to_string()
}
