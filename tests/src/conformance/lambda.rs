//! Cases of the functions' kinds.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use payctl_aws::ec2::{Rules, SecurityGroup, Subnet};
use payctl_aws::iam::Role;
use payctl_aws::lambda::{EventSourceMapping, Function, FunctionRef, Invocation, Permission};
use payctl_aws::{Architecture, Arn, Artifacts, Aws, CodeSha256, Facts, Policy, Set, Statement};
use payctl_engine::{Goal, Handle as _, Input, Stack};

use super::{Case, ec2, stack, tags};
use crate::binary::answering_handler;
use crate::emulator::Emulator::{self, Moto};
use crate::emulator::Server;
use crate::environment::Environment;

/// The code of the cases' functions.
pub(super) fn artifacts() -> Artifacts {
    let mut artifacts = Artifacts::default();
    for code in ["one", "two"] {
        add(&mut artifacts, code);
    }
    artifacts.add_known(answering_handler(), answering().clone());
    artifacts
}

/// The digest of code that answers.
fn answering() -> &'static CodeSha256 {
    static DIGEST: OnceLock<CodeSha256> = OnceLock::new();
    DIGEST.get_or_init(|| Artifacts::default().add(&answering_handler()).unwrap())
}

fn add(artifacts: &mut Artifacts, code: &str) -> CodeSha256 {
    artifacts.add(format!("#!/bin/sh\n# {code}\n").as_bytes()).unwrap()
}

fn code(code: &str) -> CodeSha256 {
    add(&mut Artifacts::default(), code)
}

fn role(name: &str) -> Role {
    let trust = Statement::allow("", &["sts:AssumeRole"]).for_service("lambda.amazonaws.com");
    Role {
        name: name.to_owned(),
        path: "/".to_owned(),
        description: String::new(),
        trust: Policy::new([trust]),
        inline: BTreeMap::new(),
        managed: Set::new(),
        permissions_boundary: None,
        max_session_s: 3600,
        tags: tags(name),
    }
}

/// A function without a network, and what it needs.
pub(super) fn function(_facts: &Facts, s: &mut Stack) -> FunctionRef {
    let role = s.add("first", role("payment-first"));
    let function = plain("payment-processor-test", role.arn());
    s.add("processor", function)
}

/// Two functions of one role.
pub(super) fn two(s: &mut Stack) -> [FunctionRef; 2] {
    let role = s.add("first", role("payment-first"));
    ["secrets-rotation-test", "secrets-rotation-other"]
        .map(|name| s.add(name, plain(name, role.arn())))
}

fn plain(name: &str, role: Input<Arn>) -> Function {
    Function {
        name: name.to_owned(),
        description: "Processes payments".to_owned(),
        code: code("one"),
        architecture: Architecture::X86_64,
        runtime: "provided.al2023".to_owned(),
        handler: "bootstrap".to_owned(),
        layers: Vec::new(),
        ephemeral_storage_mb: 512,
        role,
        memory_mb: 512,
        timeout_s: 300,
        reserved_concurrency: None,
        subnets: Set::new(),
        security_groups: Set::new(),
        environment: BTreeMap::new(),
        kms_key: None,
        log_group: payctl_aws::logs::LogGroupName::from(format!("/aws/lambda/{name}")).into(),
        tracing: "PassThrough".to_owned(),
        dead_letters: None,
        tags: tags(name),
    }
}

/// Code and configuration that change together are two updates, and arrive both.
pub async fn code_and_configuration_change_together(emulator: Emulator) {
    let server = Server::start(emulator);
    let environment = Environment::new(&server, "conformance", "test", artifacts()).await;
    let declare = |code_name: &str, memory_mb: u32| {
        let mut s = stack();
        let role = s.add("first", role("payment-first"));
        let function = plain("payment-processor-test", role.arn());
        s.add("processor", Function { code: code(code_name), memory_mb, ..function });
        s
    };
    for stack in [declare("one", 512), declare("two", 1024)] {
        let (_, outcome) = environment.run(&stack, Goal::Up).await;
        assert!(outcome.is_complete(), "{:?}", outcome.failed);
        assert!(environment.plan(&stack, Goal::Up).await.is_empty());
    }
}

