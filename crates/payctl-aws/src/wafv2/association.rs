//! Associations: which web ACL a resource is behind.

use std::time::Duration;

use payctl_engine::{Access, Changed, Input, Resource, Typical, outputs};
use serde::{Deserialize, Serialize};

use crate::{Absent as _, Arn, Aws, Cx, Result};

/// The bond of a resource and the one web ACL it is behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Association {
    pub web_acl: Input<Arn>,
    /// A REST API's stage. WAF knows no HTTP APIs.
    pub resource: Input<Arn>,
}

outputs! {
    /// What an association is known by: a resource has one at most.
    AssociationOutputs via AssociationRef { resource: Arn }
}

const GONE: &str = "WAFNonexistentItemException";
/// What the resource's own service is asked for, whichever it is (WAF developer guide, "Permissions
/// for AssociateWebACL").
const STAGE: &str = "apigateway:SetWebACL";
const LOAD_BALANCER: &str = "elasticloadbalancing:SetWebAcl";

impl Resource for Association {
    type Cloud = Aws;
    type Outputs = AssociationOutputs;
    type Ref = AssociationRef;

    const KIND: &'static str = "wafv2.association";
    const REPLACED_BY: &'static [&'static str] = &["resource"];
    const UNIQUE_BY: &'static [&'static str] = &["resource"];
    const STABLE_OUTPUTS: &'static [&'static str] = &["resource"];
    const BELONGS_TO: Option<&'static str> = Some("resource");
    const HOLDS: &'static [&'static str] = &["web_acl"];
    const TYPICAL: Typical = Typical { created: 5.0, ready: 0.0, deleted: 2.0 };
    // A new web ACL or stage is not known everywhere in WAF for up to some minutes.
    const WAIT_TIMEOUT: Duration = Duration::from_secs(5 * 60);
    const ACCESS: Access = Access {
        look: &["wafv2:GetWebACL", "wafv2:GetWebACLForResource"],
        create: &[STAGE, LOAD_BALANCER, "wafv2:AssociateWebACL"],
        change: &[STAGE, LOAD_BALANCER, "wafv2:AssociateWebACL"],
        delete: &[STAGE, LOAD_BALANCER, "wafv2:DisassociateWebACL"],
        on: &[
            "arn:{partition}:wafv2:{region}:{account}:regional/webacl/*",
            "arn:{partition}:wafv2:{region}:{account}:regional/webacl/{web_acl.name}/*",
        ],
        extra_resources: &[
            (STAGE, "resource"),
            (LOAD_BALANCER, "resource"),
            ("wafv2:AssociateWebACL", "resource"),
            ("wafv2:DisassociateWebACL", "resource"),
            ("wafv2:GetWebACLForResource", "resource"),
        ],
        ..Access::NONE
    };

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
