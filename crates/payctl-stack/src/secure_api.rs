//! `secure-api`: payments posted to a REST API behind AWS WAF, stored by a function that no
//! way leads to the internet from, with a key for each purpose.

use payctl_aws::dynamodb::{Attribute, AttributeKind, Index, TableRef};
use payctl_aws::ec2::{
    InterfaceEndpoint, Peer, SecurityGroupIngress, SecurityGroupRef, SubnetRef, VpcRef,
};
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::s3::BucketRef;
use payctl_aws::{Lookup, Policy, Set, Statement};
use payctl_engine::{Input, Stack};
use serde_json::{Value, json};

use crate::Context;
use crate::parts::{
    Bucket, Egress, Endpoints, Function, GatewayService, Key, KeyUser, ModelSpec, Network,
    NetworkMade, OneTable, OpenRoute, Part as _, PartContext, PolicySpec, RestApi, Route, Table,
    Tiers, WebAcl, endpoint, function, names, network,
};
use crate::settings::{Nat, Posture};

mod parameters;
mod watch;

pub use parameters::{NAME, Parameters};

/// The handler its function runs.
pub const HANDLER: &str = "payment-api";

/// The index of a customer's transactions.
const CUSTOMER_INDEX: &str = "CustomerIndex";
/// What the function answers.
const REQUEST: &str = "POST /process-payment";
/// What the API and the web ACL are called, as metrics name them, too.
const API: &str = "payment-api";
const WEB_ACL: &str = "payment-waf";

/// What environments call what is in the API and in the web ACL.
const NAMES: [(&str, &str); 12] = [
    ("apigateway.resource:main/process-payment", "process-payment"),
    ("apigateway.method:main/POST/process-payment", "process-payment"),
    ("apigateway.integration:main/POST/process-payment", "process-payment"),
    ("apigateway.model:main-Payment", "payment"),
    ("apigateway.request_validator:main-body", "body"),
    ("apigateway.gateway_response:main-bad-request-body", "bad-request-body"),
    ("apigateway.gateway_response:main-client-errors", "client-errors"),
    ("apigateway.gateway_response:main-server-errors", "server-errors"),
    ("lambda.permission:main", "api"),
    ("logs.group:main-access", "api-access"),
    ("logs.group:main-errors", "api-errors"),
    ("logs.group:main-waf", "waf"),
];

/// The bucket of documents.
const DOCUMENTS: &str = "payment-docs";

/// The system, as the command line offers it.
pub const SYSTEM: crate::System = crate::System {
    name: NAME,
    description: "payments posted to a REST API behind AWS WAF, with a key for each purpose",
    handlers: &[HANDLER],
    zones: 3,
    commands: &[],
    folder: "",
    declares: &crate::BuiltIn {
        lookups: |_| vec![Lookup::prefix_lists(&["s3", "dynamodb"]), Lookup::api_log_role()],
        architecture: |config| config.secure_api.architecture(),
        declare: |context, config| declare(context, &config.secure_api),
    },
};

/// Declares the stack.
#[must_use]
pub fn declare(context: &Context<'_>, parameters: &Parameters) -> Stack {
    let mut stack = Stack::new(NAME, context.suffix.as_str());
    if let Err(why) = (System { context, parameters }).declare(&mut stack) {
        stack.refuse(why);
    }
    names::kept(&stack, &NAMES)
}

struct System<'a> {
    context: &'a Context<'a>,
    parameters: &'a Parameters,
}

/// One key for each purpose.
struct Keys {
    objects: KeyRef,
    table: KeyRef,
    logs: KeyRef,
}

/// Where payments are kept.
struct Stores {
    documents: BucketRef,
    transactions: TableRef,
}

