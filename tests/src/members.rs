//! What requests carry: the members of every call that a kind makes while it creates or changes
//! something, with the values that were sent.
//!
//! The SDK shows each operation's input before it writes it, whatever the protocol: the members are
//! read off that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use futures::FutureExt as _;
use payctl_aws::Aws;
use payctl_engine::{Address, Answer, Bound, Call, Changed, Dependent, Kinds, Provider, Readiness};
use serde_json::{Map, Value};

tokio::task_local! {
    /// Whose `create` or `converge` is under way, and what it is told has changed.
    static UNDER_WAY: (Address, Option<Changed>);
}

/// A call that was made to create or change something.
#[derive(Clone, Debug)]
pub struct Sent {
    pub address: Address,
    pub operation: String,
    /// What was told as changed, where it is one property alone.
    pub changed: Option<String>,
    /// The values of each member, such as `vpc_config.subnet_ids`.
    pub members: BTreeMap<String, BTreeSet<String>>,
}

/// The calls of kinds that create or change something.
#[derive(Clone, Debug, Default)]
pub struct Members(Arc<Mutex<Vec<Sent>>>);

impl Members {
    /// What those of `kind` sent so far.
    pub fn of(&self, kind: &str) -> Vec<Sent> {
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter().filter(|call| call.address.kind() == kind).cloned().collect()
    }

    /// The same clients, of which each call is looked at.
    pub fn of_calls(&self, mut aws: Aws) -> Aws {
        macro_rules! look_at {
            ($($field:ident: $service:ident),* $(,)?) => {
                $({
                    let config = aws.$field.config().to_builder().interceptor(self.clone());
                    aws.$field = $service::Client::from_conf(config.build());
                })*
            };
        }
        look_at! {
            acm: aws_sdk_acm,
            apigateway: aws_sdk_apigateway,
            apigatewayv2: aws_sdk_apigatewayv2,
            autoscaling: aws_sdk_autoscaling,
            cloudtrail: aws_sdk_cloudtrail,
            cloudwatch: aws_sdk_cloudwatch,
            config: aws_sdk_config,
            dynamodb: aws_sdk_dynamodb,
            ec2: aws_sdk_ec2,
            elbv2: aws_sdk_elasticloadbalancingv2,
            eventbridge: aws_sdk_eventbridge,
            guardduty: aws_sdk_guardduty,
            iam: aws_sdk_iam,
            kms: aws_sdk_kms,
            lambda: aws_sdk_lambda,
            logs: aws_sdk_cloudwatchlogs,
            rds: aws_sdk_rds,
            s3: aws_sdk_s3,
            secretsmanager: aws_sdk_secretsmanager,
            sns: aws_sdk_sns,
            sqs: aws_sdk_sqs,
            ssm: aws_sdk_ssm,
            wafv2: aws_sdk_wafv2,
        }
        aws
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Members {
    fn name(&self) -> &'static str {
        "members of requests"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok((address, changed)) = UNDER_WAY.try_with(Clone::clone) else { return Ok(()) };
        let call = config.load::<Metadata>().ok_or("a call without a name")?;
        if READS.iter().any(|read| call.name().starts_with(read)) {
            return Ok(());
        }
        let shown = format!("{:#?}", context.input());
        let (_, input) = shown.split_once("]:").ok_or("an input that is shown otherwise")?;
        let mut members = BTreeMap::new();
        flatten(String::new(), &parse(&mut input.lines()), &mut members);
        let changed: Vec<String> =
            changed.iter().flat_map(Changed::names).map(str::to_owned).collect();
        let [changed] = <[String; 1]>::try_from(changed).map_or([None], |one| one.map(Some));
        let sent = Sent { address, operation: call.name().to_owned(), changed, members };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
        Ok(())
    }
}

/// What the calls begin with that change nothing.
const READS: [&str; 6] = ["Batch", "Describe", "Get", "Head", "List", "Lookup"];
/// What an element of a list is told from others by.
const NAMES: [&str; 2] = ["key", "path"];

/// A value as `{:#?}` writes it, one word a line.
fn parse(lines: &mut std::str::Lines<'_>) -> Value {
    let first = lines.next().unwrap_or_default().trim();
    parse_from(first, lines)
}

fn parse_from(first: &str, lines: &mut std::str::Lines<'_>) -> Value {
    let first = first.trim_end_matches(',');
    match first.chars().last() {
        // The names of structures and of enums' variants are no part of what is sent.
        Some('{') if !first.starts_with('"') => {
            let mut members = Map::new();
            while let Some(line) = lines.next().map(str::trim).filter(|line| !closes(line)) {
                let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                match parse_from(value, lines) {
                    Value::Null => {}
                    value => drop(members.insert(name.trim_matches('"').to_owned(), value)),
                }
            }
            Value::Object(members)
        }
        Some('[') if !first.starts_with('"') => {
            let mut elements = Vec::new();
            while let Some(line) = lines.next().map(str::trim).filter(|line| !closes(line)) {
                elements.push(parse_from(line, lines));
            }
            Value::Array(elements)
        }
        Some('(') if !first.starts_with('"') => {
            let inner = parse(lines);
            lines.next();
            inner
        }
        _ if first == "None" => Value::Null,
        _ => Value::String(first.trim_matches('"').to_owned()),
    }
}

fn closes(line: &str) -> bool {
    ["}", "]", ")"].contains(&line.trim_end_matches(','))
}

/// Adds the members below `path`, each with its value. Elements of a list that have names are
/// members of their own.
fn flatten(path: String, value: &Value, all: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(path, member, all);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for element in elements {
                let name = NAMES.iter().find_map(|name| element.get(name)?.as_str());
                let path = match name {
                    Some(name) => format!("{path}[{name}]"),
                    None => path.clone(),
                };
                flatten(path, element, all);
            }
        }
        Value::String(text) => drop(all.entry(path).or_default().insert(text.clone())),
        empty => drop(all.entry(path).or_default().insert(empty.to_string())),
    }
}

