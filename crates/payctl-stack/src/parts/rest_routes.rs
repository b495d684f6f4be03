//! A REST API that functions answer, as a part.

use std::collections::BTreeMap;

use payctl_aws::apigateway::{
    self, ApiResource, Method, Model, ModelName, RequestValidator, RequestValidatorId, ResourceId,
    RestApiRef, Schema, StageRef,
};
use payctl_aws::lambda::FunctionName;
use payctl_aws::wafv2::Association;
use payctl_aws::{Arn, Lookup};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::logs;
use super::part::{self, Part, PartContext};
use super::rest_api::{self, StageNames, StageSpec};
use super::routes::{self, ReadRoute, Route};
use crate::settings::Authorization;

/// A REST API whose routes functions answer: with its paths, the permissions that takes, a deployment
/// that is made anew with each change, a stage with a limit of requests, and logs of requests and errors.
/// Callers sign their requests. It may have a web ACL before it, which an HTTP API may not.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RestApi {
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
    /// What bodies are held against before a function is called: JSON Schemas (draft 4), by names of
    /// letters and digits, which a route's `model` says.
    #[serde(default)]
    pub models: BTreeMap<String, ModelSpec>,
    /// For which requests it may call its functions, such as `/*/*/payments*`: one permission for each
    /// function in place of one for each route, of which a function's policy has room for some dozens
    /// (Lambda's guide, "Lambda quotas": 20 KB).
    #[serde(default)]
    pub requests: Option<String>,
    /// Whether what API Gateway answers by itself is `{"error": …}`, with the reason.
    #[serde(default = "yes")]
    pub json_errors: bool,
    /// What the stage is called, which begins the path of each request; the environment's suffix where
    /// nothing is said.
    #[serde(default)]
    pub stage: Option<String>,
    /// How many requests may come at once.
    #[serde(default = "burst_limit")]
    pub burst_limit: u32,
    /// How many requests may come per second.
    #[serde(default = "rate_limit")]
    pub rate_limit: u32,
    /// What its second log tells of requests: `error`, or `info` of all of them, but for their contents.
    #[serde(default)]
    pub log_level: LogLevel,
    /// Whether X-Ray samples requests.
    #[serde(default)]
    pub tracing: bool,
    /// The ARN of the web ACL before it.
    #[serde(default)]
    pub web_acl: Option<Input<Arn>>,
    /// How long its logs are kept.
    #[serde(default = "log_retention_days")]
    pub log_retention_days: u32,
    /// The ARN of the key that encrypts its logs; the stack's key where nothing is said.
    #[serde(default)]
    pub key: Option<Input<Arn>>,
}

/// What a body has to be.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModelSpec {
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// The schema, such as `{ type = "object", required = ["id"] }`.
    pub schema: BTreeMap<String, Value>,
}

/// What API Gateway writes down of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    #[default]
    Error,
    /// How each was served.
    Info,
}

/// What a REST API is made of.
#[derive(Debug)]
pub struct RestApiMade {
    /// The API.
    pub api: RestApiRef,
    /// What is served.
    pub stage: StageRef,
    /// What metrics call it.
    name: String,
}

fn yes() -> bool {
    true
}

fn burst_limit() -> u32 {
    200
}

fn rate_limit() -> u32 {
    100
}

fn log_retention_days() -> u32 {
    30
}

impl RestApi {
    /// One with these routes, of which nothing is said besides.
    #[must_use]
    pub fn of(routes: BTreeMap<String, Route>) -> Self {
        Self {
            name: None,
            description: String::new(),
            routes,
            authorization: routes::iam(),
            models: BTreeMap::new(),
            requests: None,
            json_errors: true,
            stage: None,
            burst_limit: burst_limit(),
            rate_limit: rate_limit(),
            log_level: LogLevel::Error,
            tracing: false,
            web_acl: None,
            log_retention_days: log_retention_days(),
            key: None,
        }
    }
}

