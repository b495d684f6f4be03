//! What a kind always sends the same, changed by hand: the plan shows it, and a run takes it back.

use payctl_aws::Aws;
use payctl_engine::{Action, Goal};

use super::{cases, lambda};
use crate::emulator::{Emulator, Server};
use crate::environment::Environment;

/// Sets up the case of `kind` on moto, has `hand` change it, given its outputs, and expects that to
/// show as changes of `properties`, if not of them alone, which a run takes back by `action`.
async fn is_taken_back(
    kind: &str,
    hand: impl AsyncFnOnce(&Aws, &dyn Fn(&str) -> String),
    properties: &[&str],
    action: Action,
) {
    let server = Server::start(Emulator::Moto);
    let artifacts = lambda::artifacts();
    let environment = Environment::new(&server, "conformance", "test", artifacts).await;
    let all = cases(&environment.facts);
    let case = all.iter().find(|case| case.address.kind() == kind).unwrap();
    let up = async || {
        let (plan, outcome) = environment.run(&case.stack, Goal::Up).await;
        assert!(outcome.is_complete(), "{:?} {:?}", outcome.failed, outcome.skipped);
        plan
    };
    // What moto gets wrong of others' properties shows as well.
    let changes = |plan: &payctl_engine::Plan| -> Vec<String> {
        let step = plan.step(&case.address).filter(|step| !step.changes.is_empty());
        let changes = step.into_iter().flat_map(|step| &step.changes);
        let changes = changes.filter(|change| !case.excepted(Emulator::Moto, &change.property));
        changes.map(|change| change.property.clone()).collect()
    };
    up().await;
    let plan = environment.plan(&case.stack, Goal::Up).await;
    assert_eq!(changes(&plan), [""; 0]);

    let outputs = environment.state().resources[&case.address].outputs.clone();
    let output = |name: &str| outputs[name].as_str().unwrap().to_owned();
    hand(environment.aws(), &output).await;
    let plan = up().await;
    let changed = changes(&plan);
    assert!(properties.iter().all(|one| changed.iter().any(|seen| seen == one)), "{changed:?}");
    assert_eq!(plan.step(&case.address).map(|step| step.action), Some(action));
    let plan = environment.plan(&case.stack, Goal::Up).await;
    assert_eq!(changes(&plan), [""; 0]);
}

/// An alarm that fires and does nothing.
pub async fn an_alarm_without_actions() {
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let request = aws.cloudwatch.disable_alarm_actions();
        request.alarm_names(output("name")).send().await.unwrap();
    };
    is_taken_back("cloudwatch.alarm", hand, &["actions"], Action::Update).await;
}

/// Instances of a group that nobody finds by their tags.
pub async fn a_group_that_keeps_its_tags() {
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let tag = aws_sdk_autoscaling::types::Tag::builder()
            .resource_type("auto-scaling-group")
            .resource_id(output("name"))
            .key("Name")
            .value("group")
            .propagate_at_launch(false);
        aws.autoscaling.create_or_update_tags().tags(tag.build()).send().await.unwrap();
    };
    is_taken_back("autoscaling.group", hand, &["tags_at_launch"], Action::Update).await;
}

/// A version of a template whose instances know nothing of themselves and leave their disks.
pub async fn a_version_of_a_template() {
    use aws_sdk_ec2::types;
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let ebs = types::LaunchTemplateEbsBlockDeviceRequest::builder()
            .volume_size(8)
            .volume_type(types::VolumeType::Gp3)
            .encrypted(true)
            .delete_on_termination(false);
        let disk = types::LaunchTemplateBlockDeviceMappingRequest::builder()
            .device_name("/dev/xvda")
            .ebs(ebs.build());
        let metadata = types::LaunchTemplateInstanceMetadataOptionsRequest::builder()
            .http_endpoint(types::LaunchTemplateInstanceMetadataEndpointState::Disabled)
            .http_tokens(types::LaunchTemplateHttpTokensState::Required)
            .http_put_response_hop_limit(1);
        let data = types::RequestLaunchTemplateData::builder()
            .block_device_mappings(disk.build())
            .metadata_options(metadata.build());
        // All else is left out: moto makes nothing of a source version.
        let request = aws.ec2.create_launch_template_version();
        let request = request.launch_template_id(output("id"));
        request.launch_template_data(data.build()).send().await.unwrap();
        let request = aws.ec2.modify_launch_template().launch_template_id(output("id"));
        request.default_version("2").send().await.unwrap();
    };
    is_taken_back("ec2.launch_template", hand, &["disk", "metadata"], Action::Update).await;
}

/// An integration that is not found again once the state is lost.
pub async fn an_integration_without_its_mark() {
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let request = aws.apigatewayv2.update_integration().api_id(output("api"));
        let request = request.integration_id(output("id"));
        request.description("the payments").send().await.unwrap();
    };
    is_taken_back("apigatewayv2.integration", hand, &["uri"], Action::Update).await;
}

