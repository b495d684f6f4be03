//! Keys, and what their policies say.

use payctl_aws::kms::{self, Alias, KeyRef};
use payctl_aws::{Partition, Policy, Statement};
use payctl_engine::Stack;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{self, Part, PartContext};
use crate::Context;
use crate::parts::topic::{self, Publisher};

/// A key that rotates every year, with an alias. Policies of the account say who may use it; of AWS's
/// services, those that are named here may.
///
/// Where it is a document's only one, or is called `stack`, it encrypts what names no key.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Key {
    /// What its alias is called, without the suffix; the part's name where nothing is said.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// How long it can be brought back after it was deleted.
    #[schemars(range(min = 7, max = 30))]
    pub deletion_window_days: u32,
    /// The services that use it by themselves for what it encrypts.
    pub services: Vec<KeyUser>,
    /// Further statements of its policy, as IAM writes them.
    pub statements: Vec<Statement>,
}

/// A service that uses a key by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyUser {
    /// For log groups of this account and region.
    Logs,
    /// Alarms, which publish to encrypted topics.
    Alarms,
    /// Rules of EventBridge, which do so, too.
    Events,
    /// What RDS tells encrypted topics of databases.
    Databases,
    /// Topics, which deliver to encrypted queues.
    Topics,
}

impl Default for Key {
    fn default() -> Self {
        use KeyUser::{Alarms, Databases, Events, Logs, Topics};
        Self {
            name: None,
            description: None,
            deletion_window_days: 7,
            services: vec![Logs, Alarms, Events, Databases, Topics],
            statements: Vec::new(),
        }
    }
}

impl Part for Key {
    const NAME: &'static str = "key";
    const DECLARES: &'static [(&'static str, &'static str)] =
        &[("kms.key", "NAME"), ("kms.alias", "NAME")];
    type Made = KeyRef;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<KeyRef, String> {
        let context = part.context;
        let name = part::base(self.name, logical);
        let statements = self.services.iter().map(|service| service.statement(context));
        let statements: Vec<_> = statements.chain(self.statements).collect();
        let description = self.description.unwrap_or_else(|| context.name(&name));
        let days = self.deletion_window_days;
        Ok(with_alias(stack, context, logical, &name, &description, days, statements))
    }
}

impl KeyUser {
    fn statement(self, context: &Context<'_>) -> Statement {
        match self {
            Self::Logs => logs(context),
            Self::Alarms => alarms(),
            Self::Events => publisher(&topic::EVENTS, "EventBridge"),
            Self::Databases => databases(),
            Self::Topics => publisher(&topic::TOPICS, "Topics"),
        }
    }
}

/// The key `logical`, which rotates, and its alias `alias/<name>`.
fn with_alias(
    stack: &mut Stack,
    context: &Context<'_>,
    logical: &str,
    name: &str,
    description: &str,
    deletion_window_days: u32,
    statements: impl IntoIterator<Item = Statement>,
) -> KeyRef {
    let name = context.name(name);
    let key = stack.add(
        logical,
        kms::Key {
            description: description.to_owned(),
            policy: Policy::new([account(context)].into_iter().chain(statements)),
            rotation: true,
            deletion_window_days,
            pending_deletion: false,
            enabled: true,
            tags: context.tags(&name),
        },
    );
    stack.add(logical, Alias { name: format!("alias/{name}"), key: key.id() });
    key
}

/// The account's own policies decide; without this nobody could ever change the key again.
fn account(context: &Context<'_>) -> Statement {
    Statement::allow("Account", &["kms:*"]).for_arn(&context.root()).on_all()
}

/// CloudWatch Logs of this region may use the key for log groups of this account.
fn logs(context: &Context<'_>) -> Statement {
    let actions =
        ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"];
    Statement::allow("CloudWatchLogs", &actions).for_service(&logs_service(context)).on_all().when(
        "ArnLike",
        "kms:EncryptionContext:aws:logs:arn",
        context.arn("logs", "log-group:*"),
    )
}

/// CloudWatch Logs as key policies call it: unlike other services by region, and by the suffix of
/// the partition's hosts (aws-cdk, region-info/lib/default.ts; 2026-11-29).
fn logs_service(context: &Context<'_>) -> String {
    format!("logs.{}.{}", context.region, Partition::named(context.partition).dns_suffix)
}

/// Alarms may use the key to publish to encrypted topics: without it they would fire and nobody would
/// hear.
fn alarms() -> Statement {
    publisher(&topic::ALARMS, "CloudWatchAlarms")
}

/// The same for what RDS says of databases: SNS asks for it of every service that publishes (SNS's
/// guide, "Enable compatibility between event sources from AWS services and encrypted topics").
fn databases() -> Statement {
    publisher(&topic::DATABASES, "Databases")
}

/// CloudWatch uses the key by itself, and no sample or report has a condition there: if it did not
/// name the account to KMS, alarms would be lost without a word. The topic's policy, which is asked
/// first, says for whom.
fn publisher(publisher: &Publisher, sid: &str) -> Statement {
    let actions = ["kms:Decrypt", "kms:GenerateDataKey*"];
    Statement::allow(sid, &actions).for_service(publisher.service).on_all()
}

/// CloudTrail may encrypt with the key for the trail `name`, and look at what it encrypted.
pub(crate) fn trail(context: &Context<'_>, name: &str) -> [Statement; 3] {
    let trail = context.arn("cloudtrail", &format!("trail/{name}"));
    // A trail of several regions encrypts in each of them, so its region is left open.
    let trails = format!("arn:{}:cloudtrail:*:{}:trail/*", context.partition, context.account);
    let statement = |sid: &str, action: &str| {
        Statement::allow(sid, &[action]).for_service("cloudtrail.amazonaws.com").on_all()
    };
    [
        statement("CloudTrailEncrypt", "kms:GenerateDataKey*")
            .when("StringEquals", "aws:SourceArn", trail.clone())
            .when("StringLike", "kms:EncryptionContext:aws:cloudtrail:arn", trails.as_str()),
        // CloudTrail decrypts where the bucket has a key of its own. Its guide's sample has no
        // condition there, and whether it names its trail then is not known.
        statement("CloudTrailDecrypt", "kms:Decrypt"),
        statement("CloudTrailDescribe", "kms:DescribeKey").when(
            "StringEquals",
            "aws:SourceArn",
            trail,
        ),
    ]
}
