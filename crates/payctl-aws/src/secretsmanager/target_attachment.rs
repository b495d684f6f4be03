//! Target attachments: where a secret's database is, written into the secret's value.
//!
//! The value, with the password in it, passes through from the answer of one call to the request
//! of the next. Only the declared fields of it are a property.

use std::collections::BTreeMap;

use payctl_engine::FailureKind;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::secret::{ON_ITS_WAY, describe};
use crate::prelude::*;

/// Where a secret's database is, in the value of the secret itself.
#[kind(
    "secretsmanager.target_attachment",
    outputs(secret: Arn),
    stable(secret),
    repeat = Token,
    look = "secretsmanager:GetSecretValue",
    create = "secretsmanager:DescribeSecret GetSecretValue PutSecretValue",
    change = "secretsmanager:DescribeSecret GetSecretValue PutSecretValue",
    delete = "secretsmanager:DescribeSecret GetSecretValue PutSecretValue",
    delegated = [
        ("kms:Decrypt", "secret.kms_key", "secretsmanager"),
        ("kms:GenerateDataKey", "secret.kms_key", "secretsmanager"),
    ],
)]
pub struct TargetAttachment {
    #[prop(replaces, unique, parent, serial)]
    pub secret: Input<Arn>,
    /// Fields of the JSON object that the value is, such as `host` and `port`. One that is
    /// declared no longer stays in it until the secret goes.
    pub fields: BTreeMap<String, Input<String>>,
}

/// What an attachment neither sets nor tells.
const PASSWORD: &str = "password";
const CURRENT: &str = "AWSCURRENT";
const PENDING: &str = "AWSPENDING";

/// A secret's current value. It cannot be shown.
struct Current {
    version: String,
    /// Whether the version carries the label of a rotation too, which AWS leaves there.
    pending: bool,
    /// None where it is not a JSON object.
    fields: Option<BTreeMap<String, Value>>,
}

impl Resource for TargetAttachment {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<TargetAttachmentOutputs>> {
        let Ok(secret) = self.secret.get() else { return Ok(Vec::new()) };
        let known = TargetAttachmentOutputs { secret: secret.clone() };
        let there = match current(cx, secret).await {
            Err(error) if error.kind() == FailureKind::Denied => false,
            seen => Self::seen(cx, &known, seen?).is_some(),
        };
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &TargetAttachmentOutputs) -> Result<Option<Self>> {
        match current(cx, &known.secret).await {
            // Who only looks has no business with passwords: what is recorded is taken for true.
            Err(error) if error.kind() == FailureKind::Denied => {
                Ok(Self::deserialize(cx.properties).ok())
            }
            seen => Ok(Self::seen(cx, known, seen?)),
        }
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<TargetAttachmentOutputs> {
        let secret = self.secret.get()?;
        self.write(cx, secret, |_| cx.token.to_owned()).await?;
        Ok(TargetAttachmentOutputs { secret: secret.clone() })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &TargetAttachmentOutputs,
        _: &Changed,
    ) -> Result<()> {
        self.write(cx, &known.secret, |current| next_token(cx, current)).await
    }

    /// Takes the fields out again: a secret that stays, or is brought back, is not to send anybody
    /// to a database that may be gone.
    async fn delete(cx: &Cx<'_>, known: &TargetAttachmentOutputs) -> Result<()> {
        let current = match current(cx, &known.secret).await {
            // Whoever is none of the secret's readers may still delete it. One that is brought back
            // has these fields set anew before anybody uses it.
            Err(error) if error.kind() == FailureKind::Denied => return Ok(()),
            seen => seen?,
        };
        let Some(current) = current else { return Ok(()) };
        let Some(mut fields) = current.fields.clone() else { return Ok(()) };
        let names = names(cx.properties);
        fields.retain(|name, _| !names.contains(name));
        if current.fields.as_ref() == Some(&fields) {
            return Ok(());
        }
        put(cx, &known.secret, &current, &fields, &next_token(cx, &current)).await
    }
}

impl TargetAttachment {
    /// What of the declared fields is in the value.
    fn seen(
        cx: &Cx<'_>,
        known: &TargetAttachmentOutputs,
        current: Option<Current>,
    ) -> Option<Self> {
        let all = current.and_then(|current| current.fields)?;
        let told = |name: &String| Some((name.clone(), Input::from(text(all.get(name)?))));
        let fields: BTreeMap<_, _> = names(cx.properties).iter().filter_map(told).collect();
        let secret = known.secret.clone().into();
        (!fields.is_empty()).then_some(Self { secret, fields })
    }

