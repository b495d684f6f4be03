//! Request validators: what of a request is checked before it is passed on.

use payctl_engine::{Access, Changed, Input, Repeat, Resource, Typical, outputs};
use serde::{Deserialize, Serialize};

use super::ApiId;
use super::patch::{PAGE, Patch};
use crate::{Absent as _, Aws, Cx, Present as _, Result, id};

/// What of a request is checked before it is passed on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestValidator {
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

outputs! {
    /// What AWS assigns to a request validator.
    RequestValidatorOutputs via RequestValidatorRef { api: ApiId, id: RequestValidatorId }
}

impl Resource for RequestValidator {
    type Cloud = Aws;
    type Outputs = RequestValidatorOutputs;
    type Ref = RequestValidatorRef;

    const KIND: &'static str = "apigateway.request_validator";
    const REPLACED_BY: &'static [&'static str] = &["api"];
    const BELONGS_TO: Option<&'static str> = Some("api");
    const ONE_AT_A_TIME: Option<&'static str> = Some("api");
    // CreateRequestValidator takes no token, and two may have the same name.
    const REPEAT: Repeat = Repeat::Search;
    const TYPICAL: Typical = Typical::QUICK;
    const ACCESS: Access = Access {
        look: &["apigateway:GET"],
        create: &["apigateway:POST"],
        change: &["apigateway:PATCH"],
        delete: &["apigateway:DELETE"],
        ..Access::NONE
    };

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
