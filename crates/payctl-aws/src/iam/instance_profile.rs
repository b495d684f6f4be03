//! Instance profiles: what hands a role to the instances that are started with them.

use aws_sdk_iam::types;

use super::{RoleName, tags};
use crate::prelude::*;

/// What hands a role to the instances that are started with it.
#[kind(
    "iam.instance_profile",
    outputs(name: InstanceProfileName, arn: Arn, id: String),
    // The ARN has the path in it.
    stable(name),
    look = "iam:GetInstanceProfile",
    create = "iam:CreateInstanceProfile TagInstanceProfile",
    change = "iam:AddRoleToInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile \
        UntagInstanceProfile",
    delete = "iam:DeleteInstanceProfile RemoveRoleFromInstanceProfile",
    on = "arn:{partition}:iam::{account}:instance-profile{path}{name}",
    // Asked for when the role is added, and again when something is started with it.
    delegated = [("iam:PassRole", "role", "ec2")],
)]
pub struct InstanceProfile {
    // Whatever the path.
    #[prop(
        replaces, unique,
        length(1..=128), pattern = r"[\w+=,.@-]+",
        source = "CreateInstanceProfile.instance_profile_name"
    )]
    pub name: String,
    /// Where it stands in IAM's tree, usually `/`.
    #[prop(replaces, length(1..=512), source = "CreateInstanceProfile.path")]
    pub path: String,
    /// The one role it may hold.
    #[prop(later, holds)]
    pub role: Input<RoleName>,
    pub tags: Tags,
}

id! {
    /// An instance profile's name.
    InstanceProfileName,
}

impl Resource for InstanceProfile {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<InstanceProfileOutputs>> {
        let seen = look(cx, &self.name).await?;
        Ok(seen.iter().map(InstanceProfileOutputs::from).collect())
    }

    async fn read(cx: &Cx<'_>, known: &InstanceProfileOutputs) -> Result<Option<Self>> {
        let seen = look(cx, known.name.as_str()).await?;
        Ok(seen.map(|seen| Self {
            name: seen.instance_profile_name().to_owned(),
            path: seen.path().to_owned(),
            // Empty where its making was interrupted, or the role was taken out by hand.
            role: RoleName::from(roles(&seen).next().unwrap_or_default()).into(),
            tags: tags::all(seen.tags()),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<InstanceProfileOutputs> {
        let request = cx.cloud.iam.create_instance_profile().instance_profile_name(&self.name);
        let reply = request.path(&self.path).set_tags(Some(tags::list(&self.tags)?)).send().await?;
        Ok(InstanceProfileOutputs::from(&reply.instance_profile.present("instance_profile")?))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &InstanceProfileOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let iam = &cx.cloud.iam;
        let seen = look(cx, known.name.as_str()).await?;
        if changed.has("role") {
            let role = self.role.get()?.as_str();
            let seen = seen.iter().flat_map(roles).collect::<Vec<_>>();
            // There is room for one, so the old one goes first.
            for old in seen.iter().filter(|old| **old != role) {
                remove(cx, &known.name, old).await?;
            }
            if !seen.contains(&role) {
                let request = iam.add_role_to_instance_profile().role_name(role);
                request.instance_profile_name(&known.name).send().await?;
            }
        }
        if changed.has("tags") {
            let seen = seen.iter().flat_map(|seen| tags::all(seen.tags())).map(|(key, _)| key);
            let surplus: Vec<String> = seen.filter(|key| !self.tags.contains_key(key)).collect();
            // First: to IAM a name that differs in case only is the same (see `iam.role`).
            if !surplus.is_empty() {
                let request = iam.untag_instance_profile().instance_profile_name(&known.name);
                request.set_tag_keys(Some(surplus)).send().await?;
            }
            let request = iam.tag_instance_profile().instance_profile_name(&known.name);
            request.set_tags(Some(tags::list(&self.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &InstanceProfileOutputs) -> Result<()> {
        let Some(seen) = look(cx, known.name.as_str()).await? else { return Ok(()) };
        for role in roles(&seen) {
            remove(cx, &known.name, role).await?;
        }
        let request = cx.cloud.iam.delete_instance_profile().instance_profile_name(&known.name);
        request.send().await.unless_absent("NoSuchEntity")?;
        Ok(())
    }
}

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<types::InstanceProfile>> {
    let request = cx.cloud.iam.get_instance_profile().instance_profile_name(name);
    let reply = request.send().await.unless_absent("NoSuchEntity")?;
    Ok(reply.and_then(|reply| reply.instance_profile))
}

fn roles(seen: &types::InstanceProfile) -> impl Iterator<Item = &str> {
    seen.roles().iter().map(types::Role::role_name)
}

async fn remove(cx: &Cx<'_>, profile: &InstanceProfileName, role: &str) -> Result<()> {
    let request = cx.cloud.iam.remove_role_from_instance_profile().role_name(role);
    let request = request.instance_profile_name(profile);
    request.send().await.unless_absent("NoSuchEntity")?;
    Ok(())
}

impl From<&types::InstanceProfile> for InstanceProfileOutputs {
    fn from(seen: &types::InstanceProfile) -> Self {
        Self {
            name: seen.instance_profile_name().into(),
            arn: seen.arn().into(),
            id: seen.instance_profile_id().to_owned(),
        }
    }
}
