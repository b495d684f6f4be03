//! IP sets: addresses that rules of web ACLs name together.

use aws_sdk_wafv2::types::{self, IpAddressVersion};

use super::{GONE, SCOPE, tags};
use crate::prelude::*;

/// Addresses that rules of web ACLs name together.
#[kind(
    "wafv2.ip_set",
    outputs(id: IpSetId, name: IpSetName, arn: Arn),
    stable(name),
    typical(1.0, 0.0, 1.0),
    // What was let go a moment ago is not known everywhere in WAF.
    wait_timeout = 5 * 60,
    look = "wafv2:GetIPSet ListIPSets ListTagsForResource",
    create = "wafv2:CreateIPSet TagResource",
    change = "wafv2:TagResource UntagResource UpdateIPSet",
    delete = "wafv2:DeleteIPSet",
    unscoped = "wafv2:ListIPSets",
    on = "arn:{partition}:wafv2:{region}:{account}:regional/ipset/{name}/*",
)]
pub struct IpSet {
    #[prop(replaces, unique, length(1..=128), pattern = r"^[\w\-]+$", source = "CreateIPSet.name")]
    pub name: String,
    /// Empty for none.
    #[prop(
        length(..=256),
        pattern = r"([\w+=:#@/,.-][\w+=:#@/,.\s-]+[\w+=:#@/,.-])?",
        source = "CreateIPSet.description"
    )]
    pub description: String,
    /// Whether its addresses are those of IPv6.
    #[prop(replaces)]
    pub ipv6: bool,
    /// Networks such as `192.0.2.0/24`; one address is a `/32`, of IPv6 a `/128`.
    pub networks: Set<String>,
    pub tags: Tags,
}

id! {
    /// An IP set's id.
    IpSetId,
    /// An IP set's name.
    IpSetName,
}

impl Resource for IpSet {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<IpSetOutputs>> {
        let mut marker = None;
        loop {
            let request = cx.cloud.wafv2.list_ip_sets().scope(SCOPE).limit(100);
            let reply = request.set_next_marker(marker).send().await?;
            let mut page = reply.ip_sets().iter();
            if let Some(seen) = page.find(|seen| seen.name() == Some(&self.name)) {
                return Ok(vec![seen.try_into()?]);
            }
            if reply.ip_sets().is_empty() || reply.next_marker().is_none() {
                return Ok(Vec::new());
            }
            marker = reply.next_marker;
        }
    }

    async fn read(cx: &Cx<'_>, known: &IpSetOutputs) -> Result<Option<Self>> {
        let (seen, tags) = futures::try_join!(look(cx, known), tags::all(cx, &known.arn))?;
        Ok(seen.map(|(seen, _)| Self {
            name: seen.name,
            description: seen.description.unwrap_or_default(),
            ipv6: seen.ip_address_version == IpAddressVersion::Ipv6,
            networks: seen.addresses.into_iter().collect(),
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<IpSetOutputs> {
        let version = if self.ipv6 { IpAddressVersion::Ipv6 } else { IpAddressVersion::Ipv4 };
        let request = cx.cloud.wafv2.create_ip_set().name(&self.name).scope(SCOPE);
        let reply = request
            .set_description(super::description(&self.description))
            .ip_address_version(version)
            .set_addresses(Some(self.networks.iter().cloned().collect()))
            .set_tags(Some(tags::list(&self.tags)?))
            .send()
            .await?;
        (&reply.summary.present("summary")?).try_into()
    }

    async fn converge(&self, cx: &Cx<'_>, known: &IpSetOutputs, changed: &Changed) -> Result<()> {
        // Each call replaces the set as a whole, save for its tags; the lock token is that of the
        // moment.
        if changed.any(&["description", "networks"]) {
            let seen = look(cx, known).await?;
            let (_, token) = seen.ok_or_else(|| AwsError::not_visible("the IP set"))?;
            let request = cx.cloud.wafv2.update_ip_set().name(&known.name).id(&known.id);
            request
                .scope(SCOPE)
                .lock_token(token)
                .set_description(super::description(&self.description))
                .set_addresses(Some(self.networks.iter().cloned().collect()))
                .send()
                .await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &IpSetOutputs) -> Result<()> {
        let Some((_, token)) = look(cx, known).await? else { return Ok(()) };
        let request = cx.cloud.wafv2.delete_ip_set().name(&known.name).id(&known.id);
        request.scope(SCOPE).lock_token(token).send().await.unless_absent(GONE)?;
        Ok(())
    }
}

/// The set, and the token that the next change of it has to show.
async fn look(cx: &Cx<'_>, known: &IpSetOutputs) -> Result<Option<(types::IpSet, String)>> {
    let request = cx.cloud.wafv2.get_ip_set().name(&known.name).id(&known.id).scope(SCOPE);
    let Some(reply) = request.send().await.unless_absent(GONE)? else { return Ok(None) };
    let token = reply.lock_token.present("lock_token")?;
    Ok(Some((reply.ip_set.present("ip_set")?, token)))
}

impl TryFrom<&types::IpSetSummary> for IpSetOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::IpSetSummary) -> Result<Self> {
        Ok(Self {
            id: seen.id().present("id")?.into(),
            name: seen.name().present("name")?.into(),
            arn: seen.arn().present("arn")?.into(),
        })
    }
}
