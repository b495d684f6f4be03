//! What is the account's, whatever stacks are in it, and compliance controls ask for. It is read, and
//! never changed.

use aws_sdk_guardduty::types::DetectorStatus;
use aws_sdk_iam::types::{EntityType, UserDetail};
use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde_json::{Map, Value, json};

use crate::{Absent as _, Aws, Present as _, Reply, Result, guardduty, witnessed};

/// How many users are asked about at once: IAM's limits are low.
const USERS_AT_ONCE: usize = 8;
/// IAM's code for what is not there.
const NONE: &str = "NoSuchEntity";

/// Something that is the account's in a region, or altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// Whether volumes are encrypted where nobody says so.
    EbsEncryption,
    /// What passwords of the account's users have to be like.
    PasswordPolicy,
    /// The account's users: their policies, passwords and MFA devices.
    Users,
    /// GuardDuty's detector.
    Detector,
    /// AWS Config's recorder.
    Recorder,
    /// Who may write to log groups.
    LogPolicies,
    /// Who may send events to the account's bus.
    EventBus,
}

/// What a setting is, as AWS told it.
#[derive(Debug)]
pub struct Told {
    /// Which it is.
    pub setting: Setting,
    /// What it is, or why it could not be read.
    pub value: Result<Value>,
    /// The replies that show it.
    pub replies: Vec<Reply>,
}

/// Reads all of them at once.
pub async fn settings(aws: &Aws) -> Vec<Told> {
    let reads = Setting::ALL.into_iter().map(|setting| async move {
        let (value, replies) = witnessed(setting.read(aws)).await;
        Told { setting, value, replies }
    });
    futures::future::join_all(reads).await
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::EbsEncryption,
        Self::PasswordPolicy,
        Self::Users,
        Self::Detector,
        Self::Recorder,
        Self::LogPolicies,
        Self::EventBus,
    ];

    /// What it is called where it is judged.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EbsEncryption => "ebs_encryption",
            Self::PasswordPolicy => "password_policy",
            Self::Users => "users",
            Self::Detector => "detector",
            Self::Recorder => "recorder",
            Self::LogPolicies => "log_policies",
            Self::EventBus => "event_bus",
        }
    }

    /// What whoever reads it has to be allowed.
    #[must_use]
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::EbsEncryption => &["ec2:GetEbsEncryptionByDefault"],
            Self::PasswordPolicy => &["iam:GetAccountPasswordPolicy"],
            Self::Users => {
                &["iam:GetAccountAuthorizationDetails", "iam:GetLoginProfile", "iam:ListMFADevices"]
            }
            Self::Detector => &["guardduty:GetDetector", "guardduty:ListDetectors"],
            Self::Recorder => &[
                "config:DescribeConfigurationRecorderStatus",
                "config:DescribeConfigurationRecorders",
            ],
            Self::LogPolicies => &["logs:DescribeResourcePolicies"],
            Self::EventBus => &["events:DescribeEventBus"],
        }
    }

    /// What it is; null where there is none.
    async fn read(self, aws: &Aws) -> Result<Value> {
        match self {
            Self::EbsEncryption => {
                let reply = aws.ec2.get_ebs_encryption_by_default().send().await?;
                Ok(json!({ "by_default": reply.ebs_encryption_by_default }))
            }
            Self::PasswordPolicy => password_policy(aws).await,
            Self::Users => users(aws).await,
            Self::Detector => detector(aws).await,
            Self::Recorder => recorder(aws).await,
            Self::LogPolicies => log_policies(aws).await,
            Self::EventBus => {
                let reply = aws.eventbridge.describe_event_bus().send().await?;
                Ok(json!({ "name": reply.name, "policy": policy(reply.policy.as_deref()) }))
            }
        }
    }
}

/// A policy as it is read; one that is not JSON stays a text, which no rule takes for a good one.
fn policy(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)))
}