/// A provider of which is known what its kinds send while they create or change something.
pub struct Watched {
    provider: Bound<Aws>,
    pub members: Members,
}

impl Watched {
    /// `provider`, whose clients are of `members`.
    pub fn new(provider: Bound<Aws>, members: Members) -> Self {
        Self { provider, members }
    }

    pub fn cloud(&self) -> &Aws {
        self.provider.cloud()
    }
}

impl Provider for Watched {
    fn kinds(&self) -> &Kinds {
        self.provider.kinds()
    }

    fn find_tagged<'a>(&'a self, call: Call<'a>) -> Answer<'a, Vec<Value>> {
        self.provider.find_tagged(call)
    }

    fn find<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Vec<Value>> {
        self.provider.find(call, declared)
    }

    fn read<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        self.provider.read(call, known)
    }

    fn attachments<'a>(
        &'a self,
        call: Call<'a>,
        known: &'a Value,
        dependents: &'a [Dependent],
        unwanted: &'a BTreeSet<String>,
    ) -> Answer<'a, BTreeSet<String>> {
        self.provider.attachments(call, known, dependents, unwanted)
    }

    fn deletion_view<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Option<Value>> {
        self.provider.deletion_view(call, known)
    }

    fn create<'a>(&'a self, call: Call<'a>, declared: &'a Value) -> Answer<'a, Value> {
        let under_way = (call.address.clone(), None);
        UNDER_WAY.scope(under_way, self.provider.create(call, declared)).boxed()
    }

    fn converge<'a>(
        &'a self,
        call: Call<'a>,
        declared: &'a Value,
        known: &'a Value,
        changed: &'a Changed,
    ) -> Answer<'a, ()> {
        let under_way = (call.address.clone(), Some(changed.clone()));
        let converge = self.provider.converge(call, declared, known, changed);
        UNDER_WAY.scope(under_way, converge).boxed()
    }

    fn delete<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, ()> {
        self.provider.delete(call, known)
    }

    fn ready<'a>(&'a self, call: Call<'a>, known: &'a Value) -> Answer<'a, Readiness> {
        self.provider.ready(call, known)
    }
}