const QUEUE: &str = "conformance-test";

/// The queue of the mapping's case.
pub(super) async fn add_queue(aws: &Aws) {
    let request = aws.sqs.create_queue().queue_name(QUEUE);
    // As long as the functions run.
    request.attributes("VisibilityTimeout".into(), "300").send().await.unwrap();
}

/// Two functions that may receive from queues, and a mapping to the first of them.
fn event_source_mapping(facts: &Facts) -> Case {
    let mut s = stack();
    let actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    let queue = facts.arn("sqs", QUEUE);
    let receives = Statement::allow("", &actions).on([Input::Known(queue.clone())]);
    let inline = [("queue".to_owned(), Policy::new([receives]))].into();
    let role = s.add("first", Role { inline, ..role("payment-first") });
    let [first, second] = ["event-handler-test", "event-handler-other"]
        .map(|name| s.add(name, plain(name, role.arn())).name());
    let mapping = EventSourceMapping {
        source: queue.into(),
        function: first,
        batch_size: 10,
        batching_window_s: 0,
        partial_responses: true,
        maximum_concurrency: Some(5),
        enabled: true,
        tags: tags("handler"),
    };
    let mapping = s.add("handler", mapping);
    Case::new(s, mapping.address())
        .edit("function", second)
        .edit("batch_size", 5)
        .edit("batching_window_s", 20)
        .edit("partial_responses", false)
        .edit("maximum_concurrency", Option::<u32>::None)
        .edit("enabled", false)
        .edit("tags", tags("other"))
}

