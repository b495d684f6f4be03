//! Deployments: what an API was when it was deployed. A changed API needs a new one.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::operation::get_deployment::GetDeploymentOutput;
use payctl_engine::input::references;
use payctl_engine::{Address, Stack, Unresolved};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::ApiId;
use super::bulk::PAGE;
use crate::prelude::*;

/// Goes before the digest in a deployment's description.
const MARK: &str = "payctl ";

/// A copy of an API, which its stages serve until they are given another one.
#[kind(
    "apigateway.deployment",
    outputs(api: ApiId, id: DeploymentId),
    // CreateDeployment takes no token, and an API has any number of them.
    repeat = Search,
    typical(1.0, 0.0, 0.4),
    // What AWS allows an account, whatever it is asked (API Gateway quotas, docs/aws-facts.md).
    pace(5.0, 0.0),
    look = "apigateway:GET",
    create = "apigateway:POST",
    delete = "apigateway:DELETE",
)]
pub struct Deployment {
    #[prop(replaces, parent, serial)]
    pub api: Input<ApiId>,
    /// What is deployed.
    #[prop(replaces)]
    pub content: Content,
}

/// What an API consists of, as it is declared; once all of that is known, its digest.
///
/// AWS tells hardly anything of what a deployment holds, so the digest is kept in its description.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Content(Value);

id! {
    /// A deployment's id within its API, such as `a1b2c3`.
    DeploymentId,
}

impl Resource for Deployment {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<DeploymentOutputs>> {
        let (Ok(api), Ok(digest)) = (self.api.get(), self.content.digest()) else {
            return Ok(Vec::new());
        };
        let all = cx.cloud.apigateway.get_deployments().rest_api_id(api).into_paginator();
        let all = all.page_size(PAGE).items().send();
        let all = all.collect::<std::result::Result<Vec<_>, _>>().await;
        let all = all.unless_absent("NotFoundException")?.unwrap_or_default();
        let ours = all.into_iter().filter(|seen| digest_in(seen.description()) == digest);
        let outputs = |id: String| DeploymentOutputs { api: api.clone(), id: id.into() };
        ours.map(|seen| seen.id.present("a deployment's id").map(outputs)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &DeploymentOutputs) -> Result<Option<Self>> {
        let request = cx.cloud.apigateway.get_deployment().rest_api_id(&known.api);
        let request = request.deployment_id(&known.id).embed("apisummary");
        let Some(seen) = request.send().await.unless_absent("NotFoundException")? else {
            return Ok(None);
        };
        let mut content = digest_in(seen.description()).to_owned();
        if serves_what_is_gone(cx, &known.api, &seen).await? {
            content.push_str(" (with methods that are gone)");
        }
        let content = Content(content.into());
        Ok(Some(Self { api: known.api.clone().into(), content }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<DeploymentOutputs> {
        let api = self.api.get()?;
        let request = cx.cloud.apigateway.create_deployment().rest_api_id(api);
        let request = request.description(format!("{MARK}{}", self.content.digest()?));
        let id = request.send().await?.id.present("the deployment's id")?.into();
        Ok(DeploymentOutputs { api: api.clone(), id })
    }

    async fn converge(&self, _: &Cx<'_>, _: &DeploymentOutputs, _: &Changed) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &DeploymentOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_deployment().rest_api_id(&known.api);
        let request = request.deployment_id(&known.id);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Content {
    /// All that `stack` declares so far as belonging to the API at `api`. The deployment waits for
    /// each of these, and a change of any is one of the deployment.
    #[must_use]
    pub fn of(stack: &Stack, api: &Address) -> Self {
        let belongs = |properties: &Value| {
            let api_of = references(&properties["api"]);
            api_of.iter().any(|reference| reference.address == *api)
        };
        let parts = stack.resources().iter().filter(|declared| belongs(&declared.properties));
        let parts: BTreeMap<&str, Value> = parts
            .map(|part| {
                // All that belongs to an API has it among its outputs.
                let made = Input::<ApiId>::output(&part.address, "api");
                (part.address.as_str(), json!({ "made": made, "as": part.properties }))
            })
            .collect();
        Self(json!(parts))
    }

    fn digest(&self) -> Result<&str> {
        let unknown = || {
            let first = references(&self.0).into_iter().next();
            Unresolved(first.map(|reference| reference.address.to_string()).unwrap_or_default())
        };
        Ok(self.0.as_str().ok_or_else(unknown)?)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        if !value.is_string() && references(&value).is_empty() {
            value.sort_all_objects();
            let digest = Sha256::digest(value.to_string());
            let digest: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
            value = Value::String(digest);
        }
        Ok(Self(value))
    }
}

/// The digest in a deployment's description; of someone else's, the description.
fn digest_in(description: Option<&str>) -> &str {
    let description = description.unwrap_or_default();
    description.strip_prefix(MARK).unwrap_or(description)
}

/// Whether it still serves methods that the API has no longer: it was made before they went.
async fn serves_what_is_gone(cx: &Cx<'_>, api: &ApiId, seen: &GetDeploymentOutput) -> Result<bool> {
    let Some(served) = seen.api_summary().filter(|served| !served.is_empty()) else {
        return Ok(false);
    };
    let all = cx.cloud.apis.resources.load(api).await?.unwrap_or_default();
    let mut there = BTreeSet::new();
    for resource in &all {
        let path = resource.path().unwrap_or_default();
        let methods = resource.resource_methods().into_iter().flatten();
        there.extend(methods.map(|(method, _)| (path, method.as_str())));
    }
    let mut served = served
        .iter()
        .flat_map(|(path, methods)| methods.keys().map(|method| (path.as_str(), method.as_str())));
    Ok(served.any(|method| !there.contains(&method)))
}

#[cfg(test)]
mod tests {
    use payctl_engine::Declared;

    use super::*;

    fn content(timeout: u32) -> Content {
        let mut stack = Stack::new("stack", "test");
        let api = Address::new("apigateway.rest_api", "main");
        let id = Input::<ApiId>::output(&api, "id");
        let declare = |kind: &str, name: &str, properties: Value| Declared {
            address: Address::new(kind, name),
            properties,
            after: BTreeSet::new(),
        };
        stack.declare(declare("apigateway.rest_api", "main", json!({ "name": "payments" })));
        let part = json!({ "api": id, "timeout_ms": timeout });
        stack.declare(declare("apigateway.integration", "post", part));
        stack.declare(declare("s3.bucket", "files", json!({ "name": "files" })));
        Content::of(&stack, &api)
    }

    fn written(content: &Content) -> Content {
        let resolved = payctl_engine::input::resolve(&content.0, &|_| Some(json!("a1")));
        serde_json::from_value(resolved).unwrap_or(Content(Value::Null))
    }

    #[test]
    fn content_is_its_digest_once_it_is_known() {
        let open = content(29_000);
        let needed: Vec<_> =
            references(&open.0).into_iter().map(|reference| reference.address).collect();
        assert_eq!(
            needed.iter().map(Address::as_str).collect::<Vec<_>>(),
            ["apigateway.integration:post", "apigateway.rest_api:main"]
        );
        assert!(open.digest().is_err());
        let known = written(&open);
        assert_eq!(known.digest().map(str::len).unwrap_or_default(), 32);
        assert_eq!(written(&known), known, "a digest stays as it is");
        assert_ne!(written(&content(1_000)), known);
    }
}
