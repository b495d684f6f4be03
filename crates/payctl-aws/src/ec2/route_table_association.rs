//! Route table associations: which table a subnet's packets go by.

use aws_sdk_ec2::types::{self, RouteTableAssociationStateCode as Code};
use payctl_engine::{Failure, FailureKind};

use super::{RouteTableId, SubnetId};
use crate::prelude::*;

/// The bond of a subnet and the one table its packets go by.
#[kind(
    "ec2.route_table_association",
    // What it is known by: a subnet has one at most, and its id changes with the table.
    outputs(subnet: SubnetId),
    stable(subnet),
    typical(0.4, 0.0, 0.4),
    look = "ec2:DescribeRouteTables",
    create = "ec2:AssociateRouteTable",
    change = "ec2:ReplaceRouteTableAssociation",
    delete = "ec2:DisassociateRouteTable",
    on = "*",
)]
pub struct RouteTableAssociation {
    #[prop(holds)]
    pub table: Input<RouteTableId>,
    #[prop(replaces, unique, parent)]
    pub subnet: Input<SubnetId>,
}

impl Resource for RouteTableAssociation {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RouteTableAssociationOutputs>> {
        let Ok(subnet) = self.subnet.get() else { return Ok(Vec::new()) };
        let outputs = || RouteTableAssociationOutputs { subnet: subnet.clone() };
        Ok(look(cx, subnet).await?.map(|_| outputs()).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &RouteTableAssociationOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.subnet).await? else { return Ok(None) };
        let table = RouteTableId::from(seen.route_table_id().present("route_table_id")?);
        Ok(Some(Self { table: table.into(), subnet: known.subnet.clone().into() }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RouteTableAssociationOutputs> {
        let (table, subnet) = (self.table.get()?, self.subnet.get()?);
        let request = cx.cloud.ec2.associate_route_table().route_table_id(table);
        request.subnet_id(subnet).send().await?;
        Ok(RouteTableAssociationOutputs { subnet: subnet.clone() })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &RouteTableAssociationOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.has("table") {
            let table = self.table.get()?;
            let seen = look(cx, &known.subnet).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the route table association"))?;
            // What is replaced by itself is refused.
            if seen.route_table_id() != Some(table.as_str()) {
                let request = cx.cloud.ec2.replace_route_table_association();
                let request = request.association_id(id(&seen)?);
                request.route_table_id(table).send().await?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RouteTableAssociationOutputs) -> Result<()> {
        let Some(seen) = look(cx, &known.subnet).await? else { return Ok(()) };
        let request = cx.cloud.ec2.disassociate_route_table().association_id(id(&seen)?);
        request.send().await.unless_absent("InvalidAssociationID.NotFound")?;
        Ok(())
    }

    async fn ready(cx: &Cx<'_>, known: &RouteTableAssociationOutputs) -> Result<Readiness> {
        let seen = look(cx, &known.subnet).await?;
        let state = seen.as_ref().and_then(|seen| seen.association_state());
        match state.and_then(|state| state.state()) {
            Some(Code::Failed) => {
                let why = state.and_then(|state| state.status_message());
                let why = why.unwrap_or("AWS gives no reason");
                let message = format!("the route table could not be associated: {why}");
                Err(Failure::new(FailureKind::Unexpected, message).into())
            }
            Some(Code::Associating) => Ok(not_yet()),
            _ if seen.is_none() => Ok(not_yet()),
            _ => Ok(Readiness::Ready),
        }
    }
}

fn not_yet() -> Readiness {
    Readiness::NotYet("the route table to be associated".to_owned())
}

/// The subnet's association, if it has one of its own.
async fn look(cx: &Cx<'_>, subnet: &SubnetId) -> Result<Option<types::RouteTableAssociation>> {
    // Where it was last, its table is being read anyway; it may have been moved since.
    let mut seen = None;
    if let Some(table) = cx.properties.get("table").and_then(serde_json::Value::as_str) {
        let table = cx.cloud.bulk.route_tables.load(table).await?;
        let all = table.and_then(|table| table.associations).unwrap_or_default();
        seen = all.into_iter().find(|one| one.subnet_id() == Some(subnet.as_str()));
    }
    if seen.is_none() {
        seen = cx.cloud.bulk.route_table_associations.load(subnet).await?;
    }
    let state = |seen: &types::RouteTableAssociation| seen.association_state()?.state().cloned();
    Ok(seen.filter(|seen| !matches!(state(seen), Some(Code::Disassociating | Code::Disassociated))))
}

fn id(seen: &types::RouteTableAssociation) -> Result<&str> {
    seen.route_table_association_id().present("route_table_association_id")
}
