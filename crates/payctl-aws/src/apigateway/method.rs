//! Methods: what may be asked of a resource of an API, by whom, and how it is checked.

use std::collections::BTreeMap;

use aws_sdk_apigateway::operation::get_method::GetMethodOutput;

use super::patch::Patch;
use super::{ApiId, ModelName, RequestValidatorId, ResourceId};
use crate::prelude::*;

/// What may be asked of a resource of an API.
#[kind(
    "apigateway.method",
    outputs(api: ApiId, resource: ResourceId, http_method: HttpMethod),
    stable(api, resource, http_method),
    look = "apigateway:GET",
    create = "apigateway:PUT",
    change = "apigateway:PATCH",
    delete = "apigateway:DELETE",
)]
pub struct Method {
    // Despite its name PutMethod refuses what is there already.
    #[prop(replaces, unique, serial)]
    pub api: Input<ApiId>,
    #[prop(replaces, unique, parent)]
    pub resource: Input<ResourceId>,
    /// Such as `POST`, or `ANY`.
    #[prop(replaces, unique)]
    pub http_method: String,
    /// `NONE` or `AWS_IAM`.
    pub authorization: String,
    pub api_key_required: bool,
    /// What checks requests before they are passed on.
    // A model or validator that a method names cannot be deleted.
    #[prop(holds)]
    pub request_validator: Option<Input<RequestValidatorId>>,
    /// What a body has to be like, by content type.
    #[prop(holds)]
    pub request_models: BTreeMap<String, Input<ModelName>>,
    /// Such as `method.request.path.id`, and whether it has to be there.
    pub request_parameters: BTreeMap<String, bool>,
}

id! {
    /// A method's name within its resource, such as `POST`.
    HttpMethod,
}

impl Resource for Method {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<MethodOutputs>> {
        let Ok(known) = self.outputs() else { return Ok(Vec::new()) };
        let there = look(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &MethodOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, known).await? else { return Ok(None) };
        let model = |(kind, name): (String, String)| (kind, ModelName::from(name).into());
        let models = seen.request_models.unwrap_or_default();
        let validator = seen.request_validator_id.map(RequestValidatorId::from);
        Ok(Some(Self {
            api: known.api.clone().into(),
            resource: known.resource.clone().into(),
            http_method: known.http_method.to_string(),
            authorization: seen.authorization_type.present("authorization_type")?,
            api_key_required: seen.api_key_required.unwrap_or_default(),
            request_validator: validator.map(Input::Known),
            request_models: models.into_iter().map(model).collect(),
            request_parameters: seen.request_parameters.into_iter().flatten().collect(),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<MethodOutputs> {
        let known = self.outputs()?;
        let validator = self.request_validator.as_ref().map(Input::get).transpose()?;
        let request = cx.cloud.apigateway.put_method().rest_api_id(&known.api);
        request
            .resource_id(&known.resource)
            .http_method(&self.http_method)
            .authorization_type(&self.authorization)
            .api_key_required(self.api_key_required)
            .set_request_validator_id(validator.map(String::from))
            .set_request_models(Some(self.models()?.into_iter().collect()))
            .set_request_parameters(Some(self.request_parameters.clone().into_iter().collect()))
            .send()
            .await?;
        Ok(known)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &MethodOutputs, changed: &Changed) -> Result<()> {
        let mut patch = Patch::default();
        if changed.has("authorization") {
            patch.replace("/authorizationType", &self.authorization);
        }
        if changed.has("api_key_required") {
            patch.replace("/apiKeyRequired", self.api_key_required.to_string());
        }
        if changed.has("request_validator") {
            match &self.request_validator {
                Some(validator) => patch.replace("/requestValidatorId", validator.get()?),
                None => patch.clear("/requestValidatorId"),
            }
        }
        if changed.any(&["request_models", "request_parameters"]) {
            let seen = look(cx, known).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the method"))?;
            let models = seen.request_models.into_iter().flatten().collect();
            patch.map("/requestModels", &models, &self.models()?);
            let parameters = seen.request_parameters.into_iter().flatten().collect();
            patch.map("/requestParameters", &parameters, &self.request_parameters);
        }
        let Some(operations) = patch.operations() else { return Ok(()) };
        let request = cx.cloud.apigateway.update_method().rest_api_id(&known.api);
        let request = request.resource_id(&known.resource).http_method(&known.http_method);
        request.set_patch_operations(Some(operations)).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &MethodOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_method().rest_api_id(&known.api);
        let request = request.resource_id(&known.resource).http_method(&known.http_method);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Method {
    fn outputs(&self) -> Result<MethodOutputs> {
        Ok(MethodOutputs {
            api: self.api.get()?.clone(),
            resource: self.resource.get()?.clone(),
            http_method: self.http_method.as_str().into(),
        })
    }

    fn models(&self) -> Result<BTreeMap<String, String>> {
        let name = |(kind, model): (&String, &Input<ModelName>)| {
            Ok((kind.clone(), String::from(model.get()?)))
        };
        self.request_models.iter().map(name).collect()
    }
}

async fn look(cx: &Cx<'_>, known: &MethodOutputs) -> Result<Option<GetMethodOutput>> {
    seen(cx, &known.api, &known.resource, &known.http_method).await
}

/// The method, with its integration in it.
pub(super) async fn seen(
    cx: &Cx<'_>,
    api: &ApiId,
    resource: &ResourceId,
    method: &impl AsRef<str>,
) -> Result<Option<GetMethodOutput>> {
    let place = [api.as_str(), resource.as_str(), method.as_ref()].map(str::to_owned);
    cx.cloud.apis.methods.get(&place).await
}
