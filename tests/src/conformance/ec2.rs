//! Cases of the network's kinds.

use aws_sdk_ec2::types::{IpPermission, Ipv6Range, UserIdGroupPair};
use payctl_aws::ec2::{
    AclRule, DefaultNetworkAcl, DefaultSecurityGroup, ElasticIp, FlowLog, GatewayEndpoint,
    InterfaceEndpoint, InternetGateway, InternetGatewayAttachment, InternetGatewayRef, NatGateway,
    NatGatewayRef, Peer, PrefixListId, Route, RouteTable, RouteTableAssociation, RouteTableRef,
    RouteTarget, Rule, Rules, SecurityGroup, SecurityGroupIngress, Subnet, SubnetRef, Vpc, VpcRef,
};
use payctl_aws::{Arn, Artifacts, Connection, Facts, Policy, Set, Statement};
use payctl_engine::{Address, Goal, Handle as _, Input, Stack};

use super::{Case, iam, lambda, logs, stack, tags};
use crate::emulator::Emulator::{self, Ministack, Moto};
use crate::emulator::Server;
use crate::environment::Environment;

pub(super) fn vpc() -> Vpc {
    Vpc {
        cidr: "10.0.0.0/16".parse().unwrap(),
        dns_hostnames: true,
        dns_support: true,
        tags: tags("vpc"),
    }
}

pub(super) fn add_subnet(s: &mut Stack, vpc: &VpcRef, name: &str, cidr: &str) -> SubnetRef {
    let subnet = Subnet {
        vpc: vpc.id(),
        cidr: cidr.parse().unwrap(),
        zone: "us-east-1a".into(),
        public: false,
        tags: tags(name),
    };
    s.add(name, subnet)
}

fn add_table(s: &mut Stack, vpc: &VpcRef, name: &str) -> RouteTableRef {
    s.add(name, RouteTable { vpc: vpc.id(), tags: tags(name) })
}

/// A gateway, and the address of its attachment to `vpc`.
fn add_gateway(s: &mut Stack, vpc: &VpcRef) -> (InternetGatewayRef, Address) {
    let gateway = s.add("door", InternetGateway { tags: tags("door") });
    let bond = InternetGatewayAttachment { gateway: gateway.id(), vpc: vpc.id() };
    let bond = s.add("door", bond);
    (gateway, bond.address().clone())
}

fn add_nat(s: &mut Stack, subnet: &SubnetRef, bond: &Address) -> NatGatewayRef {
    let address = s.add("nat", ElasticIp { tags: tags("nat") });
    let nat = NatGateway { subnet: subnet.id(), address: address.id(), tags: tags("nat") };
    s.add_after("nat", &[bond], nat)
}

pub(super) fn group(name: &str, vpc: &VpcRef) -> SecurityGroup {
    SecurityGroup {
        name: name.to_owned(),
        description: "conformance".to_owned(),
        vpc: vpc.id(),
        ingress: Some(Rules::new()),
        egress: Rules::new(),
        tags: tags(name),
    }
}

fn tcp(port: u16, peer: Peer, description: &str) -> Rule {
    Rule {
        protocol: "tcp".to_owned(),
        from_port: Some(port),
        to_port: Some(port),
        peer,
        description: description.to_owned(),
    }
}

fn addresses(cidr: &str) -> Peer {
    Peer::Cidr(cidr.parse().unwrap())
}

fn rules(rules: impl IntoIterator<Item = Rule>) -> Rules {
    rules.into_iter().collect()
}

fn acl_rule(number: u16, allow: bool, cidr: &str) -> AclRule {
    let (protocol, cidr) = ("-1".to_owned(), cidr.parse().unwrap());
    AclRule { number, allow, protocol, ports: None, cidr }
}

fn acl_rules(rules: impl IntoIterator<Item = AclRule>) -> Set<AclRule> {
    rules.into_iter().collect()
}

fn endpoint_policy(action: &str) -> Policy {
    let objects = Input::Known(Arn::from("arn:aws:s3:::conformance-test/*"));
    Policy::new([Statement::allow("Objects", &[action]).for_all().on([objects])])
}