    /// Writes the fields into the value where it has others, under the token for what it is now.
    async fn write(
        &self,
        cx: &Cx<'_>,
        secret: &Arn,
        token: impl Fn(&Current) -> String,
    ) -> Result<()> {
        if self.fields.contains_key(PASSWORD) {
            let message = format!("`{PASSWORD}` is for Secrets Manager to know alone");
            return Err(AwsError::invalid(message));
        }
        let current = current(cx, secret).await?;
        let current = current.ok_or_else(|| AwsError::not_visible("the secret's value"))?;
        let Some(mut fields) = current.fields.clone() else {
            return Err(AwsError::invalid("the secret's value is not a JSON object"));
        };
        for (name, value) in &self.fields {
            let value = value.get()?;
            if fields.get(name).map(text).as_ref() != Some(value) {
                fields.insert(name.clone(), value.as_str().into());
            }
        }
        if current.fields.as_ref() == Some(&fields) {
            return Ok(());
        }
        put(cx, secret, &current, &fields, &token(&current)).await
    }
}

/// The secret's current value, unless it is gone or on its way out.
async fn current(cx: &Cx<'_>, secret: &Arn) -> Result<Option<Current>> {
    let request = cx.cloud.secretsmanager.get_secret_value().secret_id(secret);
    let Some(reply) = request.send().await.unless_absent(ON_ITS_WAY)? else { return Ok(None) };
    Ok(Some(Current {
        version: reply.version_id.present("version_id")?,
        pending: reply.version_stages.unwrap_or_default().iter().any(|label| label == PENDING),
        // What is wrong with it is not told, as that may quote it.
        fields: reply.secret_string.and_then(|text| serde_json::from_str(&text).ok()),
    }))
}

/// Makes the fields the secret's value, which they were read from.
async fn put(
    cx: &Cx<'_>,
    secret: &Arn,
    current: &Current,
    fields: &BTreeMap<String, Value>,
    token: &str,
) -> Result<()> {
    // After the read, so that what was rotated in between is noticed.
    unless_rotating(cx, secret, current).await?;
    let document = serde_json::to_string(fields)
        .map_err(|_| AwsError::invalid("the secret's value cannot be written as JSON"))?;
    let mut request = cx.cloud.secretsmanager.put_secret_value().secret_id(secret);
    request = request.client_request_token(token).secret_string(document);
    if current.pending {
        // Left behind on the old version, the label would be taken for a rotation under way.
        request = request.version_stages(CURRENT).version_stages(PENDING);
    }
    let failed = |error| {
        // Should AWS's words repeat some of the value: they are written down.
        let parts = current.fields.iter().flatten().map(|(_, part)| text(part));
        parts.filter(|part| !part.is_empty()).fold(AwsError::from(error), |e, p| e.without(&p))
    };
    request.send().await.map_err(failed)?;
    Ok(())
}

/// Waits for a rotation to end: between its steps, the database may know the next password alone,
/// and a new current version would carry the old one on.
async fn unless_rotating(cx: &Cx<'_>, secret: &Arn, current: &Current) -> Result<()> {
    let seen = describe(cx, secret.as_str()).await?.present("the secret")?;
    let versions = seen.version_ids_to_stages.unwrap_or_default();
    let has = |labels: &[String], label| labels.iter().any(|one| one == label);
    let begun = versions.values().any(|labels| has(labels, PENDING) && !has(labels, CURRENT));
    let ended = !versions.get(&current.version).is_some_and(|labels| has(labels, CURRENT));
    // A rotation that was cancelled leaves its label for good.
    match (begun && seen.rotation_enabled == Some(true)) || ended {
        true => Err(AwsError::pending("the rotation of the secret to end")),
        false => Ok(()),
    }
}

/// A token for what comes after the current version: AWS takes each for one value only, and a step
/// that is tried again finds its own to be the current one.
fn next_token(cx: &Cx<'_>, current: &Current) -> String {
    let digest = Sha256::digest(format!("{} {}", cx.token, current.version));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The names of the fields in `properties`.
fn names(properties: &Value) -> Vec<String> {
    let fields = properties.get("fields").and_then(Value::as_object);
    fields
        .into_iter()
        .flat_map(|fields| fields.keys())
        .filter(|n| *n != PASSWORD)
        .cloned()
        .collect()
}

/// A field as it is declared: others write ports as numbers.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
    use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueInput;
    use payctl_engine::Stack;
    use serde_json::json;

    use super::*;
    use crate::kms::Key;
    use crate::secretsmanager::{Generate, Secret};
    use crate::{Facts, Policy, Tags, Task, kinds, policy};

    /// Whoever looks at the fields has the value decrypted.
    #[test]
    fn a_destroy_needs_the_secrets_key() {
        let mut stack = Stack::new("payments", "test");
        let key = Key {
            description: String::new(),
            policy: Policy::new([]),
            rotation: true,
            deletion_window_days: 7,
            pending_deletion: false,
            enabled: true,
            tags: Tags::new(),
        };
        let key = stack.add("secrets", key).arn();
        let secret = Secret {
            name: "db".to_owned(),
            description: String::new(),
            kms_key: Some(key),
            generate: Generate::default(),
            recovery_window_days: None,
            pending_deletion: false,
            tags: Tags::new(),
        };
        let secret = stack.add("db", secret).arn();
        let facts = Facts {
            account: "123456789012".to_owned(),
            caller: String::new(),
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let registry = kinds();
        let allowed = |stack: &Stack, task| {
            let document = policy(stack, registry.kinds(), &facts, &[task], &[]);
            let statements = document["Statement"].as_array().cloned().unwrap_or_default();
            statements.into_iter().find(|one| one["Action"].to_string().contains("kms:Decrypt"))
        };
        assert_eq!(allowed(&stack, Task::Destroy), None);
        stack.add("db", TargetAttachment { secret, fields: BTreeMap::new() });
        // Who only looks does without.
        assert_eq!(allowed(&stack, Task::Plan), None);
        let statement = allowed(&stack, Task::Destroy).unwrap();
        assert_eq!(statement["Action"], json!(["kms:Decrypt"]));
        let via = json!({ "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com" });
        assert_eq!(statement["Condition"]["StringEquals"], via);
    }

    /// Those of the SDK, which the value passes through; ours has no such form.
    #[test]
    fn no_type_shows_a_value() {
        let reply = GetSecretValueOutput::builder().secret_string("canary");
        let request = PutSecretValueInput::builder().secret_string("canary");
        let shown = [
            format!("{reply:?} {:?}", reply.clone().build()),
            format!("{request:?} {:?}", request.clone().build()),
        ];
        assert!(shown.iter().all(|text| !text.contains("canary")), "{shown:#?}");
    }

    #[test]
    fn a_field_that_others_wrote_as_a_number_is_its_text() {
        assert_eq!(text(&json!(5432)), text(&json!("5432")));
    }

    #[test]
    fn the_password_is_none_of_the_fields() {
        let properties = json!({ "fields": { "host": "db", "password": "canary" } });
        assert_eq!(names(&properties), ["host"]);
        assert_eq!(names(&Value::Null), [""; 0]);
    }
}
