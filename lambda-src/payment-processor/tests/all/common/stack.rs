//! A table and a bucket of their own for one test.

use aws_sdk_dynamodb::types::ScalarAttributeType;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use handler_tests::{items, make_bucket, make_table};
use payment_processor::{Config, Deps};
use serde_json::Value;

pub struct Stack {
    pub deps: Deps,
    pub endpoint: String,
}

pub use handler_tests::Item as Row;

impl Stack {
    /// Makes the table and the bucket, versioned, as `pci-core` has them.
    pub async fn new() -> Self {
        let name = handler_tests::unique();
        let config = Config {
            table: format!("payment-transactions-{name}"),
            bucket: format!("payment-files-{name}"),
            key: "1234abcd-12ab-34cd-56ef-1234567890ab".to_owned(),
            function: Some("payment-processor-test".to_owned()),
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
        let key =
            [("transactionId", ScalarAttributeType::S), ("timestamp", ScalarAttributeType::N)];
        make_table(&self.deps.dynamodb, &self.deps.config.table, &key, None).await;
        make_bucket(&self.deps.s3, self.bucket()).await;
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

    /// The records of refused files, by their keys.
    pub async fn rejected(&self) -> Vec<(String, Value)> {
        let request = self.deps.s3.list_objects_v2().bucket(self.bucket()).prefix("rejected/");
        let listed = request.send().await.unwrap();
        let mut records = Vec::new();
        for object in listed.contents() {
            let key = object.key().unwrap().to_owned();
            let got = self.deps.s3.get_object().bucket(self.bucket()).key(&key).send().await;
            let bytes = got.unwrap().body.collect().await.unwrap().into_bytes();
            records.push((key, serde_json::from_slice(&bytes).unwrap()));
        }
        records
    }

    /// Every item of the table: claims and rows.
    pub async fn items(&self) -> Vec<Row> {
        items(&self.deps.dynamodb, &self.deps.config.table).await
    }

    /// The rows of payments, without their claims.
    pub async fn rows(&self) -> Vec<Row> {
        let mut items = self.items().await;
        items.retain(|item| item["kind"].as_s().unwrap() == "payment");
        items
    }
}
