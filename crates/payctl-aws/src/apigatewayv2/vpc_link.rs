//! VPC links: the way from an API to what only a VPC reaches.

use aws_sdk_apigatewayv2::operation::get_vpc_link::GetVpcLinkOutput;
use aws_sdk_apigatewayv2::types::VpcLinkStatus;
use payctl_engine::{Failure, FailureKind};

use super::lists::items;
use super::tags;
use crate::Facts;
use crate::ec2::{SecurityGroupId, SubnetId};
use crate::prelude::*;

/// The way from an API to what only a VPC reaches.
#[kind(
    "apigatewayv2.vpc_link",
    outputs(id: VpcLinkId, arn: Arn),
    // CreateVpcLink takes no token, and two links may have the same name.
    repeat = Search,
    typical(1.0, 150.0, 180.0),
    // What AWS allows an account, whatever it is asked (API Gateway quotas, docs/aws-facts.md).
    pace(15.0, 0.0),
    look = "apigateway:GET",
    // PUT is for the tags, the role for the network interfaces of the account's first link.
    // The tags of a link are asked for under this name, which AWS's reference lacks
    // (cloudtools/awacs#254, 2022).
    create = "apigateway:POST PUT TagResource iam:CreateServiceLinkedRole",
    change = "apigateway:DELETE PATCH POST PUT",
    delete = "apigateway:DELETE",
    on = [
        "arn:{partition}:apigateway:{region}::/vpclinks",
        "arn:{partition}:apigateway:{region}::/vpclinks/*",
        "arn:{partition}:apigateway:{region}::/tags/*",
        "arn:{partition}:iam::{account}:role/aws-service-role/ops.apigateway.amazonaws.com/*",
    ],
)]
pub struct VpcLink {
    pub name: String,
    /// Where its network interfaces stand.
    // Its network interfaces stand in the subnets and belong to the groups until it is gone.
    #[prop(replaces, holds)]
    pub subnets: Set<Input<SubnetId>>,
    /// Where they may go.
    #[prop(replaces, holds)]
    pub security_groups: Set<Input<SecurityGroupId>>,
    pub tags: Tags,
}

id! {
    /// A VPC link's id, such as `a1b2c3`.
    VpcLinkId,
}

impl Resource for VpcLink {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<VpcLinkOutputs>> {
        let ask = |next| cx.cloud.apigatewayv2.get_vpc_links().set_next_token(next).send();
        let all = items(ask, |page| (page.items, page.next_token)).await?;
        let ours = all.into_iter().filter(|seen| tags::ours(cx, seen.tags()));
        let here = ours.filter(|seen| is_here(seen.vpc_link_status()));
        here.map(|seen| outputs(cx, seen.vpc_link_id)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &VpcLinkOutputs) -> Result<Option<Self>> {
        let seen = look(cx, known).await?.filter(|seen| is_here(seen.vpc_link_status()));
        let Some(seen) = seen else { return Ok(None) };
        let subnets = seen.subnet_ids().iter().map(|id| SubnetId::from(id.as_str()).into());
        let groups = seen.security_group_ids().iter();
        Ok(Some(Self {
            subnets: subnets.collect(),
            security_groups: groups.map(|id| SecurityGroupId::from(id.as_str()).into()).collect(),
            name: seen.name.present("name")?,
            tags: tags::all(seen.tags),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<VpcLinkOutputs> {
        let request = cx.cloud.apigatewayv2.create_vpc_link().name(&self.name);
        let made = request
            .set_subnet_ids(Some(known(&self.subnets)?))
            .set_security_group_ids(Some(known(&self.security_groups)?))
            .set_tags(Some(tags::written(&self.tags)))
            .send()
            .await?;
        outputs(cx, made.vpc_link_id)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &VpcLinkOutputs, changed: &Changed) -> Result<()> {
        if changed.has("name") {
            let request = cx.cloud.apigatewayv2.update_vpc_link().vpc_link_id(&known.id);
            request.name(&self.name).send().await?;
        }
        if changed.has("tags") {
            let seen = look(cx, known).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the VPC link"))?;
            tags::replace(cx, &known.arn, tags::all(seen.tags), &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &VpcLinkOutputs) -> Result<()> {
        let Some(seen) = look(cx, known).await? else { return Ok(()) };
        if seen.vpc_link_status() != Some(&VpcLinkStatus::Deleting) {
            let request = cx.cloud.apigatewayv2.delete_vpc_link().vpc_link_id(&known.id);
            request.send().await.unless_absent("NotFoundException")?;
        }
        Err(AwsError::pending("the VPC link to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &VpcLinkOutputs) -> Result<Readiness> {
        let seen = look(cx, known).await?;
        match seen.as_ref().and_then(GetVpcLinkOutput::vpc_link_status) {
            // Inactive is one that nothing went through for 60 days: the next request wakes it.
            Some(VpcLinkStatus::Available | VpcLinkStatus::Inactive) => Ok(Readiness::Ready),
            None | Some(VpcLinkStatus::Pending) => {
                Ok(Readiness::NotYet("the VPC link to become available".to_owned()))
            }
            Some(status) => {
                let why = seen.as_ref().and_then(GetVpcLinkOutput::vpc_link_status_message);
                let why = why.unwrap_or("AWS gives no reason");
                let message = format!("the VPC link is {}: {why}", status.as_str());
                Err(Failure::new(FailureKind::Unexpected, message).into())
            }
        }
    }
}

/// Whether it is there to stay: one that failed can only be made anew.
fn is_here(status: Option<&VpcLinkStatus>) -> bool {
    !matches!(status, Some(VpcLinkStatus::Deleting | VpcLinkStatus::Failed))
}

async fn look(cx: &Cx<'_>, known: &VpcLinkOutputs) -> Result<Option<GetVpcLinkOutput>> {
    let request = cx.cloud.apigatewayv2.get_vpc_link().vpc_link_id(&known.id);
    request.send().await.unless_absent("NotFoundException")
}

/// The ids, all of which exist by now.
fn known<T>(ids: &Set<Input<T>>) -> Result<Vec<String>>
where
    for<'a> &'a T: Into<String>,
{
    ids.iter().map(|id| Ok(id.get()?.into())).collect()
}

fn outputs(cx: &Cx<'_>, id: Option<String>) -> Result<VpcLinkOutputs> {
    let id = VpcLinkId::from(id.present("the VPC link's id")?);
    let Facts { partition, region, .. } = &*cx.cloud.facts;
    let arn = format!("arn:{partition}:apigateway:{region}::/vpclinks/{id}").into();
    Ok(VpcLinkOutputs { id, arn })
}
