//! Subnets: one slice of a VPC's addresses, in one availability zone.

use aws_sdk_ec2::types::{self, AttributeBooleanValue, ResourceType};
use ipnet::Ipv4Net;
use payctl_engine::{Access, Changed, Input, Repeat, Resource, Typical, outputs};
use serde::{Deserialize, Serialize};

use super::blockers::{self, Doomed};
use super::{VpcId, tags};
use crate::{Absent as _, Arn, Aws, AwsError, Cx, Present as _, Result, Tags, Zone, id};

/// One slice of a VPC's addresses, in one availability zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    pub vpc: Input<VpcId>,
    pub cidr: Ipv4Net,
    pub zone: Zone,
    /// Whether what starts here gets a public address.
    pub public: bool,
    pub tags: Tags,
}

id! {
    /// A subnet's id, such as `subnet-0a1b2c`.
    SubnetId,
}

outputs! {
    /// What AWS assigns to a subnet.
    SubnetOutputs via SubnetRef { id: SubnetId, arn: Arn }
}

impl Resource for Subnet {
    type Cloud = Aws;
    type Outputs = SubnetOutputs;
    type Ref = SubnetRef;

    const KIND: &'static str = "ec2.subnet";
    const REPLACED_BY: &'static [&'static str] = &["vpc", "cidr", "zone"];
    const UNIQUE_BY: &'static [&'static str] = &["vpc", "cidr"];
    const SET_LATER: &'static [&'static str] = &["public"];
    const REPEAT: Repeat = Repeat::Unique;
    const TYPICAL: Typical = Typical { created: 0.4, ready: 0.0, deleted: 0.4 };
    // Lambda's network interfaces outlive the function by minutes; the engine waits out the
    // DependencyViolation that AWS answers until they are gone, for as long as
    // terraform-provider-aws does (docs/aws-facts.md).
    const WAIT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(45 * 60);
    const ACCESS: Access = Access {
        look: &["ec2:DescribeSubnets"],
        create: &["ec2:CreateSubnet", "ec2:CreateTags"],
        change: &[
            "ec2:CreateTags",
            "ec2:DeleteTags",
            "ec2:DescribeTags",
            "ec2:ModifySubnetAttribute",
        ],
        delete: &["ec2:DeleteSubnet", "ec2:DescribeNetworkInterfaces"],
        on: &["*"],
        ..Access::NONE
    };

    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<SubnetOutputs>> {
        let ours = cx.cloud.ec2.describe_subnets().set_filters(tags::filters(cx));
        ours.send().await?.subnets().iter().map(SubnetOutputs::try_from).collect()
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
        if changed.has("public") {
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
