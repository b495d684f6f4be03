//! Associations: which web ACL a resource is behind.

use crate::prelude::*;

/// The bond of a resource and the one web ACL it is behind.
#[kind(
    "wafv2.association",
    // What it is known by: a resource has one at most.
    outputs(resource: Arn),
    stable(resource),
    typical(5.0, 0.0, 2.0),
    // A new web ACL, stage or load balancer is not known everywhere in WAF for minutes, at times for
    // more than five (terraform-provider-aws#29080).
    wait_timeout = 15 * 60,
    look = "wafv2:GetWebACL GetWebACLForResource",
    // What the resource's own service is asked for, whichever it is (WAF developer guide,
    // "Permissions for AssociateWebACL").
    create = "apigateway:SetWebACL elasticloadbalancing:SetWebAcl wafv2:AssociateWebACL",
    change = "apigateway:SetWebACL elasticloadbalancing:SetWebAcl wafv2:AssociateWebACL",
    delete = "apigateway:SetWebACL elasticloadbalancing:SetWebAcl wafv2:DisassociateWebACL",
    on = [
        "arn:{partition}:wafv2:{region}:{account}:regional/webacl/*",
        "arn:{partition}:wafv2:{region}:{account}:regional/webacl/{web_acl.name}/*",
    ],
    extra_resources = [
        ("apigateway:SetWebACL", "resource"),
        ("elasticloadbalancing:SetWebAcl", "resource"),
        ("wafv2:AssociateWebACL", "resource"),
        ("wafv2:DisassociateWebACL", "resource"),
        ("wafv2:GetWebACLForResource", "resource"),
    ],
)]
pub struct Association {
    #[prop(holds)]
    pub web_acl: Input<Arn>,
    /// A REST API's stage. WAF knows no HTTP APIs.
    #[prop(replaces, unique, parent)]
    pub resource: Input<Arn>,
}

const GONE: &str = "WAFNonexistentItemException";

impl Resource for Association {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<AssociationOutputs>> {
        let Ok(resource) = self.resource.get() else { return Ok(Vec::new()) };
        let seen = look(cx, resource).await?;
        Ok(seen.map(|_| AssociationOutputs { resource: resource.clone() }).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &AssociationOutputs) -> Result<Option<Self>> {
        let seen = look(cx, &known.resource).await?;
        let resource = known.resource.clone().into();
        Ok(seen.map(|web_acl| Self { web_acl: web_acl.into(), resource }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<AssociationOutputs> {
        self.associate(cx).await?;
        Ok(AssociationOutputs { resource: self.resource.get()?.clone() })
    }

    async fn converge(&self, cx: &Cx<'_>, _: &AssociationOutputs, changed: &Changed) -> Result<()> {
        // The new one takes the old one's place, so that the resource is never without.
        if changed.has("web_acl") {
            self.associate(cx).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &AssociationOutputs) -> Result<()> {
        let request = cx.cloud.wafv2.disassociate_web_acl().resource_arn(&known.resource);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl Association {
    async fn associate(&self, cx: &Cx<'_>) -> Result<()> {
        let request = cx.cloud.wafv2.associate_web_acl().web_acl_arn(self.web_acl.get()?);
        request.resource_arn(self.resource.get()?).send().await?;
        Ok(())
    }
}

/// The web ACL that the resource is behind.
async fn look(cx: &Cx<'_>, resource: &Arn) -> Result<Option<Arn>> {
    let request = cx.cloud.wafv2.get_web_acl_for_resource().resource_arn(resource);
    let reply = request.send().await.unless_absent(GONE)?;
    Ok(reply.and_then(|reply| reply.web_acl).map(|web_acl| web_acl.arn.into()))
}
