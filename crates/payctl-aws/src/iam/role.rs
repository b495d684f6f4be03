//! IAM roles: what a service or function may do, and who may act as it.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{self, AttachedPolicy};

use super::{holders, tags};
use crate::prelude::*;

/// What its holders may do.
#[kind(
    "iam.role",
    outputs(name: RoleName, arn: Arn, id: String),
    // The ARN has the path in it; and a function, whose grants are to the role itself and not to
    // its name, has to be told of a new one.
    stable(name),
    look = "iam:GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
    create = "iam:CreateRole TagRole",
    change = "iam:AttachRolePolicy DeleteRolePermissionsBoundary DeleteRolePolicy \
        DetachRolePolicy PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole \
        UpdateAssumeRolePolicy UpdateRole",
    delete = "iam:DeleteRole DeleteRolePolicy DetachRolePolicy ListInstanceProfilesForRole",
    on = "arn:{partition}:iam::{account}:role{path}{name}",
)]
pub struct Role {
    #[prop(
        replaces, unique,
        length(1..=64), pattern = r"[\w+=,.@-]+",
        source = "CreateRole.role_name"
    )]
    pub name: String,
    /// Where it stands in IAM's tree, usually `/`.
    #[prop(replaces, length(1..=512), source = "CreateRole.path")]
    pub path: String,
    #[prop(length(..=1000), source = "CreateRole.description")]
    pub description: String,
    /// Who may act as it.
    pub trust: Policy,
    /// Its own policies, by name.
    #[prop(later)]
    pub inline: BTreeMap<String, Policy>,
    /// Policies that it shares with others.
    #[prop(later, holds)]
    pub managed: Set<Input<Arn>>,
    /// The managed policy that says what its holders may do at most.
    #[serde(default)]
    pub permissions_boundary: Option<Arn>,
    #[prop(range(3600..=43_200), source = "CreateRole.max_session_duration")]
    pub max_session_s: u32,
    pub tags: Tags,
}

id! {
    /// A role's name.
    RoleName,
}

impl Resource for Role {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RoleOutputs>> {
        let seen = look(cx, &self.name).await?;
        Ok(seen.iter().map(RoleOutputs::from).collect())
    }

