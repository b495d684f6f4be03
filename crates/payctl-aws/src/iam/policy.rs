//! Managed policies: what roles may do, kept apart from the roles, in up to five versions.

use aws_sdk_iam::types::{self, PolicyVersion};

use super::{holders, tags};
use crate::Facts;
use crate::prelude::*;

/// What the roles that name it may do.
#[kind(
    "iam.policy",
    // What it is known by, and who made it, who reads too.
    outputs(name: ManagedPolicyName, arn: Arn),
    // The ARN has the path in it.
    stable(name),
    look = "iam:GetPolicy GetPolicyVersion",
    create = "iam:CreatePolicy TagPolicy",
    change = "iam:CreatePolicyVersion DeletePolicyVersion ListPolicyVersions TagPolicy \
        UntagPolicy",
    delete = "iam:DeletePolicy DeletePolicyVersion ListEntitiesForPolicy ListPolicyVersions",
    on = "arn:{partition}:iam::{account}:policy{path}{name}",
)]
pub struct ManagedPolicy {
    // Whatever the path.
    #[prop(
        replaces, unique,
        length(1..=128), pattern = r"[\w+=,.@-]+",
        source = "CreatePolicy.policy_name"
    )]
    pub name: String,
    /// Where it stands in IAM's tree, usually `/`.
    #[prop(
        replaces,
        length(1..=512), pattern = r"((/[A-Za-z0-9\.,\+@=_-]+)*)/",
        source = "CreatePolicy.path"
    )]
    pub path: String,
    /// IAM cannot change it: another one makes the policy and the roles that name it anew.
    #[prop(replaces, length(..=1000), source = "CreatePolicy.description")]
    pub description: String,
    pub document: Policy,
    pub tags: Tags,
}

id! {
    /// A managed policy's name.
    ManagedPolicyName,
}

/// How many versions IAM keeps of one policy (CreatePolicyVersion).
const MOST_VERSIONS: usize = 5;

impl Resource for ManagedPolicy {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ManagedPolicyOutputs>> {
        // IAM finds a policy by its ARN only, which follows from path and name.
        let Facts { partition, account, .. } = &*cx.cloud.facts;
        let arn = format!("arn:{partition}:iam::{account}:policy{}{}", self.path, self.name);
        look(cx, &arn.into()).await?.as_ref().map(outputs).into_iter().collect()
    }

    async fn read(cx: &Cx<'_>, known: &ManagedPolicyOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.arn).await? else { return Ok(None) };
        let version = seen.default_version_id().present("default_version_id")?;
        let request = cx.cloud.iam.get_policy_version().policy_arn(&known.arn).version_id(version);
        let reply = request.send().await.unless_absent("NoSuchEntity")?;
        let Some(version) = reply.and_then(|reply| reply.policy_version) else { return Ok(None) };
        Ok(Some(Self {
            document: Policy::parse(version.document().present("document")?)?,
            tags: tags::all(seen.tags()),
            name: seen.policy_name.present("policy_name")?,
            path: seen.path.present("path")?,
            description: seen.description.unwrap_or_default(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ManagedPolicyOutputs> {
        let request = cx.cloud.iam.create_policy().policy_name(&self.name).path(&self.path);
        let reply = request
            .description(&self.description)
            .policy_document(self.document.document()?)
            .set_tags(Some(tags::list(&self.tags)?))
            .send()
            .await?;
        outputs(&reply.policy.present("policy")?)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ManagedPolicyOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let iam = &cx.cloud.iam;
        if changed.has("document") {
            let versions = versions(cx, &known.arn).await?;
            if versions.len() >= MOST_VERSIONS
                && let Some(oldest) = oldest(&versions)
            {
                delete_version(cx, &known.arn, oldest).await?;
            }
            let request = iam.create_policy_version().policy_arn(&known.arn).set_as_default(true);
            request.policy_document(self.document.document()?).send().await?;
        }
        if changed.has("tags") {
            let seen = look(cx, &known.arn).await?;
            let seen = seen.map(|seen| tags::all(seen.tags())).unwrap_or_default();
            let surplus: Vec<String> =
                seen.into_keys().filter(|key| !self.tags.contains_key(key)).collect();
            // First: to IAM a name that differs in case only is the same (see `iam.role`).
            if !surplus.is_empty() {
                let request = iam.untag_policy().policy_arn(&known.arn);
                request.set_tag_keys(Some(surplus)).send().await?;
            }
            let request = iam.tag_policy().policy_arn(&known.arn);
            request.set_tags(Some(tags::list(&self.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ManagedPolicyOutputs) -> Result<()> {
        let versions = versions(cx, &known.arn).await.unless_absent("NoSuchEntity")?;
        // The default version goes with the policy, and IAM wants the others gone before.
        for version in versions.iter().flatten().filter(|version| !version.is_default_version()) {
            delete_version(cx, &known.arn, version).await?;
        }
        let request = cx.cloud.iam.delete_policy().policy_arn(&known.arn);
        match request.send().await.unless_absent("NoSuchEntity") {
            Err(refused) => Err(holders::of_policy(cx, refused, &known.arn).await?),
            gone => gone.map(drop),
        }
    }
}

async fn look(cx: &Cx<'_>, arn: &Arn) -> Result<Option<types::Policy>> {
    let request = cx.cloud.iam.get_policy().policy_arn(arn);
    let reply = request.send().await.unless_absent("NoSuchEntity")?;
    Ok(reply.and_then(|reply| reply.policy))
}

async fn versions(cx: &Cx<'_>, arn: &Arn) -> Result<Vec<PolicyVersion>> {
    let versions = cx.cloud.iam.list_policy_versions().policy_arn(arn).into_paginator();
    let versions = versions.items().send().collect::<std::result::Result<_, _>>().await;
    Ok(versions?)
}

/// The oldest version that is not in force. They are numbered: `v1`, `v2` and so on.
fn oldest(versions: &[PolicyVersion]) -> Option<&PolicyVersion> {
    let number = |version: &&PolicyVersion| {
        let id = version.version_id().unwrap_or_default();
        id.trim_start_matches('v').parse::<u64>().unwrap_or_default()
    };
    versions.iter().filter(|version| !version.is_default_version()).min_by_key(number)
}

async fn delete_version(cx: &Cx<'_>, arn: &Arn, version: &PolicyVersion) -> Result<()> {
    let version = version.version_id().present("version_id")?;
    let request = cx.cloud.iam.delete_policy_version().policy_arn(arn).version_id(version);
    request.send().await.unless_absent("NoSuchEntity")?;
    Ok(())
}

fn outputs(seen: &types::Policy) -> Result<ManagedPolicyOutputs> {
    let name = seen.policy_name().present("policy_name")?.into();
    Ok(ManagedPolicyOutputs { name, arn: seen.arn().present("arn")?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_is_the_one_with_the_least_number() {
        let version = |id: &str, default| {
            PolicyVersion::builder().version_id(id).is_default_version(default).build()
        };
        let versions = ["v10", "v9", "v11", "v12"].map(|id| version(id, false));
        assert_eq!(oldest(&versions).unwrap().version_id(), Some("v9"));
        let versions = [version("v1", true), version("v3", false), version("v2", false)];
        assert_eq!(oldest(&versions).unwrap().version_id(), Some("v2"));
        assert_eq!(oldest(&versions[..1]), None);
    }
}
