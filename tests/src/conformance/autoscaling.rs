//! Cases of the groups' kinds.

use payctl_aws::autoscaling::{Group, GroupRef, Scaling, ScalingPolicy, Step};
use payctl_aws::ec2::{LaunchTemplate, LaunchTemplateRef, SubnetRef, VpcRef};
use payctl_aws::{Artifacts, Set};
use payctl_engine::{Address, Goal, Handle as _, Plan, Stack};

use super::{Case, ec2, launch_template, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

/// A group that begins with two of at most three.
fn group(template: &LaunchTemplateRef, subnets: &[&SubnetRef]) -> Group {
    Group {
        name: "conformance-test".to_owned(),
        launch_template: template.id(),
        min: 1,
        max: 3,
        desired: 2,
        subnets: subnets.iter().map(|subnet| subnet.id()).collect(),
        health_check: "EC2".to_owned(),
        health_check_grace_s: 120,
        default_warmup_s: 180,
        metrics: false,
        tags_at_launch: true,
        tags: tags("group"),
    }
}

fn policy(group: &GroupRef, name: &str, scaling: Scaling) -> ScalingPolicy {
    let (group, name) = (group.name(), name.to_owned());
    ScalingPolicy { group, name, scaling, warmup_s: Some(120) }
}

fn target(metric: &str, value: f64) -> Scaling {
    Scaling::Target { metric: metric.to_owned(), value }
}

/// One more up to so far above the threshold, and `change` beyond.
fn steps(aggregation: &str, up_to: f64, change: i32) -> Scaling {
    let near = Step { from: Some(0.0), to: Some(up_to), change: 1 };
    let far = Step { from: Some(up_to), to: None, change };
    Scaling::Steps {
        adjustment: "ChangeInCapacity".to_owned(),
        aggregation: aggregation.to_owned(),
        steps: [near, far].into_iter().collect(),
    }
}

/// A network, a template and a group, and of the group a policy by CPU and one by memory.
struct All {
    stack: Stack,
    vpc: VpcRef,
    subnets: [SubnetRef; 2],
    template: LaunchTemplateRef,
    group: GroupRef,
    policies: [Address; 2],
}

fn all() -> All {
    declare("conformance", |template| template)
}

/// All of it, with `description` on the security group and a template of one's own.
fn declare(description: &str, template: impl FnOnce(LaunchTemplate) -> LaunchTemplate) -> All {
    let mut stack = stack();
    let vpc = stack.add("main", ec2::vpc());
    let subnets = [("first", "10.0.1.0/24"), ("second", "10.0.2.0/24")]
        .map(|(name, cidr)| ec2::add_subnet(&mut stack, &vpc, name, cidr));
    let declared = launch_template::template(&mut stack, &vpc, description);
    let template = stack.add("server", template(declared));
    let [first, second] = &subnets;
    let group = stack.add("server", group(&template, &[first, second]));
    let cpu = policy(&group, "cpu", target("ASGAverageCPUUtilization", 70.0));
    let memory = policy(&group, "memory", steps("Average", 15.0, 2));
    let policies = [("cpu", cpu), ("memory", memory)]
        .map(|(name, policy)| stack.add(name, policy).address().clone());
    All { stack, vpc, subnets, template, group, policies }
}

pub(super) fn cases(cases: &mut Vec<Case>) {
    let All { mut stack, vpc, subnets: [first, _], group, .. } = all();
    let third = ec2::add_subnet(&mut stack, &vpc, "third", "10.0.3.0/24");
    let other = launch_template::template(&mut stack, &vpc, "conformance");
    let other =
        stack.add("other", LaunchTemplate { name: "conformance-other".to_owned(), ..other });
    let case = Case::new(stack, group.address());
    cases.push(
        case.edit("launch_template", other.id())
            .edit("min", 2)
            .edit("max", 4)
            .edit("desired", 3)
            .edit("subnets", [first.id(), third.id()].into_iter().collect::<Set<_>>())
            .edit("health_check", "ELB")
            .edit("health_check_grace_s", 60)
            .edit("default_warmup_s", 60)
            .edit("metrics", true)
            .edit("tags_at_launch", false)
            .edit("tags", tags("other"))
            .except(Moto, "default_warmup_s", "it is not kept")
            .except(Moto, "metrics", "it takes all of them for none")
            .except(Ministack, "default_warmup_s", "it is not kept")
            .except(Ministack, "launch_template", "UpdateAutoScalingGroup ignores it")
            .except(Ministack, "metrics", "it knows no metrics of groups"),
    );

    let All { stack, policies: [_, memory], .. } = all();
    cases.push(
        Case::new(stack, &memory)
            .edit("scaling", steps("Maximum", 10.0, 3))
            .edit("scaling", target("ASGAverageNetworkIn", 1_000_000.0))
            .edit("warmup_s", Option::<u32>::None),
    );
}

/// A group through a life of its own: scaled by its policies, which no plan undoes, given a new
/// version of its template, drained by hand, and gone with its instances.
pub async fn a_group_and_its_instances() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let aws = environment.aws();
    let up = async |stack: &Stack| {
        let (plan, outcome) = environment.run(stack, Goal::Up).await;
        assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
        assert_eq!(changes(&environment.plan(stack, Goal::Up).await), [""; 0]);
        plan
    };
    let instances = async || {
        let reply = aws.ec2.describe_instances().send().await.unwrap();
        let all = reply.reservations.unwrap_or_default().into_iter();
        let all = all.flat_map(|together| together.instances.unwrap_or_default());
        let running = |one: &aws_sdk_ec2::types::Instance| {
            let state = one.state().and_then(|state| state.name());
            state == Some(&aws_sdk_ec2::types::InstanceStateName::Running)
        };
        all.filter(running).collect::<Vec<_>>()
    };
    let scale = async |min: i32, max: i32, desired: i32| {
        let request = aws.autoscaling.update_auto_scaling_group();
        let request = request.auto_scaling_group_name("conformance-test").min_size(min);
        request.max_size(max).desired_capacity(desired).send().await.unwrap();
    };

    let first = all();
    up(&first.stack).await;
    let started = instances().await;
    assert_eq!(started.len(), 2);
    let tag = |name: &str| {
        let tag = started[0].tags().iter().find(|tag| tag.key() == Some(name));
        tag.and_then(|tag| tag.value()).map(str::to_owned)
    };
    assert_eq!(tag("Name").as_deref(), Some("group"));
    assert_eq!(tag("payctl:id").as_deref(), Some(first.group.address().as_str()));
    assert_eq!(tag("Server").as_deref(), Some("payments"), "the template's own");

    // What CloudWatch is told by somebody's hand ends.
    let request = aws.autoscaling.enable_metrics_collection().granularity("1Minute");
    request.auto_scaling_group_name("conformance-test").send().await.unwrap();
    let plan = up(&first.stack).await;
    assert_eq!(changes(&plan), ["metrics"]);

    // A policy moved it: that is nothing to plan. One by hand, beyond the bounds, is.
    scale(1, 3, 3).await;
    assert_eq!(changes(&environment.plan(&first.stack, Goal::Up).await), [""; 0]);
    assert_eq!(instances().await.len(), 3);
    scale(0, 0, 0).await;
    let plan = environment.plan(&first.stack, Goal::Up).await;
    assert_eq!(changes(&plan), ["min", "max", "desired"]);
    up(&first.stack).await;
    assert_eq!(instances().await.len(), 2);

    // A new version is the default, and what the next instances are started as.
    let new = |template| LaunchTemplate { user_data: "echo two".to_owned(), ..template };
    let second = declare("conformance", new);
    assert_eq!(up(&second.stack).await.counts().update, 1);
    scale(1, 3, 3).await;
    assert_eq!(instances().await.len(), 3);

    // Killed between a version and its becoming the default: the same version is not made twice.
    let state = environment.state();
    let id = state.resources[first.template.address()].outputs["id"].as_str().unwrap();
    let back = aws.ec2.modify_launch_template().launch_template_id(id).default_version("1");
    back.send().await.unwrap();
    assert_eq!(up(&second.stack).await.counts().update, 1);
    let versions = aws.ec2.describe_launch_template_versions().launch_template_id(id);
    assert_eq!(versions.send().await.unwrap().launch_template_versions().len(), 2);

    // Protected against its own group only, an instance goes all the same.
    let ids = instances().await.into_iter().filter_map(|one| one.instance_id).collect();
    let protect = aws.autoscaling.set_instance_protection().set_instance_ids(Some(ids));
    let protect = protect.auto_scaling_group_name("conformance-test");
    protect.protected_from_scale_in(true).send().await.unwrap();
    let (_, outcome) = environment.run(&second.stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert_eq!(instances().await, []);
    let left = payctl_aws::leftovers(aws, &environment.owner, |_| true).await.unwrap();
    assert_eq!(left, [], "stopped instances are remembered, and are none");
}

/// In AWS's time, a group waits for its instances, and those for nothing after it.
pub async fn a_group_waits_for_its_instances() {
    let server = Server::start_slow(60);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let All { stack, .. } = all();
    let (_, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    let seen = environment.aws().autoscaling.describe_auto_scaling_groups().send().await.unwrap();
    let [seen] = seen.auto_scaling_groups() else { panic!("{seen:?}") };
    let state = |at: usize| seen.instances()[at].lifecycle_state().map(|state| state.as_str());
    assert!([0, 1].map(state).contains(&Some("InService")), "{seen:?}");
    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
}

/// A security group of which another is to be made takes the template and the group along, as
/// instances hold it.
pub async fn a_security_group_is_made_anew() {
    let server = Server::start(Sandbox);
    let environment = Environment::new(&server, "conformance", "test", Artifacts::default()).await;
    let declare = |description: &str| declare(description, |template| template).stack;
    environment.run(&declare("first"), Goal::Up).await;
    let (plan, outcome) = environment.run(&declare("second"), Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    // The security group, the template, the group and its two policies.
    assert_eq!(plan.counts().replace, 5);
    assert_eq!(changes(&environment.plan(&declare("second"), Goal::Up).await), [""; 0]);
}

/// The properties that `plan` changes.
fn changes(plan: &Plan) -> Vec<String> {
    plan.steps.iter().flat_map(|step| &step.changes).map(|one| one.property.clone()).collect()
}