/// A mapping comes, changes and goes at AWS's pace. What an earlier run left on its way out is
/// waited for.
pub async fn a_mapping_takes_its_time() {
    let server = Server::start_slow(50);
    let environment = Environment::new(&server, "conformance", "test", artifacts()).await;
    add_queue(environment.aws()).await;
    let case = event_source_mapping(&environment.facts);
    let (_, outcome) = environment.run(&case.stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(environment.plan(&case.stack, Goal::Up).await.is_empty());

    let lambda = &environment.aws().lambda;
    let id = environment.state().resources[&case.address].outputs["id"].clone();
    let id = id.as_str().unwrap();
    lambda.delete_event_source_mapping().uuid(id).send().await.unwrap();
    let plan = environment.plan(&case.stack, Goal::Up).await;
    assert_eq!(plan.counts().create, 1, "{:?}", plan.step(&case.address));
    let outcome = environment.execute(&plan).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let mappings = lambda.list_event_source_mappings().send().await.unwrap();
    assert_eq!(mappings.event_source_mappings().len(), 1);
    assert_ne!(mappings.event_source_mappings()[0].uuid(), Some(id));

    let (_, outcome) = environment.run(&case.stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let left = lambda.list_event_source_mappings().send().await.unwrap();
    assert!(left.event_source_mappings().is_empty());
}

/// Two functions that answer, and a call of the first.
fn invocation() -> Case {
    let mut s = stack();
    let role = s.add("first", role("payment-first"));
    let [first, second] = ["transaction-processing-test", "transaction-processing-other"]
        .map(|name| s.add(name, Function { code: answering().clone(), ..plain(name, role.arn()) }));
    let trigger = |value: &str| BTreeMap::from([("code".to_owned(), Input::from(value))]);
    let invocation = Invocation {
        receipt: "/conformance/schema".to_owned(),
        description: "conformance".to_owned(),
        tier: "Standard".to_owned(),
        function: first.name(),
        payload: r#"{"migrate":true}"#.to_owned(),
        triggers: trigger("one"),
        tags: tags("schema"),
    };
    let invocation = s.add("schema", invocation);
    Case::new(s, invocation.address())
        .edit("description", "another")
        .edit("function", second.name())
        .edit("payload", "{}")
        .edit("triggers", trigger("two"))
        .edit("tags", tags("other"))
        .except(Moto, "create", "it runs functions in Docker")
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let vpc = s.add("main", ec2::vpc());
    let subnets = ["10.0.1.0/24", "10.0.2.0/24"].map(|cidr| Subnet {
        vpc: vpc.id(),
        cidr: cidr.parse().unwrap(),
        zone: "us-east-1a".into(),
        public: false,
        tags: tags(cidr),
    });
    let [first, second] = subnets;
    let (first, second) = (s.add("first", first), s.add("second", second));
    let groups = ["first", "second"].map(|name| {
        let group = SecurityGroup {
            name: name.to_owned(),
            description: name.to_owned(),
            vpc: vpc.id(),
            ingress: Some(Rules::default()),
            egress: Rules::default(),
            tags: tags(name),
        };
        s.add(name, group).id()
    });
    let [first_group, second_group] = groups;
    let roles = ["first", "second"].map(|name| s.add(name, role(name)).arn());
    let [first_role, second_role] = roles;
    let variable = |name: &str, value: &str| (name.to_owned(), Input::from(value));
    let processor = Function {
        reserved_concurrency: Some(10),
        subnets: [first.id(), second.id()].into_iter().collect(),
        security_groups: [first_group.clone()].into_iter().collect(),
        environment: [variable("TABLE", "payments"), variable("LOGGED", "yes")].into(),
        kms_key: Some(Arn::from("arn:aws:kms:us-east-1:123456789012:key/one").into()),
        tracing: "Active".to_owned(),
        dead_letters: Some(facts.arn("sqs", "failed").into()),
        ..plain("payment-processor-test", first_role)
    };
    let processor = s.add("processor", processor);
    let ignored = "UpdateFunctionConfiguration ignores it";
    let case = Case::new(s, processor.address());
    cases.push(
        case.edit("description", "")
            .edit("code", code("two"))
            .edit("architecture", Architecture::Arm64)
            .edit("role", second_role)
            .edit("runtime", "provided.al2")
            .edit("handler", "other")
            .edit("layers", ["arn:aws:lambda:us-east-1:123456789012:layer:watch:1"])
            .edit("ephemeral_storage_mb", 1024)
            .edit("memory_mb", 1024)
            .edit("timeout_s", 30)
            .edit("reserved_concurrency", 5)
            .edit("reserved_concurrency", Option::<u32>::None)
            .edit("subnets", [second.id()])
            .edit("security_groups", [first_group, second_group])
            .edit("environment", BTreeMap::from([variable("TABLE", "refunds")]))
            .edit("kms_key", Option::<Input<Arn>>::None)
            .edit("log_group", "/payments/other")
            .edit("tracing", "PassThrough")
            .edit("dead_letters", facts.arn("sqs", "other"))
            .edit("dead_letters", None::<Input<Arn>>)
            .edit("tags", tags("other"))
            .except(Moto, "architecture", "UpdateFunctionCode ignores it")
            .except(Moto, "kms_key", ignored)
            .except(Moto, "role", "a key that is let go of for a new role stays")
            .except(Moto, "ephemeral_storage_mb", ignored)
            .except(Moto, "layers", "it knows those only that it was given")
            .except(Moto, "log_group", "GetFunction leaves the logging configuration out")
            .except(Moto, "tracing", ignored)
            .except(Moto, "dead_letters", "GetFunction leaves it out"),
    );

    cases.push(event_source_mapping(facts));
    cases.push(invocation());

    let mut s = stack();
    let function = function(facts, &mut s);
    let permission = s.add(
        "bucket",
        Permission {
            function: function.name(),
            statement: "bucket".to_owned(),
            action: "lambda:InvokeFunction".to_owned(),
            principal: "s3.amazonaws.com".to_owned(),
            source_arn: Some(Arn::from("arn:aws:s3:::payment-files-test").into()),
            source_account: Some(facts.account.as_str().into()),
        },
    );
    cases.push(Case::new(s, permission.address()));
}
