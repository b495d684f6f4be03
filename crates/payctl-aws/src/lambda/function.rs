//! Functions: code that runs when it is called.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    self, DeadLetterConfig, Environment, EnvironmentResponse, EphemeralStorage, FunctionCode,
    LastUpdateStatus, LoggingConfig, Runtime, State, TracingConfig, TracingMode, VpcConfig,
    VpcConfigResponse,
};
use payctl_engine::{Failure, FailureKind, Unresolved};

use super::attachments;
use super::detach::{can_detach, detach, place, shared};
use crate::ec2::{SecurityGroupId, SubnetId, interfaces};
use crate::logs::LogGroupName;
use crate::prelude::*;
use crate::{Architecture, CodeSha256};

/// What UpdateFunctionConfiguration sets.
const CONFIGURATION: &[&str] = &[
    "description",
    "runtime",
    "handler",
    "layers",
    "ephemeral_storage_mb",
    "role",
    "memory_mb",
    "timeout_s",
    "subnets",
    "security_groups",
    "environment",
    "kms_key",
    "log_group",
    "tracing",
    "dead_letters",
];
/// What `/tmp` holds where nothing else is asked for (CreateFunction, `EphemeralStorage`).
const LEAST_STORAGE_MB: u32 = 512;
/// What UpdateFunctionCode sets.
const CODE: &[&str] = &["code", "architecture"];

/// What an update does about the key of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyChange {
    /// It stays.
    Keep,
    /// Lambda's own takes its place.
    Release,
    /// The declared one, or Lambda's own where none is declared.
    Take,
}

/// A `bootstrap` binary that runs when it is called.
#[kind(
    "lambda.function",
    outputs(name: FunctionName, arn: Arn),
    stable(name, arn),
    typical(1.0, 45.0, 60.0),
    // Its network interfaces are released within minutes, at worst within half an hour
    // (docs/aws-facts.md).
    wait_timeout = 45 * 60,
    look = "lambda:GetFunction GetFunctionConfiguration GetFunctionEventInvokeConfig \
        GetFunctionUrlConfig GetPolicy ListAliases",
    // Where it is to be in a network, it is looked at in the caller's name (AWS's schema of
    // AWS::Lambda::Function, `handlers`).
    create = "ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs lambda:CreateFunction \
        TagResource",
    change = "ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs lambda:DeleteAlias \
        DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig DeleteFunctionUrlConfig \
        PutFunctionConcurrency RemovePermission TagResource UntagResource UpdateFunctionCode \
        UpdateFunctionConfiguration",
    delete = "ec2:DeleteNetworkInterface DescribeNetworkInterfaces lambda:DeleteFunction \
        ListFunctions UpdateFunctionConfiguration",
    unscoped = "ec2:DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets \
        DescribeVpcs lambda:ListFunctions",
    on = [
        "arn:{partition}:ec2:{region}:{account}:network-interface/*",
        "arn:{partition}:lambda:{region}:{account}:function:{name}",
    ],
    delegated = [
        ("iam:PassRole", "role", "lambda"),
        ("kms:CreateGrant", "kms_key", "lambda"),
        ("kms:Decrypt", "kms_key", "lambda"),
        ("kms:DescribeKey", "kms_key", "lambda"),
        ("kms:Encrypt", "kms_key", "lambda"),
        ("kms:GenerateDataKey", "kms_key", "lambda"),
    ],
    attachments = attachments::SORTS,
)]
pub struct Function {
    #[prop(replaces, unique, length(1..=140), source = "CreateFunction.function_name")]
    pub name: String,
    #[prop(length(..=256), source = "CreateFunction.description")]
    pub description: String,
    pub code: CodeSha256,
    pub architecture: Architecture,
    /// What runs it, such as `provided.al2023`.
    pub runtime: String,
    /// What is called of it: for a binary of its own its name.
    #[prop(length(..=128), source = "CreateFunction.handler")]
    pub handler: String,
    /// Others' code that is loaded before it, in this order.
    pub layers: Vec<Arn>,
    /// What `/tmp` holds.
    #[prop(range(512..=32_768), source = "CreateFunction.ephemeral_storage.size")]
    pub ephemeral_storage_mb: u32,
    /// What it may do.
    pub role: Input<Arn>,
    #[prop(range(128..=32_768), source = "CreateFunction.memory_size")]
    pub memory_mb: u32,
    #[prop(range(1..=5400), source = "CreateFunction.timeout")]
    pub timeout_s: u32,
    /// How many may run at once; as many as the account has left when unset.
    #[prop(later, range(0..), source = "PutFunctionConcurrency.reserved_concurrent_executions")]
    pub reserved_concurrency: Option<u32>,
    #[prop(holds)]
    pub subnets: Set<Input<SubnetId>>,
    #[prop(holds)]
    pub security_groups: Set<Input<SecurityGroupId>>,
    pub environment: BTreeMap<String, Input<String>>,
    /// The key that the environment is encrypted with; Lambda's own when unset.
    pub kms_key: Option<Input<Arn>>,
    pub log_group: Input<LogGroupName>,
    /// `Active` samples calls for X-Ray, `PassThrough` leaves that to the caller.
    #[prop(one_of("Active", "PassThrough"), source = "CreateFunction.tracing_config.mode")]
    pub tracing: String,
    /// The queue or topic that gets the events which it failed at as often as they were tried, where
    /// nobody waits for an answer.
    pub dead_letters: Option<Input<Arn>>,
    pub tags: Tags,
}