pub(super) fn cases(facts: &Facts, cases: &mut Vec<Case>) {
    let mut s = stack();
    let main = s.add("main", vpc());
    let case = Case::new(s, main.address());
    cases.push(
        case.edit("dns_hostnames", false).edit("dns_support", false).edit("tags", tags("other")),
    );

    let mut s = stack();
    let main = s.add("main", vpc());
    let subnet = add_subnet(&mut s, &main, "private", "10.0.1.0/24");
    let case = Case::new(s, subnet.address());
    cases.push(case.edit("public", true).edit("tags", tags("other")));

    cases.push(default_network_acl());
    cases.push(default_security_group());
    cases.push(security_group());
    cases.push(security_group_ingress());

    let mut s = stack();
    let gateway = s.add("door", InternetGateway { tags: tags("door") });
    let case = Case::new(s, gateway.address());
    cases.push(case.edit("tags", tags("other")));

    let mut s = stack();
    let main = s.add("main", vpc());
    let (_, bond) = add_gateway(&mut s, &main);
    cases.push(Case::new(s, &bond));

    let mut s = stack();
    let address = s.add("nat", ElasticIp { tags: tags("nat") });
    let case = Case::new(s, address.address());
    cases.push(case.edit("tags", tags("other")));

    let mut s = stack();
    let main = s.add("main", vpc());
    let subnet = add_subnet(&mut s, &main, "public", "10.0.11.0/24");
    let (_, bond) = add_gateway(&mut s, &main);
    let nat = add_nat(&mut s, &subnet, &bond);
    let case = Case::new(s, nat.address());
    cases.push(case.edit("tags", tags("other")).except(
        Ministack,
        "address",
        "NatGatewayAddresses is always empty",
    ));

    let mut s = stack();
    let main = s.add("main", vpc());
    let table = add_table(&mut s, &main, "private");
    let case = Case::new(s, table.address());
    cases.push(case.edit("tags", tags("other")));

    let mut s = stack();
    let main = s.add("main", vpc());
    let subnet = add_subnet(&mut s, &main, "public", "10.0.11.0/24");
    let (gateway, bond) = add_gateway(&mut s, &main);
    let nat = add_nat(&mut s, &subnet, &bond);
    let table = add_table(&mut s, &main, "public");
    let route = Route {
        table: table.id(),
        destination: "0.0.0.0/0".parse().unwrap(),
        target: RouteTarget::InternetGateway(gateway.id()),
    };
    let route = s.add_after("out", &[&bond], route);
    let case = Case::new(s, route.address());
    cases.push(case.edit("target", RouteTarget::NatGateway(nat.id())));

    let mut s = stack();
    let main = s.add("main", vpc());
    let subnet = add_subnet(&mut s, &main, "private", "10.0.1.0/24");
    let [first, second] = ["first", "second"].map(|name| add_table(&mut s, &main, name));
    let bond = RouteTableAssociation { table: first.id(), subnet: subnet.id() };
    let bond = s.add("private", bond);
    cases.push(Case::new(s, bond.address()).edit("table", second.id()));

    cases.push(gateway_endpoint(facts));
    cases.push(interface_endpoint(facts));
    cases.push(flow_log());
}

fn default_network_acl() -> Case {
    let mut s = stack();
    let main = s.add("main", vpc());
    let acl = s.add(
        "closed",
        DefaultNetworkAcl {
            vpc: main.id(),
            ingress: acl_rules([acl_rule(90, true, "10.0.0.0/16")]),
            // AWS's own "allow all" has the number 100 too.
            egress: acl_rules([
                acl_rule(100, true, "10.0.0.0/16"),
                acl_rule(110, true, "192.168.0.0/16"),
            ]),
            tags: tags("closed"),
        },
    );
    let https = AclRule {
        protocol: "6".to_owned(),
        ports: Some((443, 444)),
        ..acl_rule(80, true, "10.0.0.0/8")
    };
    let ingress = acl_rules([https, acl_rule(32766, false, "0.0.0.0/0")]);
    let egress = acl_rules([
        acl_rule(100, false, "10.0.1.0/24"),
        acl_rule(105, true, "10.0.0.0/16"),
        AclRule { protocol: "50".to_owned(), ..acl_rule(110, true, "192.168.1.0/24") },
    ]);
    Case::new(s, acl.address())
        .edit("ingress", ingress)
        .edit("egress", egress)
        .edit("tags", tags("other"))
        .except(Ministack, "ingress", "an entry's PortRange is dropped")
        .goes_with_parent()
}

