//! A function with its log group and its role and, in a VPC, its security group.

use std::collections::BTreeMap;

use payctl_aws::ec2::{Peer, Rule, SecurityGroup, SecurityGroupId, SubnetId, VpcId, VpcRef};
use payctl_aws::iam::{ManagedPolicy, Role};
use payctl_aws::lambda::{self, FunctionRef};
use payctl_aws::logs::LogGroupRef;
use payctl_aws::{Architecture, Arn, CodeSha256, Policy, Set, Statement};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::may::May;
use super::part::{self, Part, PartContext};
use super::{logs, network, role};
use crate::Context;

/// A function with its role and its log group and, in a VPC, its security group. It may do what is said
/// here, write its log, and read its environment, which is encrypted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Function {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    pub name: Option<String>,
    /// The handler it runs: DIR/NAME/bootstrap, DIR being what `--handlers` says.
    pub handler: Option<String>,
    /// A zip with a `bootstrap` in it, by its path from the document's folder.
    pub zip: Option<String>,
    /// What it is for.
    pub description: String,
    /// Its memory, which its share of a processor follows.
    #[schemars(range(min = 128, max = 10_240))]
    pub memory_mb: u32,
    /// After how long it is stopped.
    #[schemars(range(min = 1, max = 900))]
    pub timeout_s: u32,
    /// The processors it runs on; those of this machine in the sandbox.
    pub architecture: Option<Architecture>,
    /// Its variables.
    pub environment: BTreeMap<String, Input<String>>,
    /// What it may do.
    pub may: Vec<May>,
    /// Statements of its role's policy besides, as IAM writes them: one that is called like one that is
    /// there anyway (`NetworkInterfaces`, `Logs`, `Trace`, `FailedEvents`) takes its place.
    pub statements: Vec<Statement>,
    /// What descriptions call it, such as `payment processor`; `function NAME` where nothing is said.
    pub called: Option<String>,
    /// What its role is called in AWS, without the suffix; as the function where nothing is said.
    pub role_name: Option<String>,
    /// What its role is for.
    pub role_description: Option<String>,
    /// A managed policy that says what it may do, in place of one within its role.
    pub policy: Option<PolicySpec>,
    /// What its security group is called in AWS, without the suffix; as the function where nothing is said.
    pub group_name: Option<String>,
    /// The VPC that it is in; its subnets are needed as well.
    pub vpc: Option<Input<VpcId>>,
    /// The subnets that it is in.
    pub subnets: Vec<Input<SubnetId>>,
    /// The ids of the security groups that it is in, where it has none of its own.
    pub groups: Vec<Input<SecurityGroupId>>,
    /// What it connects to within the VPC. To the outside it may use TLS in any case.
    pub reaches: Vec<Destination>,
    /// How many may run at once, of those that the account has.
    #[schemars(range(min = 1))]
    pub reserved_concurrency: Option<u32>,
    /// How long its log is kept.
    pub log_retention_days: u32,
    /// Whether X-Ray samples its calls.
    pub tracing: bool,
    /// The ARN of a queue of events that it failed at as often as they were tried.
    pub failed: Option<Input<Arn>>,
    /// The ARN of the key that encrypts its environment and its log; the stack's key where nothing is
    /// said.
    pub key: Option<Input<Arn>>,
    /// The ARN of the key that encrypts its log, where that is another.
    pub log_key: Option<Input<Arn>>,
}

/// A managed policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PolicySpec {
    /// What it is called in AWS, without the suffix.
    pub name: String,
    /// What it is for.
    pub description: String,
}

/// What a function connects to.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Destination {
    /// The id of the security group of what listens there, which has to let it in.
    pub group: Input<SecurityGroupId>,
    /// Where that listens, by TCP.
    pub port: u16,
}

