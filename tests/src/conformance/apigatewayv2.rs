//! Cases of HTTP APIs, their parts, and VPC links.

use std::collections::BTreeMap;

use payctl_aws::apigatewayv2::{
    AccessLog, Cors, HttpApi, HttpApiRef, Integration, IntegrationRef, Route, Stage, VpcLink,
    VpcLinkRef,
};
use payctl_aws::{Arn, Artifacts, Facts, Set};
use payctl_engine::{Action, Address, Goal, Handle as _, Input, Stack};
use serde_json::json;

use super::{Case, check, ec2, logs, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

fn set(items: &[&str]) -> Set<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn cors() -> Cors {
    Cors {
        allow_origins: set(&["https://shop.example.com"]),
        allow_methods: set(&["POST", "GET"]),
        allow_headers: set(&["content-type", "authorization"]),
        expose_headers: Set::new(),
        allow_credentials: false,
        max_age_s: 600,
    }
}

fn http_api(name: &str) -> HttpApi {
    HttpApi {
        name: name.to_owned(),
        description: "conformance".to_owned(),
        cors: Some(cors()),
        disable_execute_api_endpoint: false,
        tags: tags(name),
    }
}

fn add_api(s: &mut Stack) -> HttpApiRef {
    s.add("main", http_api("payments"))
}

fn function(facts: &Facts, name: &str) -> Input<Arn> {
    facts.arn("lambda", &format!("function:{name}")).into()
}

fn integration(facts: &Facts, api: &HttpApiRef, name: &str) -> Integration {
    Integration {
        api: api.id(),
        integration_type: "AWS_PROXY".to_owned(),
        uri: function(facts, name),
        integration_method: "POST".to_owned(),
        payload_format_version: "2.0".to_owned(),
        vpc_link: None,
        tls_server_name: None,
        timeout_ms: 29_000,
    }
}

/// What leads to a listener of a load balancer, through a link.
fn through(facts: &Facts, api: &HttpApiRef, link: &VpcLinkRef) -> Integration {
    let listener = facts.arn("elasticloadbalancing", "listener/app/payments/1/2");
    Integration {
        integration_type: "HTTP_PROXY".to_owned(),
        uri: listener.into(),
        integration_method: "ANY".to_owned(),
        payload_format_version: "1.0".to_owned(),
        vpc_link: Some(link.id()),
        tls_server_name: Some("payments.internal".to_owned()),
        ..integration(facts, api, "none")
    }
}

fn route(api: &HttpApiRef, key: &str, target: &IntegrationRef) -> Route {
    Route {
        api: api.id(),
        route_key: key.to_owned(),
        target: target.id(),
        authorization: "NONE".to_owned(),
    }
}

fn stage(api: &HttpApiRef) -> Stage {
    Stage {
        api: api.id(),
        name: "$default".to_owned(),
        description: "conformance".to_owned(),
        auto_deploy: true,
        access_log: None,
        detailed_metrics: true,
        burst_limit: 2000,
        rate_limit: 1000.0,
        tags: tags("default"),
    }
}

fn access_log(group: Input<Arn>, fields: &[&str]) -> Option<AccessLog> {
    let format: BTreeMap<_, _> =
        fields.iter().map(|field| (*field, format!("$context.{field}"))).collect();
    Some(AccessLog { destination: group, format: json!(format).to_string() })
}

/// A link into subnets of a network of its own.
fn add_link(s: &mut Stack, subnets: &[&str]) -> VpcLinkRef {
    let vpc = s.add("main", ec2::vpc());
    let group = s.add("link", ec2::group("link", &vpc));
    let all = ["10.0.1.0/24", "10.0.2.0/24"];
    let all = [("a", all[0]), ("b", all[1])].map(|(name, cidr)| {
        let subnet = ec2::add_subnet(s, &vpc, name, cidr);
        (name, subnet.id())
    });
    let used = all.into_iter().filter(|(name, _)| subnets.contains(name)).map(|(_, id)| id);
    let link = VpcLink {
        name: "payments".to_owned(),
        subnets: used.collect(),
        security_groups: [group.id()].into_iter().collect(),
        tags: tags("link"),
    };
    s.add("main", link)
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let of_creation = "Get… answers those of the creation";
    let mut s = stack();
    // One of the same name is another one.
    s.add("twin", http_api("payments"));
    let api = add_api(&mut s);
    cases.push(
        Case::new(s, api.address())
            .edit("name", "payments-2")
            .edit("description", "another")
            .edit("cors", None::<Cors>)
            .edit("disable_execute_api_endpoint", true)
            .edit("tags", tags("other"))
            .except(Ministack, "tags", of_creation),
    );

    let mut s = stack();
    let api = add_api(&mut s);
    // Alike, and another one.
    s.add("twin", integration(facts, &api, "validation"));
    let tested = s.add("validation", integration(facts, &api, "validation"));
    let link: Input<_> = payctl_aws::apigatewayv2::VpcLinkId::from("a1b2c3").into();
    let dropped = "CreateIntegration and UpdateIntegration drop it";
    cases.push(
        Case::new(s, tested.address())
            .edit("uri", function(facts, "other"))
            .edit("integration_method", "ANY")
            .edit("payload_format_version", "1.0")
            .edit("vpc_link", Some(link))
            .edit("tls_server_name", Some("payments.internal"))
            .edit("timeout_ms", 5_000)
            .except(Ministack, "vpc_link", dropped)
            .except(Ministack, "tls_server_name", dropped),
    );

    let mut s = stack();
    let api = add_api(&mut s);
    let [validation, other] =
        ["validation", "other"].map(|name| s.add(name, integration(facts, &api, name)));
    let tested = s.add("validate", route(&api, "POST /validate", &validation));
    cases.push(
        Case::new(s, tested.address()).edit("target", other.id()).edit("authorization", "AWS_IAM"),
    );

    cases.push(a_stage());

    let mut s = stack();
    let link = add_link(&mut s, &["a", "b"]);
    cases.push(
        Case::new(s, link.address()).edit("name", "payments-2").edit("tags", tags("other")).except(
            Ministack,
            "create",
            "VPC links are missing",
        ),
    );
}

fn a_stage() -> Case {
    let mut s = stack();
    let api = add_api(&mut s);
    let [group, other] = ["apis", "other"]
        .map(|name| s.add(name, logs::group(&format!("/conformance/{name}"))).arn());
    let tested = Stage { access_log: access_log(group, &["requestId"]), ..stage(&api) };
    let tested = s.add("default", tested);
    let case = Case::new(s, tested.address())
        .edit("description", "another")
        .edit("auto_deploy", false)
        .edit("access_log", access_log(other, &["requestId", "status"]))
        .edit("detailed_metrics", false)
        .edit("burst_limit", 10)
        .edit("rate_limit", 5.5)
        .edit("tags", tags("other"))
        .except(Moto, "tags", "TagResource knows APIs and VPC links only")
        .except(Ministack, "tags", "Get… answers those of the creation");
    ["description", "auto_deploy", "access_log", "detailed_metrics", "burst_limit", "rate_limit"]
        .into_iter()
        .fold(case, |case, property| case.except(Moto, property, "UpdateStage is missing"))
}

/// Where the emulators' gaps are closed, there is nothing to except.
pub async fn every_part_on_the_sandbox() {
    for part in ["api", "integration", "route", "stage", "vpc_link"] {
        check(&format!("apigatewayv2.{part}"), Sandbox).await;
    }
}

async fn on_the_sandbox(server: &Server) -> Environment {
    Environment::new(server, "conformance", "test", Artifacts::default()).await
}

/// An API with all that it can have, where the link goes to `subnets`; and the link's address.
fn whole(facts: &Facts, subnets: &[&str], logged: bool) -> (Stack, Address) {
    let mut s = stack();
    let api = add_api(&mut s);
    let link = add_link(&mut s, subnets);
    let validation = s.add("validation", integration(facts, &api, "validation"));
    let app = s.add("app", through(facts, &api, &link));
    s.add("validate", route(&api, "POST /validate", &validation));
    s.add("app", route(&api, "ANY /app/{proxy+}", &app));
    let group = s.add("apis", logs::group("/conformance/apis"));
    let log = logged.then(|| access_log(group.arn(), &["requestId"])).flatten();
    s.add("default", Stage { access_log: log, ..stage(&api) });
    (s, link.address().clone())
}

/// A link into other subnets is made before the old one goes; the API's parts stay, and lead
/// through the new one. A lost state is found again, its integrations by their descriptions.
pub async fn an_api_changes_its_link() {
    let server = Server::start(Sandbox);
    let environment = on_the_sandbox(&server).await;
    let facts = environment.facts.clone();
    let (before, link) = whole(&facts, &["a"], true);
    let (_, outcome) = environment.run(&before, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(environment.plan(&before, Goal::Up).await.is_empty());

    let (after, _) = whole(&facts, &["a", "b"], false);
    let (plan, outcome) = environment.run(&after, Goal::Up).await;
    let counts = plan.counts();
    assert_eq!((counts.update, counts.replace, counts.create), (2, 1, 0), "{:?}", plan.steps);
    assert_eq!(plan.step(&link).unwrap().action, Action::CreateThenDelete);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let plan = environment.plan(&after, Goal::Up).await;
    assert!(plan.is_empty(), "{:?}", plan.steps);
    let client = &environment.aws().apigatewayv2;
    let links = client.get_vpc_links().send().await.unwrap();
    assert_eq!((links.items().len(), links.items()[0].subnet_ids().len()), (1, 2));

    let known = environment.state().resources;
    environment.lose_state();
    let (plan, outcome) = environment.run(&after, Goal::Up).await;
    assert_eq!(plan.counts().create, 0, "{:?}", plan.steps);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    for (address, record) in &environment.state().resources {
        assert_eq!(record.outputs, known[address].outputs, "{address}");
    }
    let (_, outcome) = environment.run(&after, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(client.get_apis().send().await.unwrap().items().is_empty());
}

/// A link comes and goes at AWS's pace, and before what its network interfaces stand in.
pub async fn a_link_takes_its_time() {
    let server = Server::start_slow(100);
    let environment = on_the_sandbox(&server).await;
    let (whole, link) = whole(&environment.facts, &["a", "b"], true);
    let (_, outcome) = environment.run(&whole, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let id = environment.state().resources[&link].outputs["id"].clone();
    let client = &environment.aws().apigatewayv2;
    let seen = client.get_vpc_link().vpc_link_id(id.as_str().unwrap()).send().await.unwrap();
    assert_eq!(seen.vpc_link_status().unwrap().as_str(), "AVAILABLE");
    let (_, outcome) = environment.run(&whole, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let left = environment.aws().ec2.describe_network_interfaces().send().await.unwrap();
    assert!(left.network_interfaces().is_empty());
}

/// A route that is there when its turn comes is adopted, as the API is ours, and leads where it
/// should after the next run at the latest.
pub async fn a_route_that_is_there_already_is_taken_up() {
    let server = Server::start(Sandbox);
    let environment = on_the_sandbox(&server).await;
    let mut s = stack();
    let api = add_api(&mut s);
    let (_, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let validation = s.add("validation", integration(&environment.facts, &api, "validation"));
    let tested = s.add("validate", route(&api, "POST /validate", &validation));
    let plan = environment.plan(&s, Goal::Up).await;

    let id = environment.state().resources[api.address()].outputs["id"].clone();
    let client = &environment.aws().apigatewayv2;
    let theirs = client.create_route().api_id(id.as_str().unwrap()).route_key("POST /validate");
    let theirs = theirs.send().await.unwrap();
    let outcome = environment.execute(&plan).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let taken = environment.state().resources[tested.address()].outputs["id"].clone();
    assert_eq!(taken.as_str(), theirs.route_id());
    environment.run(&s, Goal::Up).await;
    assert!(environment.plan(&s, Goal::Up).await.is_empty());
}
