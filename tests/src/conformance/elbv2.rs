//! Cases of load balancing, and what the blue/green shift has to keep.

use std::time::{Duration, Instant};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ForwardActionConfig, TargetDescription, TargetGroupStickinessConfig,
};
use payctl_aws::ec2::{SecurityGroupRef, Subnet, SubnetRef, VpcRef};
use payctl_aws::elbv2::{
    AccessLogs, Forward, HealthCheck, Listener, ListenerRef, LoadBalancer, LoadBalancerRef, Target,
    TargetGroup, TargetGroupRef, health, set_weights, weights,
};
use payctl_aws::s3::BucketName;
use payctl_aws::{Arn, Artifacts, Aws, Set};
use payctl_engine::{FailureKind, Goal, Handle as _, Plan, Stack};

use super::{Case, acm, ec2, stack, tags};
use crate::application::Application;
use crate::emulator::Emulator::{self, Ministack, Sandbox};
use crate::emulator::Server;
use crate::environment::Environment;

const LOGS: [&str; 2] = ["alb-logs-test", "alb-logs-other"];

fn add_subnet(s: &mut Stack, vpc: &VpcRef, zone: &str, cidr: &str) -> SubnetRef {
    let subnet = Subnet {
        vpc: vpc.id(),
        cidr: cidr.parse().unwrap(),
        zone: format!("us-east-1{zone}").as_str().into(),
        public: false,
        tags: tags(zone),
    };
    s.add(zone, subnet)
}

fn target_group(name: &str, vpc: &VpcRef) -> TargetGroup {
    TargetGroup {
        name: name.to_owned(),
        protocol: "HTTP".to_owned(),
        port: 8080,
        vpc: vpc.id(),
        target_type: "ip".to_owned(),
        health_check: health_check(),
        deregistration_delay_s: 30,
        tags: tags(name),
    }
}

fn health_check() -> HealthCheck {
    HealthCheck {
        protocol: "HTTP".to_owned(),
        port: "traffic-port".to_owned(),
        path: "/health".to_owned(),
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 2,
        matcher: "200".to_owned(),
    }
}

fn load_balancer(vpc: &VpcRef, subnets: &[&SubnetRef], group: &SecurityGroupRef) -> LoadBalancer {
    LoadBalancer {
        name: "payment-alb-test".to_owned(),
        scheme: "internal".to_owned(),
        vpc: vpc.id(),
        subnets: subnets.iter().map(|subnet| subnet.id()).collect(),
        security_groups: [group.id()].into_iter().collect(),
        access_logs: None,
        drop_invalid_headers: true,
        desync_mode: "strictest".to_owned(),
        deletion_protection: false,
        tags: tags("alb"),
    }
}

fn logs(bucket: &str, prefix: &str) -> Option<AccessLogs> {
    Some(AccessLogs { bucket: BucketName::from(bucket).into(), prefix: prefix.to_owned() })
}

/// Buckets that load balancers may write to: encrypted with S3's own keys, as no kind makes them.
pub(super) async fn add_buckets(aws: &Aws) {
    for name in LOGS {
        aws.s3.create_bucket().bucket(name).send().await.unwrap();
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "logdelivery.elasticloadbalancing.amazonaws.com" },
            "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::{name}/*"),
        }] });
        let request = aws.s3.put_bucket_policy().bucket(name);
        request.policy(policy.to_string()).send().await.unwrap();
    }
}

/// All of it: a load balancer that answers at 443 and forwards to a blue and a green group.
struct All {
    stack: Stack,
    vpc: VpcRef,
    subnets: [SubnetRef; 2],
    load_balancer: LoadBalancerRef,
    groups: Vec<TargetGroupRef>,
    listener: ListenerRef,
}

/// With the target groups of those names and weights.
fn all(forward: &[(&str, u32)]) -> All {
    declare(forward, |load_balancer| load_balancer)
}

fn declare(forward: &[(&str, u32)], change: impl FnOnce(LoadBalancer) -> LoadBalancer) -> All {
    let mut stack = stack();
    let vpc = stack.add("main", ec2::vpc());
    let subnets = [("a", "10.0.1.0/24"), ("b", "10.0.2.0/24")]
        .map(|(zone, cidr)| add_subnet(&mut stack, &vpc, zone, cidr));
    let group = stack.add("alb", ec2::group("alb", &vpc));
    let [first, second] = &subnets;
    let load_balancer = stack.add("main", change(load_balancer(&vpc, &[first, second], &group)));
    let certificate = stack.add("main", acm::certificate());
    let groups: Vec<_> = forward
        .iter()
        .map(|(name, _)| stack.add(name, target_group(&format!("payment-{name}"), &vpc)))
        .collect();
    let forward = groups
        .iter()
        .zip(forward)
        .map(|(group, (_, weight))| Forward { target_group: group.arn(), weight: *weight });
    let listener = Listener {
        load_balancer: load_balancer.arn(),
        port: 443,
        protocol: "HTTPS".to_owned(),
        ssl_policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned()),
        certificate: Some(certificate.arn()),
        forward: forward.collect(),
        tags: tags("https"),
    };
    let listener = stack.add("https", listener);
    All { stack, vpc, subnets, load_balancer, groups, listener }
}

