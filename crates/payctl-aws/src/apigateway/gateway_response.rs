//! Gateway responses: what API Gateway answers by itself, without asking what is behind a method.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::GatewayResponseType;

use super::ApiId;
use crate::prelude::*;

/// What API Gateway answers where a request comes to nothing in one way, in place of its own answer.
#[kind(
    "apigateway.gateway_response",
    outputs(api: ApiId, response_type: ResponseType),
    stable(api, response_type),
    look = "apigateway:GET",
    create = "apigateway:PUT",
    change = "apigateway:PUT",
    delete = "apigateway:DELETE",
)]
pub struct GatewayResponse {
    #[prop(replaces, unique, parent, serial)]
    pub api: Input<ApiId>,
    /// Which way, such as `BAD_REQUEST_BODY`; `DEFAULT_4XX` for all of 4xx that have no other.
    #[prop(replaces, unique)]
    pub response_type: String,
    /// As it would be, when unset.
    pub status: Option<u16>,
    /// Headers, such as `gatewayresponse.header.Retry-After`, by where they come from.
    pub parameters: BTreeMap<String, String>,
    /// Bodies by content type. Variables such as `$context.error.messageString` are replaced.
    pub templates: BTreeMap<String, String>,
}

id! {
    /// A gateway response's type.
    ResponseType,
}

impl Resource for GatewayResponse {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<GatewayResponseOutputs>> {
        let Ok(known) = self.outputs() else { return Ok(Vec::new()) };
        let there = Self::read(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &GatewayResponseOutputs) -> Result<Option<Self>> {
        let request = cx.cloud.apigateway.get_gateway_response().rest_api_id(&known.api);
        let request = request.response_type(known.response_type.as_str().into());
        let Some(seen) = request.send().await.unless_absent("NotFoundException")? else {
            return Ok(None);
        };
        // Of what was never set, there is API Gateway's own (botocore, GetGatewayResponses).
        if seen.default_response {
            return Ok(None);
        }
        Ok(Some(Self {
            api: known.api.clone().into(),
            response_type: known.response_type.to_string(),
            status: seen.status_code.and_then(|status| status.parse().ok()),
            parameters: seen.response_parameters.unwrap_or_default().into_iter().collect(),
            templates: seen.response_templates.unwrap_or_default().into_iter().collect(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<GatewayResponseOutputs> {
        let known = self.outputs()?;
        self.put(cx, &known).await?;
        Ok(known)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &GatewayResponseOutputs,
        _: &Changed,
    ) -> Result<()> {
        self.put(cx, known).await
    }

    async fn delete(cx: &Cx<'_>, known: &GatewayResponseOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_gateway_response().rest_api_id(&known.api);
        let request = request.response_type(known.response_type.as_str().into());
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl GatewayResponse {
    fn outputs(&self) -> Result<GatewayResponseOutputs> {
        let response_type = self.response_type.as_str().into();
        Ok(GatewayResponseOutputs { api: self.api.get()?.clone(), response_type })
    }

    /// Sets all of it, whatever is there.
    async fn put(&self, cx: &Cx<'_>, known: &GatewayResponseOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.put_gateway_response().rest_api_id(&known.api);
        request
            .response_type(GatewayResponseType::from(self.response_type.as_str()))
            .set_status_code(self.status.map(|status| status.to_string()))
            .set_response_parameters(Some(self.parameters.clone().into_iter().collect()))
            .set_response_templates(Some(self.templates.clone().into_iter().collect()))
            .send()
            .await?;
        Ok(())
    }
}