async fn password_policy(aws: &Aws) -> Result<Value> {
    let reply = aws.iam.get_account_password_policy().send().await.unless_absent(NONE)?;
    let Some(seen) = reply.and_then(|reply| reply.password_policy) else { return Ok(Value::Null) };
    Ok(json!({
        "minimum_length": seen.minimum_password_length,
        "symbols": seen.require_symbols,
        "numbers": seen.require_numbers,
        "upper_case": seen.require_uppercase_characters,
        "lower_case": seen.require_lowercase_characters,
        "remembered": seen.password_reuse_prevention,
        "days": seen.max_password_age,
    }))
}

/// Each user with the names of its policies, and whether it has a password and an MFA device.
async fn users(aws: &Aws) -> Result<Value> {
    let pages = aws.iam.get_account_authorization_details().filter(EntityType::User);
    let pages = pages.into_paginator().send().collect::<std::result::Result<Vec<_>, _>>().await?;
    let all = pages.into_iter().flat_map(|page| page.user_detail_list.unwrap_or_default());
    let all = futures::stream::iter(all).map(|one| user(aws, one));
    Ok(Value::Array(all.buffered(USERS_AT_ONCE).try_collect().await?))
}

async fn user(aws: &Aws, user: UserDetail) -> Result<Value> {
    let name = user.user_name.present("a user's name")?;
    let own = user.user_policy_list.unwrap_or_default();
    let attached = user.attached_managed_policies.unwrap_or_default();
    let own = own.into_iter().filter_map(|one| one.policy_name);
    let attached = attached.into_iter().filter_map(|one| one.policy_name);
    let policies: Vec<String> = own.chain(attached).collect();
    let profile = aws.iam.get_login_profile().user_name(&name).send().await;
    let password = profile.unless_absent(NONE)?.is_some();
    let devices = aws.iam.list_mfa_devices().user_name(&name).send().await?;
    let mfa = !devices.mfa_devices().is_empty();
    Ok(json!({ "name": name, "policies": policies, "password": password, "mfa": mfa }))
}

async fn detector(aws: &Aws) -> Result<Value> {
    let Some(id) = guardduty::list(&aws.guardduty).await?.into_iter().next() else {
        return Ok(Value::Null);
    };
    let seen = aws.guardduty.get_detector().detector_id(&id).send().await?;
    let features = seen
        .features()
        .iter()
        .filter_map(|one| Some((one.name()?.as_str().to_owned(), json!(one.status()?.as_str()))));
    Ok(json!({
        "id": id,
        "enabled": seen.status() == Some(&DetectorStatus::Enabled),
        "features": features.collect::<Map<_, _>>(),
    }))
}

/// The customer's own recorder, of which a region has one at most.
async fn recorder(aws: &Aws) -> Result<Value> {
    let (all, states) = tokio::join!(
        aws.config.describe_configuration_recorders().send(),
        aws.config.describe_configuration_recorder_status().send(),
    );
    let (all, states) = (all?, states?);
    let Some(one) = all.configuration_recorders.unwrap_or_default().pop() else {
        return Ok(Value::Null);
    };
    let states = states.configuration_recorders_status.unwrap_or_default();
    let recording = states.iter().any(|state| state.name == one.name && state.recording);
    let group = one.recording_group;
    Ok(json!({
        "name": one.name,
        "recording": recording,
        "all_supported": group.as_ref().map(|group| group.all_supported),
        "global": group.as_ref().map(|group| group.include_global_resource_types),
    }))
}

async fn log_policies(aws: &Aws) -> Result<Value> {
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let request = aws.logs.describe_resource_policies().set_next_token(next);
        let reply = request.send().await?;
        all.extend(reply.resource_policies.unwrap_or_default().into_iter().map(|one| {
            json!({ "name": one.policy_name, "policy": policy(one.policy_document.as_deref()) })
        }));
        next = reply.next_token;
        if next.is_none() {
            return Ok(Value::Array(all));
        }
    }
}
