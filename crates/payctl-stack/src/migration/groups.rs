//! The security groups: who may speak to whom.

use payctl_aws::Set;
use payctl_aws::ec2::{Peer, Rule, SecurityGroup, SecurityGroupIngress, SecurityGroupRef, VpcRef};
use payctl_engine::Stack;

use super::system::{APPLICATION, HTTP, POSTGRESQL, System};
use crate::parts::{function, network};

/// Who may speak to whom.
pub(super) struct Groups {
    pub(super) functions: SecurityGroupRef,
    pub(super) database: SecurityGroupRef,
    pub(super) balancer: SecurityGroupRef,
    pub(super) link: SecurityGroupRef,
}

impl System<'_> {
    /// Groups that name each other: what lets in is added once both are there.
    pub(super) fn groups(&self, stack: &mut Stack, vpc: &VpcRef) -> Groups {
        let context = self.context;
        let group = |name: &str, description: &str, egress: Vec<Rule>| {
            let name = format!("{name}-sg");
            function::security_group(context, vpc, &name, description, None, egress)
        };
        let of = |port, peer, description: &str| Rule {
            from_port: Some(port),
            to_port: Some(port),
            ..network::tls(peer, description)
        };
        let description = "The payment database: PostgreSQL from the functions";
        let database = stack.add("database", group("rds", description, vec![]));
        let within = self.parameters.private_subnets.iter().map(|cidr| {
            of(APPLICATION, Peer::Cidr((*cidr).into()), "HTTP to the payment application")
        });
        let description = "The payment load balancer: the VPC link";
        let balancer = stack.add("balancer", group("alb", description, within.collect()));
        let inside = |peer| of(HTTP, peer, "HTTP within the VPC");
        let mut to = vec![network::tls(Peer::Group(balancer.id()), "TLS to the load balancer")];
        to.extend(self.is_plain_inside().then(|| inside(Peer::Group(balancer.id()))));
        let description = "The way from the API to the load balancer";
        let link = stack.add("link", group("vpc-link", description, to));
        let anywhere = Peer::Cidr(network::ANYWHERE.into());
        let to = vec![
            network::tls(anywhere, "TLS to AWS services"),
            of(POSTGRESQL, Peer::Group(database.id()), "PostgreSQL to the database"),
        ];
        let description = "The payment functions: TLS to the outside, PostgreSQL to the database";
        let functions =
            SecurityGroup { ingress: Some(Set::new()), ..group("lambda", description, to) };
        let functions = stack.add("functions", functions);
        let of_functions = Peer::Group(functions.id());
        let from_functions = [of(POSTGRESQL, of_functions, "PostgreSQL from the functions")];
        let mut from_link = vec![network::tls(Peer::Group(link.id()), "TLS from the VPC link")];
        from_link.extend(self.is_plain_inside().then(|| inside(Peer::Group(link.id()))));
        for (logical, group, rules) in [
            ("database", &database, from_functions.into_iter().collect()),
            ("balancer", &balancer, from_link.into_iter().collect()),
        ] {
            stack.add(logical, SecurityGroupIngress { group: group.id(), rules });
        }
        Groups { functions, database, balancer, link }
    }
}
