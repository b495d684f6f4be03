//! What the verbs call, held against what the kinds say they have to be allowed.

use std::collections::{BTreeMap, BTreeSet};

use payctl_engine::{KindInfo, Kinds};

use super::Case;
use crate::emulator::Emulator;

/// Declared, and called by no case: by AWS for us, or only where an emulator never is.
const UNCALLED: &[(&str, &str)] = &[
    // AWS asks for them where a creation carries tags.
    ("cloudtrail.trail", "cloudtrail:AddTags"),
    ("cloudwatch.alarm", "cloudwatch:TagResource"),
    ("dynamodb.table", "dynamodb:TagResource"),
    ("iam.role", "iam:TagRole"),
    ("kms.key", "kms:TagResource"),
    ("lambda.function", "lambda:TagResource"),
    ("logs.group", "logs:TagResource"),
    // By whichever of the two AWS asks for at a creation.
    ("apigatewayv2.api", "apigateway:PUT"),
    ("apigatewayv2.stage", "apigateway:PUT"),
    ("apigatewayv2.stage", "apigateway:TagResource"),
    ("apigatewayv2.vpc_link", "apigateway:PUT"),
    ("apigatewayv2.vpc_link", "apigateway:TagResource"),
    // AWS does them in the caller's name.
    ("apigatewayv2.stage", "logs:CreateLogDelivery"),
    ("apigatewayv2.stage", "logs:DeleteLogDelivery"),
    ("apigatewayv2.stage", "logs:DescribeResourcePolicies"),
    ("apigatewayv2.stage", "logs:GetLogDelivery"),
    ("apigatewayv2.stage", "logs:ListLogDeliveries"),
    ("apigatewayv2.stage", "logs:PutResourcePolicy"),
    ("apigatewayv2.stage", "logs:UpdateLogDelivery"),
    ("apigatewayv2.vpc_link", "iam:CreateServiceLinkedRole"),
    ("autoscaling.group", "ec2:CreateTags"),
    ("autoscaling.group", "ec2:RunInstances"),
    ("autoscaling.group", "iam:CreateServiceLinkedRole"),
    ("elbv2.load_balancer", "ec2:DescribeAccountAttributes"),
    ("elbv2.load_balancer", "ec2:DescribeInternetGateways"),
    ("elbv2.load_balancer", "iam:CreateServiceLinkedRole"),
    ("elbv2.target_group", "ec2:DescribeVpcs"),
    ("lambda.function", "ec2:DescribeSecurityGroups"),
    ("lambda.function", "ec2:DescribeSubnets"),
    ("lambda.function", "ec2:DescribeVpcs"),
    ("rds.instance", "ec2:DescribeAccountAttributes"),
    ("rds.instance", "ec2:DescribeAvailabilityZones"),
    ("rds.instance", "ec2:DescribeInternetGateways"),
    ("rds.instance", "ec2:DescribeSecurityGroups"),
    ("rds.instance", "ec2:DescribeSubnets"),
    ("rds.instance", "ec2:DescribeVpcAttribute"),
    ("rds.instance", "ec2:DescribeVpcs"),
    ("ec2.interface_endpoint", "route53:AssociateVPCWithHostedZone"),
    ("guardduty.detector", "iam:CreateServiceLinkedRole"),
    ("rds.cluster", "iam:CreateServiceLinkedRole"),
    ("rds.cluster", "rds:CreateDBClusterSnapshot"),
    ("rds.subnet_group", "iam:CreateServiceLinkedRole"),
    // Where GetTrail says that there are some, as the sandbox does.
    ("cloudtrail.trail", "cloudtrail:GetInsightSelectors"),
    // A header of the deletions.
    ("s3.bucket", "s3:BypassGovernanceRetention"),
    ("wafv2.association", "apigateway:SetWebACL"),
    ("wafv2.association", "elasticloadbalancing:SetWebAcl"),
    ("wafv2.logging", "logs:CreateLogDelivery"),
    ("wafv2.logging", "logs:DeleteLogDelivery"),
    ("wafv2.logging", "logs:DescribeResourcePolicies"),
    ("wafv2.logging", "logs:PutResourcePolicy"),
    // What others attached is removed: `e2e/attached.rs`, with the operator's own policy.
    ("apigateway.rest_api", "apigateway:UpdateRestApiPolicy"),
    ("dynamodb.table", "dynamodb:DeleteResourcePolicy"),
    ("ec2.route_table", "ec2:DeleteRoute"),
    ("kms.key", "kms:RevokeGrant"),
    ("lambda.function", "lambda:DeleteAlias"),
    ("lambda.function", "lambda:DeleteFunctionEventInvokeConfig"),
    ("lambda.function", "lambda:DeleteFunctionUrlConfig"),
    ("lambda.function", "lambda:RemovePermission"),
    ("logs.group", "logs:DeleteSubscriptionFilter"),
    ("s3.bucket", "s3:DeleteBucketWebsite"),
    ("s3.bucket", "s3:PutBucketCORS"),
    ("s3.bucket", "s3:PutBucketNotification"),
    ("s3.bucket", "s3:PutReplicationConfiguration"),
    ("secretsmanager.secret", "secretsmanager:DeleteResourcePolicy"),
    ("sns.topic", "sns:Unsubscribe"),
    // Where something is in the way of a deletion.
    ("ec2.security_group", "ec2:DescribeNetworkInterfaces"),
    ("ec2.subnet", "ec2:DescribeNetworkInterfaces"),
    ("ec2.vpc", "ec2:DescribeNetworkInterfaces"),
    ("ec2.vpc", "ec2:DescribeSecurityGroups"),
    ("ec2.vpc", "ec2:DescribeSubnets"),
    ("ec2.vpc", "ec2:DescribeEgressOnlyInternetGateways"),
    ("ec2.vpc", "ec2:DescribeInternetGateways"),
    ("ec2.vpc", "ec2:DescribeNetworkAcls"),
    ("ec2.vpc", "ec2:DescribeRouteTables"),
    ("ec2.vpc", "ec2:DescribeVpcEndpoints"),
    ("ec2.vpc", "ec2:DescribeVpcPeeringConnections"),
    ("ec2.vpc", "ec2:DescribeVpnGateways"),
    ("ec2.internet_gateway_attachment", "ec2:DescribeNetworkInterfaces"),
    ("iam.policy", "iam:ListEntitiesForPolicy"),
    ("iam.role", "iam:ListInstanceProfilesForRole"),
    // Tests of their own call these.
    ("ec2.default_security_group", "ec2:UpdateSecurityGroupRuleDescriptionsEgress"),
    ("ec2.default_security_group", "ec2:UpdateSecurityGroupRuleDescriptionsIngress"),
    ("ec2.security_group", "ec2:UpdateSecurityGroupRuleDescriptionsEgress"),
    ("ec2.security_group", "ec2:UpdateSecurityGroupRuleDescriptionsIngress"),
    ("ec2.security_group_ingress", "ec2:UpdateSecurityGroupRuleDescriptionsIngress"),
    ("cloudwatch.dashboard", "cloudwatch:UntagResource"),
    ("rds.cluster", "rds:DescribeDBClusterSnapshots"),
    ("rds.cluster", "rds:DescribeDBInstances"),
    ("elbv2.load_balancer", "ec2:DeleteNetworkInterface"),
    ("kms.key", "kms:CancelKeyDeletion"),
    ("autoscaling.group", "autoscaling:DisableMetricsCollection"),
    ("autoscaling.group", "autoscaling:SetInstanceProtection"),
    ("autoscaling.group", "ec2:DescribeInstances"),
    ("autoscaling.group", "ec2:DescribeVolumes"),
    ("lambda.function", "ec2:DeleteNetworkInterface"),
    // Where interfaces are left that others may use; plain moto has none.
    ("lambda.function", "lambda:ListFunctions"),
    ("s3.bucket", "s3:AbortMultipartUpload"),
    ("s3.bucket", "s3:DeleteObject"),
    ("s3.bucket", "s3:DeleteObjectVersion"),
    // Where instances do not start; an emulator's always do.
    ("autoscaling.group", "autoscaling:DescribeScalingActivities"),
    ("secretsmanager.secret", "secretsmanager:RestoreSecret"),
    // Tags that moto did not add need not go either.
    ("guardduty.detector", "guardduty:UntagResource"),
    // Only a group that is declared without a key or for ever takes them.
    ("logs.group", "logs:DeleteRetentionPolicy"),
    ("logs.group", "logs:DisassociateKmsKey"),
];

