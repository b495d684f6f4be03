//! Cases of the functions' kinds.

use std::collections::BTreeMap;

use payctl_aws::ec2::{Rules, SecurityGroup, Subnet};
use payctl_aws::iam::Role;
use payctl_aws::lambda::{Function, FunctionRef, Permission};
use payctl_aws::{Architecture, Arn, Artifacts, CodeSha256, Facts, Policy, Set, Statement};
use payctl_engine::{Goal, Handle as _, Input, Stack};

use super::{Case, ec2, stack, tags};
use crate::emulator::Emulator::{self, Moto};
use crate::emulator::Server;
use crate::environment::Environment;

/// The code of the cases' functions.
pub(super) fn artifacts() -> Artifacts {
    let mut artifacts = Artifacts::default();
    for code in ["one", "two"] {
        add(&mut artifacts, code);
    }
    artifacts
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

fn plain(name: &str, role: Input<Arn>) -> Function {
    Function {
        name: name.to_owned(),
        description: "Processes payments".to_owned(),
        code: code("one"),
        architecture: Architecture::X86_64,
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
            .edit("memory_mb", 1024)
            .edit("timeout_s", 30)
            .edit("reserved_concurrency", Option::<u32>::None)
            .edit("subnets", [second.id()])
            .edit("security_groups", [first_group, second_group])
            .edit("environment", BTreeMap::from([variable("TABLE", "refunds")]))
            .edit("kms_key", Option::<Input<Arn>>::None)
            .edit("log_group", "/payments/other")
            .edit("tracing", "PassThrough")
            .edit("tags", tags("other"))
            .except(Moto, "architecture", "UpdateFunctionCode ignores it")
            .except(Moto, "kms_key", ignored)
            .except(Moto, "log_group", "GetFunction leaves the logging configuration out")
            .except(Moto, "tracing", ignored),
    );

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
