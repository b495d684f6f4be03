//! Gateway endpoints: a way to S3 or DynamoDB that stays inside AWS.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, ResourceType, VpcEndpointType};
use payctl_engine::{
    Access, Changed, Failure, FailureKind, Input, Readiness, Repeat, Resource, Typical, outputs,
};
use serde::{Deserialize, Serialize};

use super::{RouteTableId, VpcId, tags};
use crate::{Absent as _, Arn, Aws, AwsError, Cx, Policy, Present as _, Result, Set, Tags, id};

/// What an endpoint without a policy of its own allows.
const FULL_ACCESS: &str =
    r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;

/// A way to S3 or DynamoDB that stays inside AWS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GatewayEndpoint {
    pub vpc: Input<VpcId>,
    /// The service's name, such as `com.amazonaws.us-east-1.s3`.
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

outputs! {
    /// What AWS assigns to a gateway endpoint.
    GatewayEndpointOutputs via GatewayEndpointRef { id: GatewayEndpointId, arn: Arn }
}

impl Resource for GatewayEndpoint {
    type Cloud = Aws;
    type Outputs = GatewayEndpointOutputs;
    type Ref = GatewayEndpointRef;

    const KIND: &'static str = "ec2.gateway_endpoint";
    const REPLACED_BY: &'static [&'static str] = &["vpc", "service"];
    const REPEAT: Repeat = Repeat::Token;
    const TYPICAL: Typical = Typical { created: 0.5, ready: 3.0, deleted: 3.0 };
    const ACCESS: Access = Access {
        look: &["ec2:DescribeVpcEndpoints"],
        create: &["ec2:CreateTags", "ec2:CreateVpcEndpoint"],
        change: &["ec2:CreateTags", "ec2:DeleteTags", "ec2:DescribeTags", "ec2:ModifyVpcEndpoint"],
        delete: &["ec2:DeleteVpcEndpoints"],
        on: &["*"],
        ..Access::NONE
    };

    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<GatewayEndpointOutputs>> {
        let ours = cx.cloud.ec2.describe_vpc_endpoints().set_filters(tags::filters(cx));
        let reply = ours.send().await?;
        let found = reply.vpc_endpoints().iter().filter(|seen| !is_going(seen));
        found.map(|seen| outputs(cx, seen)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &GatewayEndpointOutputs) -> Result<Option<Self>> {
        let seen = look(cx, &known.id).await?.filter(|seen| !is_going(seen));
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
            let seen = look(cx, &known.id).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the endpoint"))?;
            let seen: BTreeSet<String> = seen.route_table_ids().iter().cloned().collect();
            let wanted = self.tables()?;
            let add: Vec<String> = wanted.difference(&seen).cloned().collect();
            let remove: Vec<String> = seen.difference(&wanted).cloned().collect();
            if !add.is_empty() || !remove.is_empty() {
                let request = modify().set_add_route_table_ids(Some(add));
                request.set_remove_route_table_ids(Some(remove)).send().await?;
            }
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &GatewayEndpointOutputs) -> Result<()> {
        let Some(seen) = look(cx, &known.id).await? else { return Ok(()) };
        if is(&seen, "deleted") {
            return Ok(());
        }
        if !is(&seen, "deleting") {
            let request = cx.cloud.ec2.delete_vpc_endpoints().vpc_endpoint_ids(&known.id);
            let reply = request.send().await.unless_absent("InvalidVpcEndpointId.NotFound")?;
            let failed = reply.and_then(|reply| reply.unsuccessful).unwrap_or_default();
            AwsError::of_items("DeleteVpcEndpoints", &failed)
                .unless_absent("InvalidVpcEndpoint.NotFound")?;
        }
        Err(AwsError::pending("the endpoint to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &GatewayEndpointOutputs) -> Result<Readiness> {
        match look(cx, &known.id).await? {
            Some(seen) if is(&seen, "available") => Ok(Readiness::Ready),
            Some(seen) if !is(&seen, "pending") => {
                let state = seen.state().map_or("in no state", types::State::as_str);
                let why = seen.last_error().and_then(types::LastError::message);
                let why = why.or(seen.failure_reason()).unwrap_or("AWS gives no reason");
                let message = format!("the endpoint is {state}: {why}");
                Err(Failure::new(FailureKind::Unexpected, message).into())
            }
            _ => Ok(Readiness::NotYet("the endpoint to become available".to_owned())),
        }
    }
}

impl GatewayEndpoint {
    fn tables(&self) -> Result<BTreeSet<String>> {
        self.route_tables.iter().map(|table| Ok(table.get()?.into())).collect()
    }
}

async fn look(cx: &Cx<'_>, id: &GatewayEndpointId) -> Result<Option<types::VpcEndpoint>> {
    cx.cloud.looks.vpc_endpoints.load(id).await
}

/// AWS writes the states in lower case, and documents them with a capital.
fn is(seen: &types::VpcEndpoint, state: &str) -> bool {
    seen.state().is_some_and(|seen| seen.as_str().eq_ignore_ascii_case(state))
}

/// Whether it is gone or on its way out; AWS goes on showing it for a while.
fn is_going(seen: &types::VpcEndpoint) -> bool {
    is(seen, "deleting") || is(seen, "deleted")
}

fn outputs(cx: &Cx<'_>, seen: &types::VpcEndpoint) -> Result<GatewayEndpointOutputs> {
    let id = GatewayEndpointId::from(seen.vpc_endpoint_id().present("vpc_endpoint_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("vpc-endpoint/{id}"));
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
            policy: Policy::parse(seen.policy_document().unwrap_or(FULL_ACCESS))?,
            tags: tags::all(seen.tags()),
        })
    }
}
