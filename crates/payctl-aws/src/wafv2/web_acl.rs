//! Web ACLs: the rules that requests to an API of this region have to pass.

use aws_sdk_wafv2::types::{self, AllowAction, BlockAction, DefaultAction};

use super::{GONE, Rule, SCOPE, Visibility, rules, tags};
use crate::prelude::*;

/// The rules that requests to an API of this region have to pass.
#[kind(
    "wafv2.web_acl",
    outputs(id: WebAclId, name: WebAclName, arn: Arn),
    stable(name),
    typical(2.0, 0.0, 2.0),
    // What was made or let go a moment ago is not known everywhere in WAF.
    wait_timeout = 5 * 60,
    look = "wafv2:GetWebACL ListTagsForResource ListWebACLs",
    create = "wafv2:CreateWebACL TagResource",
    change = "wafv2:TagResource UntagResource UpdateWebACL",
    delete = "wafv2:DeleteWebACL",
    unscoped = "wafv2:ListWebACLs",
    // Whoever names a managed group has to be allowed to.
    on = [
        "arn:{partition}:wafv2:{region}:{account}:regional/webacl/{name}/*",
        "arn:{partition}:wafv2:{region}:{account}:regional/managedruleset/*",
    ],
    // The IP sets that rules name.
    extra_resources = [("wafv2:CreateWebACL", "rules"), ("wafv2:UpdateWebACL", "rules")],
)]
pub struct WebAcl {
    #[prop(replaces, unique, length(1..=128), pattern = r"^[\w\-]+$", source = "CreateWebACL.name")]
    pub name: String,
    /// Empty for none.
    #[prop(
        length(..=256),
        pattern = r"([\w+=:#@/,.-][\w+=:#@/,.\s-]+[\w+=:#@/,.-])?",
        source = "CreateWebACL.description"
    )]
    pub description: String,
    /// Whether a request passes that no rule decides on.
    pub default_allow: bool,
    #[prop(holds)]
    pub rules: Vec<Rule>,
    pub visibility: Visibility,
    pub tags: Tags,
}

id! {
    /// A web ACL's id.
    WebAclId,
    /// A web ACL's name.
    WebAclName,
}

impl Resource for WebAcl {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<WebAclOutputs>> {
        let mut marker = None;
        loop {
            let request = cx.cloud.wafv2.list_web_acls().scope(SCOPE).limit(100);
            let reply = request.set_next_marker(marker).send().await?;
            let mut page = reply.web_acls().iter();
            if let Some(seen) = page.find(|seen| seen.name() == Some(&self.name)) {
                return Ok(vec![seen.try_into()?]);
            }
            if reply.web_acls().is_empty() || reply.next_marker().is_none() {
                return Ok(Vec::new());
            }
            marker = reply.next_marker;
        }
    }

    async fn read(cx: &Cx<'_>, known: &WebAclOutputs) -> Result<Option<Self>> {
        let (seen, tags) = futures::try_join!(look(cx, known), tags::all(cx, &known.arn))?;
        let Some((seen, _)) = seen else { return Ok(None) };
        let action = seen.default_action().present("default_action")?;
        Ok(Some(Self {
            name: seen.name().to_owned(),
            description: seen.description().unwrap_or_default().to_owned(),
            default_allow: action.allow().is_some(),
            rules: rules::read(seen.rules())?,
            visibility: seen.visibility_config().present("visibility_config")?.into(),
            tags,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<WebAclOutputs> {
        let request = cx.cloud.wafv2.create_web_acl().name(&self.name).scope(SCOPE);
        let reply = request
            .set_description(super::description(&self.description))
            .default_action(self.default_action())
            .set_rules(Some(rules::written(&self.rules)?))
            .visibility_config(self.visibility.written()?)
            .set_tags(Some(tags::list(&self.tags)?))
            .send()
            .await?;
        (&reply.summary.present("summary")?).try_into()
    }

    async fn converge(&self, cx: &Cx<'_>, known: &WebAclOutputs, changed: &Changed) -> Result<()> {
        // Each call replaces the web ACL as a whole, save for its tags. The lock token is that of
        // the moment: whoever changes it in between makes the call fail, and the next one reads it
        // again.
        if changed.names().any(|name| name != "tags") {
            let seen = look(cx, known).await?;
            let (_, token) = seen.ok_or_else(|| AwsError::not_visible("the web ACL"))?;
            let request = cx.cloud.wafv2.update_web_acl().name(&known.name).id(&known.id);
            request
                .scope(SCOPE)
                .lock_token(token)
                .set_description(super::description(&self.description))
                .default_action(self.default_action())
                .set_rules(Some(rules::written(&self.rules)?))
                .visibility_config(self.visibility.written()?)
                .send()
                .await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &WebAclOutputs) -> Result<()> {
        let Some((_, token)) = look(cx, known).await? else { return Ok(()) };
        let request = cx.cloud.wafv2.delete_web_acl().name(&known.name).id(&known.id);
        request.scope(SCOPE).lock_token(token).send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl WebAcl {
    fn default_action(&self) -> DefaultAction {
        let action = DefaultAction::builder();
        if self.default_allow {
            action.allow(AllowAction::builder().build()).build()
        } else {
            action.block(BlockAction::builder().build()).build()
        }
    }
}

/// The web ACL, and the token that the next change of it has to show.
async fn look(cx: &Cx<'_>, known: &WebAclOutputs) -> Result<Option<(types::WebAcl, String)>> {
    let request = cx.cloud.wafv2.get_web_acl().name(&known.name).id(&known.id).scope(SCOPE);
    let Some(reply) = request.send().await.unless_absent(GONE)? else { return Ok(None) };
    let token = reply.lock_token.present("lock_token")?;
    Ok(Some((reply.web_acl.present("web_acl")?, token)))
}

impl TryFrom<&types::WebAclSummary> for WebAclOutputs {
    type Error = AwsError;

    fn try_from(seen: &types::WebAclSummary) -> Result<Self> {
        Ok(Self {
            id: seen.id().present("id")?.into(),
            name: seen.name().present("name")?.into(),
            arn: seen.arn().present("arn")?.into(),
        })
    }
}