    async fn read(cx: &Cx<'_>, known: &RoleOutputs) -> Result<Option<Self>> {
        let (seen, inline, managed) = futures::try_join!(
            look(cx, known.name.as_str()),
            inline(cx, &known.name),
            managed(cx, &known.name),
        )?;
        let Some(seen) = seen else { return Ok(None) };
        let trust = seen.assume_role_policy_document();
        Ok(Some(Self {
            trust: Policy::parse(trust.present("assume_role_policy_document")?)?,
            inline,
            managed: managed.into_iter().map(Input::Known).collect(),
            permissions_boundary: boundary(&seen),
            max_session_s: seen.max_session_duration.unwrap_or(3600).cast_unsigned(),
            tags: tags::all(seen.tags()),
            name: seen.role_name,
            path: seen.path,
            description: seen.description.unwrap_or_default(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RoleOutputs> {
        let request = cx.cloud.iam.create_role();
        let reply = request
            .role_name(&self.name)
            .path(&self.path)
            .description(&self.description)
            .assume_role_policy_document(self.trust.document()?)
            .set_permissions_boundary(self.permissions_boundary.as_ref().map(String::from))
            .max_session_duration(self.max_session_s.cast_signed())
            .set_tags(Some(tags::list(&self.tags)?))
            .send()
            .await?;
        Ok(RoleOutputs::from(&reply.role.present("role")?))
    }

    async fn converge(&self, cx: &Cx<'_>, known: &RoleOutputs, changed: &Changed) -> Result<()> {
        let iam = &cx.cloud.iam;
        // First: whoever may only give rights to roles with the boundary is asked for what the role has
        // then (`iam:PermissionsBoundary` of PutRolePolicy and others, service authorization
        // reference).
        if changed.has("permissions_boundary") {
            self.set_boundary(cx, &known.name).await?;
        }
        if changed.has("trust") {
            let request = iam.update_assume_role_policy().role_name(&known.name);
            request.policy_document(self.trust.document()?).send().await?;
        }
        if changed.any(&["description", "max_session_s"]) {
            let request = iam.update_role().role_name(&known.name).description(&self.description);
            request.max_session_duration(self.max_session_s.cast_signed()).send().await?;
        }
        // IAM refuses two changes of one role at a time, so one comes after the other.
        if changed.has("inline") {
            self.set_inline(cx, &known.name, changed).await?;
        }
        if changed.has("managed") {
            self.set_managed(cx, &known.name, changed).await?;
        }
        if changed.has("tags") {
            self.set_tags(cx, &known.name).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RoleOutputs) -> Result<()> {
        let (attached, names) =
            futures::try_join!(managed(cx, &known.name), inline_names(cx, &known.name))?;
        for arn in &attached {
            detach(cx, &known.name, arn).await?;
        }
        for name in &names {
            delete_inline(cx, &known.name, name).await?;
        }
        let request = cx.cloud.iam.delete_role().role_name(&known.name);
        match request.send().await.unless_absent("NoSuchEntity") {
            Err(refused) => Err(holders::of_role(cx, refused, known.name.as_str()).await?),
            gone => gone.map(drop),
        }
    }
}

impl Role {
    async fn set_boundary(&self, cx: &Cx<'_>, role: &RoleName) -> Result<()> {
        let iam = &cx.cloud.iam;
        if let Some(arn) = &self.permissions_boundary {
            let request = iam.put_role_permissions_boundary().role_name(role);
            request.permissions_boundary(arn).send().await?;
        } else {
            let request = iam.delete_role_permissions_boundary().role_name(role);
            request.send().await.unless_absent("NoSuchEntity")?;
        }
        Ok(())
    }

    /// Makes the declared inline policies the only ones.
    async fn set_inline(&self, cx: &Cx<'_>, role: &RoleName, changed: &Changed) -> Result<()> {
        let before = match changed.is_new() {
            true => Vec::new(),
            false => inline_names(cx, role).await?,
        };
        for (name, policy) in &self.inline {
            let request = cx.cloud.iam.put_role_policy().role_name(role).policy_name(name);
            request.policy_document(policy.document()?).send().await?;
        }
        for name in before.iter().filter(|name| !self.inline.contains_key(*name)) {
            delete_inline(cx, role, name).await?;
        }
        Ok(())
    }

    /// Makes the declared attachments the only ones.
    async fn set_managed(&self, cx: &Cx<'_>, role: &RoleName, changed: &Changed) -> Result<()> {
        let before = match changed.is_new() {
            true => Vec::new(),
            false => managed(cx, role).await?,
        };
        let wanted = self.managed.iter().map(Input::get).collect::<Result<Vec<_>, _>>()?;
        for arn in wanted.iter().filter(|arn| !before.contains(arn)) {
            let request = cx.cloud.iam.attach_role_policy().role_name(role);
            request.policy_arn(*arn).send().await?;
        }
        for arn in before.iter().filter(|arn| !wanted.contains(arn)) {
            detach(cx, role, arn).await?;
        }
        Ok(())
    }

    async fn set_tags(&self, cx: &Cx<'_>, role: &RoleName) -> Result<()> {
        let iam = &cx.cloud.iam;
        let seen = look(cx, role.as_str()).await?;
        let seen = seen.map(|seen| tags::all(seen.tags())).unwrap_or_default();
        let surplus: Vec<String> =
            seen.into_keys().filter(|key| !self.tags.contains_key(key)).collect();
        // First: a name that differs in case only is the same to IAM (its guide, "Tags for IAM
        // resources"), and taking it off would take the new one as well.
        if !surplus.is_empty() {
            iam.untag_role().role_name(role).set_tag_keys(Some(surplus)).send().await?;
        }
        iam.tag_role().role_name(role).set_tags(Some(tags::list(&self.tags)?)).send().await?;
        Ok(())
    }
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<types::Role>> {
    let request = cx.cloud.iam.get_role().role_name(name);
    let reply = request.send().await.unless_absent("NoSuchEntity")?;
    Ok(reply.and_then(|reply| reply.role))
}

fn boundary(seen: &types::Role) -> Option<Arn> {
    let boundary = seen.permissions_boundary()?.permissions_boundary_arn()?;
    Some(boundary.into())
}

/// The role's own policies, by name.
async fn inline(cx: &Cx<'_>, role: &RoleName) -> Result<BTreeMap<String, Policy>> {
    let names = inline_names(cx, role).await?;
    let policies = names.iter().map(|name| inline_policy(cx, role, name));
    let policies = futures::future::try_join_all(policies).await?;
    Ok(names.into_iter().zip(policies).filter_map(|(name, it)| Some((name, it?))).collect())
}

async fn inline_policy(cx: &Cx<'_>, role: &RoleName, name: &str) -> Result<Option<Policy>> {
    let request = cx.cloud.iam.get_role_policy().role_name(role).policy_name(name);
    let reply = request.send().await.unless_absent("NoSuchEntity")?;
    reply.map(|reply| Policy::parse(reply.policy_document())).transpose()
}

async fn inline_names(cx: &Cx<'_>, role: &RoleName) -> Result<Vec<String>> {
    let names = cx.cloud.iam.list_role_policies().role_name(role).into_paginator().items().send();
    let names = names.collect::<std::result::Result<_, _>>().await;
    Ok(names.unless_absent("NoSuchEntity")?.unwrap_or_default())
}

/// The policies attached to the role.
async fn managed(cx: &Cx<'_>, role: &RoleName) -> Result<Vec<Arn>> {
    let request = cx.cloud.iam.list_attached_role_policies().role_name(role);
    let attached = request.into_paginator().items().send();
    let attached = attached.collect::<std::result::Result<Vec<AttachedPolicy>, _>>().await;
    let attached = attached.unless_absent("NoSuchEntity")?.unwrap_or_default();
    Ok(attached.into_iter().filter_map(|policy| policy.policy_arn.map(Arn::from)).collect())
}

async fn detach(cx: &Cx<'_>, role: &RoleName, arn: &Arn) -> Result<()> {
    let request = cx.cloud.iam.detach_role_policy().role_name(role).policy_arn(arn);
    request.send().await.unless_absent("NoSuchEntity")?;
    Ok(())
}

async fn delete_inline(cx: &Cx<'_>, role: &RoleName, name: &str) -> Result<()> {
    let request = cx.cloud.iam.delete_role_policy().role_name(role).policy_name(name);
    request.send().await.unless_absent("NoSuchEntity")?;
    Ok(())
}

impl From<&types::Role> for RoleOutputs {
    fn from(seen: &types::Role) -> Self {
        let types::Role { role_name, arn, role_id, .. } = seen;
        Self { name: role_name.as_str().into(), arn: arn.as_str().into(), id: role_id.clone() }
    }
}
