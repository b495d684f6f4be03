//! A VPC whose own defaults let nothing through.

use ipnet::Ipv4Net;
use payctl_aws::ec2::{
    AclRule, DefaultNetworkAcl, DefaultSecurityGroup, InternetGateway, InternetGatewayAttachment,
    InternetGatewayAttachmentRef, Peer, Route, RouteTable, RouteTableAssociation, RouteTableRef,
    RouteTarget, Rule, Subnet, SubnetRef, Vpc, VpcId, VpcRef,
};
use payctl_aws::{Set, Statement};
use payctl_engine::{Handle as _, Input, Stack};

use crate::Context;

/// Every address there is.
pub(crate) const ANYWHERE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0);

/// The VPC `logical`, with its default security group and network ACL restricted; in AWS the names of what
/// belongs to it begin with `base`.
pub(super) fn closed_vpc(
    stack: &mut Stack,
    context: &Context<'_>,
    logical: &str,
    base: &str,
    cidr: Ipv4Net,
) -> VpcRef {
    let tags = |what: &str| context.tags(&context.name(&format!("{base}-{what}")));
    let vpc =
        stack.add(logical, Vpc { cidr, dns_hostnames: true, dns_support: true, tags: tags("vpc") });
    stack.add(
        logical,
        DefaultSecurityGroup {
            vpc: vpc.id(),
            ingress: Set::new(),
            egress: Set::new(),
            tags: tags("default-sg"),
        },
    );
    stack.add(
        logical,
        DefaultNetworkAcl {
            vpc: vpc.id(),
            ingress: acl_ingress(cidr),
            egress: acl_egress(cidr),
            tags: tags("default-acl"),
        },
    );
    vpc
}

/// What subnets are called, but for their numbers.
pub(super) struct Names {
    /// In the stack.
    pub(super) logical: String,
    /// In AWS.
    pub(super) name: String,
}

/// The subnets of one tier, one per zone from the first on. None of them hands out public addresses by
/// itself.
pub(super) fn named_subnets(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &Input<VpcId>,
    names: &Names,
    cidrs: &[Ipv4Net],
) -> Vec<SubnetRef> {
    let placed = cidrs.iter().zip(&context.found.zones).enumerate();
    placed
        .map(|(nth, (cidr, zone))| {
            let number = nth + 1;
            let name = context.name(&format!("{}-subnet-{number}", names.name));
            let subnet = Subnet {
                vpc: vpc.clone(),
                cidr: *cidr,
                zone: zone.clone(),
                public: false,
                tags: context.tags(&name),
            };
            stack.add(&format!("{}-{number}", names.logical), subnet)
        })
        .collect()
}

/// The way to the internet and from there, called `logical`, and the route table of the subnets that have
/// it; `names` are those of the route table and of what belongs to it in AWS.
pub(super) fn named_internet(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &Input<VpcId>,
    logical: &str,
    names: &Names,
) -> (InternetGatewayAttachmentRef, RouteTableRef) {
    let tags = |what: &str| context.tags(&context.name(&format!("{}-{what}", names.name)));
    let gateway = stack.add(logical, InternetGateway { tags: tags("igw") });
    let attachment =
        stack.add(logical, InternetGatewayAttachment { gateway: gateway.id(), vpc: vpc.clone() });
    let table = RouteTable { vpc: vpc.clone(), tags: tags("public-rt") };
    let table = stack.add(&names.logical, table);
    // A route to a gateway that is not attached yet is refused.
    stack.add_after(
        &names.logical,
        &[attachment.address()],
        Route {
            table: table.id(),
            destination: ANYWHERE,
            target: RouteTarget::InternetGateway(gateway.id()),
        },
    );
    (attachment, table)
}

/// A route table that leads nowhere beyond the VPC yet.
pub(super) fn route_table(
    stack: &mut Stack,
    context: &Context<'_>,
    vpc: &VpcRef,
    logical: &str,
    name: &str,
) -> RouteTableRef {
    stack.add(logical, RouteTable { vpc: vpc.id(), tags: context.tags(&context.name(name)) })
}

/// Lets the subnets of a tier use one of the tables: the one of their place, or the last one.
pub(super) fn associate(
    stack: &mut Stack,
    tier: &str,
    subnets: &[SubnetRef],
    tables: &[RouteTableRef],
) {
    for (nth, subnet) in subnets.iter().enumerate() {
        let Some(table) = tables.get(nth).or(tables.last()) else { return };
        stack.add(
            &format!("{tier}-{}", nth + 1),
            RouteTableAssociation { table: table.id(), subnet: subnet.id() },
        );
    }
}

/// `statement` for anyone of this account: what an endpoint's policy lets through.
pub(crate) fn of_this_account(context: &Context<'_>, statement: Statement) -> Statement {
    statement.for_all().when("StringEquals", "aws:PrincipalAccount", context.account)
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