/// A parameter that costs, which AWS takes back in no other way.
pub async fn an_advanced_parameter() {
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let request = aws.ssm.put_parameter().name(output("name")).overwrite(true);
        let request = request.value("payments").description("conformance");
        let request = request.tier(aws_sdk_ssm::types::ParameterTier::Advanced);
        request.send().await.unwrap();
    };
    is_taken_back("ssm.parameter", hand, &["tier"], Action::DeleteThenCreate).await;
}

/// A group that starts one version of its template, whichever is in force.
pub async fn a_group_of_one_version() {
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let template = aws_sdk_autoscaling::types::LaunchTemplateSpecification::builder()
            .launch_template_name("conformance-test")
            .version("1");
        let request = aws.autoscaling.update_auto_scaling_group();
        let request = request.auto_scaling_group_name(output("name"));
        request.launch_template(template.build()).send().await.unwrap();
    };
    is_taken_back("autoscaling.group", hand, &["launch_template"], Action::Update).await;
}

/// A listener that answers by itself.
pub async fn a_listener_that_answers() {
    use aws_sdk_elasticloadbalancingv2::types::{
        Action as Does, ActionTypeEnum, FixedResponseActionConfig,
    };
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let answer = FixedResponseActionConfig::builder().status_code("503").build();
        let does = Does::builder().r#type(ActionTypeEnum::FixedResponse);
        let does = does.fixed_response_config(answer).build();
        let request = aws.elbv2.modify_listener().listener_arn(output("arn"));
        request.default_actions(does).send().await.unwrap();
    };
    is_taken_back("elbv2.listener", hand, &["forward"], Action::Update).await;
}

/// A policy of which another version is in force.
pub async fn a_policy_of_another_version() {
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let all = r#"{"Version": "2012-10-17", "Statement":
            [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
        let request = aws.iam.create_policy_version().policy_arn(output("arn"));
        request.policy_document(all).set_as_default(true).send().await.unwrap();
    };
    is_taken_back("iam.policy", hand, &["document"], Action::Update).await;
}

/// A trail that records changes, and no longer who read what.
pub async fn a_trail_of_changes_alone() {
    use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let writes = EventSelector::builder()
            .read_write_type(ReadWriteType::WriteOnly)
            .include_management_events(true);
        let request = aws.cloudtrail.put_event_selectors().trail_name(output("name"));
        request.event_selectors(writes.build()).send().await.unwrap();
    };
    is_taken_back("cloudtrail.trail", hand, &["management_events"], Action::Update).await;
}

/// A bucket whose rules are there and switched off.
pub async fn a_bucket_whose_rules_are_off() {
    use aws_sdk_s3::types::{BucketLifecycleConfiguration, ExpirationStatus};
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let bucket = output("name");
        let seen = aws.s3.get_bucket_lifecycle_configuration().bucket(&bucket);
        let mut rules = seen.send().await.unwrap().rules.unwrap();
        rules.iter_mut().for_each(|rule| rule.status = ExpirationStatus::Disabled);
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules));
        let request = aws.s3.put_bucket_lifecycle_configuration().bucket(bucket);
        request.lifecycle_configuration(rules.build().unwrap()).send().await.unwrap();
    };
    is_taken_back("s3.bucket", hand, &["lifecycle"], Action::Update).await;
}

/// A web ACL whose rules count what they would block.
pub async fn a_web_acl_that_counts() {
    use aws_sdk_wafv2::types::{CountAction, OverrideAction, RuleAction, Scope};
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let (id, name) = (output("id"), output("name"));
        let seen = aws.wafv2.get_web_acl().id(&id).name(&name).scope(Scope::Regional);
        let seen = seen.send().await.unwrap();
        let acl = seen.web_acl.unwrap();
        let count = || CountAction::builder().build();
        let mut rules = acl.rules.unwrap();
        for rule in &mut rules {
            let counts = OverrideAction::builder().count(count()).build();
            rule.override_action = rule.override_action.take().map(|_| counts);
            let counts = RuleAction::builder().count(count()).build();
            rule.action = rule.action.take().map(|_| counts);
        }
        let request = aws.wafv2.update_web_acl().id(id).name(name).scope(Scope::Regional);
        let request = request.set_lock_token(seen.lock_token).set_rules(Some(rules));
        let request = request.set_visibility_config(acl.visibility_config);
        let request = request.set_description(acl.description);
        request.set_default_action(acl.default_action).send().await.unwrap();
    };
    is_taken_back("wafv2.web_acl", hand, &["rules"], Action::Update).await;
}

/// An IP set that blocks nobody any more.
pub async fn an_ip_set_without_addresses() {
    use aws_sdk_wafv2::types::Scope;
    let hand = async |aws: &Aws, output: &dyn Fn(&str) -> String| {
        let (id, name) = (output("id"), output("name"));
        let seen = aws.wafv2.get_ip_set().id(&id).name(&name).scope(Scope::Regional);
        let token = seen.send().await.unwrap().lock_token;
        let request = aws.wafv2.update_ip_set().id(id).name(name).scope(Scope::Regional);
        let request = request.set_lock_token(token).set_addresses(Some(Vec::new()));
        request.description("conformance").send().await.unwrap();
    };
    is_taken_back("wafv2.ip_set", hand, &["networks"], Action::Update).await;
}
