//! Requirement 1: networks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Resource;
use crate::policy::{allows, is_fenced, is_for_everybody, name};
use crate::rule::{Rule, Said, holds, none};
use crate::subject::Of;

const GROUPS: &[&str] =
    &["ec2.security_group", "ec2.security_group_ingress", "ec2.default_security_group"];
const ACLS: &[&str] = &["ec2.network_acl", "ec2.default_network_acl"];
const ENDPOINTS: &[&str] = &["ec2.gateway_endpoint", "ec2.interface_endpoint"];
const WORLD: [&str; 2] = ["0.0.0.0/0", "::/0"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-NET-01", &["ec2.vpc"], &[], |of| {
        let logs = of.all().with("ec2.flow_log", "vpc", of.this);
        let all = logs.into_iter().any(|one| one.text("traffic") == "ALL");
        holds(all, "no flow log of all its traffic")
    }),
    Rule::of("PAY-NET-02", &["ec2.default_security_group"], &["ingress", "egress"], |of| {
        let empty = of.this.list("ingress").is_empty() && of.this.list("egress").is_empty();
        holds(empty, "the default group lets something through")
    }),
    Rule::of("PAY-NET-03", GROUPS, &["ingress", "rules"], |of| opens(of, 22)),
    Rule::of("PAY-NET-04", GROUPS, &["ingress", "rules"], |of| opens(of, 3389)),
    Rule::of("PAY-NET-05", GROUPS, &["ingress", "rules"], |of| {
        let open =
            ingress(of.this).iter().any(|rule| is_of_world(rule) && rule["protocol"] == "-1");
        holds(!open, "every port is open to the internet")
    }),
    Rule::of("PAY-NET-06", GROUPS, &["ingress", "rules"], |of| opens(of, 80)),
    Rule::of("PAY-NET-07", GROUPS, &["ingress", "rules"], database_port),
    Rule::of("PAY-NET-08", GROUPS, &["ingress", "rules"], balancer).of_systems(),
    Rule::of("PAY-NET-09", &["ec2.security_group"], &["egress"], function_egress),
    Rule::of("PAY-NET-10", GROUPS, &["ingress", "egress", "rules"], |of| {
        let all = ingress(of.this).iter().chain(of.this.list("egress"));
        let mute = all.filter(|rule| rule["description"].as_str().unwrap_or_default().is_empty());
        let count = mute.count();
        holds(count == 0, format!("{count} of its rules say nothing of what they are for"))
    }),
    Rule::of("PAY-NET-11", GROUPS, &["ingress", "rules"], |of| {
        let wide = ingress(of.this).iter().find_map(|rule| {
            let cidr = rule["peer"]["cidr"].as_str()?;
            let bits: u32 = cidr.rsplit_once('/')?.1.parse().ok()?;
            let only_tls = rule["from_port"] == json!(443) && rule["to_port"] == json!(443);
            (!is_private(cidr) && bits < 24 && !only_tls).then_some(cidr)
        });
        none(wide, "may come in: a wide range of public addresses")
    }),
    Rule::of("PAY-NET-12", ACLS, &["ingress"], |of| {
        let open = [22, 3389].into_iter().find(|port| acl_lets_in(of.this, *port));
        none(open, "comes in from the internet")
    }),
    Rule::of("PAY-NET-13", ACLS, &["ingress"], |of| {
        let open = of.this.list("ingress").iter().any(|entry| {
            entry["allow"] == json!(true)
                && WORLD.iter().any(|world| entry["cidr"] == *world)
                && entry["protocol"] == "-1"
        });
        holds(!open, "every port comes in from the internet")
    }),
    Rule::of("PAY-NET-14", ACLS, &["vpc"], |of| {
        let used =
            of.this.kind() == "ec2.default_network_acl" || !of.this.list("subnets").is_empty();
        holds(used, "no subnet uses it")
    }),
    Rule::of("PAY-NET-15", &["ec2.subnet"], &["public"], |of| {
        holds(!of.this.is("public"), "what starts in it gets a public address")
    }),
    Rule::of("PAY-NET-16", &["ec2.vpc"], &[], |of| {
        // Public subnets hold NAT gateways and nothing else: there are as many as were asked for.
        let all = of.all().with("ec2.subnet", "vpc", of.this);
        let subnets: Vec<_> = all.filter(|one| !one.name().starts_with("public")).collect();
        let short = subnets.iter().map(|one| tier(one)).find(|name| {
            let zones: BTreeSet<&str> = subnets
                .iter()
                .filter(|one| tier(one) == *name)
                .map(|one| one.text("zone"))
                .collect();
            zones.len() < 3
        });
        none(short, "subnets are in fewer than three zones")
    })
    .of_systems(),
    Rule::of("PAY-NET-17", &["ec2.route_table"], &[], route_table),
    Rule::of("PAY-NET-18", &["ec2.vpc"], &[], |of| {
        let endpoints: Vec<_> = of.all().with("ec2.gateway_endpoint", "vpc", of.this).collect();
        let lacks = [".s3", ".dynamodb"]
            .into_iter()
            .find(|name| !endpoints.iter().any(|one| one.text("service").ends_with(name)));
        none(lacks, "has no gateway endpoint")
    })
    .of_systems(),
    Rule::of("PAY-NET-19", &["ec2.vpc"], &[], |of| {
        let mut endpoints = of.all().with("ec2.interface_endpoint", "vpc", of.this);
        let found =
            endpoints.any(|one| one.text("service").ends_with(".logs") && one.is("private_dns"));
        holds(found, "no endpoint of CloudWatch Logs answers under its usual name")
    })
    .of_systems(),
    Rule::of("PAY-NET-20", &["ec2.vpc"], &[], |of| {
        let mut endpoints = of.all().with("ec2.interface_endpoint", "vpc", of.this);
        holds(
            endpoints.any(|one| one.text("service").ends_with(".ec2")),
            "no endpoint of EC2's API",
        )
    }),
    Rule::of("PAY-NET-21", ENDPOINTS, &["policy"], |of| {
        if !of.this.has("policy") {
            return Said::Fail(
                "its policy lets everybody do everything, as AWS makes one".to_owned(),
            );
        }
        let open =
            allows(of.this.get("policy")).find(|one| is_for_everybody(one) && !is_fenced(one));
        none(open.map(name), "is for everybody")
    }),
    Rule::of("PAY-NET-22", &["ec2.interface_endpoint"], &["subnets"], |of| {
        holds(of.this.list("subnets").len() >= 2, "it is in one zone only")
    }),
    Rule::asks("PAY-NET-23", "instances are started by the group: ec2:DescribeInstances tells"),
    Rule::of("PAY-NET-24", &["ec2.internet_gateway"], &[], |of| {
        let all = of.all().with("ec2.internet_gateway_attachment", "gateway", of.this);
        let vpcs = all.filter(|one| of.all().target("ec2.vpc", one.get("vpc")).is_some()).count();
        holds(vpcs == 1, format!("it is attached to {vpcs} VPCs of the stack"))
    }),
];

