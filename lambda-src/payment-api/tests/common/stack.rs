//! A table and a bucket of their own for one test.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use aws_sdk_s3::types::{BucketVersioningStatus, ServerSideEncryption, VersioningConfiguration};
use payment_api::{Config, Deps};

pub struct Stack {
    pub deps: Deps,
    pub endpoint: String,
}

pub type Item = HashMap<String, AttributeValue>;

impl Stack {
    /// Makes the table with its index and the bucket, versioned, as `secure-api` has them.
    pub async fn new() -> Self {
        let name = handler_tests::unique();
        let config = Config {
            table: format!("payment-transactions-{name}"),
            bucket: format!("payment-docs-{name}"),
            key: None,
        };
        let endpoint = handler_tests::endpoint();
        let deps = Deps::new(&handler_tests::config(endpoint), config);
        let stack = Self { deps, endpoint: endpoint.to_owned() };
        stack.create().await;
        stack
    }

    /// The handler's dependencies, with the table or the bucket somewhere else.
    pub fn with(&self, table: Option<&str>, bucket: Option<&str>) -> Deps {
        let at = |other: Option<&str>| {
            let endpoint = other.unwrap_or(&self.endpoint);
            Deps::new(&handler_tests::config(endpoint), self.deps.config.clone())
        };
        Deps { s3: at(bucket).s3, ..at(table) }
    }

    /// What the function's environment says.
    pub fn environment(&self) -> [(&str, &str); 2] {
        let config = &self.deps.config;
        [("DYNAMODB_TABLE", &config.table), ("S3_BUCKET", &config.bucket)]
    }

    async fn create(&self) {
        let attribute = |name: &str| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
        };
        let hash = |name: &str| {
            let key = KeySchemaElement::builder().attribute_name(name);
            key.key_type(KeyType::Hash).build().unwrap()
        };
        let all = Projection::builder().projection_type(ProjectionType::All).build();
        let index = GlobalSecondaryIndex::builder().index_name("CustomerIndex").projection(all);
        let dynamodb = &self.deps.dynamodb;
        dynamodb
            .create_table()
            .table_name(&self.deps.config.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("transactionId"))
            .attribute_definitions(attribute("customerId"))
            .key_schema(hash("transactionId"))
            .global_secondary_indexes(index.key_schema(hash("customerId")).build().unwrap())
            .send()
            .await
            .unwrap();
        let (s3, bucket) = (&self.deps.s3, &self.deps.config.bucket);
        s3.create_bucket().bucket(bucket).send().await.unwrap();
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let request = s3.put_bucket_versioning().bucket(bucket);
        request.versioning_configuration(on).send().await.unwrap();
    }

    /// Every item of the table.
    pub async fn items(&self) -> Vec<Item> {
        let request = self.deps.dynamodb.scan().table_name(&self.deps.config.table);
        request.consistent_read(true).send().await.unwrap().items.unwrap_or_default()
    }

    /// The items of one customer, by the index.
    pub async fn of_customer(&self, id: &str) -> Vec<Item> {
        let request = self.deps.dynamodb.query().table_name(&self.deps.config.table);
        let request = request.index_name("CustomerIndex").key_condition_expression("customerId=:c");
        let request = request.expression_attribute_values(":c", AttributeValue::S(id.to_owned()));
        request.send().await.unwrap().items.unwrap_or_default()
    }

    /// The keys of the bucket, each as often as it has versions.
    pub async fn versions(&self) -> Vec<String> {
        let request = self.deps.s3.list_object_versions().bucket(&self.deps.config.bucket);
        let reply = request.send().await.unwrap();
        reply.versions().iter().map(|version| version.key().unwrap().to_owned()).collect()
    }

    /// The text of a receipt, how it is encrypted and with which key.
    pub async fn receipt(
        &self,
        id: &str,
    ) -> (String, Option<ServerSideEncryption>, Option<String>) {
        let request = self.deps.s3.get_object().bucket(&self.deps.config.bucket);
        let reply = request.key(format!("receipts/{id}.json")).send().await.unwrap();
        let (how, key) = (reply.server_side_encryption.clone(), reply.ssekms_key_id.clone());
        let bytes = reply.body.collect().await.unwrap().into_bytes();
        (String::from_utf8(bytes.to_vec()).unwrap(), how, key)
    }

    /// Nothing was stored anywhere.
    pub async fn is_empty(&self) -> bool {
        self.items().await.is_empty() && self.versions().await.is_empty()
    }
}