id! {
    /// A function's name.
    FunctionName,
}

impl Resource for Function {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<FunctionOutputs>> {
        let seen = configuration(cx, &self.name).await?;
        let Some(seen) = seen else { return Ok(Vec::new()) };
        let arn = seen.function_arn().present("function_arn")?.into();
        Ok(vec![FunctionOutputs { name: self.name.as_str().into(), arn }])
    }

    async fn read(cx: &Cx<'_>, known: &FunctionOutputs) -> Result<Option<Self>> {
        let request = cx.cloud.lambda.get_function().function_name(&known.name);
        let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
        let Some(reply) = reply else { return Ok(None) };
        let mut seen = Self::try_from(&reply)?;
        let environment = reply.configuration().and_then(|config| config.environment());
        if let Some(error) = environment.and_then(EnvironmentResponse::error) {
            // Whoever may not use its key is not told, and it can be deleted all the same.
            let why = error.message().unwrap_or_default();
            tracing::warn!(function = %known.name, why, "the environment cannot be read");
            let recorded = cx.properties.get("environment").cloned().unwrap_or_default();
            seen.environment = serde_json::from_value(recorded).unwrap_or_default();
        }
        Ok(Some(seen))
    }

    async fn attachments(
        cx: &Cx<'_>,
        known: &FunctionOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        attachments::look(cx, known.name.as_str(), attachments).await
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<FunctionOutputs> {
        let code = FunctionCode::builder().zip_file(self.zip(cx)?).build();
        let in_vpc = !self.subnets.is_empty();
        let tags: HashMap<String, String> = self.tags.clone().into_iter().collect();
        let request = cx.cloud.lambda.create_function().function_name(&self.name);
        let reply = request
            .description(&self.description)
            .runtime(Runtime::from(self.runtime.as_str()))
            .handler(&self.handler)
            .set_layers((!self.layers.is_empty()).then(|| strings(&self.layers)))
            .ephemeral_storage(self.storage()?)
            .code(code)
            .architectures(self.processors())
            .role(self.role.get()?)
            .memory_size(number(self.memory_mb)?)
            .timeout(number(self.timeout_s)?)
            .set_vpc_config(in_vpc.then(|| self.vpc()).transpose()?)
            .environment(self.variables()?)
            .set_kms_key_arn(self.kms_key.as_ref().map(Input::get).transpose()?.map(String::from))
            .logging_config(self.logging()?)
            .tracing_config(self.sampling())
            .set_dead_letter_config(self.dead_letters.is_some().then(|| self.failed()).transpose()?)
            .set_tags(Some(tags))
            .send()
            .await?;
        let arn = reply.function_arn().present("function_arn")?.into();
        Ok(FunctionOutputs { name: self.name.as_str().into(), arn })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &FunctionOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.is_new() {
            // All that its creation does not set.
            let reserves =
                changed.needs("reserved_concurrency", self.reserved_concurrency.is_some());
            return if reserves { self.reserve(cx, known).await } else { Ok(()) };
        }
        let request = cx.cloud.lambda.get_function().function_name(&known.name);
        let reply = request.send().await?;
        let seen = Self::try_from(&reply)?;
        if changed.has("tags") && seen.tags != self.tags {
            self.tag(cx, known, &seen.tags).await?;
        }
        if changed.has("reserved_concurrency")
            && seen.reserved_concurrency != self.reserved_concurrency
        {
            self.reserve(cx, known).await?;
        }
        // Configuration and code are updates of their own, of which Lambda carries out one at a
        // time. So each call does what is still to be done: the configuration, for new code may
        // need it, once that is applied the code, and at last what a new role needs.
        let (wanted, has) = (properties(self)?, properties(&seen)?);
        let differs = |name: &str| wanted.get(name) != has.get(name);
        let due = |names: &[&str]| names.iter().any(|name| changed.has(name) && differs(name));
        let (configuration, code) = (due(CONFIGURATION), due(CODE));
        let role_is_new = changed.has("role") && !differs("role") && !changed.has("kms_key");
        if !configuration && !code && !role_is_new {
            return Ok(());
        }
        let status = reply.configuration().and_then(|config| config.last_update_status());
        if status == Some(&LastUpdateStatus::InProgress) {
            return Err(AwsError::pending("the function's last update to be applied"));
        }
        if configuration {
            let key = if changed.has("kms_key") { KeyChange::Take } else { KeyChange::Keep };
            self.configure(cx, known, changed, key).await?;
            return match code || role_is_new {
                true => Err(AwsError::pending("its configuration to be applied, before the rest")),
                false => Ok(()),
            };
        }
        if code {
            self.upload(cx, known).await?;
            return match role_is_new {
                true => {
                    Err(AwsError::pending("its code to be applied, before its role is renewed"))
                }
                false => Ok(()),
            };
        }
        // Lambda lets the role use the environment's key by a grant, which is to the role's unique
        // id. A role that was made again under its name has another one, and an update that names
        // what the function has already gives no grant (terraform-provider-aws#6352,
        // serverless/examples#279). So it lets go of the key, and takes it again with the new one.
        let key = match (&self.kms_key, differs("kms_key")) {
            (None, _) => KeyChange::Keep,
            (Some(_), false) => KeyChange::Release,
            (Some(_), true) => KeyChange::Take,
        };
        self.configure(cx, known, changed, key).await?;
        match key {
            KeyChange::Release => {
                Err(AwsError::pending("the function to let go of its key, for its new role"))
            }
            KeyChange::Keep | KeyChange::Take => Ok(()),
        }
    }

    async fn delete(cx: &Cx<'_>, known: &FunctionOutputs) -> Result<()> {
        if let Some(seen) = configuration(cx, known.name.as_str()).await? {
            match seen.state() {
                Some(State::Pending) => {
                    return Err(AwsError::pending("the function to become active"));
                }
                Some(State::Deleting) => {
                    return Err(AwsError::pending("the function to be deleted"));
                }
                _ => {}
            }
            if seen.last_update_status() == Some(&LastUpdateStatus::InProgress) {
                return Err(AwsError::pending("its network interfaces to be detached"));
            }
            if can_detach(&seen) && detach(cx, known.name.as_str()).await? {
                return Err(AwsError::pending("its network interfaces to be detached"));
            }
            let request = cx.cloud.lambda.delete_function().function_name(&known.name);
            request.send().await.unless_absent("ResourceNotFoundException")?;
        }
        // They outlive the function, and keep its subnets and security groups from going. What
        // others use as well is theirs: whichever of them goes last waits for it.
        let place = place(cx.properties);
        let left = interfaces::reap(cx, known.name.as_str(), &place).await?;
        if left > 0 && shared(cx, known.name.as_str(), &place).await? {
            return Ok(());
        }
        match left {
            0 => Ok(()),
            1 => Err(AwsError::pending("a network interface of the function to be released")),
            left => Err(AwsError::pending(format!(
                "{left} network interfaces of the function to be released"
            ))),
        }
    }

    async fn ready(cx: &Cx<'_>, known: &FunctionOutputs) -> Result<Readiness> {
        let request = cx.cloud.lambda.get_function_configuration().function_name(&known.name);
        let seen = request.send().await?;
        let failed = |what: &str, why: Option<&str>, code: Option<&str>| {
            let why = why.unwrap_or("AWS gives no reason");
            let failure = Failure::new(FailureKind::Invalid, format!("{what}: {why}"));
            Err(failure.with_code(code.unwrap_or_default()).into())
        };
        match (seen.state(), seen.last_update_status()) {
            (Some(State::Pending), _) => {
                Ok(Readiness::NotYet("the function to become active".to_owned()))
            }
            (Some(State::Failed), _) => failed(
                "the function cannot run",
                seen.state_reason(),
                seen.state_reason_code().map(types::StateReasonCode::as_str),
            ),
            (_, Some(LastUpdateStatus::InProgress)) => {
                Ok(Readiness::NotYet("the function's update to be applied".to_owned()))
            }
            (_, Some(LastUpdateStatus::Failed)) => failed(
                "the function's update was not applied",
                seen.last_update_status_reason(),
                seen.last_update_status_reason_code()
                    .map(types::LastUpdateStatusReasonCode::as_str),
            ),
            _ => Ok(Readiness::Ready),
        }
    }
}

impl Function {
    fn zip(&self, cx: &Cx<'_>) -> Result<Blob> {
        Ok(Blob::new(cx.cloud.artifacts.get(&self.code)?))
    }

