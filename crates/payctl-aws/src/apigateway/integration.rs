//! Integrations: what answers a method's requests.

use super::method;
use super::{ApiId, HttpMethod, ResourceId};
use crate::prelude::*;

/// What answers a method's requests.
#[kind(
    "apigateway.integration",
    outputs(api: ApiId, resource: ResourceId, method: HttpMethod),
    stable(api, resource, method),
    look = "apigateway:GET",
    create = "apigateway:PUT",
    change = "apigateway:PUT",
    delete = "apigateway:DELETE",
)]
pub struct Integration {
    #[prop(replaces, unique, serial)]
    pub api: Input<ApiId>,
    #[prop(replaces, unique)]
    pub resource: Input<ResourceId>,
    /// The method whose requests it answers.
    // It goes with its method.
    #[prop(replaces, unique, parent)]
    pub method: Input<HttpMethod>,
    /// Such as `AWS_PROXY`, which passes everything on to a function and its answer back.
    #[prop(
        one_of("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY"),
        source = "PutIntegration.type"
    )]
    pub integration_type: String,
    /// The method it calls what answers with: `POST` for a function, whatever the method is.
    pub integration_http_method: String,
    /// Such as `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`.
    pub uri: Input<String>,
    /// What becomes of a body that no template is for, such as `WHEN_NO_MATCH`.
    pub passthrough_behavior: String,
    /// How long the answer may take.
    pub timeout_ms: u32,
}

impl Resource for Integration {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<IntegrationOutputs>> {
        let Ok(known) = self.outputs() else { return Ok(Vec::new()) };
        let there = Self::read(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &IntegrationOutputs) -> Result<Option<Self>> {
        let seen = method::seen(cx, &known.api, &known.resource, &known.method).await?;
        let seen = seen.and_then(|method| method.method_integration);
        // Each has a type: without one there is none.
        let seen = seen.and_then(|seen| Some((seen.r#type.clone()?, seen)));
        let Some((integration_type, seen)) = seen else { return Ok(None) };
        Ok(Some(Self {
            api: known.api.clone().into(),
            resource: known.resource.clone().into(),
            method: known.method.clone().into(),
            integration_type: integration_type.as_str().to_owned(),
            integration_http_method: seen.http_method.unwrap_or_default(),
            uri: seen.uri.unwrap_or_default().into(),
            passthrough_behavior: seen.passthrough_behavior.unwrap_or_default(),
            timeout_ms: seen.timeout_in_millis.cast_unsigned(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<IntegrationOutputs> {
        let known = self.outputs()?;
        self.put(cx, &known).await?;
        Ok(known)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &IntegrationOutputs, _: &Changed) -> Result<()> {
        self.put(cx, known).await
    }

    async fn delete(cx: &Cx<'_>, known: &IntegrationOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_integration().rest_api_id(&known.api);
        let request = request.resource_id(&known.resource).http_method(&known.method);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Integration {
    fn outputs(&self) -> Result<IntegrationOutputs> {
        Ok(IntegrationOutputs {
            api: self.api.get()?.clone(),
            resource: self.resource.get()?.clone(),
            method: self.method.get()?.clone(),
        })
    }

    /// Makes it the method's, in the place of any other.
    async fn put(&self, cx: &Cx<'_>, known: &IntegrationOutputs) -> Result<()> {
        let timeout = i32::try_from(self.timeout_ms)
            .map_err(|_| AwsError::invalid("an integration's timeout is too long"))?;
        let request = cx.cloud.apigateway.put_integration().rest_api_id(&known.api);
        request
            .resource_id(&known.resource)
            .http_method(&known.method)
            .r#type(self.integration_type.as_str().into())
            .integration_http_method(&self.integration_http_method)
            .uri(self.uri.get()?)
            .passthrough_behavior(&self.passthrough_behavior)
            .timeout_in_millis(timeout)
            .send()
            .await?;
        Ok(())
    }
}