impl System<'_> {
    fn declare(&self, stack: &mut Stack) -> Result<(), String> {
        let context = self.context;
        let keys = self.keys(stack)?;
        // Each resource has the key of its purpose: logs and notices are what names none.
        let part = self.part(Ok(keys.logs.clone()));
        let stores = Stores {
            documents: self.documents(stack, &part, &keys)?,
            transactions: self.transactions(&keys).declare(stack, &part, "transactions")?,
        };
        let network = self.network(&stores).declare(stack, &part, "main")?;
        let public = self.public(&network).declare(stack, &part, "main")?.public;
        let private = network.subnets("private");
        let group = self.endpoint_for_logs(stack, &network.vpc, private);
        if self.is_strict() {
            endpoint::of_ec2(stack, context, &network.vpc, self.parameters.network, private);
        }
        let function = self.function(&network, &group, &keys, &stores);
        let function = function.declare(stack, &part, "payment-processor")?;
        let ids = |subnets: &[SubnetRef]| subnets.iter().map(SubnetRef::id).collect::<Vec<_>>();
        stack.output("vpc_id", &network.vpc.id());
        stack.output("private_subnet_ids", &ids(private));
        stack.output("public_subnet_ids", &ids(&public));
        stack.output("lambda_function_name", &function.name());
        stack.output("lambda_function_arn", &function.arn());
        stack.output("s3_bucket_name", &stores.documents.name());
        stack.output("dynamodb_table_name", &stores.transactions.name());
        let stage = self.api(&function).declare(stack, &part, "main")?.stage;
        stack.output("api_gateway_url", &stage.url());
        let web_acl = WebAcl {
            name: Some(WEB_ACL.to_owned()),
            description: "What may reach the payment API".to_owned(),
            before: vec![stage.arn()],
            rate_limit: self.parameters.address_limit,
            log_group: Some("aws-waf-logs-payment".to_owned()),
            log_retention_days: self.parameters.log_retention_days(),
            ..WebAcl::default()
        };
        let web_acl = web_acl.declare(stack, &part, "main")?;
        stack.output("waf_web_acl_id", &web_acl.id());
        self.alerts(stack, &part, &function, &stores.transactions)?;
        self.dashboard(stack);
        stack.output("kms_s3_key_id", &keys.objects.id());
        stack.output("kms_dynamodb_key_id", &keys.table.id());
        stack.output("kms_logs_key_id", &keys.logs.id());
        Ok(())
    }

    fn is_strict(&self) -> bool {
        self.parameters.posture == Posture::Strict
    }

    fn part(&self, key: Result<KeyRef, String>) -> PartContext<'_> {
        let architecture = self.parameters.architecture();
        PartContext { context: self.context, key, architecture, section: Some(NAME) }
    }

    fn keys(&self, stack: &mut Stack) -> Result<Keys, String> {
        let part = self.part(Err("each purpose has one of its own".to_owned()));
        let mut key = |purpose: &str, description: &str, services: Vec<KeyUser>| {
            let key = Key {
                name: Some(format!("payment-{purpose}")),
                description: Some(description.to_owned()),
                deletion_window_days: self.parameters.key_deletion_window_days,
                services,
                ..Key::default()
            };
            key.declare(stack, &part, purpose)
        };
        Ok(Keys {
            objects: key("s3", "Encrypts payment documents", vec![])?,
            table: key("dynamodb", "Encrypts transactions", vec![])?,
            logs: key("logs", "Encrypts logs and notices", vec![KeyUser::Logs, KeyUser::Alarms])?,
        })
    }

    fn documents(
        &self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        keys: &Keys,
    ) -> Result<BucketRef, String> {
        let logs = Bucket {
            name: Some("payment-access-logs".to_owned()),
            access_logs_of: vec![DOCUMENTS.to_owned()],
            event_bridge: self.is_strict(),
            ..Bucket::default()
        };
        let logs = logs.declare(stack, part, "access-logs")?;
        let documents = Bucket {
            name: Some(DOCUMENTS.to_owned()),
            key: Some(keys.objects.arn()),
            access_log: Some(logs.name()),
            event_bridge: self.is_strict(),
            ..Bucket::default()
        };
        documents.declare(stack, part, "documents")
    }

    fn transactions(&self, keys: &Keys) -> Table {
        let by_customer = Index {
            hash_key: Attribute::new("customerId", AttributeKind::S),
            range_key: None,
            projection: "ALL".to_owned(),
        };
        Table {
            name: Some("payment-transactions".to_owned()),
            indexes: [(CUSTOMER_INDEX.to_owned(), by_customer)].into(),
            deletion_protection: self.parameters.deletion_protection || self.is_strict(),
            key: Some(keys.table.arn()),
            ..Table::by(Attribute::new("transactionId", AttributeKind::S))
        }
    }

    /// The private subnets, and the way from them to what is stored and to nothing else.
    fn network(&self, stores: &Stores) -> Network {
        let (parameters, Stores { documents, transactions }) = (self.parameters, stores);
        let documents =
            Statement::allow("Documents", &OBJECT_ACTIONS).on([documents.arn().then("/*")]);
        let transactions = Statement::allow("Transactions", &TABLE_ACTIONS)
            .on([transactions.arn(), transactions.arn().then("/index/*")]);
        let allowed =
            [(GatewayService::S3, vec![documents]), (GatewayService::DynamoDb, vec![transactions])];
        let private = ("private".to_owned(), parameters.private_subnets.clone());
        Network {
            name: Some("payment".to_owned()),
            zones: 3,
            tiers: Tiers::Placed([private].into()),
            one_table: OneTable::Each(true),
            endpoints: Endpoints::Narrowed(allowed.into()),
            flow_log: self.is_strict(),
            log_group: Some("/aws/vpc/flowlogs".to_owned()),
            log_retention_days: parameters.log_retention_days(),
            ..Network::of(parameters.network)
        }
    }

    /// The public subnets, one for each zone, of which nothing makes use.
    fn public(&self, network: &NetworkMade) -> Egress {
        let public = &self.parameters.public_subnets;
        Egress {
            name: Some("payment".to_owned()),
            vpc: network.vpc.id(),
            public: public.iter().take(SYSTEM.zones).copied().collect(),
            tables: Vec::new(),
            gateways: Nat::None,
        }
    }

    /// The endpoint through which the function's logs would leave, and the function's group, which
    /// alone may reach it.
    fn endpoint_for_logs(
        &self,
        stack: &mut Stack,
        vpc: &VpcRef,
        private: &[SubnetRef],
    ) -> SecurityGroupRef {
        let context = self.context;
        let description = "Endpoints: TLS from the payment function";
        let endpoints = stack.add(
            "endpoints",
            function::security_group(context, vpc, "payment-vpce-sg", description, None, []),
        );
        let list = |service: &str| Peer::PrefixList(context.prefix_list(service).into());
        let to = [
            network::tls(Peer::Group(endpoints.id()), "TLS to the endpoints"),
            network::tls(list("s3"), "TLS to S3"),
            network::tls(list("dynamodb"), "TLS to DynamoDB"),
        ];
        let (name, none) = ("payment-lambda-sg", Some(Set::new()));
        let description = "The payment function: TLS to what it needs, nothing from outside";
        let group = stack.add(
            "payment-processor",
            function::security_group(context, vpc, name, description, none, to),
        );
        // The groups name each other.
        let from = network::tls(Peer::Group(group.id()), "TLS from the payment function");
        stack.add(
            "endpoints",
            SecurityGroupIngress { group: endpoints.id(), rules: [from].into_iter().collect() },
        );
        let write = Statement::allow("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"])
            .on([Input::Known(context.arn("logs", "log-group:*"))]);
        stack.add(
            "logs",
            InterfaceEndpoint {
                vpc: vpc.id(),
                service: format!("com.amazonaws.{}.logs", context.region),
                subnets: private.iter().map(SubnetRef::id).collect(),
                security_groups: [endpoints.id()].into_iter().collect(),
                private_dns: true,
                policy: Policy::new([network::of_this_account(context, write)]),
                tags: context.tags(&context.name("payment-logs-endpoint")),
            },
        );
        group
    }

    /// Stores payments. What it may do is a policy of its own, as it also says what it may never.
    fn function(
        &self,
        network: &NetworkMade,
        group: &SecurityGroupRef,
        keys: &Keys,
        stores: &Stores,
    ) -> Function {
        let parameters = self.parameters;
        let environment: [(&str, Input<String>); 3] = [
            ("DYNAMODB_TABLE", stores.transactions.name().cast()),
            ("S3_BUCKET", stores.documents.name().cast()),
            // A request for encryption that names no key gets one of AWS's own.
            ("KMS_KEY_ID", keys.objects.arn().cast()),
        ];
        Function {
            handler: Some(HANDLER.to_owned()),
            description: "Stores payments that are posted, each at most once".to_owned(),
            role_name: Some("payment-lambda-role".to_owned()),
            role_description: Some("What the payment function runs as".to_owned()),
            policy: Some(PolicySpec {
                name: "payment-lambda-policy".to_owned(),
                description: "What the payment function may do, and may never".to_owned(),
            }),
            statements: may(keys, stores).into(),
            memory_mb: parameters.memory_mb,
            timeout_s: parameters.timeout_s,
            reserved_concurrency: parameters
                .posture
                .reserved_concurrency(parameters.reserved_concurrency),
            log_retention_days: parameters.log_retention_days(),
            tracing: self.is_strict(),
            vpc: Some(network.vpc.id()),
            subnets: network.subnets("private").iter().map(SubnetRef::id).collect(),
            groups: vec![group.id()],
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            key: Some(keys.table.arn()),
            log_key: Some(keys.logs.arn()),
            ..Function::default()
        }
    }

    /// `POST /process-payment`, whose body has to be a payment, as a stage named like the environment.
    fn api(&self, function: &FunctionRef) -> RestApi {
        let parameters = self.parameters;
        let schema: [(&str, Value); 5] = [
            ("$schema", json!("http://json-schema.org/draft-04/schema#")),
            ("title", json!("Payment")),
            ("type", json!("object")),
            ("required", json!(["transactionId", "customerId", "amount"])),
            (
                "properties",
                json!({
                    "transactionId": { "type": "string" },
                    "customerId": { "type": "string" },
                    "amount": { "type": ["number", "string"] },
                }),
            ),
        ];
        let payment = ModelSpec {
            description: "A payment".to_owned(),
            schema: schema.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        let route = OpenRoute {
            function: function.name(),
            authorization: None,
            model: Some("Payment".to_owned()),
        };
        RestApi {
            name: Some(API.to_owned()),
            description: "Takes payments".to_owned(),
            authorization: parameters.authorization(),
            models: [("Payment".to_owned(), payment)].into(),
            requests: Some("/*/POST/process-payment".to_owned()),
            burst_limit: parameters.burst_limit,
            rate_limit: parameters.rate_limit,
            tracing: true,
            log_retention_days: parameters.log_retention_days(),
            ..RestApi::of([(REQUEST.to_owned(), Route::Open(route))].into())
        }
    }
}