    fn processors(&self) -> types::Architecture {
        match self.architecture {
            Architecture::X86_64 => types::Architecture::X8664,
            Architecture::Arm64 => types::Architecture::Arm64,
        }
    }

    fn vpc(&self) -> Result<VpcConfig> {
        let subnets = self.subnets.iter().map(|subnet| subnet.get().map(String::from));
        let groups = self.security_groups.iter().map(|group| group.get().map(String::from));
        Ok(VpcConfig::builder()
            .set_subnet_ids(Some(subnets.collect::<Result<_, Unresolved>>()?))
            .set_security_group_ids(Some(groups.collect::<Result<_, Unresolved>>()?))
            .build())
    }

    fn variables(&self) -> Result<Environment> {
        let all = self.environment.iter().map(|(name, value)| {
            let value = value.get()?.clone();
            Ok((name.clone(), value))
        });
        let all = all.collect::<Result<_, Unresolved>>()?;
        Ok(Environment::builder().set_variables(Some(all)).build())
    }

    fn logging(&self) -> Result<LoggingConfig> {
        Ok(LoggingConfig::builder().log_group(self.log_group.get()?).build())
    }

    fn storage(&self) -> Result<EphemeralStorage> {
        Ok(EphemeralStorage::builder().size(number(self.ephemeral_storage_mb)?).build()?)
    }

