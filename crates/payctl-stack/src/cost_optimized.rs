//! `cost-optimized`: payments posted to a REST API and completed from a queue, on a budget, with
//! instances beside it, and told about when something goes wrong or gets dear.

use std::collections::BTreeMap;

use payctl_aws::dynamodb::{Attribute, AttributeKind, Index, TableRef};
use payctl_aws::ec2::{Peer, SecurityGroupRef, SubnetRef, VpcRef};
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::logs::LogGroup;
use payctl_aws::s3::BucketRef;
use payctl_aws::secretsmanager::{Generate, Secret};
use payctl_aws::sqs::QueueRef;
use payctl_aws::ssm::Parameter;
use payctl_aws::{Architecture, Lookup, Set, Statement};
use payctl_engine::{Input, Stack};

use self::messages::Queues;
use crate::Context;
use crate::parts::bucket::{self, Retention};
use crate::parts::{
    endpoint, flow_log, function, key, logs, nat, network, queue, role, secret, table,
};
use crate::settings::Posture;

mod api;
mod instances;
mod messages;
mod month;
mod parameters;
mod system;
mod watch;

pub use parameters::{NAME, Parameters};
use system::{STATUS_INDEX, System};

/// The handler of the function behind the API.
pub const API_HANDLER: &str = "payments-api";
/// The handler of the function that the queue feeds.
pub const EVENT_HANDLER: &str = "event-handler";

/// The bucket of audit objects.
const AUDIT: &str = "payment-audit-logs";

/// The system, as the command line offers it.
pub const SYSTEM: crate::System = crate::System {
    name: NAME,
    description: "payments queued and completed one by one, beside instances, on a budget",
    handlers: &[API_HANDLER, EVENT_HANDLER],
    zones: 2,
    commands: &[],
    folder: "",
    declares: &crate::BuiltIn {
        lookups: |config| lookups(&config.cost_optimized),
        architecture: |config| config.cost_optimized.architecture(),
        declare: |context, config| declare(context, &config.cost_optimized),
    },
};

fn lookups(parameters: &Parameters) -> Vec<Lookup> {
    let image = image_parameter(parameters).map(Lookup::image);
    let recorder = parameters.config_rules.then(Lookup::config_recorder);
    let detector = Lookup::detector(parameters.create_detector);
    let asked = [Lookup::api_log_role()].into_iter().chain(image).chain(recorder);
    asked.chain([detector]).collect()
}

/// Declares the stack.
#[must_use]
pub fn declare(context: &Context<'_>, parameters: &Parameters) -> Stack {
    let mut stack = Stack::new(NAME, context.suffix.as_str());
    System { context, parameters }.declare(&mut stack);
    stack
}

/// The public parameter that holds the latest image of the instances, unless one is named.
fn image_parameter(parameters: &Parameters) -> Option<String> {
    let architecture = match parameters.instance_architecture() {
        Architecture::X86_64 => "x86_64",
        Architecture::Arm64 => "arm64",
    };
    let latest = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default";
    parameters.image.is_none().then(|| format!("{latest}-{architecture}"))
}

/// Where payments and what was done with them are kept.
struct Stores {
    payments: TableRef,
    audit: BucketRef,
}

/// What both functions have in common.
struct FunctionContext<'a> {
    subnets: &'a [SubnetRef],
    security_group: &'a SecurityGroupRef,
    key: &'a KeyRef,
    stores: &'a Stores,
    /// The queue of what they fail at.
    failed: Option<&'a QueueRef>,
}