pub(super) fn cases(cases: &mut Vec<Case>) {
    let All { mut stack, vpc, groups, listener, .. } = all(&[("blue", 90)]);
    let green = stack.add("green", target_group("payment-green", &vpc));
    let other = stack.add("other", acm::certificate());
    let both = [(&groups[0], 50), (&green, 50)];
    let both = both.map(|(group, weight)| Forward { target_group: group.arn(), weight });
    cases.push(
        Case::new(stack, listener.address())
            .edit("port", 8443)
            .edit("protocol", "HTTP")
            .edit("ssl_policy", "ELBSecurityPolicy-TLS13-1-3-2021-06")
            .edit("certificate", other.arn())
            .edit("forward", both)
            .edit("tags", tags("other"))
            .except(
                Ministack,
                "create",
                "its load balancer's VPC is always the same: it is replaced",
            )
            .except(Sandbox, "ssl_policy", "one that speaks HTTP has none, as on AWS")
            .except(Ministack, "forward", "a listener's weights and groups are dropped")
            .except(Ministack, "ssl_policy", "one that speaks HTTP meanwhile has none")
            .except(Ministack, "certificate", "one that speaks HTTP meanwhile has none"),
    );

    let All { mut stack, vpc, subnets: [first, _], load_balancer, .. } =
        declare(&[("blue", 1)], |declared| LoadBalancer {
            access_logs: logs(LOGS[0], "alb"),
            ..declared
        });
    let third = add_subnet(&mut stack, &vpc, "c", "10.0.3.0/24");
    let other = stack.add("other", ec2::group("other", &vpc));
    cases.push(
        Case::new(stack, load_balancer.address())
            .edit("subnets", [first.id(), third.id()].into_iter().collect::<Set<_>>())
            .edit("security_groups", [other.id()].into_iter().collect::<Set<_>>())
            .edit("access_logs", logs(LOGS[1], ""))
            .edit("access_logs", Option::<AccessLogs>::None)
            .edit("drop_invalid_headers", false)
            .edit("desync_mode", "defensive")
            .edit("deletion_protection", true)
            .edit("tags", tags("other"))
            .except(Ministack, "vpc", "a load balancer's is always the same"),
    );

    let mut s = super::stack();
    let vpc = s.add("main", ec2::vpc());
    let blue = s.add("blue", target_group("payment-blue", &vpc));
    let other = HealthCheck {
        protocol: "HTTPS".to_owned(),
        port: "8081".to_owned(),
        path: "/".to_owned(),
        interval_s: 10,
        timeout_s: 4,
        healthy_threshold: 3,
        unhealthy_threshold: 4,
        matcher: "200-299".to_owned(),
    };
    cases.push(
        Case::new(s, blue.address())
            .edit("health_check", other)
            .edit("deregistration_delay_s", 60)
            .edit("tags", tags("other")),
    );
}

async fn environment(server: &Server) -> Environment {
    Environment::new(server, "conformance", "test", Artifacts::default()).await
}