/// What a subnet is for, as its name tells: `private` of `private-1`.
fn tier(subnet: &Resource) -> &str {
    subnet.name().rsplit_once('-').map_or("", |(tier, _)| tier)
}

/// The rules for what comes in, of a group or beside it.
fn ingress(group: &Resource) -> &[Value] {
    if group.kind() == "ec2.security_group_ingress" {
        group.list("rules")
    } else {
        group.list("ingress")
    }
}

fn is_of_world(rule: &Value) -> bool {
    WORLD.iter().any(|world| rule["peer"]["cidr"] == *world)
}

fn covers(rule: &Value, port: i64) -> bool {
    let end = |name: &str| rule[name].as_i64();
    rule["protocol"] == "-1"
        || end("from_port").is_some_and(|from| from <= port)
            && end("to_port").is_some_and(|to| port <= to)
}

fn opens(of: &Of<'_>, port: i64) -> Said {
    let open = ingress(of.this).iter().any(|rule| is_of_world(rule) && covers(rule, port));
    holds(!open, format!("port {port} is open to the internet"))
}

fn is_private(cidr: &str) -> bool {
    let mut parts = cidr.split(['.', '/']).filter_map(|part| part.parse::<u8>().ok());
    match (parts.next(), parts.next()) {
        (Some(10), _) | (Some(192), Some(168)) => true,
        (Some(172), Some(second)) => (16..32).contains(&second),
        _ => false,
    }
}

