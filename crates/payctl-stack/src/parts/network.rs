//! A VPC whose own defaults let nothing through.

use ipnet::Ipv4Net;
use payctl_aws::Set;
use payctl_aws::ec2::{AclRule, DefaultNetworkAcl, DefaultSecurityGroup, Peer, Rule, Vpc, VpcRef};
use payctl_engine::Stack;

use crate::Context;

/// Every address there is.
pub(crate) const ANYWHERE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0);

/// The VPC, with its default security group and network ACL restricted.
pub(crate) fn vpc(stack: &mut Stack, context: &Context<'_>, cidr: Ipv4Net) -> VpcRef {
    let name = context.name("payment-vpc");
    let vpc = stack.add(
        "main",
        Vpc { cidr, dns_hostnames: true, dns_support: true, tags: context.tags(&name) },
    );
    stack.add(
        "main",
        DefaultSecurityGroup {
            vpc: vpc.id(),
            ingress: Set::new(),
            egress: Set::new(),
            tags: context.tags(&context.name("payment-default-sg")),
        },
    );
    stack.add(
        "main",
        DefaultNetworkAcl {
            vpc: vpc.id(),
            ingress: acl_ingress(cidr),
            egress: acl_egress(cidr),
            tags: context.tags(&context.name("payment-default-acl")),
        },
    );
    vpc
}

/// From within, everything; from outside, only answers: TCP to the ports that connections from
/// here start at. 3389 lies among them and is left out, as no control lets it in from the
/// internet; a connection that happens to start there is not answered and is tried again.
fn acl_ingress(network: Ipv4Net) -> Set<AclRule> {
    [
        acl_rule(100, "-1", None, network),
        acl_rule(110, "6", Some((1024, 3388)), ANYWHERE),
        acl_rule(120, "6", Some((3390, 65535)), ANYWHERE),
    ]
    .into_iter()
    .collect()
}

/// To within, everything; to outside, TLS.
fn acl_egress(network: Ipv4Net) -> Set<AclRule> {
    [acl_rule(100, "-1", None, network), acl_rule(110, "6", Some((443, 443)), ANYWHERE)]
        .into_iter()
        .collect()
}

fn acl_rule(number: u16, protocol: &str, ports: Option<(u16, u16)>, cidr: Ipv4Net) -> AclRule {
    AclRule { number, allow: true, protocol: protocol.to_owned(), ports, cidr: cidr.into() }
}

/// TCP 443 with `peer`.
pub(crate) fn tls(peer: Peer, description: &str) -> Rule {
    Rule {
        protocol: "tcp".to_owned(),
        from_port: Some(443),
        to_port: Some(443),
        peer,
        description: description.to_owned(),
    }
}