    /// Where what it failed at goes; to nowhere where the name is empty.
    fn failed(&self) -> Result<DeadLetterConfig> {
        let target = self.dead_letters.as_ref().map(Input::get).transpose()?;
        let target = target.map(String::from).unwrap_or_default();
        Ok(DeadLetterConfig::builder().target_arn(target).build())
    }

    fn sampling(&self) -> TracingConfig {
        TracingConfig::builder().mode(TracingMode::from(self.tracing.as_str())).build()
    }

    /// Sets the configuration.
    async fn configure(
        &self,
        cx: &Cx<'_>,
        known: &FunctionOutputs,
        changed: &Changed,
        key: KeyChange,
    ) -> Result<()> {
        let request = cx.cloud.lambda.update_function_configuration().function_name(&known.name);
        let mut request = request
            .description(&self.description)
            .runtime(Runtime::from(self.runtime.as_str()))
            .handler(&self.handler)
            .set_layers(Some(strings(&self.layers)))
            .ephemeral_storage(self.storage()?)
            .role(self.role.get()?)
            .memory_size(number(self.memory_mb)?)
            .timeout(number(self.timeout_s)?)
            .environment(self.variables()?)
            .logging_config(self.logging()?)
            .tracing_config(self.sampling());
        if changed.any(&["subnets", "security_groups"]) {
            request = request.vpc_config(self.vpc()?);
        }
        if changed.has("dead_letters") {
            request = request.dead_letter_config(self.failed()?);
        }
        // An empty name goes back to Lambda's own key.
        request = match key {
            KeyChange::Keep => request,
            KeyChange::Release => request.kms_key_arn(""),
            KeyChange::Take => {
                let key = self.kms_key.as_ref().map(Input::get).transpose()?;
                request.kms_key_arn(key.map(String::from).unwrap_or_default())
            }
        };
        request.send().await?;
        Ok(())
    }

    async fn upload(&self, cx: &Cx<'_>, known: &FunctionOutputs) -> Result<()> {
        let request = cx.cloud.lambda.update_function_code().function_name(&known.name);
        request.zip_file(self.zip(cx)?).architectures(self.processors()).send().await?;
        Ok(())
    }

    async fn reserve(&self, cx: &Cx<'_>, known: &FunctionOutputs) -> Result<()> {
        let lambda = &cx.cloud.lambda;
        match self.reserved_concurrency {
            Some(count) => {
                let request = lambda.put_function_concurrency().function_name(&known.name);
                request.reserved_concurrent_executions(number(count)?).send().await?;
            }
            None => {
                let request = lambda.delete_function_concurrency().function_name(&known.name);
                request.send().await?;
            }
        }
        Ok(())
    }

