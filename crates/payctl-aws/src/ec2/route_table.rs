//! Route tables: where a subnet's packets go.

use aws_sdk_ec2::types::{self, ResourceType};
use payctl_engine::{Access, Changed, Input, Repeat, Resource, Typical, outputs};
use serde::{Deserialize, Serialize};

use super::{VpcId, tags};
use crate::{Absent as _, Arn, Aws, AwsError, Cx, Present as _, Result, Tags, id};

/// Where the packets of associated subnets go: its routes are resources of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    pub vpc: Input<VpcId>,
    pub tags: Tags,
}

id! {
    /// A route table's id, such as `rtb-0a1b2c`.
    RouteTableId,
}

outputs! {
    /// What AWS assigns to a route table.
    RouteTableOutputs via RouteTableRef { id: RouteTableId, arn: Arn }
}

impl Resource for RouteTable {
    type Cloud = Aws;
    type Outputs = RouteTableOutputs;
    type Ref = RouteTableRef;

    const KIND: &'static str = "ec2.route_table";
    const REPLACED_BY: &'static [&'static str] = &["vpc"];
    const REPEAT: Repeat = Repeat::Token;
    const TYPICAL: Typical = Typical { created: 0.4, ready: 0.0, deleted: 0.4 };
    const ACCESS: Access = Access {
        look: &["ec2:DescribeRouteTables"],
        create: &["ec2:CreateRouteTable", "ec2:CreateTags"],
        change: &["ec2:CreateTags", "ec2:DeleteTags", "ec2:DescribeTags"],
        delete: &["ec2:DeleteRouteTable"],
        on: &["*"],
        ..Access::NONE
    };

    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<RouteTableOutputs>> {
        let ours = cx.cloud.ec2.describe_route_tables().set_filters(tags::filters(cx));
        let reply = ours.send().await?;
        reply.route_tables().iter().map(|table| outputs(cx, table)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &RouteTableOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.route_tables.load(&known.id).await?;
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RouteTableOutputs> {
        let request = cx.cloud.ec2.create_route_table().client_token(cx.token);
        let reply = request
            .vpc_id(self.vpc.get()?)
            .tag_specifications(tags::on_create(ResourceType::RouteTable, &self.tags))
            .send()
            .await?;
        outputs(cx, &reply.route_table.present("route_table")?)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &RouteTableOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RouteTableOutputs) -> Result<()> {
        let request = cx.cloud.ec2.delete_route_table().route_table_id(&known.id);
        request.send().await.unless_absent("InvalidRouteTableID.NotFound")?;
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, seen: &types::RouteTable) -> Result<RouteTableOutputs> {
    let id = RouteTableId::from(seen.route_table_id().present("route_table_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("route-table/{id}"));
    Ok(RouteTableOutputs { id, arn })
}

impl TryFrom<&types::RouteTable> for RouteTable {
    type Error = AwsError;

    fn try_from(seen: &types::RouteTable) -> Result<Self> {
        let vpc = VpcId::from(seen.vpc_id().present("vpc_id")?);
        Ok(Self { vpc: vpc.into(), tags: tags::all(seen.tags()) })
    }
}