fn default_security_group() -> Case {
    let mut s = stack();
    let main = s.add("main", vpc());
    let group = DefaultSecurityGroup {
        vpc: main.id(),
        ingress: Rules::new(),
        egress: Rules::new(),
        tags: tags("closed"),
    };
    let group = s.add("closed", group);
    Case::new(s, group.address())
        .edit("ingress", rules([tcp(443, addresses("10.0.0.0/16"), "inside")]))
        .edit("egress", rules([tcp(443, addresses("0.0.0.0/0"), "")]))
        .edit("tags", tags("other"))
        .goes_with_parent()
}

fn security_group_ingress() -> Case {
    let mut s = stack();
    let main = s.add("main", vpc());
    let open = s.add("open", SecurityGroup { ingress: None, ..group("open", &main) });
    // Rules of groups are `secure-api`'s to try: ministack does not revoke them.
    let inside = || tcp(443, addresses("10.0.0.0/16"), "inside");
    let tested = SecurityGroupIngress { group: open.id(), rules: rules([inside()]) };
    let tested = s.add("tested", tested);
    let more = rules([inside(), tcp(8443, addresses("192.168.0.0/16"), "")]);
    Case::new(s, tested.address()).edit("rules", more)
}

fn security_group() -> Case {
    let mut s = stack();
    let main = s.add("main", vpc());
    let [first, second] = ["first", "second"].map(|name| s.add(name, group(name, &main)).id());
    let tested = SecurityGroup {
        ingress: Some(rules([
            tcp(443, Peer::Group(first), "from the first"),
            tcp(443, addresses("10.0.0.0/16"), "inside"),
            tcp(443, addresses("192.168.0.0/16"), ""),
        ])),
        egress: rules([tcp(443, addresses("0.0.0.0/0"), "https")]),
        ..group("tested", &main)
    };
    let tested = s.add("tested", tested);
    let ping = Rule {
        protocol: "icmp".to_owned(),
        from_port: Some(8),
        to_port: None,
        ..tcp(0, addresses("10.0.0.0/16"), "ping")
    };
    let all = Rule {
        protocol: "-1".to_owned(),
        from_port: None,
        to_port: None,
        ..tcp(0, addresses("10.0.1.0/24"), "")
    };
    let list = Peer::PrefixList(PrefixListId::from("pl-63a5400a").into());
    let ingress = rules([
        tcp(443, Peer::Group(second), "from the second"),
        tcp(443, addresses("10.0.0.0/16"), "inside"),
        tcp(443, list, ""),
    ]);
    let egress = rules([ping, all, tcp(8443, addresses("0.0.0.0/0"), "")]);
    Case::new(s, tested.address())
        .edit("ingress", ingress)
        .edit("egress", egress)
        .edit("tags", tags("other"))
        .except(Ministack, "ingress", "a prefix list's rule is dropped, a group's not revoked")
}

fn gateway_endpoint(facts: &Facts) -> Case {
    let mut s = stack();
    let main = s.add("main", vpc());
    let [first, second] = ["first", "second"].map(|name| add_table(&mut s, &main, name).id());
    let endpoint = GatewayEndpoint {
        vpc: main.id(),
        service: format!("com.amazonaws.{}.s3", facts.region),
        route_tables: [first].into_iter().collect(),
        policy: endpoint_policy("s3:GetObject"),
        tags: tags("s3"),
    };
    let endpoint = s.add("s3", endpoint);
    Case::new(s, endpoint.address())
        .edit("route_tables", [second])
        .edit("policy", endpoint_policy("s3:PutObject"))
        .edit("tags", tags("other"))
        .except(Ministack, "policy", "DescribeVpcEndpoints leaves it out")
}