/// What the function may do with what is stored, and what nobody may do as it.
fn may(keys: &Keys, stores: &Stores) -> [Statement; 9] {
    let (documents, table) = (stores.documents.arn(), stores.transactions.arn());
    let objects = documents.then("/*");
    let all = || [keys.objects.arn(), keys.table.arn(), keys.logs.arn()];
    [
        Statement::allow("ReadDocuments", &OBJECT_ACTIONS[..1]).on([objects.clone()]),
        Statement::allow("WriteDocuments", &OBJECT_ACTIONS[1..]).on([objects]).when(
            "StringEquals",
            "s3:x-amz-server-side-encryption",
            "aws:kms",
        ),
        Statement::allow("Transactions", &TABLE_ACTIONS).on([table.clone()]),
        Statement::allow("Index", &["dynamodb:Query"]).on([table.then("/index/*")]),
        Statement::allow("ObjectsKey", &["kms:Decrypt", "kms:GenerateDataKey"])
            .on([keys.objects.arn()]),
        Statement::allow("TableKey", &["kms:Decrypt"]).on([keys.table.arn()]),
        Statement::deny("NeverTheBucket", &["s3:DeleteBucket"]).on([documents]),
        Statement::deny("NeverTheTable", &["dynamodb:DeleteTable"]).on([table]),
        Statement::deny("NeverTheKeys", &["kms:DisableKey", "kms:ScheduleKeyDeletion"]).on(all()),
    ]
}

/// What the function does with objects.
const OBJECT_ACTIONS: [&str; 2] = ["s3:GetObject", "s3:PutObject"];
/// What the function does with the table.
const TABLE_ACTIONS: [&str; 4] =
    ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"];
