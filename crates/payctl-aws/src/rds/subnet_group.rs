//! Subnet groups: the subnets that a database's instances may be in.

use aws_sdk_rds::types;

use super::tags;
use crate::ec2::{SubnetId, VpcId};
use crate::prelude::*;

/// The subnets that a database's instances may be in, of at least two zones.
#[kind(
    "rds.subnet_group",
    outputs(name: SubnetGroupName, arn: Arn),
    stable(name, arn),
    typical(1.0, 0.0, 0.5),
    look = "rds:DescribeDBSubnetGroups ListTagsForResource",
    // The first of its things in an account brings RDS's own role with it.
    create = "iam:CreateServiceLinkedRole rds:AddTagsToResource CreateDBSubnetGroup",
    change = "rds:AddTagsToResource ListTagsForResource ModifyDBSubnetGroup \
        RemoveTagsFromResource",
    delete = "rds:DeleteDBSubnetGroup",
    on = [
        "arn:{partition}:iam::{account}:role/aws-service-role/rds.amazonaws.com/*",
        "arn:{partition}:rds:{region}:{account}:subgrp:{name}",
    ],
)]
pub struct SubnetGroup {
    /// In lower case, as AWS writes it so.
    #[prop(replaces, unique)]
    pub name: String,
    pub description: String,
    /// That of the subnets. AWS moves none to another.
    #[prop(replaces)]
    pub vpc: Input<VpcId>,
    // The interfaces of its databases' instances are in them.
    #[prop(holds)]
    pub subnets: Set<Input<SubnetId>>,
    pub tags: Tags,
}

id! {
    /// A subnet group's name.
    SubnetGroupName,
}

const GONE: &str = "DBSubnetGroupNotFoundFault";

impl Resource for SubnetGroup {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<SubnetGroupOutputs>> {
        let seen = describe(cx, &self.name).await?;
        Ok(seen.map(|_| self.outputs(cx)).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &SubnetGroupOutputs) -> Result<Option<Self>> {
        let name = known.name.as_str();
        let (seen, tags) = futures::try_join!(describe(cx, name), tags::all(cx, &known.arn))?;
        let Some(seen) = seen else { return Ok(None) };
        let subnets = seen.subnets().iter().filter_map(|subnet| subnet.subnet_identifier());
        Ok(Some(Self {
            name: name.to_owned(),
            description: seen.db_subnet_group_description().unwrap_or_default().to_owned(),
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            subnets: subnets.map(|subnet| SubnetId::from(subnet).into()).collect(),
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<SubnetGroupOutputs> {
        let request = cx.cloud.rds.create_db_subnet_group();
        request
            .db_subnet_group_name(&self.name)
            .db_subnet_group_description(&self.description)
            .set_subnet_ids(Some(self.subnet_ids()?))
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await?;
        Ok(self.outputs(cx))
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &SubnetGroupOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["description", "subnets"]) {
            let request = cx.cloud.rds.modify_db_subnet_group();
            request
                .db_subnet_group_name(&known.name)
                .db_subnet_group_description(&self.description)
                .set_subnet_ids(Some(self.subnet_ids()?))
                .send()
                .await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &SubnetGroupOutputs) -> Result<()> {
        let request = cx.cloud.rds.delete_db_subnet_group().db_subnet_group_name(&known.name);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl SubnetGroup {
    fn outputs(&self, cx: &Cx<'_>) -> SubnetGroupOutputs {
        let arn = cx.cloud.facts.arn("rds", &format!("subgrp:{}", self.name));
        SubnetGroupOutputs { name: self.name.as_str().into(), arn }
    }

    fn subnet_ids(&self) -> Result<Vec<String>> {
        self.subnets.iter().map(|subnet| Ok(subnet.get()?.into())).collect()
    }
}

async fn describe(cx: &Cx<'_>, name: &str) -> Result<Option<types::DbSubnetGroup>> {
    let request = cx.cloud.rds.describe_db_subnet_groups().db_subnet_group_name(name);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.db_subnet_groups).unwrap_or_default().pop())
}
