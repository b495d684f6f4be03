//! Routes: one line of a route table.

use aws_sdk_ec2::types;
use ipnet::Ipv4Net;
use payctl_engine::{Access, Changed, Input, Repeat, Resource, Typical, outputs};
use serde::{Deserialize, Serialize};

use super::{RouteTableId, RouteTarget};
use crate::{Absent as _, Aws, AwsError, Cx, Result};

/// One line of a route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    pub table: Input<RouteTableId>,
    pub destination: Ipv4Net,
    pub target: RouteTarget,
}

outputs! {
    /// What a route is known by.
    RouteOutputs via RouteRef { table: RouteTableId, destination: String }
}

impl Resource for Route {
    type Cloud = Aws;
    type Outputs = RouteOutputs;
    type Ref = RouteRef;

    const KIND: &'static str = "ec2.route";
    const REPLACED_BY: &'static [&'static str] = &["table", "destination"];
    const UNIQUE_BY: &'static [&'static str] = &["table", "destination"];
    const STABLE_OUTPUTS: &'static [&'static str] = &["table", "destination"];
    const BELONGS_TO: Option<&'static str> = Some("table");
    const REPEAT: Repeat = Repeat::Unique;
    const TYPICAL: Typical = Typical { created: 0.3, ready: 0.0, deleted: 0.3 };
    const ACCESS: Access = Access {
        look: &["ec2:DescribeRouteTables"],
        create: &["ec2:CreateRoute"],
        change: &["ec2:ReplaceRoute"],
        delete: &["ec2:DeleteRoute"],
        on: &["*"],
        ..Access::NONE
    };

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
