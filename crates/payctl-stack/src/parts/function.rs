//! A function with its log group and its role and, in a VPC, its security group.

use std::collections::BTreeMap;

use payctl_aws::ec2::{
    Peer, Rule, SecurityGroup, SecurityGroupId, SecurityGroupRef, SubnetId, SubnetRef, VpcId,
    VpcRef,
};
use payctl_aws::iam::RoleRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::{self, FunctionRef};
use payctl_aws::logs::LogGroupRef;
use payctl_aws::sqs::QueueRef;
use payctl_aws::{Architecture, Arn, CodeSha256, Set, Statement};
use payctl_engine::{Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::part::{self, Part, PartContext};
use super::{logs, network, role};
use crate::Context;
use crate::settings::Posture;

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
    /// What its security group is called in AWS, without the suffix; as the function where nothing is said.
    pub group_name: Option<String>,
    /// The VPC that it is in; its subnets are needed as well.
    pub vpc: Option<Input<VpcId>>,
    /// The subnets that it is in.
    pub subnets: Vec<Input<SubnetId>>,
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
}

/// One permission.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct May {
    /// Actions, such as `sqs:SendMessage`.
    #[serde(rename = "do")]
    pub actions: Vec<String>,
    /// The ARNs that they are about: one, or a list of them.
    pub on: On,
    /// Conditions, as IAM writes them.
    #[serde(default)]
    pub when: BTreeMap<String, BTreeMap<String, Value>>,
}

/// What a permission is about.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum On {
    /// Several ARNs.
    Several(Vec<Input<String>>),
    /// One.
    One(Input<String>),
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
            group_name: None,
            vpc: None,
            subnets: Vec::new(),
            reaches: Vec::new(),
            reserved_concurrency: None,
            log_retention_days: 30,
            tracing: false,
            failed: None,
            key: None,
        }
    }
}

impl Part for Function {
    const NAME: &'static str = "function";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("lambda.function", "NAME"),
        ("iam.role", "NAME"),
        ("logs.group", "NAME"),
        ("ec2.security_group", "NAME, in a VPC"),
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
        if self.vpc.is_none() && !self.reaches.is_empty() {
            return Err(
                "is in no VPC in which it `reaches` anything: say `vpc` and `subnets`".to_owned()
            );
        }
        logs::check_retention(self.log_retention_days)?;
        self.may.iter().try_for_each(May::check)?;
        self.environment.keys().try_for_each(|name| check_variable(name))?;
        let base = part::base(self.name.clone(), logical);
        let name = context.name(&base);
        let called = self.called.clone().unwrap_or_else(|| format!("function {base}"));
        let key = part.key(self.key.clone())?;
        let group = format!("/aws/lambda/{name}");
        let group = logs::group(context, group, self.log_retention_days, key.clone());
        let group = stack.add(logical, group);
        let security_group = self.vpc.as_ref().map(|vpc| {
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
            stack.add(logical, group)
        });
        let statements = self.statements(&group, &key);
        let description = format!("What the {called} may do");
        let trust = role::trust("lambda.amazonaws.com");
        let role_name = self.role_name.as_ref().unwrap_or(&base);
        let role = role::of_service(context, role_name, &description, trust, statements);
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
                security_groups: security_group.iter().map(SecurityGroupRef::id).collect(),
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

impl May {
    /// Whether IAM takes it, which is asked only when half of the stack is there (its guide, "Grammar of
    /// the IAM JSON policy language").
    fn check(&self) -> Result<(), String> {
        let is_action = |action: &str| {
            let service = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            let name = |c: char| c.is_ascii_alphanumeric() || "*?".contains(c);
            action == "*"
                || action.split_once(':').is_some_and(|(of, what)| {
                    !of.is_empty()
                        && of.chars().all(service)
                        && !what.is_empty()
                        && what.chars().all(name)
                })
        };
        let on = match &self.on {
            On::Several(all) => all.as_slice(),
            On::One(one) => std::slice::from_ref(one),
        };
        let lacks =
            if self.actions.is_empty() { Some("do") } else { on.is_empty().then_some("on") };
        if let Some(lacks) = lacks {
            return Err(format!("has something in `may` with nothing in `{lacks}`"));
        }
        if let Some(action) = self.actions.iter().find(|action| !is_action(action)) {
            return Err(format!(
                "has an action {action:?} in `may`: one is called like `sqs:SendMessage`"
            ));
        }
        for one in on {
            if let Input::Known(text) = one
                && text != "*"
                && !text.starts_with("arn:")
            {
                return Err(format!("has something in `may` on {text:?}, which is no ARN"));
            }
        }
        Ok(())
    }

    fn statement(&self, number: usize) -> Statement {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        let statement = Statement::allow(&format!("May{number}"), &actions);
        let statement = match &self.on {
            On::Several(all) => statement.on(all.iter().cloned()),
            On::One(one) => statement.on([one.clone()]),
        };
        let conditions = self.when.iter().flat_map(|(operator, keys)| {
            keys.iter().map(move |(key, value)| (operator, key, value))
        });
        conditions.fold(statement, |all, (operator, key, value)| all.when(operator, key, value))
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

/// What differs from one function to the next.
pub(crate) struct FunctionSpec<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    /// The handler it runs.
    pub(crate) handler: &'a str,
    pub(crate) architecture: Architecture,
    pub(crate) memory_mb: u32,
    pub(crate) timeout_s: u32,
    /// How many may run at once; 0 sets no limit, or with `strict` that of [`Posture`].
    pub(crate) reserved_concurrency: u32,
    pub(crate) posture: Posture,
    pub(crate) subnets: &'a [SubnetRef],
    pub(crate) security_group: &'a SecurityGroupRef,
    pub(crate) role: &'a RoleRef,
    pub(crate) log_group: &'a LogGroupRef,
    /// What its environment is encrypted with.
    pub(crate) key: &'a KeyRef,
    pub(crate) environment: BTreeMap<String, Input<String>>,
    /// The queue of what it fails at.
    pub(crate) failed: Option<&'a QueueRef>,
}

/// The function, under its name without the suffix.
pub(crate) fn in_vpc(
    stack: &mut Stack,
    context: &Context<'_>,
    wanted: FunctionSpec<'_>,
) -> FunctionRef {
    let name = context.name(wanted.name);
    stack.add(
        wanted.name,
        lambda::Function {
            description: wanted.description.to_owned(),
            code: context.code(wanted.handler),
            architecture: wanted.architecture,
            memory_mb: wanted.memory_mb,
            timeout_s: wanted.timeout_s,
            reserved_concurrency: wanted.posture.reserved_concurrency(wanted.reserved_concurrency),
            subnets: wanted.subnets.iter().map(SubnetRef::id).collect(),
            security_groups: [wanted.security_group.id()].into_iter().collect(),
            environment: wanted.environment,
            tracing: match wanted.posture {
                Posture::Standard => "PassThrough".to_owned(),
                Posture::Strict => "Active".to_owned(),
            },
            dead_letters: wanted.failed.map(QueueRef::arn),
            tags: context.tags(&name),
            ..bootstrap(name, wanted.role.arn(), wanted.key.arn(), wanted.log_group.name())
        },
    )
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
