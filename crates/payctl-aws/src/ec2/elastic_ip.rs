//! Elastic IPs: public addresses that stay the same.

use aws_sdk_ec2::types::{DomainType, ResourceType};

use super::tags;
use crate::prelude::*;

/// A public address that stays the same.
#[kind(
    "ec2.elastic_ip",
    outputs(id: AllocationId, public_ip: String, arn: Arn),
    // AllocateAddress takes no token and gives another address each time.
    repeat = Search,
    typical(0.5, 0.0, 0.5),
    look = "ec2:DescribeAddresses",
    create = "ec2:AllocateAddress CreateTags",
    change = "ec2:CreateTags DeleteTags DescribeTags",
    delete = "ec2:ReleaseAddress",
    on = "*",
)]
pub struct ElasticIp {
    pub tags: Tags,
}

id! {
    /// An elastic IP's id, such as `eipalloc-0a1b2c`.
    AllocationId,
}

impl Resource for ElasticIp {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<ElasticIpOutputs>> {
        let ours = cx.cloud.bulk.addresses.ours(cx.owner, cx.address).await?;
        ours.iter().map(|seen| outputs(cx, seen.allocation_id(), seen.public_ip())).collect()
    }

    async fn read(cx: &Cx<'_>, known: &ElasticIpOutputs) -> Result<Option<Self>> {
        let seen = cx.cloud.bulk.addresses.load(&known.id).await?;
        Ok(seen.map(|seen| Self { tags: tags::all(seen.tags()) }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ElasticIpOutputs> {
        let tags = tags::on_create(ResourceType::ElasticIp, &self.tags);
        let request = cx.cloud.ec2.allocate_address().domain(DomainType::Vpc);
        let reply = request.tag_specifications(tags).send().await?;
        outputs(cx, reply.allocation_id(), reply.public_ip())
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ElasticIpOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.has("tags") {
            tags::replace(cx, known.id.as_str(), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ElasticIpOutputs) -> Result<()> {
        let request = cx.cloud.ec2.release_address().allocation_id(&known.id);
        request.send().await.unless_absent("InvalidAllocationID.NotFound")?;
        Ok(())
    }
}

fn outputs(cx: &Cx<'_>, id: Option<&str>, address: Option<&str>) -> Result<ElasticIpOutputs> {
    let id = AllocationId::from(id.present("allocation_id")?);
    let arn = cx.cloud.facts.arn("ec2", &format!("elastic-ip/{id}"));
    Ok(ElasticIpOutputs { id, public_ip: address.present("public_ip")?.to_owned(), arn })
}
