//! Default security groups: the group that every VPC brings, and that what names no other gets.

use aws_sdk_ec2::types;

use super::security_group::by_name;
use super::{Rules, SecurityGroupId, VpcId, rules, tags};
use crate::prelude::*;

/// The name AWS gives it; nobody else may use it.
const NAME: &str = "default";

/// The group that a VPC brings. It comes and goes with the VPC.
#[kind(
    "ec2.default_security_group",
    outputs(id: SecurityGroupId, arn: Arn),
    typical(0.4, 0.0, 0.0),
    look = "ec2:DescribeSecurityGroups",
    create = "ec2:CreateTags",
    change = "ec2:AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateTags \
        DeleteTags DescribeTags RevokeSecurityGroupEgress RevokeSecurityGroupIngress \
        UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress",
    on = "*",
)]
pub struct DefaultSecurityGroup {
    #[prop(replaces, unique, parent)]
    pub vpc: Input<VpcId>,
    // It comes with everything let out, and with its own members let in.
    #[prop(later)]
    pub ingress: Rules,
    #[prop(later)]
    pub egress: Rules,
    pub tags: Tags,
}

impl Resource for DefaultSecurityGroup {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<DefaultSecurityGroupOutputs>> {
        let Ok(vpc) = self.vpc.get() else { return Ok(Vec::new()) };
        let seen = by_name(cx, vpc, NAME).await?;
        seen.iter().map(|seen| outputs(cx, seen)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &DefaultSecurityGroupOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.security_groups.load(&known.id).await?;
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<DefaultSecurityGroupOutputs> {
        let seen = by_name(cx, self.vpc.get()?, NAME).await?;
        let seen = seen.first().ok_or_else(|| AwsError::not_visible("the VPC's default group"))?;
        let known = outputs(cx, seen)?;
        tags::put(cx, known.id.as_str(), &self.tags).await?;
        Ok(known)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &DefaultSecurityGroupOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["ingress", "egress"]) {
            let ingress = changed.has("ingress").then_some(&self.ingress);
            let egress = changed.has("egress").then_some(&self.egress);
            rules::converge(cx, &known.id, ingress, egress).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(_: &Cx<'_>, _: &DefaultSecurityGroupOutputs) -> Result<()> {
        // AWS refuses to delete it, and deletes it with the VPC.
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, seen: &types::SecurityGroup) -> Result<DefaultSecurityGroupOutputs> {
    let id = SecurityGroupId::from(seen.group_id().present("group_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("security-group/{id}"));
    Ok(DefaultSecurityGroupOutputs { id, arn })
}

impl TryFrom<&types::SecurityGroup> for DefaultSecurityGroup {
    type Error = AwsError;

    fn try_from(seen: &types::SecurityGroup) -> Result<Self> {
        Ok(Self {
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            ingress: rules::read(seen.ip_permissions())?,
            egress: rules::read(seen.ip_permissions_egress())?,
            tags: tags::all(seen.tags()),
        })
    }
}
