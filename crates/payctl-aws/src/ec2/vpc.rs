//! VPCs: a network of the account's own.

use aws_sdk_ec2::types::{self, AttributeBooleanValue, ResourceType, VpcAttributeName};
use ipnet::Ipv4Net;

use super::blockers::{self, Doomed};
use super::tags;
use crate::prelude::*;

/// A network of the account's own.
#[kind(
    "ec2.vpc",
    outputs(id: VpcId, arn: Arn),
    // CreateVpc takes no token and two VPCs may be alike.
    repeat = Search,
    typical(0.4, 0.5, 0.5),
    look = "ec2:DescribeVpcAttribute DescribeVpcs",
    create = "ec2:CreateTags CreateVpc",
    change = "ec2:CreateTags DeleteTags DescribeTags ModifyVpcAttribute",
    delete = "ec2:DeleteVpc DescribeEgressOnlyInternetGateways DescribeInternetGateways \
        DescribeNetworkAcls DescribeNetworkInterfaces DescribeRouteTables DescribeSecurityGroups \
        DescribeSubnets DescribeVpcEndpoints DescribeVpcPeeringConnections DescribeVpnGateways",
    on = "*",
)]
pub struct Vpc {
    #[prop(replaces)]
    #[schemars(with = "String")]
    pub cidr: Ipv4Net,
    /// Whether instances get public DNS names.
    #[prop(later)]
    pub dns_hostnames: bool,
    /// Whether Amazon's DNS server answers in it.
    #[prop(later)]
    pub dns_support: bool,
    pub tags: Tags,
}

id! {
    /// A VPC's id, such as `vpc-0a1b2c`.
    VpcId,
}

impl Resource for Vpc {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<VpcOutputs>> {
        let ours = cx.cloud.bulk.vpcs.ours(cx.owner, cx.address).await?;
        ours.iter().map(|vpc| outputs(cx, vpc)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &VpcOutputs) -> Result<Option<Self>> {
        let (seen, dns_hostnames, dns_support) = futures::try_join!(
            cx.cloud.bulk.vpcs.load(&known.id),
            attribute(cx, &known.id, VpcAttributeName::EnableDnsHostnames),
            attribute(cx, &known.id, VpcAttributeName::EnableDnsSupport),
        )?;
        let Some(seen) = seen else { return Ok(None) };
        let cidr = seen.cidr_block().present("cidr_block")?;
        Ok(Some(Self {
            cidr: cidr.parse().map_err(|source| AwsError::unexpected("cidr_block", source))?,
            dns_hostnames,
            dns_support,
            tags: tags::all(seen.tags()),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<VpcOutputs> {
        let request = cx.cloud.ec2.create_vpc().cidr_block(self.cidr.to_string());
        let tags = tags::on_create(ResourceType::Vpc, &self.tags);
        let reply = request.tag_specifications(tags).send().await?;
        outputs(cx, &reply.vpc.present("vpc")?)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &VpcOutputs, changed: &Changed) -> Result<()> {
        let modify = || cx.cloud.ec2.modify_vpc_attribute().vpc_id(&known.id);
        let switch = |on| AttributeBooleanValue::builder().value(on).build();
        // One attribute per call; names need the DNS server.
        if changed.has("dns_support") {
            modify().enable_dns_support(switch(self.dns_support)).send().await?;
        }
        if changed.has("dns_hostnames") {
            modify().enable_dns_hostnames(switch(self.dns_hostnames)).send().await?;
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &VpcOutputs) -> Result<()> {
        let request = cx.cloud.ec2.delete_vpc().vpc_id(&known.id);
        match request.send().await.unless_absent("InvalidVpcID.NotFound") {
            Err(refused) => {
                Err(blockers::named(cx, refused, Doomed::Vpc(known.id.as_str())).await?)
            }
            gone => gone.map(drop),
        }
    }
}

async fn attribute(cx: &Cx<'_>, id: &VpcId, name: VpcAttributeName) -> Result<bool> {
    let request = cx.cloud.ec2.describe_vpc_attribute().vpc_id(id).attribute(name.clone());
    let Some(reply) = request.send().await.unless_absent("InvalidVpcID.NotFound")? else {
        return Ok(false);
    };
    let value = match name {
        VpcAttributeName::EnableDnsHostnames => reply.enable_dns_hostnames,
        _ => reply.enable_dns_support,
    };
    Ok(value.and_then(|value| value.value).unwrap_or_default())
}

fn outputs(cx: &Cx<'_>, seen: &types::Vpc) -> Result<VpcOutputs> {
    let id = VpcId::from(seen.vpc_id().present("vpc_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("vpc/{id}"));
    Ok(VpcOutputs { id, arn })
}
