//! REST APIs: what requests from outside come in through.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_apigateway::operation::get_rest_api::GetRestApiOutput;
use aws_sdk_apigateway::types::EndpointConfiguration;

use super::bulk::PAGE;
use super::patch::{Patch, replace_tags, tags};
use crate::policy::principals_of;
use crate::prelude::*;
use crate::{Facts, Partition};

/// What requests from outside come in through.
#[kind(
    "apigateway.rest_api",
    outputs(
        id: ApiId,
        /// The resource at `/`.
        root: ResourceId,
        arn: Arn,
        /// What permissions to be invoked by it name; a stage, method and path may follow.
        execution_arn: Arn,
        /// The host that answers.
        host: String,
    ),
    // CreateRestApi takes no token, and two APIs may have the same name.
    repeat = Search,
    typical(0.6, 0.0, 1.0),
    // One deletion per 30 s and account: only the first is quick.
    // What AWS allows an account, whatever it is asked (API Gateway quotas, docs/aws-facts.md).
    pace(3.0, 30.0),
    look = "apigateway:GET",
    // PUT is for the tags.
    create = "apigateway:POST PUT",
    // The last is for a policy that is taken away.
    change = "apigateway:DELETE PATCH PUT UpdateRestApiPolicy",
    delete = "apigateway:DELETE",
    // Also of all that belongs to it.
    on = [
        "arn:{partition}:apigateway:{region}::/restapis",
        "arn:{partition}:apigateway:{region}::/restapis/*",
        "arn:{partition}:apigateway:{region}::/tags/*",
    ],
    attachments = ["method", "resource", "resource policy"],
)]
pub struct RestApi {
    pub name: String,
    pub description: String,
    /// `REGIONAL`, `EDGE` or `PRIVATE`.
    pub endpoint: String,
    /// Whether only a domain name of its own leads to it, and AWS's does not.
    pub disable_execute_api_endpoint: bool,
    pub tags: Tags,
}

id! {
    /// A REST API's id, such as `a1b2c3d4e5`.
    ApiId,
    /// A resource's id within its API, such as `a1b2c3`.
    ResourceId,
}

impl Resource for RestApi {
    async fn find_tagged(cx: &Cx<'_>) -> Result<Vec<RestApiOutputs>> {
        let [stack, suffix] = cx.owner.search();
        let ours = [stack, suffix, ("payctl:id", cx.address.as_str())];
        let all = cx.cloud.apigateway.get_rest_apis().into_paginator();
        let mut all = all.page_size(PAGE).items().send();
        let mut found = Vec::new();
        while let Some(seen) = all.next().await {
            let seen = seen?;
            let tags = seen.tags.unwrap_or_default();
            if ours.iter().all(|(key, value)| tags.get(*key).is_some_and(|tag| tag == value)) {
                found.push(outputs(cx, seen.id, seen.root_resource_id)?);
            }
        }
        Ok(found)
    }

    async fn read(cx: &Cx<'_>, known: &RestApiOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.id).await? else { return Ok(None) };
        Ok(Some(Self {
            endpoint: endpoint(&seen)?,
            disable_execute_api_endpoint: seen.disable_execute_api_endpoint,
            tags: tags(seen.tags.iter().flatten()),
            name: seen.name.present("name")?,
            description: seen.description.unwrap_or_default(),
        }))
    }