impl Part for RestApi {
    const NAME: &'static str = "rest_api";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("apigateway.rest_api", "NAME"),
        ("apigateway.resource", "NAME/PATH, one for each path and what is above it"),
        ("apigateway.method", "NAME/METHOD/PATH, one for each route"),
        ("apigateway.integration", "NAME/METHOD/PATH"),
        (
            "lambda.permission",
            "NAME/METHOD/PATH; with `requests`, NAME, NAME-2 …, one per function",
        ),
        ("apigateway.model", "NAME-MODEL, one for each of `models`"),
        ("apigateway.request_validator", "NAME-body, with `models`"),
        (
            "apigateway.gateway_response",
            "NAME-bad-request-body, NAME-client-errors, NAME-server-errors, with `json_errors`",
        ),
        ("apigateway.deployment", "NAME"),
        ("apigateway.stage", "NAME"),
        ("logs.group", "NAME-access, NAME-errors"),
        ("wafv2.association", "NAME, with `web_acl`"),
        ("iam.role", "account/apigateway-logs, where the account has none"),
        ("apigateway.account", "account/settings, with it"),
    ];
    const OUTPUTS: &'static [(&'static str, &'static str)] =
        &[("name", "what metrics call it: what alarms take as one of `rest_apis`")];
    type Made = RestApiMade;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<RestApiMade, String> {
        let context = part.context;
        logs::check_retention(self.log_retention_days)?;
        let routes = routes::read(self.routes, self.authorization)?;
        let stage = self.stage.unwrap_or_else(|| context.suffix.to_string());
        // CreateStage: "Stage names can only contain alphanumeric characters, hyphens, and underscores."
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if stage.is_empty() || stage.len() > 128 || !stage.chars().all(fits) {
            return Err(format!("has a stage `{stage}`: 1 to 128 letters, digits, - and _"));
        }
        let base = part::base(self.name, logical);
        let name = context.name(&base);
        let key = part.key(self.key)?;
        let api = apigateway::RestApi {
            description: self.description,
            endpoint: "REGIONAL".to_owned(),
            disable_execute_api_endpoint: false,
            tags: context.tags(&name),
            name: name.clone(),
        };
        let api = stack.add(logical, api);
        routes::note_open(stack, part.section, &base, &routes);
        let bodies = Bodies::declare(stack, &api, logical, self.models)?;
        if let Some(requests) = &self.requests {
            permit_all(stack, (logical, &base), &routes, &api.execution_arn().then(requests));
        }
        let mut paths = Paths { api: &api, logical, known: BTreeMap::new() };
        for route in &routes {
            let resource = paths.resource(stack, route)?;
            if self.requests.is_none() {
                route.permit(stack, logical, None, &api.execution_arn());
            }
            let (validator, models) = bodies.of(route)?;
            let method = Method {
                api: api.id(),
                resource,
                http_method: route.method.clone(),
                authorization: routes::authorization(route.authorization),
                api_key_required: false,
                request_validator: validator,
                request_models: models,
                request_parameters: BTreeMap::new(),
            };
            let function = route.function_arn(context);
            rest_api::answered(stack, context, &route.logical(logical), method, &function);
        }
        if self.json_errors {
            rest_api::errors(stack, &api, |what| format!("{logical}-{what}"));
        }
        let served = StageSpec {
            name: stage,
            logging_level: match self.log_level {
                LogLevel::Error => "ERROR",
                LogLevel::Info => "INFO",
            },
            burst_limit: self.burst_limit,
            rate_limit: self.rate_limit,
            tracing: self.tracing,
        };
        let (access, errors) = (format!("{logical}-access"), format!("{logical}-errors"));
        let names = StageNames { logical, access: &access, errors: &errors, base: &base };
        let stage = rest_api::named_stage(stack, context, &api, served, &names, |name| {
            logs::group(context, name, self.log_retention_days, key.clone())
        });
        if let Some(web_acl) = self.web_acl {
            stack.add(logical, Association { web_acl, resource: stage.arn() });
        }
        Ok(RestApiMade { api, stage, name })
    }

    fn outputs(made: &RestApiMade) -> Vec<(String, Value)> {
        vec![("name".to_owned(), json!(made.name))]
    }

    fn lookups() -> Vec<Lookup> {
        vec![Lookup::api_log_role()]
    }
}

