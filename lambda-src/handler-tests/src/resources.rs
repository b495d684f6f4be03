//! Tables and buckets of the emulated AWS, and what is in them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::{BucketVersioningStatus, ServerSideEncryption, VersioningConfiguration};

/// An item of a table.
pub type Item = HashMap<String, AttributeValue>;

/// The attributes of a key with their types, the hash first.
pub type Key<'name> = &'name [(&'name str, ScalarAttributeType)];

/// Makes a table, with its indexes, each of all attributes.
pub async fn make_table<'name>(
    dynamodb: &aws_sdk_dynamodb::Client,
    table: &str,
    key: Key<'name>,
    indexes: impl IntoIterator<Item = (&'name str, Key<'name>)>,
) {
    let indexes: Vec<_> = indexes.into_iter().collect();
    let schema = |key: Key<'_>| -> Vec<KeySchemaElement> {
        let kinds = [KeyType::Hash, KeyType::Range];
        let element = |((name, _), kind): (&(&str, _), KeyType)| {
            KeySchemaElement::builder().attribute_name(*name).key_type(kind).build().unwrap()
        };
        key.iter().zip(kinds).map(element).collect()
    };
    let mut attributes: HashMap<&str, ScalarAttributeType> = key.iter().cloned().collect();
    attributes.extend(indexes.iter().flat_map(|(_, key)| key.iter().cloned()));
    let attribute = |(name, kind): (&str, ScalarAttributeType)| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let index = |(name, key): &(&str, Key<'_>)| {
        let all = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder().index_name(*name).projection(all);
        index.set_key_schema(Some(schema(key))).build().unwrap()
    };
    let made: Vec<_> = indexes.iter().map(index).collect();
    dynamodb
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.into_iter().map(attribute).collect()))
        .set_key_schema(Some(schema(key)))
        .set_global_secondary_indexes(Some(made).filter(|made| !made.is_empty()))
        .send()
        .await
        .unwrap();
}

/// Makes a bucket that keeps versions.
pub async fn make_bucket(s3: &aws_sdk_s3::Client, bucket: &str) {
    s3.create_bucket().bucket(bucket).send().await.unwrap();
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let request = s3.put_bucket_versioning().bucket(bucket);
    request.versioning_configuration(on).send().await.unwrap();
}

/// Every item of a table.
pub async fn items(dynamodb: &aws_sdk_dynamodb::Client, table: &str) -> Vec<Item> {
    let request = dynamodb.scan().table_name(table).consistent_read(true);
    request.send().await.unwrap().items.unwrap_or_default()
}

/// The keys of a bucket, each as often as it has versions.
pub async fn versions(s3: &aws_sdk_s3::Client, bucket: &str) -> Vec<String> {
    let reply = s3.list_object_versions().bucket(bucket).send().await.unwrap();
    reply.versions().iter().map(|version| version.key().unwrap().to_owned()).collect()
}

/// The text of an object, how it is encrypted and with which key.
pub async fn object(
    s3: &aws_sdk_s3::Client,
    bucket: &str,
    key: &str,
) -> (String, Option<ServerSideEncryption>, Option<String>) {
    let reply = s3.get_object().bucket(bucket).key(key).send().await.unwrap();
    let GetObjectOutput { server_side_encryption, ssekms_key_id, body, .. } = reply;
    let bytes = body.collect().await.unwrap().into_bytes();
    (String::from_utf8(bytes.to_vec()).unwrap(), server_side_encryption, ssekms_key_id)
}
