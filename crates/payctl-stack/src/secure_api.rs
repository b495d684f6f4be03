//! `secure-api`: payments posted to a REST API behind AWS WAF, stored by a function that no
//! way leads to the internet from, with a key for each purpose.

use std::collections::BTreeMap;

use payctl_aws::dynamodb::{Attribute, AttributeKind, Index, TableRef};
use payctl_aws::ec2::{
    GatewayEndpoint, InterfaceEndpoint, Peer, SecurityGroupIngress, SecurityGroupRef, SubnetRef,
    VpcRef,
};
use payctl_aws::iam::{ManagedPolicy, Role};
use payctl_aws::lambda::FunctionRef;
use payctl_aws::logs::LogGroup;
use payctl_aws::s3::BucketRef;
use payctl_aws::{Lookup, Policy, Set, Statement};
use payctl_engine::{Input, Stack};

use crate::Context;
use crate::parts::{bucket, endpoint, flow_log, function, key, logs, network, role, table};
use crate::settings::Posture;

mod api;
mod parameters;
mod system;
mod watch;

pub use parameters::{NAME, Parameters};
use system::{CUSTOMER_INDEX, Keys, Stores, Subnets, System};

/// The handler its function runs.
pub const HANDLER: &str = "payment-api";

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
    System { context, parameters }.declare(&mut stack);
    stack
}