/// The SDK's name of a call as IAM knows it.
pub fn actions(call: &str) -> Vec<String> {
    let (service, operation) = call.split_once('.').unwrap();
    let service = match service {
        "API Gateway" | "ApiGatewayV2" | "apigatewayv2" => "apigateway".to_owned(),
        "Auto Scaling" => "autoscaling".to_owned(),
        "CloudWatch Logs" => "logs".to_owned(),
        "Elastic Load Balancing v2" => "elasticloadbalancing".to_owned(),
        "EventBridge" => "events".to_owned(),
        "Secrets Manager" => "secretsmanager".to_owned(),
        "Config Service" => "config".to_owned(),
        "Resource Groups Tagging API" | "tagging" => "tag".to_owned(),
        // What it signs as.
        "monitoring" => "cloudwatch".to_owned(),
        other => other.to_lowercase(),
    };
    // S3 has names of its own for what may be done, API Gateway those of HTTP, Lambda one.
    let names: &[&str] = match (service.as_str(), operation) {
        ("apigateway", "TagResource") if call.to_lowercase().starts_with("apigatewayv2.") => {
            &["POST"]
        }
        ("apigateway", get) if get.starts_with("Get") => &["GET"],
        ("apigateway", create) if create.starts_with("Create") => &["POST"],
        ("apigateway", update) if update.starts_with("Update") => &["PATCH"],
        ("apigateway", put) if put.starts_with("Put") || put == "TagResource" => &["PUT"],
        ("apigateway", _) => &["DELETE"],
        ("lambda", "Invoke") => &["InvokeFunction"],
        ("s3", "HeadBucket" | "ListObjectsV2") => &["ListBucket"],
        ("s3", "ListObjectVersions") => &["ListBucketVersions"],
        ("s3", "ListMultipartUploads") => &["ListBucketMultipartUploads"],
        ("s3", "DeleteObjects") => &["DeleteObject", "DeleteObjectVersion"],
        ("s3", "GetBucketEncryption") => &["GetEncryptionConfiguration"],
        ("s3", "PutBucketEncryption") => &["PutEncryptionConfiguration"],
        ("s3", "GetBucketLifecycleConfiguration") => &["GetLifecycleConfiguration"],
        ("s3", "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle") => {
            &["PutLifecycleConfiguration"]
        }
        ("s3", "GetBucketCors") => &["GetBucketCORS"],
        ("s3", "PutBucketCors" | "DeleteBucketCors") => &["PutBucketCORS"],
        ("s3", "GetBucketReplication") => &["GetReplicationConfiguration"],
        ("s3", "PutBucketReplication" | "DeleteBucketReplication") => {
            &["PutReplicationConfiguration"]
        }
        ("s3", "GetPublicAccessBlock") => &["GetBucketPublicAccessBlock"],
        ("s3", "PutPublicAccessBlock" | "DeletePublicAccessBlock") => {
            &["PutBucketPublicAccessBlock"]
        }
        ("s3", "DeleteBucketOwnershipControls") => &["PutBucketOwnershipControls"],
        ("s3", "GetObjectLockConfiguration") => &["GetBucketObjectLockConfiguration"],
        ("s3", "PutObjectLockConfiguration") => &["PutBucketObjectLockConfiguration"],
        ("s3", "GetBucketNotificationConfiguration") => &["GetBucketNotification"],
        ("s3", "PutBucketNotificationConfiguration") => &["PutBucketNotification"],
        _ => &[operation],
    };
    names.iter().map(|name| format!("{service}:{name}")).collect()
}

