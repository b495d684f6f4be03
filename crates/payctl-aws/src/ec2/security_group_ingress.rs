//! What a security group lets in, apart from the group: for groups that name each other.

use super::{Rules, SecurityGroupId, rules};
use crate::prelude::*;

/// All that a security group lets in, where the group itself leaves that open: a group that is let
/// in and names this one in what it lets out has to be there first, and needs this one there.
#[kind(
    "ec2.security_group_ingress",
    outputs(group: SecurityGroupId),
    stable(group),
    look = "ec2:DescribeSecurityGroups",
    create = "ec2:AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress",
    change = "ec2:AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress \
        UpdateSecurityGroupRuleDescriptionsIngress",
    delete = "ec2:RevokeSecurityGroupIngress",
    on = "*",
)]
pub struct SecurityGroupIngress {
    #[prop(replaces, unique, parent)]
    pub group: Input<SecurityGroupId>,
    // A group that is named in a rule cannot be deleted.
    #[prop(holds)]
    pub rules: Rules,
}

impl Resource for SecurityGroupIngress {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<SecurityGroupIngressOutputs>> {
        let Ok(group) = self.group.get() else { return Ok(Vec::new()) };
        let known = SecurityGroupIngressOutputs { group: group.clone() };
        let there = Self::read(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    /// A group that lets nothing in has none of it.
    async fn read(cx: &Cx<'_>, known: &SecurityGroupIngressOutputs) -> Result<Option<Self>> {
        let Some(seen) = cx.cloud.bulk.security_groups.load(&known.group).await? else {
            return Ok(None);
        };
        let rules = rules::read(seen.ip_permissions())?;
        let group = known.group.clone().into();
        Ok((!rules.is_empty()).then_some(Self { group, rules }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<SecurityGroupIngressOutputs> {
        let group = self.group.get()?.clone();
        rules::converge(cx, &group, Some(&self.rules), None).await?;
        Ok(SecurityGroupIngressOutputs { group })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &SecurityGroupIngressOutputs,
        changed: &Changed,
    ) -> Result<()> {
        match changed.has("rules") {
            true => rules::converge(cx, &known.group, Some(&self.rules), None).await,
            false => Ok(()),
        }
    }

    async fn delete(cx: &Cx<'_>, known: &SecurityGroupIngressOutputs) -> Result<()> {
        if cx.cloud.bulk.security_groups.load(&known.group).await?.is_none() {
            return Ok(());
        }
        let none = Rules::new();
        let cleared = rules::converge(cx, &known.group, Some(&none), None).await;
        // Gone since that look, the group or the rule.
        cleared.unless_absent("InvalidGroup.NotFound").map(drop)
    }
}