fn interface_endpoint(facts: &Facts) -> Case {
    let mut s = stack();
    let main = s.add("main", vpc());
    let places = [("first", "10.0.1.0/24", "a"), ("second", "10.0.2.0/24", "b")];
    let [first, second] = places.map(|(name, cidr, zone)| {
        let zone = format!("{}{zone}", facts.region).into();
        let (vpc, cidr) = (main.id(), cidr.parse().unwrap());
        s.add(name, Subnet { vpc, cidr, zone, public: false, tags: tags(name) }).id()
    });
    let [one, other] = ["one", "other"].map(|name| s.add(name, group(name, &main)).id());
    let endpoint = InterfaceEndpoint {
        vpc: main.id(),
        service: format!("com.amazonaws.{}.logs", facts.region),
        subnets: [first].into_iter().collect(),
        security_groups: [one].into_iter().collect(),
        private_dns: true,
        policy: endpoint_policy("logs:PutLogEvents"),
        tags: tags("logs"),
    };
    let endpoint = s.add("logs", endpoint);
    let left_out = "DescribeVpcEndpoints leaves it out";
    Case::new(s, endpoint.address())
        .edit("subnets", [second])
        .edit("security_groups", [other])
        .edit("private_dns", false)
        .edit("policy", endpoint_policy("logs:CreateLogStream"))
        .edit("tags", tags("other"))
        .except(Moto, "private_dns", "ModifyVpcEndpoint ignores it")
        .except(Ministack, "security_groups", left_out)
        .except(Ministack, "private_dns", left_out)
        .except(Ministack, "policy", left_out)
}

fn flow_log() -> Case {
    let mut s = stack();
    let main = s.add("main", vpc());
    let group = s.add("flows", logs::group("/conformance/flows"));
    let role = s.add("flows", iam::role("conformance-flows", "vpc-flow-logs.amazonaws.com"));
    let log = FlowLog {
        vpc: main.id(),
        traffic: "ALL".to_owned(),
        log_group: group.name(),
        role: role.arn(),
        aggregation_s: 60,
        tags: tags("flows"),
    };
    let log = s.add("flows", log);
    let left_out = "DescribeFlowLogs leaves it out";
    Case::new(s, log.address())
        .edit("tags", tags("other"))
        .except(Ministack, "log_group", left_out)
        .except(Ministack, "role", left_out)
        .except(Ministack, "aggregation_s", left_out)
        .except(Ministack, "tags", "CreateFlowLogs ignores them")
        .except(Ministack, "find", "CreateFlowLogs ignores the tags it would be found by")
}

