//! Instances and what starts them.

use super::account;
use super::secret_scan::has_secret;
use crate::rule::{Rule, Said, holds};

const TEMPLATE: &[&str] = &["ec2.launch_template"];

pub(super) const RULES: &[Rule] = &[
    Rule::of("PAY-CMP-01", TEMPLATE, &["metadata"], |of| {
        let metadata = of.this.get("metadata");
        let near = metadata["hops"].as_i64().is_some_and(|hops| hops <= 2);
        holds(
            metadata["tokens"] == "required" && near,
            "metadata are told without a session's token",
        )
    }),
    // A kind's template never asks for a public address: the subnet says it, of which PAY-NET-15 is.
    Rule::of("PAY-CMP-02", TEMPLATE, &["public_address"], |of| {
        holds(!of.this.is("public_address"), "instances get a public address")
    }),
    Rule::of("PAY-CMP-03", TEMPLATE, &[], |of| {
        holds(
            !has_secret(of.this.text("user_data")),
            "what instances run at their start holds a secret",
        )
    }),
    Rule::asks("PAY-CMP-04", "instances are started by the group: ec2:DescribeInstances tells"),
    Rule::of("PAY-CMP-05", TEMPLATE, &["profile", "key_name"], |of| {
        holds(of.this.has("profile") && !of.this.has("key_name"), "no role, or somebody's key pair")
    }),
    Rule::of("PAY-CMP-06", TEMPLATE, &["monitoring"], |of| {
        holds(of.this.is("monitoring"), "instances report every five minutes only")
    }),
    Rule::of("PAY-CMP-07", TEMPLATE, &["disk"], |of| {
        let disk = of.this.get("disk");
        holds(disk["encrypted"] == true, "the disk is not said to be encrypted")
    }),
    account::EBS_ENCRYPTION,
    Rule::of("PAY-CMP-09", &["autoscaling.group"], &["subnets"], |of| {
        match of.all().zones(of.this.list("subnets")) {
            Some(zones) => holds(zones.len() >= 2, "all of its instances are in one zone"),
            None => Said::Unknown("the zones of its subnets are not known".to_owned()),
        }
    }),
    Rule::of("PAY-CMP-10", &["autoscaling.group"], &["launch_template"], |of| {
        holds(of.this.has("launch_template"), "no launch template")
    }),
];
