//! A table and a bucket of their own for one test.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ServerSideEncryption, VersioningConfiguration};
use payment_processor::{Config, Deps};

pub struct Stack {
    pub deps: Deps,
    pub endpoint: String,
}

pub type Row = HashMap<String, AttributeValue>;

impl Stack {
    /// Makes the table and the bucket, versioned, as `pci-core` has them.
    pub async fn new() -> Self {
        let name = handler_tests::unique();
        let config = Config {
            table: format!("payment-transactions-{name}"),
            bucket: format!("payment-files-{name}"),
            key: "1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
        };
        let stack = Self::at(handler_tests::endpoint(), config);
        stack.create().await;
        stack
    }

    /// The same table and bucket, seen by clients of another endpoint.
    pub fn at(endpoint: &str, config: Config) -> Self {
        let deps = Deps::new(&handler_tests::config(endpoint), config);
        Self { deps, endpoint: endpoint.to_owned() }
    }

    async fn create(&self) {
        let attribute = |name: &str, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
        };
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        self.deps
            .dynamodb
            .create_table()
            .table_name(&self.deps.config.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("transactionId", ScalarAttributeType::S).unwrap())
            .attribute_definitions(attribute("timestamp", ScalarAttributeType::N).unwrap())
            .key_schema(key("transactionId", KeyType::Hash))
            .key_schema(key("timestamp", KeyType::Range))
            .send()
            .await
            .unwrap();
        let bucket = self.bucket();
        self.deps.s3.create_bucket().bucket(bucket).send().await.unwrap();
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = self.deps.s3.put_bucket_versioning().bucket(bucket);
        request.versioning_configuration(on).send().await.unwrap();
    }

    pub fn bucket(&self) -> &str {
        &self.deps.config.bucket
    }

    /// Stores an encrypted file and returns its version.
    pub async fn put(&self, key: &str, content: impl Into<Vec<u8>>) -> String {
        self.put_with(key, content, Some(ServerSideEncryption::AwsKms)).await
    }

    pub async fn put_with(
        &self,
        key: &str,
        content: impl Into<Vec<u8>>,
        encryption: Option<ServerSideEncryption>,
    ) -> String {
        let request = self.deps.s3.put_object().bucket(self.bucket()).key(key);
        let reply = request
            .set_server_side_encryption(encryption)
            .body(ByteStream::from(content.into()))
            .send()
            .await
            .unwrap();
        reply.version_id.unwrap()
    }

    /// Every item of the table: claims and rows.
    pub async fn items(&self) -> Vec<Row> {
        let request = self.deps.dynamodb.scan().table_name(&self.deps.config.table);
        request.consistent_read(true).send().await.unwrap().items.unwrap_or_default()
    }

    /// The rows of payments, without their claims.
    pub async fn rows(&self) -> Vec<Row> {
        let mut items = self.items().await;
        items.retain(|item| item["kind"].as_s().unwrap() == "payment");
        items
    }
}
