//! Every kind, on every emulator.

use payctl_tests::conformance::check;
use payctl_tests::emulator::Emulator;

macro_rules! conformance {
    ($($name:ident: $kind:literal),* $(,)?) => {
        $(mod $name {
            #[tokio::test]
            async fn on_moto() {
                super::check($kind, super::Emulator::Moto).await;
            }

            #[tokio::test]
            async fn on_ministack() {
                super::check($kind, super::Emulator::Ministack).await;
            }
        })*

        /// A kind without a test cannot be added.
        #[test]
        fn every_kind_is_tested() {
            let tested = [$($kind),*];
            for kind in payctl_aws::kinds().kinds().keys() {
                assert!(tested.contains(kind), "{kind} is missing here");
            }
        }
    };
}

conformance! {
    acm_certificate: "acm.certificate",
    apigateway_account: "apigateway.account",
    apigateway_deployment: "apigateway.deployment",
    apigateway_gateway_response: "apigateway.gateway_response",
    apigateway_integration: "apigateway.integration",
    apigateway_method: "apigateway.method",
    apigateway_model: "apigateway.model",
    apigateway_request_validator: "apigateway.request_validator",
    apigateway_resource: "apigateway.resource",
    apigateway_rest_api: "apigateway.rest_api",
    apigateway_stage: "apigateway.stage",
    apigatewayv2_api: "apigatewayv2.api",
    apigatewayv2_integration: "apigatewayv2.integration",
    apigatewayv2_route: "apigatewayv2.route",
    apigatewayv2_stage: "apigatewayv2.stage",
    apigatewayv2_vpc_link: "apigatewayv2.vpc_link",
    autoscaling_group: "autoscaling.group",
    autoscaling_policy: "autoscaling.policy",
    cloudtrail_trail: "cloudtrail.trail",
    cloudwatch_alarm: "cloudwatch.alarm",
    cloudwatch_dashboard: "cloudwatch.dashboard",
    config_rule: "config.rule",
    dynamodb_table: "dynamodb.table",
    ec2_default_network_acl: "ec2.default_network_acl",
    ec2_default_security_group: "ec2.default_security_group",
    ec2_elastic_ip: "ec2.elastic_ip",
    ec2_flow_log: "ec2.flow_log",
    ec2_gateway_endpoint: "ec2.gateway_endpoint",
    ec2_interface_endpoint: "ec2.interface_endpoint",
    ec2_internet_gateway: "ec2.internet_gateway",
    ec2_internet_gateway_attachment: "ec2.internet_gateway_attachment",
    ec2_launch_template: "ec2.launch_template",
    ec2_nat_gateway: "ec2.nat_gateway",
    ec2_route: "ec2.route",
    ec2_route_table: "ec2.route_table",
    ec2_route_table_association: "ec2.route_table_association",
    ec2_security_group: "ec2.security_group",
    ec2_security_group_ingress: "ec2.security_group_ingress",
    ec2_subnet: "ec2.subnet",
    ec2_vpc: "ec2.vpc",
    elbv2_listener: "elbv2.listener",
    elbv2_load_balancer: "elbv2.load_balancer",
    elbv2_target_group: "elbv2.target_group",
    eventbridge_rule: "eventbridge.rule",
    guardduty_detector: "guardduty.detector",
    iam_instance_profile: "iam.instance_profile",
    iam_policy: "iam.policy",
    iam_role: "iam.role",
    kms_alias: "kms.alias",
    kms_key: "kms.key",
    lambda_event_source_mapping: "lambda.event_source_mapping",
    lambda_function: "lambda.function",
    lambda_invocation: "lambda.invocation",
    lambda_permission: "lambda.permission",
    logs_group: "logs.group",
    logs_metric_filter: "logs.metric_filter",
    rds_cluster: "rds.cluster",
    rds_cluster_parameter_group: "rds.cluster_parameter_group",
    rds_event_subscription: "rds.event_subscription",
    rds_instance: "rds.instance",
    rds_subnet_group: "rds.subnet_group",
    s3_bucket: "s3.bucket",
    s3_notification: "s3.notification",
    secretsmanager_resource_policy: "secretsmanager.resource_policy",
    secretsmanager_rotation: "secretsmanager.rotation",
    secretsmanager_secret: "secretsmanager.secret",
    secretsmanager_target_attachment: "secretsmanager.target_attachment",
    sns_subscription: "sns.subscription",
    sns_topic: "sns.topic",
    sqs_queue: "sqs.queue",
    ssm_parameter: "ssm.parameter",
    wafv2_association: "wafv2.association",
    wafv2_ip_set: "wafv2.ip_set",
    wafv2_logging: "wafv2.logging",
    wafv2_web_acl: "wafv2.web_acl",
}

