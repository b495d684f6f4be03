//! Cases of REST APIs and their parts.

use std::collections::BTreeMap;

use payctl_aws::apigateway::{
    AccessLog, Account, AccountRef, ApiResource, ApiResourceRef, Content, Deployment,
    DeploymentRef, GatewayResponse, Integration, Method, MethodRef, Model, RequestValidator,
    RestApi, RestApiRef, Schema, Stage, StageRef,
};
use payctl_aws::{Arn, Artifacts, Facts};
use payctl_engine::{Action, Goal, Handle as _, Input, Stack};
use serde_json::json;

use super::{Case, check, iam, logs, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

fn rest_api(name: &str) -> RestApi {
    RestApi {
        name: name.to_owned(),
        description: "conformance".to_owned(),
        endpoint: "REGIONAL".to_owned(),
        disable_execute_api_endpoint: false,
        tags: tags(name),
    }
}

fn add_api(s: &mut Stack) -> RestApiRef {
    s.add("main", rest_api("payments"))
}

fn add_resource(s: &mut Stack, api: &RestApiRef, part: &str) -> ApiResourceRef {
    let resource = ApiResource { api: api.id(), parent: api.root(), path_part: part.to_owned() };
    s.add(part, resource)
}

fn validator(api: &RestApiRef) -> RequestValidator {
    RequestValidator { api: api.id(), name: "all".to_owned(), body: true, parameters: true }
}

fn model(api: &RestApiRef, name: &str) -> Model {
    Model {
        api: api.id(),
        name: name.to_owned(),
        content_type: "application/json".to_owned(),
        description: "a payment".to_owned(),
        schema: Schema::new(json!({ "type": "object", "required": ["amount"] })),
    }
}

fn method(api: &RestApiRef, resource: &ApiResourceRef, name: &str) -> Method {
    Method {
        api: api.id(),
        resource: resource.id(),
        http_method: name.to_owned(),
        authorization: "AWS_IAM".to_owned(),
        api_key_required: false,
        request_validator: None,
        request_models: BTreeMap::new(),
        request_parameters: BTreeMap::new(),
    }
}

fn uri(facts: &Facts, function: &str) -> Input<String> {
    let Facts { partition, region, .. } = facts;
    let function = facts.arn("lambda", &format!("function:{function}"));
    let path = "lambda:path/2015-03-31/functions";
    format!("arn:{partition}:apigateway:{region}:{path}/{function}/invocations").into()
}

fn integration(
    facts: &Facts,
    api: &RestApiRef,
    resource: &ApiResourceRef,
    method: &MethodRef,
) -> Integration {
    Integration {
        api: api.id(),
        resource: resource.id(),
        method: method.http_method(),
        integration_type: "AWS_PROXY".to_owned(),
        integration_http_method: "POST".to_owned(),
        uri: uri(facts, "processor"),
        passthrough_behavior: "WHEN_NO_MATCH".to_owned(),
        timeout_ms: 29_000,
    }
}

/// A method that something answers.
fn add_answered(
    facts: &Facts,
    s: &mut Stack,
    api: &RestApiRef,
    resource: &ApiResourceRef,
    name: &str,
) {
    let method = s.add(name, method(api, resource, name));
    s.add(name, integration(facts, api, resource, &method));
}

fn add_deployment(s: &mut Stack, api: &RestApiRef, name: &str) -> DeploymentRef {
    let content = Content::of(s, api.address());
    s.add(name, Deployment { api: api.id(), content })
}

fn add_account(s: &mut Stack) -> AccountRef {
    let role = s.add("apis", iam::role("conformance-apis", "apigateway.amazonaws.com"));
    s.add("logs", Account { cloudwatch_role: role.arn() })
}

fn stage(api: &RestApiRef, deployment: &DeploymentRef) -> Stage {
    Stage {
        api: api.id(),
        name: "prod".to_owned(),
        deployment: deployment.id(),
        description: "conformance".to_owned(),
        access_log: None,
        metrics: true,
        logging_level: "INFO".to_owned(),
        data_trace: false,
        burst_limit: 2000,
        rate_limit: 1000.0,
        tracing: false,
        tags: tags("prod"),
    }
}

/// A stage of an API with one method.
pub(super) fn add_stage(facts: &Facts, s: &mut Stack) -> StageRef {
    let api = add_api(s);
    let payments = add_resource(s, &api, "payments");
    add_answered(facts, s, &api, &payments, "POST");
    let deployment = add_deployment(s, &api, "main");
    s.add("prod", Stage { logging_level: "OFF".to_owned(), ..stage(&api, &deployment) })
}

fn access_log(group: Input<Arn>, fields: &[&str]) -> Option<AccessLog> {
    let format: BTreeMap<_, _> =
        fields.iter().map(|field| (*field, format!("$context.{field}"))).collect();
    Some(AccessLog { destination: group, format: json!(format).to_string() })
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    // One of the same name is another one.
    s.add("twin", rest_api("payments"));
    let api = add_api(&mut s);
    let breaks = "UpdateRestApi writes what nothing can read any more";
    cases.push(
        Case::new(s, api.address())
            .edit("name", "payments-2")
            .edit("description", "another")
            .edit("tags", tags("other"))
            .except(Moto, "tags", "TagResource knows stages only")
            .except(Ministack, "tags", "GetRestApi answers those of the creation")
            .except(Ministack, "endpoint", breaks)
            .except(Ministack, "disable_execute_api_endpoint", breaks),
    );

    let mut s = stack();
    let api = add_api(&mut s);
    let payments = add_resource(&mut s, &api, "payments");
    let one = ApiResource { api: api.id(), parent: payments.id(), path_part: "{id}".to_owned() };
    let one = s.add("one", one);
    cases.push(Case::new(s, one.address()));

    let mut s = stack();
    let api = add_api(&mut s);
    let validator = s.add("all", validator(&api));
    cases.push(
        Case::new(s, validator.address())
            .edit("name", "none")
            .edit("body", false)
            .edit("parameters", false),
    );

    let mut s = stack();
    let api = add_api(&mut s);
    let model = s.add("payment", model(&api, "Payment"));
    cases.push(
        Case::new(s, model.address())
            .edit("description", "another")
            .edit("schema", Schema::new(json!({ "type": "object" })))
            .except(Moto, "description", "UpdateModel is missing")
            .except(Moto, "schema", "UpdateModel is missing"),
    );

    cases.push(a_gateway_response());
    cases.push(a_method());
    cases.push(an_integration(facts));

    let mut s = stack();
    let api = add_api(&mut s);
    let payments = add_resource(&mut s, &api, "payments");
    add_answered(facts, &mut s, &api, &payments, "POST");
    let deployment = add_deployment(&mut s, &api, "main");
    cases.push(Case::new(s, deployment.address()));

    cases.push(a_stage(facts));

    let mut s = stack();
    let account = add_account(&mut s);
    let other = format!("arn:{}:iam::{}:role/another", facts.partition, facts.account);
    cases.push(
        // Any role that is set does, and is neither changed nor taken away.
        Case::new(s, account.address())
            .edit("cloudwatch_role", Arn::from(other))
            .goes_with_parent(),
    );
}

fn gateway_response(api: &RestApiRef, response_type: &str, body: &str) -> GatewayResponse {
    GatewayResponse {
        api: api.id(),
        response_type: response_type.to_owned(),
        status: None,
        parameters: BTreeMap::new(),
        templates: [("application/json".to_owned(), body.to_owned())].into(),
    }
}

fn a_gateway_response() -> Case {
    let mut s = stack();
    let api = add_api(&mut s);
    s.add("others", gateway_response(&api, "DEFAULT_4XX", "{}"));
    let body = r#"{"error":$context.error.messageString}"#;
    let tested =
        GatewayResponse { status: Some(400), ..gateway_response(&api, "BAD_REQUEST_BODY", body) };
    let tested = s.add("body", tested);
    let header = ("gatewayresponse.header.Retry-After".to_owned(), "'5'".to_owned());
    let text = ("text/plain".to_owned(), "$context.error.message".to_owned());
    Case::new(s, tested.address())
        .edit("status", 422)
        .edit("parameters", BTreeMap::from([header]))
        .edit("templates", BTreeMap::from([text]))
}

fn a_method() -> Case {
    let mut s = stack();
    let api = add_api(&mut s);
    let payments = add_resource(&mut s, &api, "payments");
    let validators = ["all", "other"].map(|name| {
        s.add(name, RequestValidator { name: name.to_owned(), ..validator(&api) }).id()
    });
    let model = s.add("payment", model(&api, "Payment"));
    let [all, other] = validators;
    let tested = Method {
        request_validator: Some(all),
        request_models: [("application/json".to_owned(), model.name())].into(),
        request_parameters: [("method.request.header.Idempotency-Key".to_owned(), true)].into(),
        ..method(&api, &payments, "POST")
    };
    let tested = s.add("post", tested);
    let missing = "UpdateMethod is missing";
    let texts = "UpdateMethod writes a text for a boolean, which nothing can read";
    Case::new(s, tested.address())
        .edit("authorization", "NONE")
        .edit("request_validator", other)
        .except(Moto, "authorization", missing)
        .except(Moto, "request_validator", missing)
        .except(Ministack, "api_key_required", texts)
        .except(Ministack, "request_parameters", texts)
        .except(Ministack, "request_models", "UpdateMethod takes `~1` for a part of the name")
}

fn an_integration(facts: &Facts) -> Case {
    let mut s = stack();
    let api = add_api(&mut s);
    let payments = add_resource(&mut s, &api, "payments");
    let post = s.add("post", method(&api, &payments, "POST"));
    let tested = s.add("post", integration(facts, &api, &payments, &post));
    Case::new(s, tested.address())
        .edit("integration_type", "AWS")
        .edit("integration_http_method", "GET")
        .edit("uri", uri(facts, "other"))
        .edit("passthrough_behavior", "NEVER")
        .edit("timeout_ms", 5_000)
}

fn a_stage(facts: &Facts) -> Case {
    let mut s = stack();
    let api = add_api(&mut s);
    let payments = add_resource(&mut s, &api, "payments");
    add_answered(facts, &mut s, &api, &payments, "POST");
    let first = add_deployment(&mut s, &api, "first");
    add_answered(facts, &mut s, &api, &payments, "GET");
    let second = add_deployment(&mut s, &api, "second");
    let [group, other] = ["apis", "other"]
        .map(|name| s.add(name, logs::group(&format!("/conformance/{name}"))).arn());
    let account = add_account(&mut s);
    let tested = Stage { access_log: access_log(group, &["requestId"]), ..stage(&api, &first) };
    let tested = s.add_after("prod", &[account.address()], tested);
    Case::new(s, tested.address())
        .edit("deployment", second.id())
        .edit("description", "another")
        .edit("access_log", access_log(other, &["requestId", "status"]))
        .edit("metrics", false)
        .edit("logging_level", "ERROR")
        .edit("data_trace", true)
        .edit("burst_limit", 10)
        .edit("rate_limit", 5.5)
        .edit("tracing", true)
        .edit("tags", tags("other"))
        .except(Ministack, "tags", "GetStage answers those of the creation")
}

/// Where the emulators' gaps are closed, there is nothing to except.
pub async fn every_part_on_the_sandbox() {
    let parts = [
        "account",
        "deployment",
        "gateway_response",
        "integration",
        "method",
        "model",
        "request_validator",
        "resource",
        "rest_api",
        "stage",
    ];
    for part in parts {
        check(&format!("apigateway.{part}"), Sandbox).await;
    }
}

async fn on_the_sandbox(server: &Server) -> Environment {
    Environment::new(server, "conformance", "test", Artifacts::default()).await
}

/// A changed API is changed in place and deployed anew; the stage moves, then the old one goes.
pub async fn a_changed_api_is_deployed_anew() {
    let server = Server::start(Sandbox);
    let environment = on_the_sandbox(&server).await;
    let facts = environment.facts.clone();
    let declare = |changed: bool| {
        let mut s = stack();
        let api = RestApi {
            endpoint: if changed { "EDGE" } else { "REGIONAL" }.to_owned(),
            disable_execute_api_endpoint: !changed,
            ..rest_api("payments")
        };
        let api = s.add("main", api);
        let payments = add_resource(&mut s, &api, "payments");
        let checks = s.add("all", validator(&api));
        let payment = s.add("payment", model(&api, "Payment"));
        let header = |name: &str| format!("method.request.header.{name}");
        let post = method(&api, &payments, "POST");
        let post = Method {
            api_key_required: changed,
            request_validator: changed.then(|| checks.id()),
            request_models: match changed {
                true => [("application/json".to_owned(), payment.name())].into(),
                false => [("text/plain".to_owned(), payment.name())].into(),
            },
            request_parameters: match changed {
                true => [(header("a"), true), (header("c"), true)].into(),
                false => [(header("a"), false), (header("b"), true)].into(),
            },
            ..post
        };
        let post = s.add("post", post);
        s.add("post", integration(&facts, &api, &payments, &post));
        let deployment = add_deployment(&mut s, &api, "main");
        let account = add_account(&mut s);
        let group = s.add("apis", logs::group("/conformance/apis"));
        let log = (!changed).then(|| access_log(group.arn(), &["requestId"])).flatten();
        let prod = Stage { access_log: log, ..stage(&api, &deployment) };
        s.add_after("prod", &[account.address()], prod);
        (s, deployment)
    };
    let (before, deployment) = declare(false);
    let (_, outcome) = environment.run(&before, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let id = || {
        let state = environment.state();
        state.resources[deployment.address()].outputs["id"].as_str().map(str::to_owned)
    };
    let old = id();

    let (after, _) = declare(true);
    let (plan, outcome) = environment.run(&after, Goal::Up).await;
    let counts = plan.counts();
    assert_eq!((counts.update, counts.replace, counts.create), (3, 1, 0), "{:?}", plan.steps);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let plan = environment.plan(&after, Goal::Up).await;
    assert!(plan.is_empty(), "{:?}", plan.steps);
    let new = id();
    assert_ne!(old, new);
    let state = environment.state();
    let api = &state.resources[&payctl_engine::Address::new("apigateway.rest_api", "main")];
    let api = api.outputs["id"].as_str().unwrap();
    let client = &environment.aws().apigateway;
    let left = client.get_deployments().rest_api_id(api).send().await.unwrap();
    let left: Vec<_> = left.items().iter().map(|one| one.id().map(str::to_owned)).collect();
    assert_eq!((left.len(), &left[0]), (1, &new));

    // A lost state is found again, the deployment by its digest.
    environment.lose_state();
    let plan = environment.plan(&after, Goal::Up).await;
    let step = plan.step(deployment.address()).unwrap();
    assert_eq!((step.action, step.changes.len()), (Action::Adopt, 0), "{step:?}");
    let (_, outcome) = environment.run(&after, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert_eq!(id(), new);
    let (_, outcome) = environment.run(&after, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
}

/// The new deployment is made before what is declared no longer goes, so it still serves that: the
/// next run sees it and makes another.
pub async fn a_removed_method_is_seen_in_its_deployment() {
    let server = Server::start(Sandbox);
    let environment = on_the_sandbox(&server).await;
    let facts = environment.facts.clone();
    let declare = |methods: &[&str]| {
        let mut s = stack();
        let api = add_api(&mut s);
        let payments = add_resource(&mut s, &api, "payments");
        for name in methods {
            add_answered(&facts, &mut s, &api, &payments, name);
        }
        let deployment = add_deployment(&mut s, &api, "main");
        let prod = Stage { logging_level: "OFF".to_owned(), ..stage(&api, &deployment) };
        s.add("prod", prod);
        (s, deployment.address().clone())
    };
    environment.run(&declare(&["POST", "GET"]).0, Goal::Up).await;
    let (after, deployment) = declare(&["POST"]);
    let (plan, outcome) = environment.run(&after, Goal::Up).await;
    assert_eq!((plan.counts().replace, plan.counts().delete), (1, 2));
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let (plan, outcome) = environment.run(&after, Goal::Up).await;
    assert_eq!(plan.step(&deployment).unwrap().action, Action::CreateThenDelete);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(environment.plan(&after, Goal::Up).await.is_empty());
}

/// A model cannot stand beside its successor of the same name: all that hangs on it goes first.
pub async fn a_model_of_another_type_goes_first() {
    let server = Server::start(Sandbox);
    let environment = on_the_sandbox(&server).await;
    let facts = environment.facts.clone();
    let declare = |content_type: &str| {
        let mut s = stack();
        let api = add_api(&mut s);
        let payments = add_resource(&mut s, &api, "payments");
        let content_type = content_type.to_owned();
        let payment = Model { content_type: content_type.clone(), ..model(&api, "Payment") };
        let payment = s.add("payment", payment);
        let post = Method {
            request_models: [(content_type, payment.name())].into(),
            ..method(&api, &payments, "POST")
        };
        let post = s.add("post", post);
        s.add("post", integration(&facts, &api, &payments, &post));
        let deployment = add_deployment(&mut s, &api, "main");
        let prod = Stage { logging_level: "OFF".to_owned(), ..stage(&api, &deployment) };
        s.add("prod", prod);
        s
    };
    environment.run(&declare("text/plain"), Goal::Up).await;
    let after = declare("application/json");
    let (plan, outcome) = environment.run(&after, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, plan.steps);
    let plan = environment.plan(&after, Goal::Up).await;
    assert!(plan.is_empty(), "{:?}", plan.steps);
}