/// The group that a group or the rules beside it belong to.
fn group_of<'a>(of: &Of<'a>) -> Option<&'a Resource> {
    match of.this.kind() {
        "ec2.security_group_ingress" => of.all().target("ec2.security_group", of.this.get("group")),
        _ => Some(of.this),
    }
}

/// Whether one of a kind has the group among its groups.
fn serves<'a>(of: &Of<'a>, kind: &'a str) -> Option<&'a Resource> {
    let group = group_of(of)?;
    let mut all = of.all().of(kind);
    all.find(|one| one.list("security_groups").iter().any(|item| of.all().is(item, group)))
}

fn database_port(of: &Of<'_>) -> Said {
    let Some(cluster) = serves(of, "rds.cluster") else { return Said::Skip };
    let port = cluster.number("port").unwrap_or(5432);
    let mut open = ingress(of.this).iter().filter(|rule| covers(rule, port));
    holds(
        open.all(|rule| !rule["peer"]["group"].is_null()),
        "the database can be reached by addresses, and not by groups alone",
    )
}

fn balancer(of: &Of<'_>) -> Said {
    let Some(balancer) = serves(of, "elbv2.load_balancer") else { return Said::Skip };
    if balancer.text("scheme") != "internal" {
        return Said::Skip;
    }
    let open = ingress(of.this).iter().find(|rule| {
        let cidr = rule["peer"]["cidr"].as_str();
        cidr.is_some_and(|cidr| !is_private(cidr))
    });
    holds(open.is_none(), "more than the network can reach the load balancer")
}

fn function_egress(of: &Of<'_>) -> Said {
    if serves(of, "lambda.function").is_none() {
        return Said::Skip;
    }
    let wide = of.this.list("egress").iter().find(|rule| {
        let tls = rule["protocol"] == "tcp"
            && rule["from_port"] == json!(443)
            && rule["to_port"] == json!(443);
        let to_a_group = rule["protocol"] == "tcp" && !rule["peer"]["group"].is_null();
        !tls && !to_a_group
    });
    holds(wide.is_none(), "its functions may go out by more than TLS")
}

/// Whether a list of a network lets a port in from the internet: the first entry that fits decides.
fn acl_lets_in(acl: &Resource, port: i64) -> bool {
    let mut entries: Vec<&Value> = acl.list("ingress").iter().collect();
    entries.sort_by_key(|entry| entry["number"].as_i64());
    let fits = |entry: &&&Value| {
        let ports = &entry["ports"];
        let has = |index: usize| ports[index].as_i64();
        let covered = ports.is_null()
            || has(0).is_some_and(|from| from <= port) && has(1).is_some_and(|to| port <= to);
        let protocol = &entry["protocol"];
        covered
            && (protocol == "-1" || protocol == "6" || protocol == "tcp")
            && WORLD.iter().any(|world| entry["cidr"] == *world)
    };
    entries.iter().find(fits).is_some_and(|entry| entry["allow"] == json!(true))
}

/// Whose subnets are named private or for databases has no way in from the internet.
fn route_table(of: &Of<'_>) -> Said {
    let associations = of.all().with("ec2.route_table_association", "table", of.this);
    let subnets = associations.filter_map(|one| of.all().target("ec2.subnet", one.get("subnet")));
    let mut tiers: Vec<&str> = subnets.map(Resource::name).collect();
    tiers.sort_unstable();
    let routes: Vec<_> = of.all().with("ec2.route", "table", of.this).collect();
    let to_internet = routes.iter().any(|one| !one.get("target")["internet_gateway"].is_null());
    let anywhere = routes.iter().any(|one| WORLD.contains(&one.text("destination")));
    let hidden = tiers.iter().any(|one| one.starts_with("private") || one.starts_with("database"));
    let database = tiers.iter().any(|one| one.starts_with("database"));
    if tiers.is_empty() {
        return Said::Skip;
    }
    if hidden && to_internet {
        return Said::Fail("a private subnet's table leads to the internet gateway".to_owned());
    }
    holds(!(database && anywhere), "the databases' table leads out of the network")
}
