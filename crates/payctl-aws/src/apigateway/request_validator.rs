//! Request validators: what of a request is checked before it is passed on.

use super::ApiId;
use super::bulk::PAGE;
use super::patch::Patch;
use crate::prelude::*;

/// What of a request is checked before it is passed on.
#[kind(
    "apigateway.request_validator",
    outputs(api: ApiId, id: RequestValidatorId),
    // CreateRequestValidator takes no token, and two may have the same name.
    repeat = Search,
    look = "apigateway:GET",
    create = "apigateway:POST",
    change = "apigateway:PATCH",
    delete = "apigateway:DELETE",
)]
pub struct RequestValidator {
    #[prop(replaces, parent, serial)]
    pub api: Input<ApiId>,
    pub name: String,
    /// Whether the body has to be as the method's model says.
    pub body: bool,
    /// Whether the parameters that the method requires have to be there.
    pub parameters: bool,
}

id! {
    /// A request validator's id within its API, such as `a1b2c3`.
    RequestValidatorId,
}

impl Resource for RequestValidator {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<RequestValidatorOutputs>> {
        let Ok(api) = self.api.get() else { return Ok(Vec::new()) };
        // No API has more than fit on a page.
        let request = cx.cloud.apigateway.get_request_validators().rest_api_id(api).limit(PAGE);
        let reply = request.send().await.unless_absent("NotFoundException")?;
        let all = reply.and_then(|reply| reply.items).unwrap_or_default();
        let ours = all.into_iter().filter(|seen| seen.name() == Some(self.name.as_str()));
        let outputs = |id: String| RequestValidatorOutputs { api: api.clone(), id: id.into() };
        ours.map(|seen| seen.id.present("a validator's id").map(outputs)).collect()
    }

    async fn read(cx: &Cx<'_>, known: &RequestValidatorOutputs) -> Result<Option<Self>> {
        let request = cx.cloud.apigateway.get_request_validator().rest_api_id(&known.api);
        let request = request.request_validator_id(&known.id);
        let Some(seen) = request.send().await.unless_absent("NotFoundException")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            api: known.api.clone().into(),
            name: seen.name.unwrap_or_default(),
            body: seen.validate_request_body,
            parameters: seen.validate_request_parameters,
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<RequestValidatorOutputs> {
        let api = self.api.get()?;
        let request = cx.cloud.apigateway.create_request_validator().rest_api_id(api);
        let made = request
            .name(&self.name)
            .validate_request_body(self.body)
            .validate_request_parameters(self.parameters)
            .send()
            .await?;
        let id = made.id.present("the validator's id")?.into();
        Ok(RequestValidatorOutputs { api: api.clone(), id })
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &RequestValidatorOutputs,
        changed: &Changed,
    ) -> Result<()> {
        let mut patch = Patch::default();
        if changed.has("name") {
            patch.replace("/name", &self.name);
        }
        if changed.has("body") {
            patch.replace("/validateRequestBody", self.body.to_string());
        }
        if changed.has("parameters") {
            patch.replace("/validateRequestParameters", self.parameters.to_string());
        }
        let Some(operations) = patch.operations() else { return Ok(()) };
        let request = cx.cloud.apigateway.update_request_validator().rest_api_id(&known.api);
        let request = request.request_validator_id(&known.id);
        request.set_patch_operations(Some(operations)).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &RequestValidatorOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_request_validator().rest_api_id(&known.api);
        let request = request.request_validator_id(&known.id);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}
