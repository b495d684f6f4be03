//! What the CIS AWS Foundations Benchmark wants to be told of at once: 14 filters on what the trail
//! records, each with an alarm. The patterns are those of Security Hub's controls CloudWatch.1 to .14
//! (its page cloudwatch-controls, of benchmark 1.4.0 section 4; it compares them word by word).

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::logs::{LogGroupRef, MetricFilter};
use payctl_aws::sns::TopicRef;
use payctl_engine::Stack;

use super::System;
use crate::parts::alarm::{self, Metric};

const NAMESPACE: &str = "PaymentTrail";

/// What is counted.
struct Event {
    name: &'static str,
    description: &'static str,
    pattern: String,
}

impl System<'_> {
    /// Counts those events in the log group, and tells the topic of each.
    pub(super) fn benchmark(&self, stack: &mut Stack, records: &LogGroupRef, topic: &TopicRef) {
        let (context, actions) = (self.context, self.parameters.alerts().actions(topic));
        for Event { name, description, pattern } in events() {
            let full_name = context.name(&format!("payment-trail-{name}"));
            let logical = format!("trail-{name}");
            let alarm = alarm::above(
                context,
                &format!("payment-trail-{name}"),
                description,
                Metric::new(NAMESPACE, full_name.clone(), []),
                0.0,
            );
            stack.add(
                &logical,
                MetricFilter {
                    log_group: records.name(),
                    name: full_name.clone(),
                    pattern,
                    namespace: NAMESPACE.to_owned(),
                    metric: full_name,
                    value: "1".to_owned(),
                },
            );
            stack.add(&logical, Alarm { actions: actions.clone(), ..alarm });
        }
    }
}

fn events() -> [Event; 14] {
    let event = |name, description, pattern: String| Event { name, description, pattern };
    [
        event(
            "root",
            "The root user did something",
            r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#.to_owned(),
        ),
        event(
            "denied-calls",
            "Calls were denied",
            r#"{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}"#.to_owned(),
        ),
        event(
            "console-without-mfa",
            "Somebody logged in to the console with a password alone",
            r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }"#.to_owned(),
        ),
        event(
            "iam-policies",
            "Policies of identities were changed",
            of_service(
                "iam",
                &[
                    "DeleteGroupPolicy",
                    "DeleteRolePolicy",
                    "DeleteUserPolicy",
                    "PutGroupPolicy",
                    "PutRolePolicy",
                    "PutUserPolicy",
                    "CreatePolicy",
                    "DeletePolicy",
                    "CreatePolicyVersion",
                    "DeletePolicyVersion",
                    "AttachRolePolicy",
                    "DetachRolePolicy",
                    "AttachUserPolicy",
                    "DetachUserPolicy",
                    "AttachGroupPolicy",
                    "DetachGroupPolicy",
                ],
            ),
        ),
        event(
            "trails",
            "Trails were changed",
            any(&["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"]),
        ),
        event(
            "console-failures",
            "Logins to the console failed",
            r#"{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}"#.to_owned(),
        ),
        event(
            "keys",
            "Keys were disabled, or are to be deleted",
            of_service("kms", &["DisableKey", "ScheduleKeyDeletion"]),
        ),
        event(
            "bucket-policies",
            "Policies of buckets were changed",
            of_service(
                "s3",
                &[
                    "PutBucketAcl",
                    "PutBucketPolicy",
                    "PutBucketCors",
                    "PutBucketLifecycle",
                    "PutBucketReplication",
                    "DeleteBucketPolicy",
                    "DeleteBucketCors",
                    "DeleteBucketLifecycle",
                    "DeleteBucketReplication",
                ],
            ),
        ),
        event(
            "config",
            "AWS Config was changed",
            of_service(
                "config",
                &[
                    "StopConfigurationRecorder",
                    "DeleteDeliveryChannel",
                    "PutDeliveryChannel",
                    "PutConfigurationRecorder",
                ],
            ),
        ),
        event(
            "security-groups",
            "Security groups were changed",
            any(&[
                "AuthorizeSecurityGroupIngress",
                "AuthorizeSecurityGroupEgress",
                "RevokeSecurityGroupIngress",
                "RevokeSecurityGroupEgress",
                "CreateSecurityGroup",
                "DeleteSecurityGroup",
            ]),
        ),
        event(
            "network-acls",
            "Network ACLs were changed",
            any(&[
                "CreateNetworkAcl",
                "CreateNetworkAclEntry",
                "DeleteNetworkAcl",
                "DeleteNetworkAclEntry",
                "ReplaceNetworkAclEntry",
                "ReplaceNetworkAclAssociation",
            ]),
        ),
        event(
            "gateways",
            "Ways out of networks were changed",
            any(&[
                "CreateCustomerGateway",
                "DeleteCustomerGateway",
                "AttachInternetGateway",
                "CreateInternetGateway",
                "DeleteInternetGateway",
                "DetachInternetGateway",
            ]),
        ),
        event(
            "routes",
            "Routes were changed",
            of_service(
                "ec2",
                &[
                    "CreateRoute",
                    "CreateRouteTable",
                    "ReplaceRoute",
                    "ReplaceRouteTableAssociation",
                    "DeleteRouteTable",
                    "DeleteRoute",
                    "DisassociateRouteTable",
                ],
            ),
        ),
        event(
            "vpcs",
            "VPCs were changed",
            any(&[
                "CreateVpc",
                "DeleteVpc",
                "ModifyVpcAttribute",
                "AcceptVpcPeeringConnection",
                "CreateVpcPeeringConnection",
                "DeleteVpcPeeringConnection",
                "RejectVpcPeeringConnection",
                "AttachClassicLinkVpc",
                "DetachClassicLinkVpc",
                "DisableVpcClassicLink",
                "EnableVpcClassicLink",
            ]),
        ),
    ]
}

/// Any of these calls.
fn any(calls: &[&str]) -> String {
    format!("{{{}}}", alternatives(calls))
}

/// Any of these calls of a service.
fn of_service(service: &str, calls: &[&str]) -> String {
    format!("{{($.eventSource={service}.amazonaws.com) && ({})}}", alternatives(calls))
}

fn alternatives(calls: &[&str]) -> String {
    let calls: Vec<_> = calls.iter().map(|call| format!("($.eventName={call})")).collect();
    calls.join(" || ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_written_as_they_are_compared() {
        assert_eq!(any(&["A", "B"]), "{($.eventName=A) || ($.eventName=B)}");
        let keys = of_service("kms", &["DisableKey", "ScheduleKeyDeletion"]);
        let expected = "{($.eventSource=kms.amazonaws.com) && \
            (($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion))}";
        assert_eq!(keys, expected);
    }

    #[test]
    fn every_pattern_fits() {
        // PutMetricFilter, `filterPattern`.
        assert!(events().iter().all(|event| event.pattern.len() <= 1024));
    }
}