fn declared(kind: &KindInfo) -> BTreeSet<&'static str> {
    let access = kind.access;
    let all = [access.look, access.create, access.change, access.delete];
    all.into_iter().flatten().copied().collect()
}

/// All that was called is declared, and all that the kind declares was called.
pub fn check(case: &Case, kinds: &Kinds, emulator: Emulator, calls: &BTreeMap<String, u64>) {
    let called: BTreeSet<String> = calls.keys().flat_map(|call| actions(call)).collect();
    let of_stack = case.stack.resources().iter().map(|declared| &kinds[declared.address.kind()]);
    let mut allowed: BTreeSet<&str> = of_stack.flat_map(declared).collect();
    allowed.extend(["sts:GetCallerIdentity", "ec2:DescribeAvailabilityZones"]);
    let beyond: Vec<_> = called.iter().filter(|c| !allowed.contains(c.as_str())).collect();
    assert!(beyond.is_empty(), "called and not in ACCESS: {beyond:?}");
    // These show all; the other gets some properties wrong.
    if matches!(emulator, Emulator::Moto | Emulator::Sandbox) {
        let kind = &kinds[case.address.kind()];
        let mut idle = declared(kind);
        idle.retain(|action| {
            !called.contains(*action) && !UNCALLED.contains(&(kind.kind, *action))
        });
        assert!(idle.is_empty(), "in ACCESS and never called: {idle:?}");
    }
}