impl System<'_> {
    fn declare(&self, stack: &mut Stack) {
        let (context, parameters) = (self.context, self.parameters);
        let key = self.key(stack);
        let topics = self.topics(stack, &key);
        self.credentials(stack, &key);
        let stores = self.stores(stack, &key);
        let queues = self.queues(stack, &key);

        let vpc = network::vpc(stack, context, parameters.network);
        let cidrs = &parameters.private_subnets;
        let private = network::subnets(stack, context, &vpc, "private", cidrs);
        let (way, public) = (parameters.nat, &parameters.public_subnets);
        let ways = nat::egress(stack, context, &vpc, way, public, &private);
        if parameters.posture == Posture::Strict {
            flow_log::to_group(stack, context, &vpc, |name| self.log_group(name, &key));
            endpoint::of_ec2(stack, context, &vpc, parameters.network, &private);
        }

        let strict = parameters.posture == Posture::Strict;
        let failed = strict.then(|| {
            let told = parameters.alerts().actions(&topics.ops);
            queue::of_failed_events(stack, context, &key, told)
        });
        let surroundings = FunctionContext {
            subnets: &private,
            security_group: &self.function_group(stack, &vpc),
            key: &key,
            stores: &stores,
            failed: failed.as_ref(),
        };
        let api_function = self.api_function(stack, &surroundings, &queues);
        let event_handler = self.event_handler(stack, &surroundings, &queues);
        let stage = self.api(stack, &api_function, &key);
        let group = self.instances(stack, &vpc, &private, &ways);

        let watched = watch::Watched {
            functions: [&api_function, &event_handler],
            table: &stores.payments,
            queues: &queues,
            group: &group,
            topics: &topics,
        };
        self.watch(stack, &watched);
        self.published(stack, &stores, &queues);

        stack.output("api_endpoint", &stage.url());
        stack.output("table_name", &stores.payments.name());
        stack.output("queue_url", &queues.payments.url());
        stack.output("bucket_name", &stores.audit.name());
        stack.output("cost_topic_arn", &topics.cost.arn());
        stack.output("security_topic_arn", &topics.security.arn());
        stack.output("ops_topic_arn", &topics.ops.arn());
        stack.output("vpc_id", &vpc.id());
        let web_acl = self.web_acl(stack, stage.arn(), &key);
        stack.output("waf_arn", &web_acl.arn());
        self.dashboards(stack);
    }

    /// One key for everything, as each costs a dollar a month.
    fn key(&self, stack: &mut Stack) -> KeyRef {
        let context = self.context;
        let days = self.parameters.key_deletion_window_days;
        let description = "Encrypts everything of the payment platform";
        let statements = [key::logs(context)].into_iter().chain(key::publishers());
        key::with_alias(stack, context, "main", "payment-platform", description, days, statements)
    }

    /// The credentials of a database that others bring along.
    /// They open nothing of this system, so that no function of it could rotate them.
    fn credentials(&self, stack: &mut Stack, key: &KeyRef) {
        let (context, logical) = (self.context, "db-credentials");
        let name = context.name("payment-db-credentials");
        let credentials = stack.add(
            logical,
            Secret {
                description: "Credentials of the payment database".to_owned(),
                kms_key: Some(key.arn()),
                generate: Generate {
                    fixed: [("username".to_owned(), "paymentuser".to_owned())].into(),
                    key: "password".to_owned(),
                    length: 32,
                    punctuation: false,
                },
                recovery_window_days: None,
                pending_deletion: false,
                tags: context.tags(&name),
                name,
            },
        );
        if self.parameters.posture == Posture::Strict {
            let named = &self.parameters.secret_readers;
            secret::only_readers(stack, context, logical, &credentials, &[], named);
        }
    }

    fn stores(&self, stack: &mut Stack, key: &KeyRef) -> Stores {
        let (context, parameters) = (self.context, self.parameters);
        let by_status = Index {
            hash_key: Attribute::new("status", AttributeKind::S),
            range_key: Some(Attribute::new("timestamp", AttributeKind::S)),
            projection: "ALL".to_owned(),
        };
        let strict = parameters.posture == Posture::Strict;
        let payments = table::on_demand(
            context,
            context.name("payments"),
            Attribute::new("payment_id", AttributeKind::S),
            Some(Attribute::new("timestamp", AttributeKind::S)),
            [(STATUS_INDEX.to_owned(), by_status)].into(),
            key.arn(),
            parameters.deletion_protection || strict,
        );
        let payments = stack.add("payments", payments);
        let logs = bucket::access_logs(stack, context, parameters.posture, &[AUDIT]);
        let name = context.bucket_name(AUDIT);
        let encrypted = bucket::only_encrypted(context, &name, &key.arn());
        let retention = Retention {
            archive_after_days: Some(parameters.archive_after_days),
            expire_after_days: None,
            versions_only: false,
        };
        let audit =
            bucket::encrypted(context, name, &logs, Some(key.arn()), Some(retention), encrypted);
        let audit = stack.add("audit", bucket::locked(audit, parameters.posture));
        if strict {
            bucket::announced(stack, "audit", &audit);
        }
        Stores { payments, audit }
    }

    fn log_group(&self, name: String, key: &KeyRef) -> LogGroup {
        logs::group(self.context, name, self.parameters.log_retention_days(), key.arn())
    }

    fn function_group(&self, stack: &mut Stack, vpc: &VpcRef) -> SecurityGroupRef {
        let out = network::tls(Peer::Cidr(network::ANYWHERE.into()), "TLS to AWS services");
        let description = "The payment functions: TLS to the outside, nothing from there";
        let none = Some(Set::new());
        let group =
            function::security_group(self.context, vpc, "lambda-sg", description, none, [out]);
        stack.add("functions", group)
    }

    /// The function behind the API: it stores payments, queues them and serves what is stored.
    fn api_function(
        &self,
        stack: &mut Stack,
        around: &FunctionContext<'_>,
        queues: &Queues,
    ) -> FunctionRef {
        let parameters = self.parameters;
        let table = &around.stores.payments;
        let of_table = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"];
        let statements = [
            Statement::allow("Payments", &of_table).on([table.arn()]),
            Statement::allow("Status", &["dynamodb:Query"]).on([table.arn().then("/index/*")]),
            Statement::allow("Queue", &["sqs:SendMessage"]).on([queues.payments.arn()]),
        ];
        let queue = ("QUEUE_URL".to_owned(), queues.payments.url().cast());
        let wanted = FunctionSpec {
            name: "payment-processor",
            description: "Takes payments, queues them, and tells what became of them",
            handler: API_HANDLER,
            timeout_s: parameters.timeout_s,
            reserved_concurrency: parameters.reserved_concurrency,
            environment: [queue].into(),
        };
        self.function(stack, around, wanted, statements)
    }

    /// How many of it run at once, where every control is asked for; the queue takes no less than 2.
    fn queue_concurrency(&self) -> Option<u32> {
        let Parameters { posture, reserved_concurrency, .. } = *self.parameters;
        let number = posture.reserved_concurrency(reserved_concurrency).map(|number| number.max(2));
        number.filter(|_| posture == Posture::Strict)
    }

    /// The function that the queue feeds: it completes payments.
    fn event_handler(
        &self,
        stack: &mut Stack,
        around: &FunctionContext<'_>,
        queues: &Queues,
    ) -> FunctionRef {
        let table = &around.stores.payments;
        let receive = [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ];
        let statements = [
            Statement::allow("Payments", &["dynamodb:GetItem", "dynamodb:UpdateItem"])
                .on([table.arn()]),
            Statement::allow("Queue", &receive).on([queues.payments.arn()]),
        ];
        let wanted = FunctionSpec {
            name: "event-handler",
            description: "Completes queued payments, each by itself",
            handler: EVENT_HANDLER,
            timeout_s: self.parameters.event_timeout_s,
            reserved_concurrency: self.queue_concurrency().unwrap_or_default(),
            environment: BTreeMap::new(),
        };
        let function = self.function(stack, around, wanted, statements);
        self.feed(stack, queues, &function);
        function
    }

    fn function(
        &self,
        stack: &mut Stack,
        around: &FunctionContext<'_>,
        wanted: FunctionSpec,
        statements: impl IntoIterator<Item = Statement>,
    ) -> FunctionRef {
        let (context, parameters) = (self.context, self.parameters);
        let name = context.name(wanted.name);
        let group = self.log_group(format!("/aws/lambda/{name}"), around.key);
        let group = stack.add(wanted.name, group);
        let (stores, key) = (around.stores, around.key);
        let audit =
            Statement::allow("Audit", &["s3:PutObject"]).on([stores.audit.arn().then("/audit/*")]);
        let use_key =
            Statement::allow("Key", &["kms:Decrypt", "kms:GenerateDataKey"]).on([key.arn()]);
        let statements = statements
            .into_iter()
            .chain([audit, use_key, role::network_interfaces(), role::write_logs(&group)])
            .chain((parameters.posture == Posture::Strict).then(role::trace))
            .chain(around.failed.map(role::give_up));
        let role = stack.add(
            wanted.name,
            role::of_service(
                context,
                &format!("{}-role", wanted.name),
                &format!("What {} runs as", wanted.name),
                role::trust("lambda.amazonaws.com"),
                statements,
            ),
        );
        let mut environment: BTreeMap<String, Input<String>> = [
            ("TABLE_NAME".to_owned(), stores.payments.name().cast()),
            ("BUCKET_NAME".to_owned(), stores.audit.name().cast()),
            // A request for encryption that names no key gets one of AWS's own.
            ("KMS_KEY_ID".to_owned(), key.arn().cast()),
        ]
        .into();
        environment.extend(wanted.environment);
        function::in_vpc(
            stack,
            context,
            function::FunctionSpec {
                name: wanted.name,
                description: wanted.description,
                handler: wanted.handler,
                architecture: parameters.architecture(),
                memory_mb: parameters.memory_mb,
                timeout_s: wanted.timeout_s,
                reserved_concurrency: wanted.reserved_concurrency,
                posture: parameters.posture,
                subnets: around.subnets,
                security_group: around.security_group,
                role: &role,
                log_group: &group,
                key,
                environment,
                failed: around.failed,
            },
        )
    }

    /// What others look up by name.
    fn published(&self, stack: &mut Stack, stores: &Stores, queues: &Queues) {
        let suffix = self.context.suffix;
        for (name, description, value) in [
            ("table-name", "The table of payments", stores.payments.name().cast()),
            ("queue-url", "The queue of payments", queues.payments.url().cast()),
            ("bucket-name", "The bucket of audit objects", stores.audit.name().cast()),
        ] {
            let path = format!("/payment/{suffix}/{name}");
            stack.add(
                name,
                Parameter {
                    description: description.to_owned(),
                    value,
                    tier: "Standard".to_owned(),
                    tags: self.context.tags(&path),
                    name: path,
                },
            );
        }
    }
}

/// What differs between the two functions.
struct FunctionSpec {
    name: &'static str,
    description: &'static str,
    handler: &'static str,
    timeout_s: u32,
    reserved_concurrency: u32,
    environment: BTreeMap<String, Input<String>>,
}
