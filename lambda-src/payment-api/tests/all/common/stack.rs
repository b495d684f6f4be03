//! A table and a bucket of their own for one test.

use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use aws_sdk_s3::types::ServerSideEncryption;
use handler_tests::{Key, items, make_bucket, make_table, object, versions};
use payment_api::{Config, Deps};

pub struct Stack {
    pub deps: Deps,
    pub endpoint: String,
}

pub use handler_tests::Item;

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
        let id = [("transactionId", ScalarAttributeType::S)];
        let customer = [("customerId", ScalarAttributeType::S)];
        let index: (&str, Key<'_>) = ("CustomerIndex", &customer);
        make_table(&self.deps.dynamodb, &self.deps.config.table, &id, Some(index)).await;
        make_bucket(&self.deps.s3, &self.deps.config.bucket).await;
    }

    /// Every item of the table.
    pub async fn items(&self) -> Vec<Item> {
        items(&self.deps.dynamodb, &self.deps.config.table).await
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
        versions(&self.deps.s3, &self.deps.config.bucket).await
    }

    /// The text of a receipt, how it is encrypted and with which key.
    pub async fn receipt(
        &self,
        id: &str,
    ) -> (String, Option<ServerSideEncryption>, Option<String>) {
        object(&self.deps.s3, &self.deps.config.bucket, &format!("receipts/{id}.json")).await
    }

    /// Nothing was stored anywhere.
    pub async fn is_empty(&self) -> bool {
        self.items().await.is_empty() && self.versions().await.is_empty()
    }
}