impl Default for Function {
    fn default() -> Self {
        Self {
            name: None,
            handler: None,
            zip: None,
            description: String::new(),
            memory_mb: 256,
            timeout_s: 30,
            architecture: None,
            environment: BTreeMap::new(),
            may: Vec::new(),
            statements: Vec::new(),
            called: None,
            role_name: None,
            role_description: None,
            policy: None,
            group_name: None,
            vpc: None,
            subnets: Vec::new(),
            groups: Vec::new(),
            reaches: Vec::new(),
            reserved_concurrency: None,
            log_retention_days: 30,
            tracing: false,
            failed: None,
            key: None,
            log_key: None,
        }
    }
}

impl Part for Function {
    const NAME: &'static str = "function";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("lambda.function", "NAME"),
        ("iam.role", "NAME"),
        ("logs.group", "NAME"),
        ("iam.policy", "NAME, with `policy`"),
        ("ec2.security_group", "NAME, in a VPC, without `groups`"),
    ];
    type Made = FunctionRef;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<FunctionRef, String> {
        let context = part.context;
        let code = self.code(context)?;
        if self.vpc.is_some() == self.subnets.is_empty() {
            return Err("takes `vpc` and `subnets` together, or neither".to_owned());
        }
        if self.vpc.is_none() && !(self.reaches.is_empty() && self.groups.is_empty()) {
            return Err(
                "is in no VPC in which it `reaches` anything or has `groups`: say `vpc` and \
                        `subnets`"
                    .to_owned(),
            );
        }
        if !self.groups.is_empty() && (!self.reaches.is_empty() || self.group_name.is_some()) {
            return Err("takes no `reaches` or `group_name` beside `groups`, which say what it \
                        connects to"
                .to_owned());
        }
        logs::check_retention(self.log_retention_days)?;
        self.may.iter().try_for_each(May::check)?;
        self.environment.keys().try_for_each(|name| check_variable(name))?;
        let base = part::base(self.name.clone(), logical);
        let name = context.name(&base);
        let called = self.called.clone().unwrap_or_else(|| format!("function {base}"));
        let key = part.key(self.key.clone())?;
        let group = format!("/aws/lambda/{name}");
        let log_key = self.log_key.clone().unwrap_or_else(|| key.clone());
        let group = logs::group(context, group, self.log_retention_days, log_key);
        let group = stack.add(logical, group);
        let own_group = self.vpc.as_ref().filter(|_| self.groups.is_empty());
        let own_group = own_group.map(|vpc| {
            let description = format!("The {called}: TLS to the outside, nothing from there");
            let name = context.name(self.group_name.as_ref().unwrap_or(&base));
            let out = network::tls(Peer::Cidr(network::ANYWHERE.into()), "TLS to AWS services");
            let reaches = self.reaches.iter().map(Destination::rule);
            let egress = [out].into_iter().chain(reaches).collect();
            let group = SecurityGroup {
                description,
                vpc: vpc.clone(),
                ingress: Some(Set::new()),
                egress,
                tags: context.tags(&name),
                name,
            };
            stack.add(logical, group).id()
        });
        let statements = self.statements(&group, &key);
        let may = format!("What the {called} may do");
        let description = self.role_description.as_ref().unwrap_or(&may);
        let trust = role::trust("lambda.amazonaws.com");
        let role_name = self.role_name.as_ref().unwrap_or(&base);
        let role = match &self.policy {
            None => role::of_service(context, role_name, description, trust, statements),
            Some(PolicySpec { name, description: what }) => {
                let name = context.name(name);
                let policy = ManagedPolicy {
                    path: "/".to_owned(),
                    description: what.clone(),
                    document: Policy::new(statements),
                    tags: context.tags(&name),
                    name,
                };
                let policy = stack.add(logical, policy);
                Role {
                    inline: BTreeMap::new(),
                    managed: [policy.arn()].into_iter().collect(),
                    ..role::of_service(context, role_name, description, trust, [])
                }
            }
        };
        let role = stack.add(logical, role);
        Ok(stack.add(
            logical,
            lambda::Function {
                description: self.description,
                code,
                architecture: self.architecture.unwrap_or(part.architecture),
                memory_mb: self.memory_mb,
                timeout_s: self.timeout_s,
                reserved_concurrency: self.reserved_concurrency,
                subnets: self.subnets.into_iter().collect(),
                security_groups: self.groups.into_iter().chain(own_group).collect(),
                environment: self.environment,
                tracing: if self.tracing { "Active" } else { "PassThrough" }.to_owned(),
                dead_letters: self.failed,
                tags: context.tags(&name),
                ..bootstrap(name, role.arn(), key, group.name())
            },
        ))
    }
}

