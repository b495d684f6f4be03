//! Models: what the body of a request has to be like.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::ApiId;
use super::patch::Patch;
use crate::prelude::*;

/// What the body of a request has to be like.
#[kind(
    "apigateway.model",
    outputs(api: ApiId, name: ModelName),
    stable(api, name),
    look = "apigateway:GET",
    create = "apigateway:POST",
    change = "apigateway:PATCH",
    delete = "apigateway:DELETE",
)]
pub struct Model {
    #[prop(replaces, unique, parent, serial)]
    pub api: Input<ApiId>,
    /// Letters and digits only.
    #[prop(replaces, unique)]
    pub name: String,
    /// Such as `application/json`.
    #[prop(replaces)]
    pub content_type: String,
    pub description: String,
    pub schema: Schema,
}

/// A JSON schema, draft 4, in its one form. It is a text: a schema's own `$ref` is none of ours.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Schema(String);

id! {
    /// A model's name within its API.
    ModelName,
}

impl Resource for Model {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ModelOutputs>> {
        let Ok(known) = self.outputs() else { return Ok(Vec::new()) };
        let there = Self::read(cx, &known).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &ModelOutputs) -> Result<Option<Self>> {
        let request = cx.cloud.apigateway.get_model().rest_api_id(&known.api);
        let request = request.model_name(&known.name);
        let Some(seen) = request.send().await.unless_absent("NotFoundException")? else {
            return Ok(None);
        };
        Ok(Some(Self {
            api: known.api.clone().into(),
            name: known.name.to_string(),
            content_type: seen.content_type.unwrap_or_default(),
            description: seen.description.unwrap_or_default(),
            schema: Schema::parse(&seen.schema.unwrap_or_default()),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ModelOutputs> {
        let known = self.outputs()?;
        let request = cx.cloud.apigateway.create_model().rest_api_id(&known.api);
        request
            .name(&self.name)
            .content_type(&self.content_type)
            .description(&self.description)
            .schema(&self.schema.0)
            .send()
            .await?;
        Ok(known)
    }

    async fn converge(&self, cx: &Cx<'_>, known: &ModelOutputs, changed: &Changed) -> Result<()> {
        let mut patch = Patch::default();
        if changed.has("description") {
            patch.replace("/description", &self.description);
        }
        if changed.has("schema") {
            patch.replace("/schema", &self.schema.0);
        }
        let Some(operations) = patch.operations() else { return Ok(()) };
        let request = cx.cloud.apigateway.update_model().rest_api_id(&known.api);
        let request = request.model_name(&known.name);
        request.set_patch_operations(Some(operations)).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ModelOutputs) -> Result<()> {
        let request = cx.cloud.apigateway.delete_model().rest_api_id(&known.api);
        let request = request.model_name(&known.name);
        request.send().await.unless_absent("NotFoundException")?;
        Ok(())
    }
}

impl Model {
    fn outputs(&self) -> Result<ModelOutputs> {
        Ok(ModelOutputs { api: self.api.get()?.clone(), name: self.name.as_str().into() })
    }
}

impl Schema {
    /// The schema that `value` is.
    #[must_use]
    pub fn new(mut value: Value) -> Self {
        value.sort_all_objects();
        Self(value.to_string())
    }

    /// The schema that `text` is; what is not JSON stays as it is.
    fn parse(text: &str) -> Self {
        serde_json::from_str(text).map_or_else(|_| Self(text.to_owned()), Self::new)
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_that_mean_the_same_are_equal() {
        let schema = Schema::new(json!({ "type": "object", "required": ["amount"] }));
        let seen = Schema::parse("{\n \"required\": [\"amount\"],\n \"type\": \"object\" }");
        assert_eq!(schema, seen);
        assert_eq!(Schema::parse("#set").0, "#set");
    }

    /// The engine would wait for what a schema's `$ref` names.
    #[test]
    fn a_schema_refers_to_nothing_of_the_stack() {
        let other = "https://apigateway.amazonaws.com/restapis/a1/models/Card";
        let schema = Schema::new(json!({ "$ref": other }));
        let written = serde_json::to_value(schema).unwrap_or_default();
        assert!(payctl_engine::input::references(&written).is_empty());
    }
}