/// Lets the API, called so in the stack and in AWS, call each of its functions for these requests.
fn permit_all(
    stack: &mut Stack,
    (logical, base): (&str, &str),
    routes: &[ReadRoute],
    requests: &Input<Arn>,
) {
    let mut functions: Vec<&Input<FunctionName>> = Vec::new();
    for ReadRoute { function, .. } in routes {
        if !functions.contains(&function) {
            functions.push(function);
        }
    }
    for (nth, function) in functions.into_iter().enumerate() {
        let logical = match nth {
            0 => logical.to_owned(),
            _ => format!("{logical}-{}", nth + 1),
        };
        routes::permit(stack, &logical, base, function, requests.clone());
    }
}

/// What bodies are held against.
struct Bodies {
    /// The models, by what routes call them.
    models: BTreeMap<String, Input<ModelName>>,
    validator: Option<Input<RequestValidatorId>>,
}

/// The models of a method, by the type of content.
type Models = BTreeMap<String, Input<ModelName>>;

impl Bodies {
    fn declare(
        stack: &mut Stack,
        api: &RestApiRef,
        logical: &str,
        models: BTreeMap<String, ModelSpec>,
    ) -> Result<Self, String> {
        let mut known = BTreeMap::new();
        for (name, ModelSpec { description, schema }) in models {
            // CreateModel: "The name of the model. Must be alphanumeric."
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(format!("has a model `{name}`: letters and digits"));
            }
            let model = Model {
                api: api.id(),
                name: name.clone(),
                content_type: JSON.to_owned(),
                description,
                schema: Schema::new(json!(schema)),
            };
            let model = stack.add(&format!("{logical}-{name}"), model);
            known.insert(name, model.name());
        }
        let validator = (!known.is_empty()).then(|| {
            let (name, api) = ("body".to_owned(), api.id());
            let validator = RequestValidator { api, name, body: true, parameters: true };
            stack.add(&format!("{logical}-body"), validator).id()
        });
        Ok(Self { models: known, validator })
    }

    fn of(&self, route: &ReadRoute) -> Result<(Option<Input<RequestValidatorId>>, Models), String> {
        let Some(name) = &route.model else { return Ok((None, Models::new())) };
        let Some(model) = self.models.get(name) else {
            return Err(format!("has the `model` {name} in {}, which `models` lacks", route.key));
        };
        Ok((self.validator.clone(), [(JSON.to_owned(), model.clone())].into()))
    }
}

const JSON: &str = "application/json";

/// The paths of an API, each of which is made once.
struct Paths<'a> {
    api: &'a RestApiRef,
    logical: &'a str,
    known: BTreeMap<String, (String, Input<ResourceId>)>,
}

impl Paths<'_> {
    fn resource(
        &mut self,
        stack: &mut Stack,
        route: &ReadRoute,
    ) -> Result<Input<ResourceId>, String> {
        let (mut parent, mut path) = (self.api.root(), self.logical.to_owned());
        for segment in &route.path {
            path = format!("{path}/{}", routes::word(segment));
            if let Some((known, resource)) = self.known.get(&path) {
                // API Gateway refuses a second variable at one place: "A sibling ({id}) of this resource
                // already has a variable path part" (CreateResource).
                if known != segment {
                    return Err(format!(
                        "has both {known} and {segment} at one place of its paths"
                    ));
                }
                parent = resource.clone();
                continue;
            }
            let resource = ApiResource { api: self.api.id(), parent, path_part: segment.clone() };
            parent = stack.add(&path, resource).id();
            self.known.insert(path.clone(), (segment.clone(), parent.clone()));
        }
        Ok(parent)
    }
}