impl Function {
    fn code(&self, context: &Context<'_>) -> Result<CodeSha256, String> {
        match (&self.handler, &self.zip) {
            (Some(handler), None) => Ok(context.code(handler)),
            (None, Some(path)) => Ok(context.code(&format!("zip:{path}"))),
            _ => Err("needs its code: `handler`, or `zip`, and not both".to_owned()),
        }
    }

    fn statements(&self, group: &LogGroupRef, key: &Input<Arn>) -> Vec<Statement> {
        let may = self.may.iter().enumerate().map(|(nth, may)| may.statement(nth + 1));
        let mut all: Vec<Statement> = self.statements.iter().cloned().chain(may).collect();
        if !all.iter().any(|one| one.allows("kms:Decrypt", key)) {
            all.push(role::environment(key));
        }
        // Lambda leaves it there as the function's role (its guide, invocation-async-retain-records).
        let failed = self.failed.as_ref().map(|failed| {
            Statement::allow("FailedEvents", &["sqs:SendMessage"]).on([failed.clone()])
        });
        let own = [
            self.vpc.as_ref().map(|_| role::network_interfaces()),
            Some(role::write_logs(group)),
            self.tracing.then(role::trace),
            failed,
        ];
        for one in own.into_iter().flatten() {
            if all.iter().all(|given| given.sid() != one.sid()) {
                all.push(one);
            }
        }
        all
    }
}

/// Whether Lambda takes a variable of that name (its model, `EnvironmentVariableName`; its guide,
/// "Defined runtime environment variables", which are reserved).
fn check_variable(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(fits);
    if !is_name {
        return Err(format!(
            "has a variable {name:?} in `environment`: a name has letters, digits and `_`, two at least, \
             and begins with a letter"
        ));
    }
    match name.starts_with("AWS_LAMBDA_") || ["AWS_REGION", "AWS_DEFAULT_REGION"].contains(&name) {
        true => Err(format!("has a variable {name} in `environment`, which Lambda sets itself")),
        false => Ok(()),
    }
}

impl Destination {
    fn rule(&self) -> Rule {
        Rule {
            protocol: "tcp".to_owned(),
            from_port: Some(self.port),
            to_port: Some(self.port),
            peer: Peer::Group(self.group.clone()),
            description: format!("Port {} within the VPC", self.port),
        }
    }
}

/// A `bootstrap` of one's own, as which nothing is said besides.
fn bootstrap(
    name: String,
    role: Input<Arn>,
    key: Input<Arn>,
    log_group: Input<payctl_aws::logs::LogGroupName>,
) -> lambda::Function {
    lambda::Function {
        name,
        description: String::new(),
        code: CodeSha256::from(""),
        architecture: Architecture::X86_64,
        runtime: "provided.al2023".to_owned(),
        handler: "bootstrap".to_owned(),
        layers: Vec::new(),
        ephemeral_storage_mb: 512,
        role,
        memory_mb: 256,
        timeout_s: 30,
        reserved_concurrency: None,
        subnets: Set::new(),
        security_groups: Set::new(),
        environment: BTreeMap::new(),
        kms_key: Some(key),
        log_group,
        tracing: "PassThrough".to_owned(),
        dead_letters: None,
        tags: BTreeMap::new(),
    }
}

/// The security group `name` with these rules.
pub(crate) fn security_group(
    context: &Context<'_>,
    vpc: &VpcRef,
    name: &str,
    description: &str,
    ingress: Option<Set<Rule>>,
    egress: impl IntoIterator<Item = Rule>,
) -> SecurityGroup {
    let name = context.name(name);
    SecurityGroup {
        description: description.to_owned(),
        vpc: vpc.id(),
        ingress,
        egress: egress.into_iter().collect(),
        tags: context.tags(&name),
        name,
    }
}