mod acm_certificate_of_ones_own {
    use payctl_tests::conformance::{acm, check};

    #[tokio::test]
    async fn on_the_sandbox() {
        check("acm.certificate", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn is_renewed_near_its_end() {
        acm::one_near_its_end_is_renewed().await;
    }

    #[tokio::test]
    async fn is_found_when_its_creation_was_not_answered() {
        acm::a_lost_one_is_found().await;
    }

    #[tokio::test]
    async fn has_a_key_that_is_written_nowhere() {
        acm::a_key_is_written_nowhere().await;
    }
}

mod apigateway_rest_api_and_parts {
    use payctl_tests::conformance::apigateway;

    #[tokio::test]
    async fn on_the_sandbox() {
        apigateway::every_part_on_the_sandbox().await;
    }

    #[tokio::test]
    async fn a_changed_api_is_deployed_anew() {
        apigateway::a_changed_api_is_deployed_anew().await;
    }

    #[tokio::test]
    async fn a_removed_method_is_seen_in_its_deployment() {
        apigateway::a_removed_method_is_seen_in_its_deployment().await;
    }

    #[tokio::test]
    async fn a_model_of_another_type_goes_first() {
        apigateway::a_model_of_another_type_goes_first().await;
    }
}

mod lambda_invocation_on_the_sandbox {
    #[tokio::test]
    async fn calls_a_function_that_runs() {
        super::check("lambda.invocation", super::Emulator::Sandbox).await;
    }
}

mod apigatewayv2_on_the_sandbox {
    use payctl_tests::conformance::apigatewayv2;

    #[tokio::test]
    async fn every_part() {
        apigatewayv2::every_part_on_the_sandbox().await;
    }

    #[tokio::test]
    async fn an_api_changes_its_link() {
        apigatewayv2::an_api_changes_its_link().await;
    }

    #[tokio::test]
    async fn a_link_takes_its_time() {
        apigatewayv2::a_link_takes_its_time().await;
    }

    #[tokio::test]
    async fn a_route_that_is_there_already_is_taken_up() {
        apigatewayv2::a_route_that_is_there_already_is_taken_up().await;
    }
}

mod autoscaling_group_on_the_sandbox {
    use payctl_tests::conformance::autoscaling;

    #[tokio::test]
    async fn lives_with_its_instances() {
        autoscaling::a_group_and_its_instances().await;
    }

    #[tokio::test]
    async fn waits_for_its_instances() {
        autoscaling::a_group_waits_for_its_instances().await;
    }

    #[tokio::test]
    async fn goes_with_its_security_group() {
        autoscaling::a_security_group_is_made_anew().await;
    }
}

mod cloudwatch_dashboard_and_tags {
    #[tokio::test]
    async fn on_the_sandbox() {
        super::check("cloudwatch.dashboard", super::Emulator::Sandbox).await;
    }
}

mod rds_event_subscription_and_changes {
    #[tokio::test]
    async fn on_the_sandbox() {
        super::check("rds.event_subscription", super::Emulator::Sandbox).await;
    }
}

mod config_rule_and_recorder {
    use payctl_tests::conformance::config;

    #[tokio::test]
    async fn on_the_sandbox() {
        super::check("config.rule", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_rule_takes_its_time() {
        config::a_rule_takes_its_time().await;
    }

    #[tokio::test]
    async fn a_rule_needs_a_recorder() {
        config::a_rule_needs_a_recorder().await;
    }

    #[tokio::test]
    async fn a_rule_of_that_name_is_left_alone() {
        config::a_rule_of_that_name_is_left_alone().await;
    }
}

mod ec2_network {
    use payctl_tests::conformance::ec2;

    #[tokio::test]
    async fn what_others_let_in_is_revoked() {
        ec2::what_others_let_in_is_revoked().await;
    }

    #[tokio::test]
    async fn a_rule_is_reworded_in_place() {
        ec2::a_rule_is_reworded_in_place().await;
    }

    #[tokio::test]
    async fn a_group_lets_out_to_prefix_lists_on_the_sandbox() {
        ec2::a_group_lets_out_to_prefix_lists(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_group_lets_out_to_prefix_lists_on_ministack() {
        ec2::a_group_lets_out_to_prefix_lists(super::Emulator::Ministack).await;
    }

    #[tokio::test]
    async fn an_interface_endpoint_goes_first() {
        ec2::an_interface_endpoint_goes_first().await;
    }

    #[tokio::test]
    async fn interfaces_go_with_their_function() {
        ec2::interfaces_go_with_their_function().await;
    }
}

mod elbv2_on_the_sandbox {
    use payctl_tests::conformance::{check, elbv2};

    #[tokio::test]
    async fn a_listener() {
        check("elbv2.listener", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_load_balancer() {
        check("elbv2.load_balancer", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_target_group() {
        check("elbv2.target_group", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_load_balancer_takes_its_time() {
        elbv2::a_load_balancer_takes_its_time().await;
    }

    #[tokio::test]
    async fn one_that_appears_in_between_is_not_taken() {
        elbv2::one_that_appears_in_between_is_not_taken().await;
    }
}

mod elbv2_shift {
    use payctl_tests::conformance::elbv2;

    #[tokio::test]
    async fn is_not_undone_on_the_sandbox() {
        elbv2::a_shift_is_not_undone(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn is_not_undone_on_moto() {
        elbv2::a_shift_is_not_undone(super::Emulator::Moto).await;
    }

    #[tokio::test]
    async fn leaves_all_else_as_it_is() {
        elbv2::a_shift_leaves_all_else_as_it_is().await;
    }

    #[tokio::test]
    async fn sees_how_targets_are() {
        elbv2::targets_are_as_well_as_their_servers().await;
    }
}

mod guardduty_detector_of_a_region {
    #[tokio::test]
    async fn on_the_sandbox() {
        super::check("guardduty.detector", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn of_someone_else_is_left_alone() {
        payctl_tests::conformance::guardduty::a_detector_of_someone_else_is_left_alone().await;
    }
}

mod iam_managed_policy {
    #[tokio::test]
    async fn and_a_role_that_names_it() {
        payctl_tests::conformance::iam::a_role_and_its_managed_policy().await;
    }
}

mod kms_key_deleted {
    use payctl_tests::conformance::kms::a_deleted_key_is_taken_back;

    #[tokio::test]
    async fn is_taken_back_on_moto() {
        a_deleted_key_is_taken_back(super::Emulator::Moto).await;
    }

    #[tokio::test]
    async fn is_taken_back_on_ministack() {
        a_deleted_key_is_taken_back(super::Emulator::Ministack).await;
    }
}

mod lambda_code_and_configuration {
    use payctl_tests::conformance::lambda::code_and_configuration_change_together;

    #[tokio::test]
    async fn change_together_on_moto() {
        code_and_configuration_change_together(super::Emulator::Moto).await;
    }

    #[tokio::test]
    async fn change_together_on_ministack() {
        code_and_configuration_change_together(super::Emulator::Ministack).await;
    }
}

mod lambda_event_source_mapping_of_a_queue {
    #[tokio::test]
    async fn on_the_sandbox() {
        super::check("lambda.event_source_mapping", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn takes_its_time() {
        payctl_tests::conformance::lambda::a_mapping_takes_its_time().await;
    }
}

mod rds_on_the_sandbox {
    use payctl_tests::conformance::{check, rds};

    #[tokio::test]
    async fn a_cluster() {
        check("rds.cluster", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_cluster_parameter_group() {
        check("rds.cluster_parameter_group", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn an_instance() {
        check("rds.instance", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_subnet_group() {
        check("rds.subnet_group", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_cluster_takes_its_time() {
        rds::a_cluster_takes_its_time().await;
    }

    #[tokio::test]
    async fn a_final_snapshot_is_made_once() {
        rds::a_final_snapshot_is_made_once().await;
    }

    #[tokio::test]
    async fn a_foreign_instance_keeps_its_cluster() {
        rds::a_foreign_instance_keeps_its_cluster().await;
    }

    #[tokio::test]
    async fn a_minor_version_is_installed_by_aws() {
        rds::a_minor_version_is_installed_by_aws().await;
    }
}

mod rds_password {
    use payctl_tests::conformance::rds::a_password_is_written_nowhere;

    #[tokio::test]
    async fn is_written_nowhere_on_the_sandbox() {
        a_password_is_written_nowhere(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn is_written_nowhere_on_ministack() {
        a_password_is_written_nowhere(super::Emulator::Ministack).await;
    }
}

mod s3_full_bucket {
    use payctl_tests::conformance::s3::a_full_bucket_goes;

    #[tokio::test]
    async fn goes_on_moto() {
        a_full_bucket_goes(super::Emulator::Moto).await;
    }

    #[tokio::test]
    async fn goes_on_ministack() {
        a_full_bucket_goes(super::Emulator::Ministack).await;
    }
}

/// Of what is put again moto has two.
mod logs_on_the_sandbox {
    use payctl_tests::conformance::check;

    #[tokio::test]
    async fn a_metric_filter() {
        check("logs.metric_filter", super::Emulator::Sandbox).await;
    }
}

mod s3_locked_bucket {
    use payctl_tests::conformance::s3::a_locked_bucket_goes;

    #[tokio::test]
    async fn goes_on_the_sandbox() {
        a_locked_bucket_goes(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn goes_on_ministack() {
        a_locked_bucket_goes(super::Emulator::Ministack).await;
    }
}

mod s3_access_logs {
    use payctl_tests::conformance::s3::late_access_logs_go;

    #[tokio::test]
    async fn that_are_late_go_on_the_sandbox() {
        late_access_logs_go(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn that_are_late_go_on_ministack() {
        late_access_logs_go(super::Emulator::Ministack).await;
    }
}

mod secretsmanager_deletion {
    use payctl_tests::conformance::secretsmanager;

    #[tokio::test]
    async fn a_deleted_secret_is_taken_back_on_the_sandbox() {
        secretsmanager::a_deleted_secret_is_taken_back(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_deleted_secret_is_taken_back_on_ministack() {
        secretsmanager::a_deleted_secret_is_taken_back(super::Emulator::Ministack).await;
    }

    #[tokio::test]
    async fn a_name_is_free_once_the_secret_is_gone() {
        secretsmanager::a_name_is_free_once_the_secret_is_gone().await;
    }

    #[tokio::test]
    async fn a_name_is_taken_while_the_secret_can_be_brought_back() {
        secretsmanager::a_name_is_taken_while_the_secret_can_be_brought_back().await;
    }
}

mod secretsmanager_rotations {
    use payctl_tests::conformance::{check, secret_rotation, target_attachment};

    #[tokio::test]
    async fn on_the_sandbox() {
        check("secretsmanager.rotation", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn an_attachment_on_the_sandbox() {
        check("secretsmanager.target_attachment", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_value_is_written_nowhere_on_the_sandbox() {
        target_attachment::a_value_is_written_nowhere(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_value_is_written_nowhere_on_ministack() {
        target_attachment::a_value_is_written_nowhere(super::Emulator::Ministack).await;
    }

    #[tokio::test]
    async fn a_deleted_secret_holds_nothing() {
        target_attachment::a_deleted_secret_holds_nothing().await;
    }

    #[tokio::test]
    async fn a_rotation_under_way_is_waited_for() {
        secret_rotation::a_rotation_under_way_is_waited_for().await;
    }

    #[tokio::test]
    async fn fields_stay_through_a_rotation() {
        secret_rotation::fields_stay_through_a_rotation().await;
    }
}

mod secretsmanager_value {
    use payctl_tests::conformance::secretsmanager::a_value_is_written_nowhere;

    #[tokio::test]
    async fn is_written_nowhere_on_the_sandbox() {
        a_value_is_written_nowhere(super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn is_written_nowhere_on_ministack() {
        a_value_is_written_nowhere(super::Emulator::Ministack).await;
    }
}

mod sns_on_the_sandbox {
    use payctl_tests::conformance::{check, sns};

    #[tokio::test]
    async fn a_topic() {
        check("sns.topic", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn an_unconfirmed_subscription_goes_with_its_topic() {
        sns::an_unconfirmed_subscription_goes_with_its_topic().await;
    }

    #[tokio::test]
    async fn a_topic_that_appears_in_between_is_not_taken() {
        sns::a_topic_that_appears_in_between_is_not_taken().await;
    }
}

mod sqs_on_the_sandbox {
    use payctl_tests::conformance::{check, sqs};

    #[tokio::test]
    async fn a_queue() {
        check("sqs.queue", super::Emulator::Sandbox).await;
    }

    #[tokio::test]
    async fn a_queue_that_appears_in_between_is_not_taken() {
        sqs::a_queue_that_appears_in_between_is_not_taken().await;
    }

    #[tokio::test]
    async fn a_queue_comes_back_right_after_it_went() {
        sqs::a_queue_comes_back_right_after_it_went().await;
    }

    #[tokio::test]
    async fn a_queue_is_reached_at_another_endpoint() {
        sqs::a_queue_is_reached_at_another_endpoint().await;
    }
}

mod wafv2_stage {
    #[tokio::test]
    async fn is_put_behind_a_web_acl() {
        payctl_tests::conformance::wafv2::a_stage_behind_a_web_acl().await;
    }
}

mod constants {
    use payctl_tests::conformance::{by_hand, constants};

    #[test]
    fn every_section_is_of_a_kind() {
        constants::every_section_is_of_a_kind();
    }

    #[tokio::test]
    async fn an_alarm_without_actions_is_taken_back() {
        by_hand::an_alarm_without_actions().await;
    }

    #[tokio::test]
    async fn a_group_that_keeps_its_tags_is_taken_back() {
        by_hand::a_group_that_keeps_its_tags().await;
    }

    #[tokio::test]
    async fn a_version_of_a_template_is_taken_back() {
        by_hand::a_version_of_a_template().await;
    }

    #[tokio::test]
    async fn an_integration_without_its_mark_is_taken_back() {
        by_hand::an_integration_without_its_mark().await;
    }

    #[tokio::test]
    async fn an_advanced_parameter_is_taken_back() {
        by_hand::an_advanced_parameter().await;
    }

    #[tokio::test]
    async fn a_group_of_one_version_is_taken_back() {
        by_hand::a_group_of_one_version().await;
    }

    #[tokio::test]
    async fn a_listener_that_answers_is_taken_back() {
        by_hand::a_listener_that_answers().await;
    }

    #[tokio::test]
    async fn a_policy_of_another_version_is_taken_back() {
        by_hand::a_policy_of_another_version().await;
    }

    #[tokio::test]
    async fn a_trail_of_changes_alone_is_taken_back() {
        by_hand::a_trail_of_changes_alone().await;
    }

    #[tokio::test]
    async fn a_bucket_whose_rules_are_off_is_taken_back() {
        by_hand::a_bucket_whose_rules_are_off().await;
    }

    #[tokio::test]
    async fn a_web_acl_that_counts_is_taken_back() {
        by_hand::a_web_acl_that_counts().await;
    }

    #[tokio::test]
    async fn an_ip_set_without_addresses_is_filled_again() {
        by_hand::an_ip_set_without_addresses().await;
    }
}
