//! The registry: every kind of resource that payctl knows.

use payctl_engine::Registry;

use crate::{
    Aws, acm, apigateway, apigatewayv2, autoscaling, cloudtrail, cloudwatch, config, dynamodb, ec2,
    elbv2, eventbridge, guardduty, iam, kms, lambda, logs, rds, s3, secretsmanager, sns, sqs, ssm,
    wafv2,
};

/// Every kind payctl knows, one line each.
#[must_use]
pub fn kinds() -> Registry<Aws> {
    Registry::new()
        .with::<acm::Certificate>()
        .with::<apigateway::Account>()
        .with::<apigateway::ApiResource>()
        .with::<apigateway::Deployment>()
        .with::<apigateway::GatewayResponse>()
        .with::<apigateway::Integration>()
        .with::<apigateway::Method>()
        .with::<apigateway::Model>()
        .with::<apigateway::RequestValidator>()
        .with::<apigateway::RestApi>()
        .with::<apigateway::Stage>()
        .with::<apigatewayv2::HttpApi>()
        .with::<apigatewayv2::Integration>()
        .with::<apigatewayv2::Route>()
        .with::<apigatewayv2::Stage>()
        .with::<apigatewayv2::VpcLink>()
        .with::<autoscaling::Group>()
        .with::<autoscaling::ScalingPolicy>()
        .with::<cloudtrail::Trail>()
        .with::<cloudwatch::Alarm>()
        .with::<cloudwatch::Dashboard>()
        .with::<config::Rule>()
        .with::<dynamodb::Table>()
        .with::<ec2::DefaultNetworkAcl>()
        .with::<ec2::DefaultSecurityGroup>()
        .with::<ec2::ElasticIp>()
        .with::<ec2::FlowLog>()
        .with::<ec2::GatewayEndpoint>()
        .with::<ec2::InterfaceEndpoint>()
        .with::<ec2::InternetGateway>()
        .with::<ec2::InternetGatewayAttachment>()
        .with::<ec2::LaunchTemplate>()
        .with::<ec2::NatGateway>()
        .with::<ec2::Route>()
        .with::<ec2::RouteTable>()
        .with::<ec2::RouteTableAssociation>()
        .with::<ec2::SecurityGroup>()
        .with::<ec2::SecurityGroupIngress>()
        .with::<ec2::Subnet>()
        .with::<ec2::Vpc>()
        .with::<elbv2::Listener>()
        .with::<elbv2::LoadBalancer>()
        .with::<elbv2::TargetGroup>()
        .with::<eventbridge::Rule>()
        .with::<guardduty::Detector>()
        .with::<iam::InstanceProfile>()
        .with::<iam::ManagedPolicy>()
        .with::<iam::Role>()
        .with::<kms::Alias>()
        .with::<kms::Key>()
        .with::<lambda::EventSourceMapping>()
        .with::<lambda::Function>()
        .with::<lambda::Invocation>()
        .with::<lambda::Permission>()
        .with::<logs::LogGroup>()
        .with::<logs::MetricFilter>()
        .with::<rds::Cluster>()
        .with::<rds::ClusterParameterGroup>()
        .with::<rds::EventSubscription>()
        .with::<rds::Instance>()
        .with::<rds::SubnetGroup>()
        .with::<s3::Bucket>()
        .with::<s3::Notification>()
        .with::<secretsmanager::ResourcePolicy>()
        .with::<secretsmanager::Rotation>()
        .with::<secretsmanager::Secret>()
        .with::<secretsmanager::TargetAttachment>()
        .with::<sns::Subscription>()
        .with::<sns::Topic>()
        .with::<sqs::Queue>()
        .with::<ssm::Parameter>()
        .with::<wafv2::Association>()
        .with::<wafv2::IpSet>()
        .with::<wafv2::Logging>()
        .with::<wafv2::WebAcl>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constraint_can_be_read_and_has_a_source() {
        for kind in kinds().kinds().values() {
            for property in kind.details {
                let (constraint, of) = (property.constraint, (kind.kind, property.name));
                assert!(constraint.is_sound(), "{of:?}: {constraint}");
                assert_eq!(constraint.is_nothing(), property.source.is_none(), "{of:?}");
            }
        }
    }

    /// For each kind, how long something was seen to be under way that went well in the end, in
    /// minutes, and by whom.
    const SEEN: [(&str, u64, &str); 8] = [
        ("autoscaling.group", 10, "hashicorp/terraform#9074: no capacity in a zone"),
        ("dynamodb.table", 17, "ACK: an index that is added later"),
        ("ec2.security_group", 20, "awslabs/aws-support-tools#174: a function's interfaces"),
        ("ec2.subnet", 20, "awslabs/aws-support-tools#174: a function's interfaces"),
        ("lambda.function", 20, "awslabs/aws-support-tools#174: a function's interfaces"),
        ("rds.cluster", 40, "hashicorp/terraform#2886: creation"),
        ("rds.instance", 40, "hashicorp/terraform#2886: creation"),
        ("wafv2.association", 5, "terraform-provider-aws#29080: unavailable after 5m1s"),
    ];

    #[test]
    fn waits_last_longer_than_what_was_reported() {
        let kinds = kinds();
        for (kind, minutes, who) in SEEN {
            let wait = kinds.kinds()[kind].wait_timeout.as_secs();
            assert!(wait > minutes * 60, "{kind} waits for {wait} s ({who})");
        }
    }
}