    /// What was added to it by hand is served from the next deployment on.
    async fn attachments(
        cx: &Cx<'_>,
        known: &RestApiOutputs,
        attachments: &mut Attachments<'_>,
    ) -> Result<()> {
        let client = &cx.cloud.apigateway;
        let all = cx.cloud.apis.resources.load(&known.id);
        let (seen, all) = futures::try_join!(look(cx, &known.id), all)?;
        if let Some(policy) = seen.and_then(|seen| seen.policy).filter(|policy| !policy.is_empty())
            && attachments.meets("resource policy", &format!("for {}", principals_of(&policy)))
        {
            let mut patch = Patch::default();
            patch.replace("/policy", "");
            let request = client.update_rest_api().rest_api_id(&known.id);
            request.set_patch_operations(patch.operations()).send().await?;
        }
        for resource in all.into_iter().flatten() {
            let id = resource.id().present("a resource's id")?;
            let path = resource.path().unwrap_or_default();
            let methods = resource.resource_methods().into_iter().flat_map(HashMap::keys);
            let methods: BTreeSet<&String> = methods.collect();
            if let (Some(parent), Some(part)) = (resource.parent_id(), resource.path_part())
                && !attachments
                    .is_declared("apigateway.resource", &[("parent", parent), ("path_part", part)])
            {
                let unwanted = attachments.meets("resource", path);
                if unwanted {
                    // With all that is below it.
                    let request = client.delete_resource().rest_api_id(&known.id).resource_id(id);
                    request.send().await.unless_absent("NotFoundException")?;
                }
                if unwanted || attachments.only_looks() {
                    continue;
                }
            }
            for method in methods {
                let properties = [("resource", id), ("http_method", method.as_str())];
                if !attachments.is_declared("apigateway.method", &properties)
                    && attachments.meets("method", &format!("{method} {path}"))
                {
                    let request = client.delete_method().rest_api_id(&known.id).resource_id(id);
                    let request = request.http_method(method);
                    request.send().await.unless_absent("NotFoundException")?;
                }
            }
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RestApiOutputs> {
        let endpoint =
            EndpointConfiguration::builder().types(self.endpoint.as_str().into()).build();
        let tags: HashMap<_, _> = self.tags.clone().into_iter().collect();
        let request = cx.cloud.apigateway.create_rest_api();
        let made = request
            .name(&self.name)
            .description(&self.description)
            .endpoint_configuration(endpoint)
            .disable_execute_api_endpoint(self.disable_execute_api_endpoint)
            .set_tags(Some(tags))
            .send()
            .await?;
        outputs(cx, made.id, made.root_resource_id)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &RestApiOutputs, changed: &Changed) -> Result<()> {
        let seen = look(cx, &known.id).await?;
        let seen = seen.ok_or_else(|| AwsError::not_visible("the API"))?;
        let mut patch = Patch::default();
        if changed.has("name") {
            patch.replace("/name", &self.name);
        }
        if changed.has("description") {
            patch.replace("/description", &self.description);
        }
        // The type is replaced under its own name.
        let before = endpoint(&seen)?;
        if changed.has("endpoint") && before != self.endpoint {
            patch.replace(format!("/endpointConfiguration/types/{before}"), &self.endpoint);
        }
        if changed.has("disable_execute_api_endpoint") {
            let value = self.disable_execute_api_endpoint.to_string();
            patch.replace("/disableExecuteApiEndpoint", value);
        }
        if let Some(operations) = patch.operations() {
            let request = cx.cloud.apigateway.update_rest_api().rest_api_id(&known.id);
            request.set_patch_operations(Some(operations)).send().await?;
        }
        if changed.has("tags") {
            let seen = tags(seen.tags.iter().flatten());
            replace_tags(cx, &known.arn, seen, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RestApiOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_rest_api().rest_api_id(&known.id);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

async fn look(cx: &Cx<'_>, id: &ApiId) -> Result<Option<GetRestApiOutput>> {
    cx.cloud.apis.apis.load(id).await
}

fn endpoint(seen: &GetRestApiOutput) -> Result<String> {
    let types = seen.endpoint_configuration().map(EndpointConfiguration::types);
    let first = types.and_then(<[_]>::first).present("the endpoint's type")?;
    Ok(first.as_str().to_owned())
}

fn outputs(cx: &Cx<'_>, id: Option<String>, root: Option<String>) -> Result<RestApiOutputs> {
    let id = ApiId::from(id.present("the API's id")?);
    Ok(RestApiOutputs {
        root: root.present("the root resource's id")?.into(),
        arn: arn(cx, &id),
        execution_arn: cx.cloud.facts.arn("execute-api", id.as_str()),
        host: host(cx, id.as_str()),
        id,
    })
}

/// The API's ARN, which does not name the account.
pub(super) fn arn(cx: &Cx<'_>, id: &ApiId) -> Arn {
    let Facts { partition, region, .. } = &*cx.cloud.facts;
    format!("arn:{partition}:apigateway:{region}::/restapis/{id}").into()
}

/// The host that AWS gives the API.
pub(crate) fn host(cx: &Cx<'_>, id: &str) -> String {
    let Facts { partition, region, .. } = &*cx.cloud.facts;
    let domain = Partition::named(partition).dns_suffix;
    format!("{id}.execute-api.{region}.{domain}")
}
