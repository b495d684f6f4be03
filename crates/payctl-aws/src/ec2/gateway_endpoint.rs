//! Gateway endpoints: a way to S3 or DynamoDB that stays inside AWS.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, ResourceType, VpcEndpointType};

use super::{RouteTableId, VpcId, endpoint, tags};
use crate::prelude::*;

/// A way to S3 or DynamoDB that stays inside AWS.
#[kind(
    "ec2.gateway_endpoint",
    outputs(id: GatewayEndpointId, arn: Arn),
    repeat = Token,
    typical(0.5, 3.0, 3.0),
    look = "ec2:DescribeVpcEndpoints",
    create = "ec2:CreateTags CreateVpcEndpoint",
    change = "ec2:CreateTags DeleteTags DescribeTags ModifyVpcEndpoint",
    delete = "ec2:DeleteVpcEndpoints",
    on = "*",
)]
pub struct GatewayEndpoint {
    #[prop(replaces)]
    pub vpc: Input<VpcId>,
    /// The service's name, such as `com.amazonaws.us-east-1.s3`.
    #[prop(replaces)]
    pub service: String,
    /// The tables that get a route to the service.
    pub route_tables: Set<Input<RouteTableId>>,
    /// What may be done through it.
    pub policy: Policy,
    pub tags: Tags,
}

id! {
    /// An endpoint's id, such as `vpce-0a1b2c`.
    GatewayEndpointId,
}

impl Resource for GatewayEndpoint {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<GatewayEndpointOutputs>> {
        endpoint::ours(cx).await?.iter().map(|seen| outputs(cx, seen)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &GatewayEndpointOutputs) -> Result<Option<Self>> {
        let seen = endpoint::look(cx, known.id.as_str()).await?;
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<GatewayEndpointOutputs> {
        // The SDK fills in no token of its own here.
        let request = cx.cloud.ec2.create_vpc_endpoint().client_token(cx.token);
        let reply = request
            .vpc_endpoint_type(VpcEndpointType::Gateway)
            .vpc_id(self.vpc.get()?)
            .service_name(&self.service)
            .set_route_table_ids(Some(self.tables()?.into_iter().collect()))
            .policy_document(self.policy.document()?)
            .tag_specifications(tags::on_create(ResourceType::VpcEndpoint, &self.tags))
            .send()
            .await?;
        outputs(cx, &reply.vpc_endpoint.present("vpc_endpoint")?)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &GatewayEndpointOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let modify = || cx.cloud.ec2.modify_vpc_endpoint().vpc_endpoint_id(&known.id);
        if changed.has("policy") {
            modify().policy_document(self.policy.document()?).send().await?;
        }
        if changed.has("route_tables") {
            let seen = endpoint::there(cx, known.id.as_str()).await?;
            let seen = seen.route_table_ids().iter().map(String::as_str);
            let (add, remove) = endpoint::difference(&self.tables()?, seen);
            if add.is_some() || remove.is_some() {
                let request = modify().set_add_route_table_ids(add);
                request.set_remove_route_table_ids(remove).send().await?;
            }
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &GatewayEndpointOutputs) -> Result<()> {
        endpoint::delete(cx, known.id.as_str()).await
    }

    async fn ready(cx: &Cx<'_>, known: &GatewayEndpointOutputs) -> Result<Readiness> {
        endpoint::ready(cx, known.id.as_str()).await
    }
}

impl GatewayEndpoint {
    fn tables(&self) -> Result<BTreeSet<String>> {
        self.route_tables.iter().map(|table| Ok(table.get()?.into())).collect()
    }
}

fn outputs(cx: &Cx<'_>, seen: &types::VpcEndpoint) -> Result<GatewayEndpointOutputs> {
    let id = GatewayEndpointId::from(seen.vpc_endpoint_id().present("vpc_endpoint_id")?);
    let arn = endpoint::arn(cx, id.as_str());
    Ok(GatewayEndpointOutputs { id, arn })
}

impl TryFrom<&types::VpcEndpoint> for GatewayEndpoint {
    type Error = AwsError;

    fn try_from(seen: &types::VpcEndpoint) -> Result<Self> {
        let tables = seen.route_table_ids().iter();
        Ok(Self {
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            service: seen.service_name().present("service_name")?.to_owned(),
            route_tables: tables.map(|id| RouteTableId::from(id.as_str()).into()).collect(),
            policy: endpoint::policy(seen)?,
            tags: tags::all(seen.tags()),
        })
    }
}
