//! Endpoints of AWS's services inside a VPC.

use ipnet::Ipv4Net;
use payctl_aws::ec2::{GatewayEndpoint, InterfaceEndpoint, Peer, RouteTableRef, SubnetRef, VpcRef};
use payctl_aws::{Policy, Statement};
use payctl_engine::Stack;

use crate::Context;
use crate::parts::{function, network};

/// What may be asked of EC2 through its endpoint: what there is, and no change of it.
const LOOKS: [&str; 4] = [
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
];

/// EC2's own API inside the VPC whose addresses are `network`, so that nothing there has to leave
/// AWS's network to ask it.
pub(crate) fn of_ec2(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &VpcRef,
    network: Ipv4Net,
    subnets: &[SubnetRef],
) {
    let within = network::tls(Peer::Cidr(network.into()), "TLS from the VPC");
    let (name, description) = ("payment-ec2-api-sg", "The endpoint of EC2: TLS from the VPC");
    let ingress = Some([within].into_iter().collect());
    let group = function::security_group(context, vpc, name, description, ingress, []);
    let group = stack.add("ec2-api", group);
    // None of them names a resource.
    let looks = Statement::allow("Looks", &LOOKS).on_all();
    stack.add(
        "ec2-api",
        InterfaceEndpoint {
            vpc: vpc.id(),
            service: format!("com.amazonaws.{}.ec2", context.region),
            subnets: subnets.iter().map(SubnetRef::id).collect(),
            security_groups: [group.id()].into_iter().collect(),
            private_dns: true,
            policy: Policy::new([network::of_this_account(context, looks)]),
            tags: context.tags(&context.name("payment-ec2-endpoint")),
        },
    );
}

/// An endpoint by a route.
pub(super) struct GatewaySpec {
    pub(super) logical: String,
    /// In AWS, without the suffix.
    pub(super) name: String,
    /// Such as `s3`.
    pub(super) service: &'static str,
    pub(super) allowed: Vec<Statement>,
}

/// The way to a service by a route, for whoever is of this account.
pub(super) fn gateway(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &VpcRef,
    tables: &[&RouteTableRef],
    wanted: GatewaySpec,
) {
    let allowed = wanted.allowed.into_iter();
    stack.add(
        &wanted.logical,
        GatewayEndpoint {
            vpc: vpc.id(),
            service: format!("com.amazonaws.{}.{}", context.region, wanted.service),
            route_tables: tables.iter().map(|table| table.id()).collect(),
            policy: Policy::new(allowed.map(|one| network::of_this_account(context, one))),
            tags: context.tags(&context.name(&wanted.name)),
        },
    );
}