async fn up(environment: &Environment, stack: &Stack) -> Plan {
    let (plan, outcome) = environment.run(stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
    assert_eq!(changes(environment, stack).await, [""; 0]);
    plan
}

/// The properties that a plan would change.
async fn changes(environment: &Environment, stack: &Stack) -> Vec<String> {
    let plan = environment.plan(stack, Goal::Up).await;
    plan.steps.iter().flat_map(|step| &step.changes).map(|one| one.property.clone()).collect()
}

fn arn(environment: &Environment, handle: &impl payctl_engine::Handle) -> Arn {
    let state = environment.state();
    Arn::from(state.resources[handle.address()].outputs["arn"].as_str().unwrap())
}

/// Weights that were moved are nothing to plan, and outlast another target group; other declared
/// ones are set.
pub async fn a_shift_is_not_undone(emulator: Emulator) {
    let server = Server::start(emulator);
    let environment = environment(&server).await;
    let aws = environment.aws();
    let first = all(&[("blue", 90), ("green", 10)]);
    up(&environment, &first.stack).await;
    let listener = arn(&environment, &first.listener);
    let [blue, green] = [0, 1].map(|nth| arn(&environment, &first.groups[nth]));
    let live = async || weights(aws, &listener).await.unwrap();
    let of = |one: u32, other: u32| vec![(blue.clone(), one), (green.clone(), other)];
    assert_eq!(live().await, of(90, 10));

    set_weights(aws, &listener, &of(25, 75)).await.unwrap();
    assert_eq!(live().await, of(25, 75));
    assert_eq!(changes(&environment, &first.stack).await, [""; 0]);
    // Another change of the listener does not touch them.
    let tagged = aws.elbv2.add_tags().resource_arns(listener.as_str());
    let tag = aws_sdk_elasticloadbalancingv2::types::Tag::builder().key("more").value("1").build();
    tagged.tags(tag).send().await.unwrap();
    let policy = aws.elbv2.modify_listener().listener_arn(listener.as_str());
    policy.ssl_policy("ELBSecurityPolicy-TLS-1-2-2017-01").send().await.unwrap();
    assert_eq!(changes(&environment, &first.stack).await, ["ssl_policy", "tags"]);
    up(&environment, &first.stack).await;
    assert_eq!(live().await, of(25, 75));

    // Nor does a lost state.
    environment.lose_state();
    up(&environment, &first.stack).await;
    assert_eq!(live().await, of(25, 75));

    // Other weights are declared: those are set.
    let other = all(&[("blue", 80), ("green", 20)]);
    assert_eq!(changes(&environment, &other.stack).await, ["forward"]);
    up(&environment, &other.stack).await;
    assert_eq!(live().await, of(80, 20));

    // Another group takes the part of the one in whose place it is.
    set_weights(aws, &listener, &of(5, 95)).await.unwrap();
    let next = all(&[("blue-2", 90), ("green", 10)]);
    up(&environment, &next.stack).await;
    let newcomer = arn(&environment, &next.groups[0]);
    assert_eq!(live().await, [(newcomer, 5), (green.clone(), 95)]);
    assert!(health(aws, &blue).await.is_err(), "the group that went is gone");

    let (_, outcome) = environment.run(&next.stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
}

/// Stickiness that was set by hand outlasts a shift, and so do certificate and policy.
pub async fn a_shift_leaves_all_else_as_it_is() {
    let server = Server::start(Sandbox);
    let environment = environment(&server).await;
    let aws = environment.aws();
    let All { stack, listener, .. } = all(&[("blue", 90), ("green", 10)]);
    up(&environment, &stack).await;
    let arn = arn(&environment, &listener);
    let describe = async || {
        let reply = aws.elbv2.describe_listeners().listener_arns(&arn).send().await.unwrap();
        reply.listeners.unwrap().remove(0)
    };
    let before = describe().await;
    let forward = before.default_actions()[0].forward_config().unwrap();
    let sticky = TargetGroupStickinessConfig::builder().enabled(true).duration_seconds(60).build();
    let forward = ForwardActionConfig::builder()
        .set_target_groups(forward.target_groups.clone())
        .target_group_stickiness_config(sticky.clone())
        .build();
    let action = Action::builder().r#type("forward".into()).forward_config(forward).build();
    let request = aws.elbv2.modify_listener().listener_arn(&arn).default_actions(action);
    request.send().await.unwrap();

    let mut moved = weights(aws, &arn).await.unwrap();
    (moved[0].1, moved[1].1) = (0, 100);
    set_weights(aws, &arn, &moved).await.unwrap();
    let after = describe().await;
    let forward = after.default_actions()[0].forward_config().unwrap();
    assert_eq!(forward.target_group_stickiness_config(), Some(&sticky));
    assert_eq!(after.certificates(), before.certificates());
    assert_eq!((after.ssl_policy(), after.port()), (before.ssl_policy(), before.port()));

    let gone = set_weights(aws, &arn, &moved[..1]).await.unwrap_err();
    assert_eq!(gone.kind(), FailureKind::Invalid, "{gone}");
    let nothing = moved.iter().map(|(arn, _)| (arn.clone(), 0)).collect::<Vec<_>>();
    assert!(set_weights(aws, &arn, &nothing).await.is_err());
    assert_eq!(weights(aws, &arn).await.unwrap(), moved);
}

/// A target is as well as the server at its address, while its group is in use.
pub async fn targets_are_as_well_as_their_servers() {
    let server = Server::start(Sandbox);
    let environment = environment(&server).await;
    let aws = environment.aws();
    let All { mut stack, vpc, groups, .. } = all(&[("blue", 90), ("green", 10)]);
    let idle = stack.add("idle", target_group("payment-idle", &vpc));
    up(&environment, &stack).await;
    let [blue, idle] = [arn(&environment, &groups[0]), arn(&environment, &idle)];
    let see = async |group: &Arn| {
        let states = health(aws, group).await.unwrap();
        let tell = |target: &Target| target.reason.clone().unwrap_or_default();
        let all = states.iter().flat_map(|(state, targets)| {
            targets.iter().map(move |target| format!("{state} {}", tell(target)).trim().to_owned())
        });
        all.collect::<Vec<_>>()
    };
    assert_eq!(see(&blue).await, [""; 0]);

    let application = Application::start("127.0.0.2");
    let target = TargetDescription::builder().id("127.0.0.2").port(application.port.into()).build();
    for group in [&blue, &idle] {
        let request = aws.elbv2.register_targets().target_group_arn(group);
        request.targets(target.clone()).send().await.unwrap();
    }
    assert_eq!(see(&blue).await, ["healthy"]);
    assert_eq!(see(&idle).await, ["unused Target.NotInUse"]);
    application.say(503);
    assert_eq!(see(&blue).await, ["unhealthy Target.ResponseCodeMismatch"]);
    let told = health(aws, &blue).await.unwrap().remove("unhealthy").unwrap().remove(0);
    assert_eq!((told.id.as_str(), told.port), ("127.0.0.2", Some(application.port)));
    assert_eq!(told.description.as_deref(), Some("Health checks failed with these codes: [503]"));
    application.say(0);
    see(&blue).await;
    assert_eq!(see(&blue).await, ["unhealthy Target.FailedHealthChecks"]);

    // A plan has nothing to say of targets, and they keep nothing from going.
    assert_eq!(changes(&environment, &stack).await, [""; 0]);
    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
}

/// In AWS's time a load balancer is waited for, and its interfaces are when it goes, protected
/// though it was.
pub async fn a_load_balancer_takes_its_time() {
    const SCALE: u32 = 60;
    let server = Server::start_slow(SCALE);
    let environment = environment(&server).await;
    let All { stack, .. } =
        declare(&[("blue", 1)], |declared| LoadBalancer { deletion_protection: true, ..declared });
    let began = Instant::now();
    up(&environment, &stack).await;
    let took = began.elapsed() * SCALE;
    assert!(took > Duration::from_secs(150), "{took:?}");
    let interfaces = async || {
        let reply = environment.aws().ec2.describe_network_interfaces().send().await.unwrap();
        let all = reply.network_interfaces.unwrap_or_default().into_iter();
        let described = all.filter_map(|one| one.description);
        described.filter(|text| text.starts_with("ELB app/payment-alb-test/")).count()
    };
    assert_eq!(interfaces().await, 2);
    let began = Instant::now();
    let (_, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let took = began.elapsed() * SCALE;
    assert!(took > Duration::from_secs(60), "{took:?}");
    assert_eq!(interfaces().await, 0);
    let calls = environment.calls.counts();
    assert_eq!(calls.get("EC2.DeleteNetworkInterface"), Some(&2));
}

/// One that somebody makes between the plan and its execution is not taken, though AWS answers the
/// creation of another one with the same settings as if it was made just now.
pub async fn one_that_appears_in_between_is_not_taken() {
    let server = Server::start(Sandbox);
    let environment = environment(&server).await;
    let aws = environment.aws();
    let mut s = stack();
    let vpc = s.add("main", ec2::vpc());
    up(&environment, &s).await;
    let blue = s.add("blue", target_group("payment-blue", &vpc));
    let plan = environment.plan(&s, Goal::Up).await;
    let state = environment.state();
    let theirs = aws.elbv2.create_target_group().name("payment-blue").protocol("HTTP".into());
    let theirs = theirs.vpc_id(state.resources[vpc.address()].outputs["id"].as_str().unwrap());
    let theirs = theirs.port(8080).target_type("ip".into()).send().await.unwrap();
    let theirs = theirs.target_groups()[0].target_group_arn().unwrap().to_owned();

    let outcome = environment.execute(&plan).await;
    let failure = outcome.failed.iter().find(|(address, _)| address == blue.address());
    assert_eq!(failure.unwrap().1.kind, FailureKind::Conflict);
    let tags = aws.elbv2.describe_tags().resource_arns(theirs).send().await.unwrap();
    assert_eq!(tags.tag_descriptions()[0].tags(), []);
    assert_eq!(environment.plan(&s, Goal::Up).await.refusals.len(), 1);
}
