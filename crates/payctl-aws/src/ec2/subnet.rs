//! Subnets: one slice of a VPC's addresses, in one availability zone.

use aws_sdk_ec2::types::{self, AttributeBooleanValue, ResourceType};
use ipnet::Ipv4Net;

use super::blockers::{self, Doomed};
use super::{VpcId, tags};
use crate::prelude::*;

/// One slice of a VPC's addresses, in one availability zone.
#[kind(
    "ec2.subnet",
    outputs(id: SubnetId, arn: Arn),
    typical(0.4, 0.0, 0.4),
    // Lambda's network interfaces outlive the function by minutes; the engine waits out the
    // DependencyViolation that AWS answers until they are gone, for as long as
    // terraform-provider-aws does (docs/aws-facts.md).
    wait_timeout = 45 * 60,
    look = "ec2:DescribeSubnets",
    create = "ec2:CreateSubnet CreateTags",
    change = "ec2:CreateTags DeleteTags DescribeTags ModifySubnetAttribute",
    delete = "ec2:DeleteSubnet DescribeNetworkInterfaces",
    on = "*",
)]
pub struct Subnet {
    #[prop(replaces, unique)]
    pub vpc: Input<VpcId>,
    #[prop(replaces, unique)]
    #[schemars(with = "String")]
    pub cidr: Ipv4Net,
    #[prop(replaces)]
    pub zone: Zone,
    /// Whether what starts here gets a public address.
    #[prop(later)]
    pub public: bool,
    pub tags: Tags,
}

id! {
    /// A subnet's id, such as `subnet-0a1b2c`.
    SubnetId,
}

impl Resource for Subnet {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<SubnetOutputs>> {
        let ours = cx.cloud.bulk.subnets.ours(cx.owner, cx.address).await?;
        ours.iter().map(SubnetOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &SubnetOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.subnets.load(&known.id).await?;
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<SubnetOutputs> {
        let request = cx.cloud.ec2.create_subnet();
        let reply = request
            .vpc_id(self.vpc.get()?)
            .cidr_block(self.cidr.to_string())
            .availability_zone(&self.zone)
            .tag_specifications(tags::on_create(ResourceType::Subnet, &self.tags))
            .send()
            .await?;
        SubnetOutputs::try_from(&reply.subnet.present("subnet")?)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &SubnetOutputs, changed: &Changed) -> Result<()> {
        // A new one of a VPC that somebody made hands out none (guide "IP addressing for your VPCs and
        // subnets", Public IPv4 addressing attribute).
        if changed.needs("public", self.public) {
            let public = AttributeBooleanValue::builder().value(self.public).build();
            let request = cx.cloud.ec2.modify_subnet_attribute().subnet_id(&known.id);
            request.map_public_ip_on_launch(public).send().await?;
        }
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &SubnetOutputs) -> Result<()> {
        let request = cx.cloud.ec2.delete_subnet().subnet_id(&known.id);
        match request.send().await.unless_absent("InvalidSubnetID.NotFound") {
            Err(refused) => {
                Err(blockers::named(cx, refused, Doomed::Subnet(known.id.as_str())).await?)
            }
            gone => gone.map(drop),
        }
    }
}

impl TryFrom<&types::Subnet> for Subnet {
    type Error = AwsError;

    fn try_from(seen: &types::Subnet) -> Result<Self> {
        let cidr = seen.cidr_block().present("cidr_block")?;
        Ok(Self {
            vpc: VpcId::from(seen.vpc_id().present("vpc_id")?).into(),
            cidr: cidr.parse().map_err(|source| AwsError::unexpected("cidr_block", source))?,
            zone: seen.availability_zone().present("availability_zone")?.into(),
            public: seen.map_public_ip_on_launch().unwrap_or_default(),
            tags: tags::all(seen.tags()),
        })
    }
}

impl TryFrom<&types::Subnet> for SubnetOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::Subnet) -> Result<Self> {
        let id = seen.subnet_id().present("subnet_id")?.into();
        let arn = seen.subnet_arn().present("subnet_arn")?.into();
        Ok(Self { id, arn })
    }
}
