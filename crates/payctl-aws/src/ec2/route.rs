//! Routes: one line of a route table.

use aws_sdk_ec2::types::{self, RouteState};
use ipnet::Ipv4Net;

use super::{InternetGatewayId, NatGatewayId, RouteTableId};
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

/// Where a route's packets go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RouteTarget {
    InternetGateway(Input<InternetGatewayId>),
    NatGateway(Input<NatGatewayId>),
    /// What only others make of a route: a target of another sort, or one that is gone, in which
    /// case its packets are lost. It cannot be declared.
    Other(String),
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

impl RouteTarget {
    /// The internet gateway's and the NAT gateway's id, of which one is there.
    fn ids(&self) -> Result<(Option<String>, Option<String>)> {
        match self {
            Self::InternetGateway(gateway) => Ok((Some(gateway.get()?.into()), None)),
            Self::NatGateway(gateway) => Ok((None, Some(gateway.get()?.into()))),
            Self::Other(target) => {
                Err(AwsError::invalid(format!("a route to {target} cannot be declared")))
            }
        }
    }
}

impl RouteTarget {
    /// The id of where a route's packets go, whatever that is.
    pub(super) fn of(seen: &types::Route) -> &str {
        let targets = [
            seen.gateway_id(),
            seen.nat_gateway_id(),
            seen.egress_only_internet_gateway_id(),
            seen.network_interface_id(),
            seen.transit_gateway_id(),
            seen.vpc_peering_connection_id(),
        ];
        targets.into_iter().flatten().next().unwrap_or("something")
    }
}

impl From<&types::Route> for RouteTarget {
    fn from(seen: &types::Route) -> Self {
        let internet = seen.gateway_id().filter(|id| id.starts_with("igw-"));
        match (internet, seen.nat_gateway_id()) {
            (id, nat) if seen.state() == Some(&RouteState::Blackhole) => {
                Self::Other(format!("{}, which is gone", id.or(nat).unwrap_or("something")))
            }
            (Some(id), _) => Self::InternetGateway(InternetGatewayId::from(id).into()),
            (None, Some(id)) => Self::NatGateway(NatGatewayId::from(id).into()),
            (None, None) => Self::Other(Self::of(seen).to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_into_the_void_is_not_as_declared() {
        let route = |state| {
            let route = types::Route::builder().nat_gateway_id("nat-1").state(state).build();
            RouteTarget::from(&route)
        };
        let declared = RouteTarget::NatGateway(NatGatewayId::from("nat-1").into());
        assert_eq!(route(RouteState::Active), declared);
        assert_eq!(route(RouteState::Blackhole), RouteTarget::Other("nat-1, which is gone".into()));
    }
}
