//! Keys and indexes of tables.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction,
    GlobalSecondaryIndex, GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate,
    KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AwsError, Present as _, Result};

/// An attribute that is part of a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attribute {
    pub name: String,
    pub kind: AttributeKind,
}

/// What an attribute of a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum AttributeKind {
    /// A text.
    S,
    /// A number.
    N,
    /// Bytes.
    B,
}

/// Another order in which a table can be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Index {
    pub hash_key: Attribute,
    pub range_key: Option<Attribute>,
    /// What is copied into it: `ALL` or `KEYS_ONLY`.
    pub projection: String,
}

impl Attribute {
    /// The attribute `name` of that kind.
    #[must_use]
    pub fn new(name: &str, kind: AttributeKind) -> Self {
        Self { name: name.to_owned(), kind }
    }
}

impl Index {
    /// Its keys.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        [&self.hash_key].into_iter().chain(&self.range_key)
    }

    /// As it is made with its table.
    pub(super) fn with_table(&self, name: &str) -> Result<GlobalSecondaryIndex> {
        let index = GlobalSecondaryIndex::builder().index_name(name).projection(self.projection());
        Ok(index.set_key_schema(Some(schema(self.attributes())?)).build()?)
    }

    /// As it is added to a table.
    pub(super) fn addition(&self, name: &str) -> Result<GlobalSecondaryIndexUpdate> {
        let action = CreateGlobalSecondaryIndexAction::builder();
        let action = action.index_name(name).projection(self.projection());
        let action = action.set_key_schema(Some(schema(self.attributes())?)).build()?;
        Ok(GlobalSecondaryIndexUpdate::builder().create(action).build())
    }

    /// As the index `name` is taken off a table.
    pub(super) fn removal(name: &str) -> Result<GlobalSecondaryIndexUpdate> {
        let action = DeleteGlobalSecondaryIndexAction::builder().index_name(name).build()?;
        Ok(GlobalSecondaryIndexUpdate::builder().delete(action).build())
    }

    /// As AWS answers it.
    pub(super) fn read(
        seen: &GlobalSecondaryIndexDescription,
        definitions: &[AttributeDefinition],
    ) -> Result<Self> {
        let (hash_key, range_key) = keys(seen.key_schema(), definitions)?;
        let projection = seen.projection().and_then(Projection::projection_type);
        let projection = projection.map(ProjectionType::as_str).present("projection_type")?;
        Ok(Self { hash_key, range_key, projection: projection.to_owned() })
    }

    fn projection(&self) -> Projection {
        Projection::builder().projection_type(self.projection.as_str().into()).build()
    }
}

/// A hash key, and the range key where there is one, as AWS takes them.
pub(super) fn schema<'a>(
    keys: impl Iterator<Item = &'a Attribute>,
) -> Result<Vec<KeySchemaElement>> {
    let elements = keys.zip([KeyType::Hash, KeyType::Range]).map(|(key, sort)| {
        Ok(KeySchemaElement::builder().attribute_name(&key.name).key_type(sort).build()?)
    });
    elements.collect()
}

/// What the attributes hold, each told once.
pub(super) fn definitions<'a>(
    attributes: impl Iterator<Item = &'a Attribute>,
) -> Result<Vec<AttributeDefinition>> {
    let once: BTreeMap<&str, AttributeKind> =
        attributes.map(|attribute| (attribute.name.as_str(), attribute.kind)).collect();
    let definitions = once.into_iter().map(|(name, kind)| {
        let definition = AttributeDefinition::builder().attribute_name(name);
        Ok(definition.attribute_type(kind.into()).build()?)
    });
    definitions.collect()
}

/// The hash key and the range key, as AWS answers them.
pub(super) fn keys(
    schema: &[KeySchemaElement],
    definitions: &[AttributeDefinition],
) -> Result<(Attribute, Option<Attribute>)> {
    let key = |sort: KeyType| {
        let element = schema.iter().find(|element| *element.key_type() == sort);
        element.map(|element| attribute(element.attribute_name(), definitions)).transpose()
    };
    Ok((key(KeyType::Hash)?.present("hash key")?, key(KeyType::Range)?))
}

fn attribute(name: &str, definitions: &[AttributeDefinition]) -> Result<Attribute> {
    let definition = definitions.iter().find(|definition| definition.attribute_name() == name);
    let kind = match definition.present("attribute_definitions")?.attribute_type() {
        ScalarAttributeType::S => AttributeKind::S,
        ScalarAttributeType::N => AttributeKind::N,
        ScalarAttributeType::B => AttributeKind::B,
        other => return Err(AwsError::unexpected("attribute_type", other)),
    };
    Ok(Attribute::new(name, kind))
}

impl From<AttributeKind> for ScalarAttributeType {
    fn from(kind: AttributeKind) -> Self {
        match kind {
            AttributeKind::S => Self::S,
            AttributeKind::N => Self::N,
            AttributeKind::B => Self::B,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_of_several_keys_is_defined_once() {
        let key = Attribute::new("id", AttributeKind::S);
        let range = Attribute::new("at", AttributeKind::N);
        let all = definitions([&key, &range, &key].into_iter()).unwrap();
        assert_eq!(all.len(), 2);
        let schema = schema([&key, &range].into_iter()).unwrap();
        assert_eq!(keys(&schema, &all).unwrap(), (key, Some(range)));
    }
}
