//! Security groups: what may reach an interface, and what it may reach.

use aws_sdk_ec2::types::{self, ResourceType};
use serde_json::Value;

use super::blockers::{self, Doomed};
use super::{Rules, SecurityGroupId, VpcId, rules, tags};
use crate::prelude::*;

/// What may reach an interface, and what it may reach.
#[kind(
    "ec2.security_group",
    outputs(id: SecurityGroupId, arn: Arn),
    typical(0.4, 0.0, 0.5),
    // Lambda's network interfaces outlive the function by minutes and keep its groups
    // (docs/aws-facts.md).
    wait_timeout = 45 * 60,
    look = "ec2:DescribeSecurityGroups",
    create = "ec2:CreateSecurityGroup CreateTags",
    change = "ec2:AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateTags \
        DeleteTags DescribeTags RevokeSecurityGroupEgress RevokeSecurityGroupIngress \
        UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress",
    delete = "ec2:DeleteSecurityGroup DescribeNetworkInterfaces RevokeSecurityGroupEgress \
        RevokeSecurityGroupIngress",
    on = "*",
)]
pub struct SecurityGroup {
    #[prop(replaces, unique)]
    pub name: String,
    #[prop(replaces)]
    pub description: String,
    #[prop(replaces, unique)]
    pub vpc: Input<VpcId>,
    /// What it lets in; none where a [`SecurityGroupIngress`](super::SecurityGroupIngress) says
    /// that.
    // A new group lets everything out, unless that is revoked.
    #[prop(later)]
    pub ingress: Option<Rules>,
    #[prop(later)]
    pub egress: Rules,
    pub tags: Tags,
}

impl Resource for SecurityGroup {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<SecurityGroupOutputs>> {
        let Ok(vpc) = self.vpc.get() else { return Ok(Vec::new()) };
        let seen = by_name(cx, vpc, &self.name).await?;
        seen.iter().map(|seen| outputs(cx, seen)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &SecurityGroupOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.security_groups.load(&known.id).await?;
        let seen: Option<Self> = seen.as_ref().map(Self::try_from).transpose()?;
        let apart = cx.properties.get("ingress").is_some_and(Value::is_null);
        Ok(seen.map(|seen| match apart {
            true => Self { ingress: None, ..seen },
            false => seen,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<SecurityGroupOutputs> {
        let request = cx.cloud.ec2.create_security_group();
        let reply = request
            .group_name(&self.name)
            .description(&self.description)
            .vpc_id(self.vpc.get()?)
            .tag_specifications(tags::on_create(ResourceType::SecurityGroup, &self.tags))
            .send()
            .await?;
        Ok(of(cx, reply.group_id().present("group_id")?))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &SecurityGroupOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["ingress", "egress"]) {
            let ingress = self.ingress.as_ref().filter(|_| changed.has("ingress"));
            let egress = changed.has("egress").then_some(&self.egress);
            rules::converge(cx, &known.id, ingress, egress).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &SecurityGroupOutputs) -> Result<()> {
        let Some(seen) = cx.cloud.bulk.security_groups.load(&known.id).await? else {
            return Ok(());
        };
        // A rule that is gone by now is as good as revoked.
        rules::clear(cx, &known.id, &seen).await.unless_absent("InvalidPermission.NotFound")?;
        let request = cx.cloud.ec2.delete_security_group().group_id(&known.id);
        match request.send().await.unless_absent("InvalidGroup.NotFound") {
            Err(refused) => {
                Err(blockers::named(cx, refused, Doomed::Group(known.id.as_str())).await?)
            }
            gone => gone.map(drop),
        }
    }
}

/// The groups of that name in a VPC: one or none.
pub(super) async fn by_name(
    cx: &Cx<'_>,
    vpc: &VpcId,
    name: &str,
) -> Result<Vec<types::SecurityGroup>> {
    let request = cx.cloud.ec2.describe_security_groups();
    let request = request.filters(tags::filter("vpc-id", vpc.as_str()));
    let reply = request.filters(tags::filter("group-name", name)).send().await?;
    Ok(reply.security_groups.unwrap_or_default())
}

fn outputs(cx: &Cx<'_>, seen: &types::SecurityGroup) -> Result<SecurityGroupOutputs> {
    Ok(of(cx, seen.group_id().present("group_id")?))
}

fn of(cx: &Cx<'_>, id: &str) -> SecurityGroupOutputs {
    let arn = cx.cloud.facts.arn("ec2", &format!("security-group/{id}"));
    SecurityGroupOutputs { id: id.into(), arn }
}

impl TryFrom<&types::SecurityGroup> for SecurityGroup {
    type Error = AwsError;

    fn try_from(seen: &types::SecurityGroup) -> Result<Self> {
        Ok(Self {
            name: seen.group_name().present("group_name")?.to_owned(),
            description: seen.description().unwrap_or_default().to_owned(),
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            ingress: Some(rules::read(seen.ip_permissions())?),
            egress: rules::read(seen.ip_permissions_egress())?,
            tags: tags::all(seen.tags()),
        })
    }
}
