//! Resources of an API: one segment of its paths each.

use super::{ApiId, ResourceId};
use crate::prelude::*;

/// One segment of an API's paths.
#[kind(
    "apigateway.resource",
    outputs(api: ApiId, id: ResourceId),
    stable(api),
    // What AWS allows an account, whatever it is asked (API Gateway quotas, docs/aws-facts.md).
    pace(0.2, 0.0),
    look = "apigateway:GET",
    create = "apigateway:POST",
    delete = "apigateway:DELETE",
)]
pub struct ApiResource {
    // UpdateResource could move it, with all that is below it. Another path is another resource.
    // "Unable to complete operation due to concurrent modification", so for all of an API.
    #[prop(replaces, unique, parent, serial)]
    pub api: Input<ApiId>,
    /// What it is below: the API's root, or another one.
    #[prop(replaces, unique)]
    pub parent: Input<ResourceId>,
    /// Such as `payments`, or `{id}` for any.
    #[prop(replaces, unique)]
    pub path_part: String,
}

impl Resource for ApiResource {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ApiResourceOutputs>> {
        let (Ok(api), Ok(parent)) = (self.api.get(), self.parent.get()) else {
            return Ok(Vec::new());
        };
        let mut all = cx.cloud.apis.resources.load(api).await?.unwrap_or_default();
        all.retain(|seen| {
            seen.parent_id() == Some(parent.as_str())
                && seen.path_part() == Some(self.path_part.as_str())
        });
        let id = |seen: aws_sdk_apigateway::types::Resource| seen.id.present("a resource's id");
        let outputs = |id: String| ApiResourceOutputs { api: api.clone(), id: id.into() };
        all.into_iter().map(|seen| id(seen).map(outputs)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &ApiResourceOutputs) -> Result<Option<Self>> {
        let all = cx.cloud.apis.resources.load(&known.api).await?;
        let mut all = all.into_iter().flatten();
        let Some(seen) = all.find(|seen| seen.id() == Some(known.id.as_str())) else {
            return Ok(None);
        };
        Ok(Some(Self {
            api: known.api.clone().into(),
            parent: ResourceId::from(seen.parent_id.present("parent_id")?).into(),
            path_part: seen.path_part.present("path_part")?,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ApiResourceOutputs> {
        let api = self.api.get()?;
        let request = cx.cloud.apigateway.create_resource().rest_api_id(api);
        let request = request.parent_id(self.parent.get()?).path_part(&self.path_part);
        let id = request.send().await?.id.present("the resource's id")?.into();
        Ok(ApiResourceOutputs { api: api.clone(), id })
    }

    async fn converge(&self, _: &Cx<'_>, _: &ApiResourceOutputs, _: &Changed) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ApiResourceOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_resource().rest_api_id(&known.api);
        let request = request.resource_id(&known.id);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}