impl System<'_> {
    fn declare(&self, stack: &mut Stack) {
        let keys = self.keys(stack);
        let stores = Stores {
            documents: self.documents(stack, &keys),
            transactions: self.transactions(stack, &keys),
        };
        let vpc = network::vpc(stack, self.context, self.parameters.network);
        let subnets = self.subnets(stack, &vpc, &stores);
        let group = self.endpoint_for_logs(stack, &vpc, &subnets.private);
        if self.parameters.posture == Posture::Strict {
            flow_log::to_group(stack, self.context, &vpc, |name| self.log_group(name, &keys));
            let (network, private) = (self.parameters.network, &subnets.private);
            endpoint::of_ec2(stack, self.context, &vpc, network, private);
        }
        let function = self.function(stack, &subnets.private, &group, &keys, &stores);
        let ids = |subnets: &[SubnetRef]| subnets.iter().map(SubnetRef::id).collect::<Vec<_>>();
        stack.output("vpc_id", &vpc.id());
        stack.output("private_subnet_ids", &ids(&subnets.private));
        stack.output("public_subnet_ids", &ids(&subnets.public));
        stack.output("lambda_function_name", &function.name());
        stack.output("lambda_function_arn", &function.arn());
        stack.output("s3_bucket_name", &stores.documents.name());
        stack.output("dynamodb_table_name", &stores.transactions.name());
        self.api(stack, &function, &keys);
        self.watch(stack, &keys.logs, &function, &stores.transactions);
        stack.output("kms_s3_key_id", &keys.objects.id());
        stack.output("kms_dynamodb_key_id", &keys.table.id());
        stack.output("kms_logs_key_id", &keys.logs.id());
    }

    fn keys(&self, stack: &mut Stack) -> Keys {
        let context = self.context;
        let days = self.parameters.key_deletion_window_days;
        let mut key = |purpose: &str, description: &str, statements: Vec<Statement>| {
            let name = format!("payment-{purpose}");
            key::with_alias(stack, context, purpose, &name, description, days, statements)
        };
        Keys {
            objects: key("s3", "Encrypts payment documents", vec![]),
            table: key("dynamodb", "Encrypts transactions", vec![]),
            logs: key("logs", "Encrypts logs and notices", vec![key::logs(context), key::alarms()]),
        }
    }

    fn documents(&self, stack: &mut Stack, keys: &Keys) -> BucketRef {
        let logs = bucket::access_logs(stack, self.context, self.parameters.posture, &[DOCUMENTS]);
        let name = self.context.bucket_name(DOCUMENTS);
        let encrypted = bucket::only_encrypted(self.context, &name, &keys.objects.arn());
        let bucket =
            bucket::encrypted(self.context, name, &logs, Some(keys.objects.arn()), None, encrypted);
        let bucket = stack.add("documents", bucket);
        if self.parameters.posture == Posture::Strict {
            bucket::announced(stack, "documents", &bucket);
        }
        bucket
    }

    fn transactions(&self, stack: &mut Stack, keys: &Keys) -> TableRef {
        let by_customer = Index {
            hash_key: Attribute::new("customerId", AttributeKind::S),
            range_key: None,
            projection: "ALL".to_owned(),
        };
        let strict = self.parameters.posture == Posture::Strict;
        let table = table::on_demand(
            self.context,
            self.context.name("payment-transactions"),
            Attribute::new("transactionId", AttributeKind::S),
            None,
            [(CUSTOMER_INDEX.to_owned(), by_customer)].into(),
            keys.table.arn(),
            self.parameters.deletion_protection || strict,
        );
        stack.add("transactions", table)
    }

    /// The subnets of both tiers, and the way from the private ones to what is stored.
    fn subnets(&self, stack: &mut Stack, vpc: &VpcRef, stores: &Stores) -> Subnets {
        let (context, parameters) = (self.context, self.parameters);
        let (_, table) = network::internet(stack, context, vpc);
        let public = network::subnets(stack, context, vpc, "public", &parameters.public_subnets);
        network::associate(stack, "public", &public, &[table]);
        let table = network::route_table(stack, context, vpc, "private", "payment-private-rt");
        let private = network::subnets(stack, context, vpc, "private", &parameters.private_subnets);
        network::associate(stack, "private", &private, std::slice::from_ref(&table));

        let documents =
            Statement::allow("Documents", &OBJECT_ACTIONS).on([stores.documents.arn().then("/*")]);
        let transactions = Statement::allow("Transactions", &TABLE_ACTIONS)
            .on([stores.transactions.arn(), stores.transactions.arn().then("/index/*")]);
        for (service, statement) in [("s3", documents), ("dynamodb", transactions)] {
            stack.add(
                service,
                GatewayEndpoint {
                    vpc: vpc.id(),
                    service: format!("com.amazonaws.{}.{service}", context.region),
                    route_tables: [table.id()].into_iter().collect(),
                    policy: Policy::new([network::of_this_account(context, statement)]),
                    tags: context.tags(&context.name(&format!("payment-{service}-endpoint"))),
                },
            );
        }
        Subnets { private, public }
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

    fn log_group(&self, name: String, keys: &Keys) -> LogGroup {
        logs::group(self.context, name, self.parameters.log_retention_days(), keys.logs.arn())
    }

    fn function(
        &self,
        stack: &mut Stack,
        private: &[SubnetRef],
        security_group: &SecurityGroupRef,
        keys: &Keys,
        stores: &Stores,
    ) -> FunctionRef {
        let (context, parameters) = (self.context, self.parameters);
        let name = context.name("payment-processor");
        let group = self.log_group(format!("/aws/lambda/{name}"), keys);
        let group = stack.add("payment-processor", group);
        let statements = may(keys, stores)
            .into_iter()
            .chain([role::network_interfaces(), role::write_logs(&group)])
            .chain((parameters.posture == Posture::Strict).then(role::trace));
        let policy_name = context.name("payment-lambda-policy");
        let policy = stack.add(
            "payment-processor",
            ManagedPolicy {
                path: "/".to_owned(),
                description: "What the payment function may do, and may never".to_owned(),
                document: Policy::new(statements),
                tags: context.tags(&policy_name),
                name: policy_name,
            },
        );
        let trust = role::trust("lambda.amazonaws.com");
        let description = "What the payment function runs as";
        let role = Role {
            inline: BTreeMap::new(),
            managed: [policy.arn()].into_iter().collect(),
            ..role::of_service(context, "payment-lambda-role", description, trust, [])
        };
        let role = stack.add("payment-processor", role);
        let environment: BTreeMap<String, Input<String>> = [
            ("DYNAMODB_TABLE".to_owned(), stores.transactions.name().cast()),
            ("S3_BUCKET".to_owned(), stores.documents.name().cast()),
            // A request for encryption that names no key gets one of AWS's own.
            ("KMS_KEY_ID".to_owned(), keys.objects.arn().cast()),
        ]
        .into();
        function::in_vpc(
            stack,
            context,
            function::FunctionSpec {
                name: "payment-processor",
                description: "Stores payments that are posted, each at most once",
                handler: HANDLER,
                architecture: parameters.architecture(),
                memory_mb: parameters.memory_mb,
                timeout_s: parameters.timeout_s,
                reserved_concurrency: parameters.reserved_concurrency,
                posture: parameters.posture,
                subnets: private,
                security_group,
                role: &role,
                log_group: &group,
                key: &keys.table,
                environment,
                failed: None,
            },
        )
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
