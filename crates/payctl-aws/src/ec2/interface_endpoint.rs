//! Interface endpoints: a service of AWS's with addresses inside a VPC.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, ResourceType, SecurityGroupIdentifier, VpcEndpointType};

use super::{SecurityGroupId, SubnetId, VpcId, endpoint, tags};
use crate::prelude::*;

/// A service of AWS's with addresses inside a VPC.
#[kind(
    "ec2.interface_endpoint",
    outputs(id: InterfaceEndpointId, arn: Arn),
    repeat = Token,
    typical(1.0, 60.0, 60.0),
    look = "ec2:DescribeVpcEndpoints",
    // The last one is for private DNS.
    create = "ec2:CreateTags CreateVpcEndpoint route53:AssociateVPCWithHostedZone",
    change = "ec2:CreateTags DeleteTags DescribeTags ModifyVpcEndpoint \
        route53:AssociateVPCWithHostedZone",
    delete = "ec2:DeleteVpcEndpoints",
    on = "*",
)]
pub struct InterfaceEndpoint {
    // With private DNS there can be one only, as both would answer to the same name.
    #[prop(replaces, unique)]
    pub vpc: Input<VpcId>,
    /// The service's name, such as `com.amazonaws.us-east-1.logs`.
    #[prop(replaces, unique)]
    pub service: String,
    /// Where it gets an address: one subnet a zone at most.
    // Its network interfaces stand in the subnets and belong to the groups until it is gone.
    #[prop(holds)]
    pub subnets: Set<Input<SubnetId>>,
    /// What may reach it. AWS takes the VPC's default group where there are none.
    #[prop(holds)]
    pub security_groups: Set<Input<SecurityGroupId>>,
    /// Whether the service's usual name leads to it, for all of the VPC.
    pub private_dns: bool,
    /// What may be done through it.
    pub policy: Policy,
    pub tags: Tags,
}

id! {
    /// An endpoint's id, such as `vpce-0a1b2c`.
    InterfaceEndpointId,
}

impl Resource for InterfaceEndpoint {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<InterfaceEndpointOutputs>> {
        endpoint::ours(cx).await?.iter().map(|seen| outputs(cx, seen)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &InterfaceEndpointOutputs) -> Result<Option<Self>> {
        let seen = endpoint::look(cx, known.id.as_str()).await?;
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<InterfaceEndpointOutputs> {
        // The SDK fills in no token of its own here.
        let request = cx.cloud.ec2.create_vpc_endpoint().client_token(cx.token);
        let reply = request
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .vpc_id(self.vpc.get()?)
            .service_name(&self.service)
            .set_subnet_ids(Some(known(&self.subnets)?.into_iter().collect()))
            .set_security_group_ids(Some(known(&self.security_groups)?.into_iter().collect()))
            .private_dns_enabled(self.private_dns)
            .policy_document(self.policy.document()?)
            .tag_specifications(tags::on_create(ResourceType::VpcEndpoint, &self.tags))
            .send()
            .await?;
        outputs(cx, &reply.vpc_endpoint.present("vpc_endpoint")?)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &InterfaceEndpointOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.any(&["subnets", "security_groups", "private_dns", "policy"]) {
            self.modify(cx, known, changed).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &InterfaceEndpointOutputs) -> Result<()> {
        endpoint::delete(cx, known.id.as_str()).await
    }

    async fn ready(cx: &Cx<'_>, known: &InterfaceEndpointOutputs) -> Result<Readiness> {
        endpoint::ready(cx, known.id.as_str()).await
    }
}

impl InterfaceEndpoint {
    /// All changes in one call: while one is under way, AWS may refuse the next.
    async fn modify(
        &self,
        cx: &Cx<'_>,
        outputs: &InterfaceEndpointOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let seen = endpoint::there(cx, outputs.id.as_str()).await?;
        let mut request = cx.cloud.ec2.modify_vpc_endpoint().vpc_endpoint_id(&outputs.id);
        if changed.has("subnets") {
            let seen = seen.subnet_ids().iter().map(String::as_str);
            let (add, remove) = endpoint::difference(&known(&self.subnets)?, seen);
            request = request.set_add_subnet_ids(add).set_remove_subnet_ids(remove);
        }
        if changed.has("security_groups") {
            let seen = seen.groups().iter().filter_map(SecurityGroupIdentifier::group_id);
            let (add, remove) = endpoint::difference(&known(&self.security_groups)?, seen);
            request = request.set_add_security_group_ids(add).set_remove_security_group_ids(remove);
        }
        if changed.has("private_dns") {
            request = request.private_dns_enabled(self.private_dns);
        }
        if changed.has("policy") {
            request = request.policy_document(self.policy.document()?);
        }
        request.send().await?;
        Ok(())
    }
}

/// The ids, all of which exist by now.
fn known<T>(ids: &Set<Input<T>>) -> Result<BTreeSet<String>>
where
    for<'a> &'a T: Into<String>,
{
    ids.iter().map(|id| Ok(id.get()?.into())).collect()
}

fn outputs(cx: &Cx<'_>, seen: &types::VpcEndpoint) -> Result<InterfaceEndpointOutputs> {
    let id = InterfaceEndpointId::from(seen.vpc_endpoint_id().present("vpc_endpoint_id")?);
    let arn = endpoint::arn(cx, id.as_str());
    Ok(InterfaceEndpointOutputs { id, arn })
}

impl TryFrom<&types::VpcEndpoint> for InterfaceEndpoint {
    type Error = AwsError;

    fn try_from(seen: &types::VpcEndpoint) -> Result<Self> {
        let groups = seen.groups().iter().filter_map(SecurityGroupIdentifier::group_id);
        Ok(Self {
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            service: seen.service_name().present("service_name")?.to_owned(),
            subnets: seen
                .subnet_ids()
                .iter()
                .map(|id| SubnetId::from(id.as_str()).into())
                .collect(),
            security_groups: groups.map(|id| SecurityGroupId::from(id).into()).collect(),
            private_dns: seen.private_dns_enabled().unwrap_or_default(),
            policy: endpoint::policy(seen)?,
            tags: tags::all(seen.tags()),
        })
    }
}
