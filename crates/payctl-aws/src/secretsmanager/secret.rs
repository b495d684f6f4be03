//! Secrets: a value that is made up at the creation, and that nobody but Secrets Manager keeps.
//!
//! The value is no property, so that it is in no plan, state or journal. It passes through
//! `create`, from the answer of one call to the request of the next, and is never asked for again.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::primitives::DateTime;
use aws_sdk_secretsmanager::types::Tag;
use serde_json::Value;

use crate::policy::principals_of;
use crate::prelude::*;

/// A value that Secrets Manager makes up and keeps.
#[kind(
    "secretsmanager.secret",
    outputs(name: SecretName, arn: Arn),
    stable(name),
    keeps_data,
    typical(0.6, 0.0, 5.0),
    look = "secretsmanager:DescribeSecret GetResourcePolicy",
    create = "secretsmanager:CreateSecret GetRandomPassword TagResource",
    change = "secretsmanager:DeleteResourcePolicy RestoreSecret TagResource UntagResource \
        UpdateSecret",
    delete = "secretsmanager:DeleteSecret DescribeSecret",
    unscoped = "secretsmanager:GetRandomPassword",
    // What AWS appends is six characters. Where there is none of that name, nothing is appended.
    on = [
        "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}-??????",
        "arn:{partition}:secretsmanager:{region}:{account}:secret:{name}",
    ],
    delegated = [
        ("kms:Decrypt", "kms_key", "secretsmanager"),
        ("kms:Encrypt", "kms_key", "secretsmanager"),
        ("kms:GenerateDataKey", "kms_key", "secretsmanager"),
    ],
    attachments = ["resource policy"],
)]
pub struct Secret {
    #[prop(replaces, unique, length(1..=512), source = "CreateSecret.name")]
    pub name: String,
    #[prop(length(..=2048), source = "CreateSecret.description")]
    pub description: String,
    /// The key it is encrypted with. None: `aws/secretsmanager`, which is AWS's own.
    pub kms_key: Option<Input<Arn>>,
    /// How its value is made up. AWS does not tell how one was: that of a secret which the state
    /// does not know is taken to be as declared.
    #[prop(replaces)]
    pub generate: Generate,
    /// How long it can be brought back after it was deleted: 7 to 30 days, for which its name is
    /// taken. None: it is deleted for good.
    pub recovery_window_days: Option<u32>,
    /// Declared false: whether it is on its way out.
    #[prop(pending)]
    pub pending_deletion: bool,
    pub tags: Tags,
}

/// A JSON object of fixed texts and one password.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Generate {
    /// What is no secret, such as a user's name.
    pub fixed: BTreeMap<String, String>,
    /// What the password is called.
    pub key: String,
    /// How many characters the password has.
    pub length: u32,
    /// Whether some of them are neither letters nor digits.
    pub punctuation: bool,
}

id! {
    /// A secret's name.
    SecretName,
}

/// The shortest window that AWS accepts (DeleteSecret).
const SHORTEST_WINDOW_DAYS: u32 = 7;
/// The longest one.
const LONGEST_WINDOW_DAYS: u32 = 30;
/// How far our clock may be from AWS's: twice the 5 minutes that signatures may be.
const CLOCKS: Duration = Duration::from_secs(10 * 60);
const GONE: &str = "ResourceNotFoundException";
pub(super) const ON_ITS_WAY: &str = "InvalidRequestException";

/// A secret's value on its way to Secrets Manager. It cannot be written anywhere else.
struct SecretValue {
    password: String,
    /// The value, with the password in it.
    document: String,
}

impl Resource for Secret {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<SecretOutputs>> {
        let seen = describe(cx, &self.name).await?.filter(can_be_had);
        seen.map(outputs).into_iter().collect()
    }