/// Prefix lists are found by their service in one call, and a group lets out to them.
pub async fn a_group_lets_out_to_prefix_lists(emulator: Emulator) {
    let server = Server::start(emulator);
    let environment = on_moto(&server, Artifacts::default()).await;
    let connection = Connection::open(&server.reach()).await.unwrap();
    let lists = connection.prefix_lists(environment.aws(), &["s3", "dynamodb"]).await.unwrap();
    assert!(lists["s3"] != lists["dynamodb"] && lists["s3"].as_str().starts_with("pl-"));
    assert_eq!(environment.calls.counts()["EC2.DescribeManagedPrefixLists"], 1);
    let unknown = connection.prefix_lists(environment.aws(), &["s3", "s4"]).await.unwrap_err();
    assert!(unknown.message().contains("com.amazonaws.us-east-1.s4"), "{}", unknown.message());

    let mut s = stack();
    let main = s.add("main", vpc());
    let rule = |(service, list): (&String, &PrefixListId)| {
        tcp(443, Peer::PrefixList(list.clone().into()), service)
    };
    let egress = lists.iter().map(rule).collect();
    let group = s.add("tested", SecurityGroup { egress, ..group("tested", &main) });
    let (_, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let plan = environment.plan(&s, Goal::Up).await;
    // ministack drops such rules.
    assert_eq!(plan.is_empty(), emulator != Ministack, "{:?}", plan.step(group.address()));
}

/// The endpoint goes before what its network interfaces stand in and belong to.
pub async fn an_interface_endpoint_goes_first() {
    let server = Server::start_slow(200);
    let environment = on_moto(&server, Artifacts::default()).await;
    let case = interface_endpoint(&environment.facts);
    for goal in [Goal::Up, Goal::Destroy] {
        let (_, outcome) = environment.run(&case.stack, goal).await;
        assert!(outcome.is_complete(), "{:?}", outcome.failed);
    }
    let left = environment.aws().ec2.describe_network_interfaces().send().await.unwrap();
    assert!(left.network_interfaces().is_empty());
}

async fn on_moto(server: &Server, artifacts: Artifacts) -> Environment {
    Environment::new(server, "conformance", "test", artifacts).await
}

/// What others let in through a group, in whatever form, is seen and revoked.
///
/// On AWS the default group lets in its own members from the start.
pub async fn what_others_let_in_is_revoked() {
    let server = Server::start(Moto);
    let environment = on_moto(&server, Artifacts::default()).await;
    let ec2 = &environment.aws().ec2;
    let case = default_security_group();
    environment.run(&case.stack, Goal::Up).await;
    let state = environment.state();
    let id = state.resources[&case.address].outputs["id"].as_str().unwrap();

    let all = || IpPermission::builder().ip_protocol("-1");
    let itself = UserIdGroupPair::builder().group_id(id).description("members").build();
    let everyone = Ipv6Range::builder().cidr_ipv6("::/0").build();
    let request = ec2.authorize_security_group_ingress().group_id(id);
    let request = request.ip_permissions(all().user_id_group_pairs(itself).build());
    request.ip_permissions(all().ipv6_ranges(everyone).build()).send().await.unwrap();

    let (plan, outcome) = environment.run(&case.stack, Goal::Up).await;
    let step = plan.step(&case.address).unwrap();
    assert_eq!(step.changes.len(), 1, "{:?}", step.changes);
    assert_eq!(step.changes[0].before.as_array().unwrap().len(), 2);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let seen = ec2.describe_security_groups().group_ids(id).send().await.unwrap();
    assert!(seen.security_groups()[0].ip_permissions().is_empty());
    assert!(environment.plan(&case.stack, Goal::Up).await.is_empty());
}

/// A rule of which only the description changes stays in place. ministack has no call for it.
pub async fn a_rule_is_reworded_in_place() {
    let server = Server::start(Moto);
    let environment = on_moto(&server, Artifacts::default()).await;
    let stack = |description: &str| {
        let mut s = stack();
        let main = s.add("main", vpc());
        let rule = || rules([tcp(443, addresses("10.0.0.0/16"), description)]);
        let group =
            SecurityGroup { ingress: Some(rule()), egress: rule(), ..group("tested", &main) };
        s.add("tested", group);
        s
    };
    environment.run(&stack("before"), Goal::Up).await;
    let before = environment.calls.counts();
    let (plan, outcome) = environment.run(&stack("after"), Goal::Up).await;
    assert_eq!(plan.counts().update, 1);
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert!(environment.plan(&stack("after"), Goal::Up).await.is_empty());
    let after = environment.calls.counts();
    for call in ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupEgress"] {
        let name = format!("EC2.{call}");
        assert!(before.contains_key(&name) && before[&name] == after[&name], "{call}");
    }
}

/// The interfaces that Lambda leaves behind go with their function, and no others do.
pub async fn interfaces_go_with_their_function() {
    let server = Server::start(Moto);
    let environment = on_moto(&server, lambda::artifacts()).await;
    let mut s = stack();
    let main = s.add("main", vpc());
    let subnet = add_subnet(&mut s, &main, "private", "10.0.1.0/24");
    environment.run(&s, Goal::Up).await;
    let state = environment.state();
    let subnet = state.resources[subnet.address()].outputs["id"].as_str().unwrap();
    lambda::function(&environment.facts, &mut s);
    environment.run(&s, Goal::Up).await;

    let ec2 = &environment.aws().ec2;
    let uuid = "01234567-89ab-cdef-0123-456789abcdef";
    let mut made = Vec::new();
    for name in ["payment-processor-test", "payment-processor-test-2"] {
        let request = ec2.create_network_interface().subnet_id(subnet);
        let request = request.description(format!("AWS Lambda VPC ENI-{name}-{uuid}"));
        let interface = request.send().await.unwrap().network_interface.unwrap();
        made.push(interface.network_interface_id.unwrap());
    }
    let mut without = stack();
    let main = without.add("main", vpc());
    add_subnet(&mut without, &main, "private", "10.0.1.0/24");
    let (_, outcome) = environment.run(&without, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let left = ec2.describe_network_interfaces().send().await.unwrap();
    let left = |id: &str| {
        left.network_interfaces().iter().any(|left| left.network_interface_id() == Some(id))
    };
    assert!(!left(&made[0]) && left(&made[1]));
}
