//! A function with its role, its log group and, in a VPC, its security group.

use std::collections::BTreeMap;

use payctl_engine::Input;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::part::{Made, Part};

/// A function with its role, its log group and, in a VPC, its security group.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Function {
    /// The handler it runs: DIR/NAME/bootstrap, DIR being what `--handlers` says.
    #[serde(default)]
    handler: Option<String>,
    /// A zip with a `bootstrap` in it, by its path from the document's folder.
    #[serde(default)]
    zip: Option<String>,
    #[serde(default)]
    description: String,
    /// Its memory, which its share of a processor follows.
    #[serde(default = "memory_mb")]
    memory_mb: u32,
    /// After how long it is stopped.
    #[serde(default = "timeout_s")]
    timeout_s: u32,
    /// The processors it runs on, `x86_64` or `arm64`; those of this machine in the sandbox.
    #[serde(default)]
    architecture: Option<String>,
    /// Its variables.
    #[serde(default)]
    environment: BTreeMap<String, Input<String>>,
    /// What it may do.
    #[serde(default)]
    may: Vec<May>,
    /// The VPC that it is in; its subnets are needed as well.
    #[serde(default)]
    vpc: Option<Input<String>>,
    /// The subnets that it is in.
    #[serde(default)]
    subnets: Vec<Input<String>>,
    /// How many may run at once, of those that the account has.
    #[serde(default)]
    reserved_concurrency: Option<u32>,
    /// How long its log is kept.
    #[serde(default = "log_retention_days")]
    log_retention_days: u32,
    /// The ARN of a queue of events that it failed at as often as they were tried.
    #[serde(default)]
    failed: Option<Input<String>>,
}

/// One permission.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct May {
    /// Actions, such as `sqs:SendMessage`.
    #[serde(rename = "do")]
    actions: Vec<String>,
    /// The ARNs that they are about: one, or a list of them.
    on: On,
    /// Conditions, as IAM writes them.
    #[serde(default)]
    when: Option<BTreeMap<String, Json>>,
}

/// What a permission is about.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum On {
    Several(Vec<Input<String>>),
    One(Input<String>),
}

fn memory_mb() -> u32 {
    256
}

fn timeout_s() -> u32 {
    30
}

fn log_retention_days() -> u32 {
    30
}

impl Function {
    fn statements(&self, own: &str) -> Vec<Json> {
        let allow = |sid: &str, actions: Json, on: Json| json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": on });
        let logs = json!(["logs:CreateLogStream", "logs:PutLogEvents"]);
        let mut all = vec![
            allow("Logs", logs, json!(format!("${{logs.group:{own}.arn}}:*"))),
            // The grant that Lambda makes for the environment goes with a role (decision 25).
            allow("Environment", json!("kms:Decrypt"), json!("${key.arn}")),
        ];
        if self.vpc.is_some() {
            // Lambda checks these before any interface exists: EC2 allows nothing narrower.
            let actions = [
                "ec2:CreateNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:DeleteNetworkInterface",
                "ec2:AssignPrivateIpAddresses",
                "ec2:UnassignPrivateIpAddresses",
            ];
            all.push(allow("NetworkInterfaces", json!(actions), json!("*")));
        }
        if let Some(failed) = &self.failed {
            all.push(allow("FailedEvents", json!("sqs:SendMessage"), json!(failed)));
        }
        for (nth, may) in self.may.iter().enumerate() {
            let mut statement =
                allow(&format!("May{}", nth + 1), json!(may.actions), json!(may.on));
            if let Some(when) = &may.when {
                statement["Condition"] = json!(when);
            }
            all.push(statement);
        }
        all
    }
}

impl Part for Function {
    fn resources(self, own: &str) -> Result<Made, String> {
        let code = match (&self.handler, &self.zip) {
            (Some(handler), None) => format!("${{handler.{handler}}}"),
            (None, Some(zip)) => format!("${{zip:{zip}}}"),
            _ => return Err("needs its code: `handler`, or `zip`, and not both".to_owned()),
        };
        if self.vpc.is_some() == self.subnets.is_empty() {
            return Err("takes `vpc` and `subnets` together, or neither".to_owned());
        }
        let logical = |kind| (kind, own.to_owned());
        let mut all = Vec::new();
        let mut add = |(kind, name): (&'static str, String), properties: Json| {
            all.push((kind, name, properties));
        };
        add(
            logical("logs.group"),
            json!({ "name": "/aws/lambda/${name}", "retention_days": self.log_retention_days }),
        );
        let mut groups = Vec::new();
        if let Some(vpc) = &self.vpc {
            groups.push(format!("${{ec2.security_group:{own}.id}}"));
            let tls = json!({
                "protocol": "tcp", "from_port": 443, "to_port": 443,
                "peer": { "cidr": "0.0.0.0/0" }, "description": "TLS to AWS services",
            });
            add(
                logical("ec2.security_group"),
                json!({
                    "description": format!("The function {own}: TLS to the outside, nothing from there"),
                    "vpc": vpc, "ingress": [], "egress": [tls],
                }),
            );
        }
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Trust", "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": { "Service": "lambda.amazonaws.com" },
            }],
        });
        let may = json!({ "Version": "2012-10-17", "Statement": self.statements(own) });
        add(
            logical("iam.role"),
            json!({
                "description": format!("What the function {own} may do"),
                "trust": trust, "inline": { "permissions": may },
            }),
        );
        let mut function = json!({
            "description": self.description,
            "code": code,
            "role": format!("${{iam.role:{own}.arn}}"),
            "log_group": format!("${{logs.group:{own}.name}}"),
            "memory_mb": self.memory_mb,
            "timeout_s": self.timeout_s,
            "environment": self.environment,
            "subnets": self.subnets,
            "security_groups": groups,
        });
        let optional = [
            ("architecture", self.architecture.map(Json::from)),
            ("reserved_concurrency", self.reserved_concurrency.map(Json::from)),
            ("dead_letters", self.failed.map(|failed| json!(failed))),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                function[name] = value;
            }
        }
        add(logical("lambda.function"), function);
        Ok(all)
    }
}
