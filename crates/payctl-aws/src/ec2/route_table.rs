//! Route tables: where a subnet's packets go.

use aws_sdk_ec2::types::{self, ResourceType, RouteOrigin};

use super::blockers::{self, Doomed};
use super::{RouteTarget, VpcId, tags};
use crate::prelude::*;

/// Where the packets of associated subnets go: its routes are resources of their own.
#[kind(
    "ec2.route_table",
    outputs(id: RouteTableId, arn: Arn),
    repeat = Token,
    typical(0.4, 0.0, 0.4),
    look = "ec2:DescribeRouteTables",
    create = "ec2:CreateRouteTable CreateTags",
    change = "ec2:CreateTags DeleteRoute DeleteTags DescribeTags",
    delete = "ec2:DeleteRouteTable DescribeRouteTables",
    on = "*",
    attachments = ["route"],
)]
pub struct RouteTable {
    #[prop(replaces)]
    pub vpc: Input<VpcId>,
    pub tags: Tags,
}

id! {
    /// A route table's id, such as `rtb-0a1b2c`.
    RouteTableId,
}

impl Resource for RouteTable {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<RouteTableOutputs>> {
        let ours = cx.cloud.bulk.route_tables.ours(cx.owner, cx.address).await?;
        ours.iter().map(|table| outputs(cx, table)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &RouteTableOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.route_tables.load(&known.id).await?;
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn attachments(
        cx: &Cx<'_>,
        known: &RouteTableOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        let seen = cx.cloud.bulk.route_tables.load(&known.id).await?;
        for route in seen.iter().flat_map(types::RouteTable::routes) {
            // The table's own way within the VPC; what a gateway announces; an endpoint's prefix
            // list, which is the endpoint's to set.
            let own = route.origin() != Some(&RouteOrigin::CreateRoute);
            let endpoint = route.gateway_id().is_some_and(|id| id.starts_with("vpce-"));
            let (v4, v6) = (route.destination_cidr_block(), route.destination_ipv6_cidr_block());
            let Some(to) = v4.or(v6).or(route.destination_prefix_list_id()) else { continue };
            let declared = attachments.is_declared("ec2.route", &[("destination", to)]);
            if own || endpoint || declared {
                continue;
            }
            let through = RouteTarget::of(route);
            if attachments.meets("route", &format!("to {to} through {through}")) {
                let request = cx.cloud.ec2.delete_route().route_table_id(&known.id);
                let request = request
                    .set_destination_cidr_block(v4.map(str::to_owned))
                    .set_destination_ipv6_cidr_block(v6.map(str::to_owned))
                    .set_destination_prefix_list_id(
                        route.destination_prefix_list_id().map(str::to_owned),
                    );
                request.send().await.unless_absent("InvalidRoute.NotFound")?;
            }
        }
        Ok(())
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
        match request.send().await.unless_absent("InvalidRouteTableID.NotFound") {
            Err(refused) => {
                Err(blockers::named(cx, refused, Doomed::RouteTable(known.id.as_str())).await?)
            }
            gone => gone.map(drop),
        }
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