    async fn read(cx: &Cx<'_>, known: &SecretOutputs) -> Result<Option<Self>> {
        let seen = describe(cx, known.arn.as_str()).await?.filter(can_be_had);
        let Some(seen) = seen else { return Ok(None) };
        let generate = cx.properties.get("generate").cloned().unwrap_or_default();
        let tags = seen.tags.unwrap_or_default().into_iter();
        let tags = tags.filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
        let key = seen.kms_key_id.filter(|key| !key.is_empty());
        Ok(Some(Self {
            name: seen.name.present("name")?,
            description: seen.description.unwrap_or_default(),
            kms_key: key.map(|key| Arn::from(key).into()),
            generate: serde_json::from_value(generate).unwrap_or_default(),
            recovery_window_days: window(cx.properties),
            pending_deletion: seen.deleted_date.is_some(),
            tags: tags.filter(|(key, _)| !crate::is_ignored(key)).collect(),
        }))
    }

    async fn attachments(
        cx: &Cx<'_>,
        known: &SecretOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        // Of a declared one, what is not as declared is told by its own kind.
        if attachments.is_declared("secretsmanager.resource_policy", &[]) {
            return Ok(());
        }
        let secrets = &cx.cloud.secretsmanager;
        let request = secrets.get_resource_policy().secret_id(&known.arn);
        let reply = request.send().await.unless_absent("ResourceNotFoundException")?;
        let Some(policy) = reply.and_then(|reply| reply.resource_policy) else { return Ok(()) };
        if attachments.meets("resource policy", &format!("for {}", principals_of(&policy))) {
            secrets.delete_resource_policy().secret_id(&known.arn).send().await?;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<SecretOutputs> {
        self.check_window()?;
        let kms_key = self.kms_key.as_ref().map(Input::get).transpose()?;
        let value = self.generate.value(cx).await?;
        let request = cx.cloud.secretsmanager.create_secret().name(&self.name);
        let answer = request
            .client_request_token(cx.token)
            .description(&self.description)
            .set_kms_key_id(kms_key.map(String::from))
            .secret_string(&value.document)
            .set_tags(Some(written(&self.tags)))
            .send()
            .await;
        match answer {
            Ok(reply) => Ok(SecretOutputs {
                name: reply.name.present("name")?.into(),
                arn: reply.arn.present("arn")?.into(),
            }),
            Err(error) => Err(self.why_not(cx, value.redact(error.into())).await),
        }
    }

    async fn converge(&self, cx: &Cx<'_>, known: &SecretOutputs, changed: &Changed) -> Result<()> {
        let secrets = &cx.cloud.secretsmanager;
        if changed.has("recovery_window_days") {
            self.check_window()?;
        }
        // First, as one on its way out takes no other change.
        if changed.has("pending_deletion") {
            let seen = describe(cx, known.arn.as_str()).await?.present("the secret")?;
            if seen.deleted_date.is_some() && !self.pending_deletion {
                secrets.restore_secret().secret_id(&known.arn).send().await?;
            }
        }
        if changed.any(&["description", "kms_key"]) {
            let mut request = secrets.update_secret().secret_id(&known.arn);
            if changed.has("description") {
                request = request.description(&self.description);
            }
            if changed.has("kms_key") {
                // The empty text is AWS's own key.
                let key = self.kms_key.as_ref().map(Input::get).transpose()?;
                request = request.kms_key_id(key.map_or("", Arn::as_str));
            }
            request.send().await?;
        }
        if changed.has("tags") {
            replace_tags(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &SecretOutputs) -> Result<()> {
        let request = cx.cloud.secretsmanager.delete_secret().secret_id(&known.arn);
        let Some(days) = window(cx.properties) else {
            let request = request.force_delete_without_recovery(true);
            request.send().await.unless_absent(GONE)?;
            // AWS deletes it in the background, and its name is taken until then.
            return match describe(cx, known.arn.as_str()).await? {
                Some(_) => Err(AwsError::pending("the secret to be gone")),
                None => Ok(()),
            };
        };
        let answer = request.recovery_window_in_days(days.into()).send().await;
        match answer.unless_absent(GONE) {
            // Refused for one that is on its way out already.
            Err(error) if error.code() == Some(ON_ITS_WAY) => {
                match describe(cx, known.arn.as_str()).await? {
                    Some(seen) if seen.deleted_date.is_none() => Err(error),
                    _ => Ok(()),
                }
            }
            answer => answer.map(drop),
        }
    }
}

impl Secret {
    /// Refuses a window that AWS would only refuse when the secret is to be deleted.
    fn check_window(&self) -> Result<()> {
        match self.recovery_window_days {
            Some(days) if !(SHORTEST_WINDOW_DAYS..=LONGEST_WINDOW_DAYS).contains(&days) => {
                Err(AwsError::invalid(format!(
                    "a secret's recovery window is {SHORTEST_WINDOW_DAYS} to \
                     {LONGEST_WINDOW_DAYS} days, not {days}"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Why it could not be made: its name is free in a moment, or not for days, where the one it
    /// was to replace can still be brought back.
    async fn why_not(&self, cx: &Cx<'_>, error: AwsError) -> AwsError {
        if error.code() != Some(ON_ITS_WAY) {
            return error;
        }
        let seen = describe(cx, &self.name).await.ok().flatten().filter(can_be_had);
        match seen.and_then(|seen| seen.deleted_date) {
            Some(until) => AwsError::invalid(format!(
                "its name is taken until {until} by a deleted secret that can still be brought \
                 back, and the next `payctl up` would do so, with its old value: delete that one \
                 for good before"
            )),
            None => error,
        }
    }
}

impl Generate {
    /// A new value.
    async fn value(&self, cx: &Cx<'_>) -> Result<SecretValue> {
        if self.fixed.contains_key(&self.key) {
            let message = format!("`{}` is to be both fixed and made up", self.key);
            return Err(AwsError::invalid(message));
        }
        let request = cx.cloud.secretsmanager.get_random_password();
        let reply = request
            .password_length(self.length.into())
            .exclude_punctuation(!self.punctuation)
            .send()
            .await?;
        self.filled(reply.random_password.present("random_password")?)
    }

    fn filled(&self, password: String) -> Result<SecretValue> {
        let fixed = self.fixed.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let all: BTreeMap<_, _> = fixed.chain([(self.key.as_str(), password.as_str())]).collect();
        let document = serde_json::to_string(&all)
            .map_err(|source| AwsError::unexpected("random_password", source))?;
        Ok(SecretValue { password, document })
    }
}

impl SecretValue {
    /// The failure without the value, should AWS's words repeat it: they are written down.
    fn redact(&self, error: AwsError) -> AwsError {
        error.without(&self.password)
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue")
    }
}

/// The secret of that name or ARN, those on their way out included.
pub(super) async fn describe(cx: &Cx<'_>, id: &str) -> Result<Option<DescribeSecretOutput>> {
    let request = cx.cloud.secretsmanager.describe_secret().secret_id(id);
    request.send().await.unless_absent(GONE)
}

/// Whether it is there or can be brought back: one that was deleted for good, or whose time is
/// up, is only seen until AWS comes round to it.
fn can_be_had(seen: &DescribeSecretOutput) -> bool {
    let soon = DateTime::from(SystemTime::now() + CLOCKS);
    seen.deleted_date.is_none_or(|until| until > soon)
}

fn outputs(seen: DescribeSecretOutput) -> Result<SecretOutputs> {
    let (name, arn) = (seen.name.present("name")?.into(), seen.arn.present("arn")?.into());
    Ok(SecretOutputs { name, arn })
}

async fn replace_tags(cx: &Cx<'_>, arn: &Arn, wanted: &Tags) -> Result<()> {
    let secrets = &cx.cloud.secretsmanager;
    let seen = describe(cx, arn.as_str()).await?.and_then(|seen| seen.tags).unwrap_or_default();
    let surplus = seen.into_iter().filter_map(|tag| tag.key);
    let surplus = surplus.filter(|key| !wanted.contains_key(key) && !crate::is_ignored(key));
    let surplus: Vec<String> = surplus.collect();
    secrets.tag_resource().secret_id(arn).set_tags(Some(written(wanted))).send().await?;
    if !surplus.is_empty() {
        let request = secrets.untag_resource().secret_id(arn);
        request.set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The recovery window, which Secrets Manager learns only at the deletion.
fn window(properties: &Value) -> Option<u32> {
    let days = properties.get("recovery_window_days")?.as_u64()?;
    u32::try_from(days).ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::operation::create_secret::CreateSecretInput;
    use aws_sdk_secretsmanager::operation::get_random_password::GetRandomPasswordOutput;
    use payctl_engine::{Failure, FailureKind};

    use super::*;

    const PASSWORD: &str = "canary\"Password\\0123456789";

    fn generate() -> Generate {
        Generate {
            fixed: [("username".to_owned(), "paymentuser".to_owned())].into(),
            key: "password".to_owned(),
            length: 32,
            punctuation: false,
        }
    }

    #[test]
    fn a_value_is_json_of_what_is_fixed_and_the_password() {
        let value = generate().filled("abc".to_owned()).unwrap();
        assert_eq!(value.document, r#"{"password":"abc","username":"paymentuser"}"#);
    }

    /// Ours and those of the SDK, which the value passes through.
    #[test]
    fn no_type_shows_a_value() {
        let value = generate().filled(PASSWORD.to_owned()).unwrap();
        let reply = GetRandomPasswordOutput::builder().random_password(PASSWORD);
        let request = CreateSecretInput::builder().secret_string(&value.document);
        let shown = [
            format!("{value:?}"),
            format!("{reply:?}"),
            format!("{:?}", reply.clone().build()),
            format!("{request:?}"),
            format!("{:?}", request.clone().build()),
        ];
        assert!(shown.iter().all(|text| !text.contains("canary")), "{shown:#?}");
    }

    #[test]
    fn a_failure_does_not_repeat_a_value() {
        let value = generate().filled(PASSWORD.to_owned()).unwrap();
        let told = |message: String| {
            let failure = Failure::new(FailureKind::Invalid, message).with_code("Validation");
            Failure::from(value.redact(failure.into())).to_string()
        };
        assert_eq!(told("too long".to_owned()), "Validation: too long");
        for repeated in [PASSWORD, &value.document] {
            let text = told(format!("1 validation error: '{repeated}' is too long"));
            assert!(!text.contains("canary") && text.starts_with("Validation: "), "{text}");
        }
    }

    #[test]
    fn one_whose_time_is_up_is_gone() {
        let seen = |in_seconds: u64| {
            let until = SystemTime::now() + Duration::from_secs(in_seconds);
            DescribeSecretOutput::builder().deleted_date(until.into()).build()
        };
        assert!(can_be_had(&DescribeSecretOutput::builder().build()));
        assert!(can_be_had(&seen(7 * 24 * 60 * 60)));
        assert!(!can_be_had(&seen(0)));
    }

    #[test]
    fn a_window_is_of_7_to_30_days_or_none() {
        let secret = |recovery_window_days| Secret {
            name: "secret".to_owned(),
            description: String::new(),
            kms_key: None,
            generate: generate(),
            recovery_window_days,
            pending_deletion: false,
            tags: Tags::new(),
        };
        for (days, fits) in [(None, true), (Some(7), true), (Some(30), true), (Some(6), false)] {
            assert_eq!(secret(days).check_window().is_ok(), fits, "{days:?}");
            let written = serde_json::to_value(secret(days)).unwrap();
            assert_eq!(window(&written), days);
        }
    }
}
