//! KMS keys: what data is encrypted with, and who may use it.

use aws_sdk_kms::types::{GrantOperation, KeyState, Tag};
use serde_json::Value;

use super::bulk::{id, tags};
use super::look::describe;
use super::search;
use crate::prelude::*;

/// A key that data is encrypted with.
#[kind(
    "kms.key",
    outputs(id: KeyId, arn: Arn),
    // CreateKey takes no token, and two keys may be alike.
    repeat = Search,
    keeps_data,
    typical(1.0, 0.0, 0.4),
    look = "kms:DescribeKey GetKeyPolicy GetKeyRotationStatus ListGrants ListKeys \
        ListResourceTags tag:GetResources",
    create = "kms:CreateKey TagResource",
    change = "kms:CancelKeyDeletion DisableKey DisableKeyRotation EnableKey EnableKeyRotation \
        PutKeyPolicy RevokeGrant TagResource UntagResource UpdateKeyDescription",
    delete = "kms:ScheduleKeyDeletion",
    unscoped = "kms:CreateKey ListKeys tag:GetResources",
    on = "arn:{partition}:kms:{region}:{account}:key/*",
    attachments = ["grant"],
)]
pub struct Key {
    #[prop(length(..=8192), source = "CreateKey.description")]
    pub description: String,
    /// Who may use and manage it.
    pub policy: Policy,
    /// Whether AWS makes new key material every year.
    #[prop(later)]
    pub rotation: bool,
    /// How long it can be brought back after it was deleted: 7 to 30 days.
    #[prop(range(7..=30), source = "KMS ScheduleKeyDeletion PendingWindowInDays")]
    pub deletion_window_days: u32,
    /// Declared false: whether it is on its way out.
    #[prop(pending)]
    pub pending_deletion: bool,
    /// Declared true: whether it can be used.
    pub enabled: bool,
    pub tags: Tags,
}

id! {
    /// A key's id, such as `1234abcd-12ab-34cd-56ef-1234567890ab`.
    KeyId,
}

/// The shortest window that AWS accepts (ScheduleKeyDeletion).
const SHORTEST_WINDOW_DAYS: u32 = 7;
/// The longest one.
const LONGEST_WINDOW_DAYS: u32 = 30;

impl Resource for Key {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<KeyOutputs>> {
        let ours = search::ours(cx).await?;
        Ok(ours.iter().filter_map(|arn| KeyOutputs::of(arn.as_str())).collect())
    }

    async fn read(cx: &Cx<'_>, known: &KeyOutputs) -> Result<Option<Self>> {
        let id = known.id.as_str();
        let (seen, policy, rotation, tags) = futures::try_join!(
            describe(cx, id),
            policy(cx, id),
            rotation(cx, id),
            tags(&cx.cloud.kms, id)
        )?;
        let Some(seen) = seen else { return Ok(None) };
        let (Some(policy), Some(rotation), Some(tags)) = (policy, rotation, tags) else {
            // A key is known to DescribeKey before it is to the other calls.
            return Err(AwsError::pending("the new key to be known everywhere"));
        };
        Ok(Some(Self {
            description: seen.description.unwrap_or_default(),
            policy,
            rotation,
            deletion_window_days: window(cx.properties),
            pending_deletion: seen.key_state == Some(KeyState::PendingDeletion),
            enabled: seen.enabled,
            tags,
        }))
    }

