//! Routes: one line of a route table.

use aws_sdk_ec2::types;
use ipnet::Ipv4Net;

use super::{RouteTableId, RouteTarget};
use crate::prelude::*;

/// One line of a route table.
#[kind(
    "ec2.route",
    outputs(table: RouteTableId, destination: String),
    stable(table, destination),
    typical(0.3, 0.0, 0.3),
    look = "ec2:DescribeRouteTables",
    create = "ec2:CreateRoute",
    change = "ec2:ReplaceRoute",
    delete = "ec2:DeleteRoute",
    on = "*",
)]
pub struct Route {
    #[prop(replaces, unique, parent)]
    pub table: Input<RouteTableId>,
    #[prop(replaces, unique)]
    #[schemars(with = "String")]
    pub destination: Ipv4Net,
    pub target: RouteTarget,
}

impl Resource for Route {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RouteOutputs>> {
        let Ok(table) = self.table.get() else { return Ok(Vec::new()) };
        let known = outputs(table, self.destination);
        Ok(look(cx, &known).await?.map(|_| known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &RouteOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, known).await? else { return Ok(None) };
        let destination = known.destination.parse();
        Ok(Some(Self {
            table: known.table.clone().into(),
            destination: destination
                .map_err(|source| AwsError::unexpected("destination_cidr_block", source))?,
            target: RouteTarget::from(&seen),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RouteOutputs> {
        let known = outputs(self.table.get()?, self.destination);
        let (internet, nat) = self.target.ids()?;
        let request = cx.cloud.ec2.create_route().route_table_id(&known.table);
        let request = request.destination_cidr_block(&known.destination);
        request.set_gateway_id(internet).set_nat_gateway_id(nat).send().await?;
        Ok(known)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &RouteOutputs, changed: &Changed) -> Result<()> {
        if changed.has("target") {
            let (internet, nat) = self.target.ids()?;
            let request = cx.cloud.ec2.replace_route().route_table_id(&known.table);
            let request = request.destination_cidr_block(&known.destination);
            request.set_gateway_id(internet).set_nat_gateway_id(nat).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RouteOutputs) -> Result<()> {
        let request = cx.cloud.ec2.delete_route().route_table_id(&known.table);
        let request = request.destination_cidr_block(&known.destination);
        request.send().await.unless_absent("InvalidRoute.NotFound")?;
        Ok(())
    }
}

fn outputs(table: &RouteTableId, destination: Ipv4Net) -> RouteOutputs {
    RouteOutputs { table: table.clone(), destination: destination.to_string() }
}

async fn look(cx: &Cx<'_>, known: &RouteOutputs) -> Result<Option<types::Route>> {
    let table = cx.cloud.bulk.route_tables.load(&known.table).await?;
    let routes = table.and_then(|table| table.routes).unwrap_or_default();
    let ours =
        |route: &types::Route| route.destination_cidr_block() == Some(known.destination.as_str());
    Ok(routes.into_iter().find(ours))
}
