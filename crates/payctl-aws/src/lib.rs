//! AWS, one file per resource kind. The only crate that names the AWS SDK.

// A kind's properties are AWS's own; the struct says what the kind is, and a property is
// explained where its name does not.
#![allow(missing_docs)]

mod access;
pub mod acm;
pub mod apigateway;
pub mod apigatewayv2;
mod artifact;
pub mod autoscaling;
mod cloud;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod config;
mod connection;
mod document;
pub mod dynamodb;
pub mod ec2;
pub mod elbv2;
mod environments;
mod error;
pub mod eventbridge;
pub mod guardduty;
mod http;
pub mod iam;
mod ignored;
pub mod kms;
pub mod lambda;
mod leftovers;
mod load;
pub mod logs;
mod lookups;
mod names;
mod partition;
mod policy;
mod preflight;
mod prelude;
pub mod rds;
pub mod s3;
pub mod secretsmanager;
mod sizes;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod wafv2;

pub use access::{Lacking, LinkedRoles, Task, lacking, linked_roles, policy};
pub use artifact::{Architecture, Artifacts, CodeSha256, NotRunnable, ZIP_FORMAT, check_machine};
pub use cloud::{Aws, Calls, Facts};
pub use connection::{AskCode, ClientOptions, Connection, ConnectionError};
pub use document::Document;
pub use environments::{Tagged, environments};
pub use error::{Absent, AwsError, Present, Result};
pub use ignored::{IgnoreTags, ignore_tags};
pub use leftovers::{Leftover, leftovers, leftovers_and_others};
pub use lookups::{DetectorFound, Recorder};
pub use names::{Arn, Set, Tags, Zone};
pub use partition::{PARTITIONS, Partition};
pub use policy::{Policy, Statement};
pub use preflight::{Limited, Room, rooms};
pub use sizes::{TooLarge, too_large};

use ignored::is_ignored;
use payctl_engine::Registry;

/// What a kind's verbs are given.
pub type Cx<'a> = payctl_engine::Cx<'a, Aws>;

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
        .with::<wafv2::Logging>()
        .with::<wafv2::WebAcl>()
}