    async fn tag(&self, cx: &Cx<'_>, known: &FunctionOutputs, present: &Tags) -> Result<()> {
        let tags: HashMap<String, String> = self.tags.clone().into_iter().collect();
        if !tags.is_empty() {
            let request = cx.cloud.lambda.tag_resource().resource(&known.arn);
            request.set_tags(Some(tags)).send().await?;
        }
        let surplus = present.keys().filter(|key| !self.tags.contains_key(*key));
        let surplus: Vec<String> = surplus.cloned().collect();
        if !surplus.is_empty() {
            let request = cx.cloud.lambda.untag_resource().resource(&known.arn);
            request.set_tag_keys(Some(surplus)).send().await?;
        }
        Ok(())
    }
}

impl TryFrom<&GetFunctionOutput> for Function {
    type Error = AwsError;

    fn try_from(reply: &GetFunctionOutput) -> Result<Self> {
        if let Some(error) = reply.tags_error() {
            let message = format!("its tags cannot be read: {}", error.message());
            let failure = Failure::new(FailureKind::Denied, message);
            return Err(failure.with_code(error.error_code()).into());
        }
        let seen = reply.configuration().present("configuration")?;
        let name = seen.function_name().present("function_name")?;
        let vpc = seen.vpc_config();
        let environment = seen.environment().and_then(EnvironmentResponse::variables);
        let variables = environment.into_iter().flatten();
        let reserved = reply.concurrency().and_then(|set| set.reserved_concurrent_executions());
        let log_group = seen.logging_config().and_then(LoggingConfig::log_group);
        let tags = reply.tags().into_iter().flatten();
        Ok(Self {
            name: name.to_owned(),
            description: seen.description().unwrap_or_default().to_owned(),
            code: seen.code_sha256().present("code_sha256")?.into(),
            architecture: match seen.architectures().first() {
                Some(types::Architecture::Arm64) => Architecture::Arm64,
                _ => Architecture::X86_64,
            },
            runtime: seen.runtime().map(Runtime::as_str).unwrap_or_default().to_owned(),
            handler: seen.handler().unwrap_or_default().to_owned(),
            layers: seen.layers().iter().filter_map(|layer| layer.arn().map(Arn::from)).collect(),
            ephemeral_storage_mb: seen
                .ephemeral_storage()
                .map_or(LEAST_STORAGE_MB, |storage| storage.size().cast_unsigned()),
            role: Arn::from(seen.role().present("role")?).into(),
            memory_mb: seen.memory_size().present("memory_size")?.cast_unsigned(),
            timeout_s: seen.timeout().present("timeout")?.cast_unsigned(),
            reserved_concurrency: reserved.map(i32::cast_unsigned),
            subnets: vpc
                .map(VpcConfigResponse::subnet_ids)
                .unwrap_or_default()
                .iter()
                .map(|id| SubnetId::from(id.as_str()).into())
                .collect(),
            security_groups: vpc
                .map(VpcConfigResponse::security_group_ids)
                .unwrap_or_default()
                .iter()
                .map(|id| SecurityGroupId::from(id.as_str()).into())
                .collect(),
            environment: variables
                .map(|(name, value)| (name.clone(), Input::Known(value.clone())))
                .collect(),
            kms_key: seen
                .kms_key_arn()
                .filter(|key| !key.is_empty())
                .map(|key| Arn::from(key).into()),
            log_group: match log_group {
                Some(group) => LogGroupName::from(group),
                None => LogGroupName::from(format!("/aws/lambda/{name}")),
            }
            .into(),
            tracing: seen
                .tracing_config()
                .and_then(|config| config.mode())
                .unwrap_or(&TracingMode::PassThrough)
                .as_str()
                .to_owned(),
            dead_letters: seen
                .dead_letter_config()
                .and_then(DeadLetterConfig::target_arn)
                .filter(|target| !target.is_empty())
                .map(|target| Arn::from(target).into()),
            tags: tags
                .filter(|(key, _)| !crate::is_ignored(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        })
    }
}

async fn configuration(cx: &Cx<'_>, name: &str) -> Result<Option<GetFunctionConfigurationOutput>> {
    let request = cx.cloud.lambda.get_function_configuration().function_name(name);
    request.send().await.unless_absent("ResourceNotFoundException")
}

fn strings(arns: &[Arn]) -> Vec<String> {
    arns.iter().map(Arn::to_string).collect()
}

fn properties(function: &Function) -> Result<serde_json::Value> {
    serde_json::to_value(function).map_err(|source| AwsError::unexpected("function", source))
}

fn number(count: u32) -> Result<i32> {
    i32::try_from(count).map_err(|_| AwsError::invalid(format!("{count} is too large")))
}
