//! What a security group lets in, apart from the group: for groups that name each other.

use payctl_engine::{Access, Changed, Input, Repeat, Resource, Typical, outputs};
use serde::{Deserialize, Serialize};

use super::{Rules, SecurityGroupId, rules};
use crate::{Absent as _, Aws, Cx, Result};

/// All that a security group lets in, where the group itself leaves that open: a group that is let
/// in and names this one in what it lets out has to be there first, and needs this one there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupIngress {
    pub group: Input<SecurityGroupId>,
    pub rules: Rules,
}

outputs! {
    /// Whose rules they are.
    SecurityGroupIngressOutputs via SecurityGroupIngressRef { group: SecurityGroupId }
}

impl Resource for SecurityGroupIngress {
    type Cloud = Aws;
    type Outputs = SecurityGroupIngressOutputs;
    type Ref = SecurityGroupIngressRef;

    const KIND: &'static str = "ec2.security_group_ingress";
    const REPLACED_BY: &'static [&'static str] = &["group"];
    const UNIQUE_BY: &'static [&'static str] = &["group"];
    const BELONGS_TO: Option<&'static str> = Some("group");
    // A group that is named in a rule cannot be deleted.
    const HOLDS: &'static [&'static str] = &["rules"];
    const STABLE_OUTPUTS: &'static [&'static str] = &["group"];
    const REPEAT: Repeat = Repeat::Unique;
    const TYPICAL: Typical = Typical::QUICK;
    const ACCESS: Access = Access {
        look: &["ec2:DescribeSecurityGroups"],
        create: &["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
        change: &[
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        ],
        delete: &["ec2:RevokeSecurityGroupIngress"],
        on: &["*"],
        ..Access::NONE
    };

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