    /// Grants of another account. Those of this one go no further than its own policies could, and
    /// most are what services make for what uses the key.
    async fn attachments(
        cx: &Cx<'_>,
        known: &KeyOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        let kms = &cx.cloud.kms;
        let mut pages = kms.list_grants().key_id(&known.id).into_paginator().send();
        while let Some(page) = pages.next().await {
            let Some(page) = page.unless_absent("NotFoundException")? else { break };
            for grant in page.grants.unwrap_or_default() {
                let whom = Arn::from(grant.grantee_principal.unwrap_or_default());
                if !cx.cloud.facts.is_of_another_account(&whom) {
                    continue;
                }
                let operations = grant.operations.iter().flatten();
                let operations: Vec<&str> = operations.map(GrantOperation::as_str).collect();
                let which = format!("to {whom} for {}", operations.join(", "));
                if attachments.meets("grant", &which) {
                    let request = kms.revoke_grant().key_id(&known.id);
                    let request = request.set_grant_id(grant.grant_id);
                    request.send().await.unless_absent("NotFoundException")?;
                }
            }
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<KeyOutputs> {
        self.check_window()?;
        let request = cx.cloud.kms.create_key();
        let reply = request
            .description(&self.description)
            .policy(self.policy.document()?)
            .set_tags(Some(written(&self.tags)?))
            .send()
            .await?;
        let arn = reply.key_metadata.and_then(|key| key.arn).present("the key's ARN")?;
        KeyOutputs::of(&arn).present("the key's id")
    }

    async fn converge(&self, cx: &Cx<'_>, known: &KeyOutputs, changed: &Changed) -> Result<()> {
        let kms = &cx.cloud.kms;
        if changed.has("deletion_window_days") {
            self.check_window()?;
        }
        // First, as a key pending deletion takes no other change.
        if changed.any(&["pending_deletion", "enabled"]) {
            self.set_state(cx, known).await?;
        }
        if changed.has("description") {
            let request = kms.update_key_description().key_id(&known.id);
            request.description(&self.description).send().await?;
        }
        if changed.has("policy") {
            let request = kms.put_key_policy().key_id(&known.id).policy_name("default");
            request.policy(self.policy.document()?).send().await?;
        }
        if changed.has("rotation") {
            if self.rotation {
                kms.enable_key_rotation().key_id(&known.id).send().await?;
            } else {
                kms.disable_key_rotation().key_id(&known.id).send().await?;
            }
        }
        if changed.has("tags") {
            replace_tags(cx, &known.id, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &KeyOutputs) -> Result<()> {
        let request = cx.cloud.kms.schedule_key_deletion().key_id(&known.id);
        let days = window(cx.properties).cast_signed();
        let answer = request.pending_window_in_days(days).send().await;
        match answer.unless_absent("NotFoundException") {
            // Refused for a key that is pending deletion already, and in passing states.
            Err(error) if error.code() == Some("KMSInvalidStateException") => {
                match describe(cx, known.id.as_str()).await? {
                    Some(seen) if seen.key_state != Some(KeyState::PendingDeletion) => Err(error),
                    _ => Ok(()),
                }
            }
            answer => answer.map(drop),
        }
    }
}

impl Key {
    /// Refuses a window that AWS would only refuse when the key is to be deleted.
    fn check_window(&self) -> Result<()> {
        if (SHORTEST_WINDOW_DAYS..=LONGEST_WINDOW_DAYS).contains(&self.deletion_window_days) {
            return Ok(());
        }
        let days = self.deletion_window_days;
        Err(AwsError::invalid(format!(
            "a key's deletion window is {SHORTEST_WINDOW_DAYS} to {LONGEST_WINDOW_DAYS} days, \
             not {days}"
        )))
    }

    /// Takes it back from its deletion and makes it usable, or not.
    async fn set_state(&self, cx: &Cx<'_>, known: &KeyOutputs) -> Result<()> {
        let kms = &cx.cloud.kms;
        let seen = describe(cx, known.id.as_str()).await?.present("the key")?;
        if seen.key_state == Some(KeyState::PendingDeletion) && !self.pending_deletion {
            kms.cancel_key_deletion().key_id(&known.id).send().await?;
        }
        // A key that was taken back is disabled.
        if self.enabled {
            kms.enable_key().key_id(&known.id).send().await?;
        } else {
            kms.disable_key().key_id(&known.id).send().await?;
        }
        Ok(())
    }
}

impl KeyOutputs {
    /// Those of the key with this ARN.
    fn of(arn: &str) -> Option<Self> {
        Some(Self { id: id(arn)?.into(), arn: arn.into() })
    }
}

async fn policy(cx: &Cx<'_>, id: &str) -> Result<Option<Policy>> {
    let request = cx.cloud.kms.get_key_policy().key_id(id).policy_name("default");
    let Some(reply) = request.send().await.unless_absent("NotFoundException")? else {
        return Ok(None);
    };
    Policy::parse(reply.policy().present("policy")?).map(Some)
}

async fn rotation(cx: &Cx<'_>, id: &str) -> Result<Option<bool>> {
    let request = cx.cloud.kms.get_key_rotation_status().key_id(id);
    match request.send().await.unless_absent("NotFoundException") {
        // A key pending deletion does not rotate, whether AWS answers so or refuses the question.
        Err(error) if error.code() == Some("KMSInvalidStateException") => Ok(Some(false)),
        seen => Ok(seen?.map(|seen| seen.key_rotation_enabled)),
    }
}

async fn replace_tags(cx: &Cx<'_>, id: &KeyId, wanted: &Tags) -> Result<()> {
    let kms = &cx.cloud.kms;
    let seen = tags(&cx.cloud.kms, id.as_str()).await?.unwrap_or_default();
    let surplus: Vec<String> = seen.into_keys().filter(|key| !wanted.contains_key(key)).collect();
    kms.tag_resource().key_id(id).set_tags(Some(written(wanted)?)).send().await?;
    if !surplus.is_empty() {
        kms.untag_resource().key_id(id).set_tag_keys(Some(surplus)).send().await?;
    }
    Ok(())
}

fn written(tags: &Tags) -> Result<Vec<Tag>> {
    let write = |(key, value)| Tag::builder().tag_key(key).tag_value(value).build();
    Ok(tags.iter().map(write).collect::<std::result::Result<_, _>>()?)
}

/// The deletion window, which KMS learns only at the deletion.
fn window(properties: &Value) -> u32 {
    let days = properties["deletion_window_days"].as_u64();
    days.and_then(|days| u32::try_from(days).ok()).unwrap_or(SHORTEST_WINDOW_DAYS)
}
