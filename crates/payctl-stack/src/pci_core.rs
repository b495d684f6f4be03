//! `pci-core`: a file- and event-driven payment processor in an isolated network, everything
//! encrypted with one customer-managed key, everything audited.

use std::collections::BTreeMap;

use payctl_aws::cloudwatch::Alarm;
use payctl_aws::dynamodb::{Attribute, AttributeKind, TableRef};
use payctl_aws::ec2::{GatewayEndpoint, Peer, RouteTableRef, SubnetRef, VpcRef};
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::{FunctionRef, Permission};
use payctl_aws::logs::LogGroup;
use payctl_aws::s3::{BucketRef, FunctionTarget, Notification};
use payctl_aws::sns::TopicRef;
use payctl_aws::{Policy, Set, Statement};
use payctl_engine::{Handle as _, Input, Stack};

use crate::Context;
use crate::parts::alarm::Metric;
use crate::parts::bucket::{self, Retention};
use crate::parts::{
    alarm, endpoint, flow_log, function, key, logs, nat, network, queue, role, table, topic,
};
use crate::settings::Posture;

mod benchmark;
mod parameters;
mod system;
mod trail;

pub use parameters::{NAME, Parameters};
use system::System;

/// The handler its function runs.
pub const HANDLER: &str = "payment-processor";

/// The system, as the command line offers it.
pub const SYSTEM: crate::System = crate::System {
    name: NAME,
    description: "file- and event-driven payment processor in an isolated network, all of it audited",
    handlers: &[HANDLER],
    zones: 3,
    commands: &[],
    folder: "",
    declares: &crate::BuiltIn {
        lookups: |_| Vec::new(),
        architecture: |config| config.pci_core.architecture(),
        declare: |context, config| declare(context, &config.pci_core),
    },
};

/// Declares the stack.
#[must_use]
pub fn declare(context: &Context<'_>, parameters: &Parameters) -> Stack {
    let mut stack = Stack::new(NAME, context.suffix.as_str());
    let system = System { context, parameters };
    system.declare(&mut stack);
    stack
}

impl System<'_> {
    fn declare(&self, stack: &mut Stack) {
        let trail_name = self.context.name("payment-trail");
        let key = self.key(stack, &trail_name);
        let logs = bucket::access_logs(
            stack,
            self.context,
            self.parameters.posture,
            &[FILES, trail::BUCKET],
        );
        let files = self.files(stack, &logs, &key);
        let table = self.table(stack, &key);

        let vpc = network::vpc(stack, self.context, self.parameters.network);
        let cidrs = &self.parameters.private_subnets;
        let private = network::subnets(stack, self.context, &vpc, "private", cidrs);
        let (nat, public) = (self.parameters.nat, &self.parameters.public_subnets);
        // The public subnet is there without a NAT gateway too: the origin names it.
        let public = &public[..nat.gateways(private.len()).max(1).min(public.len())];
        let ways = nat::egress(stack, self.context, &vpc, nat, public, &private);
        self.endpoints(stack, &vpc, &ways.tables, &files, &table);
        flow_log::to_group(stack, self.context, &vpc, |name| self.log_group(name, &key));
        if self.parameters.posture == Posture::Strict {
            endpoint::of_ec2(stack, self.context, &vpc, self.parameters.network, &private);
        }

        let topic = self.topic(stack, &key);
        let function = self.function(stack, &vpc, &private, &key, &files, &table, &topic);
        self.deliver_files(stack, &files, &function);
        self.alarms(stack, &topic, &function, &table);
        let audit = self.audit_bucket(stack, &logs, &key, &trail_name);
        let (trail, records) = self.trail(stack, trail_name, &key, &audit, &files, &table);
        if self.is_strict() {
            self.benchmark(stack, &records, &topic);
        }

        stack.output("vpc_id", &vpc.id());
        stack.output("payment_bucket", &files.name());
        stack.output("trail_bucket", &audit.name());
        stack.output("table_name", &table.name());
        stack.output("function_arn", &function.arn());
        stack.output("key_id", &key.id());
        stack.output("key_arn", &key.arn());
        stack.output("trail_name", &trail);
        stack.output("topic_arn", &topic.arn());
    }

    fn is_strict(&self) -> bool {
        self.parameters.posture == Posture::Strict
    }

    fn key(&self, stack: &mut Stack, trail: &str) -> KeyRef {
        let context = self.context;
        let days = self.parameters.key_deletion_window_days;
        let description = "Encrypts everything of the payment processor";
        let statements = [key::logs(context), key::alarms()];
        let statements = statements.into_iter().chain(key::trail(context, trail));
        key::with_alias(stack, context, "main", "payment-processing", description, days, statements)
    }

    fn files(&self, stack: &mut Stack, logs: &BucketRef, key: &KeyRef) -> BucketRef {
        let name = self.context.bucket_name(FILES);
        let encrypted = bucket::only_encrypted(self.context, &name, &key.arn());
        let retention = Retention {
            archive_after_days: Some(self.parameters.archive_after_days),
            expire_after_days: Some(self.parameters.expire_after_days),
            versions_only: true,
        };
        let bucket = bucket::encrypted(
            self.context,
            name,
            logs,
            Some(key.arn()),
            Some(retention),
            encrypted,
        );
        stack.add("files", bucket)
    }

    fn table(&self, stack: &mut Stack, key: &KeyRef) -> TableRef {
        let name = self.context.name("payment-transactions");
        let table = table::on_demand(
            self.context,
            name,
            Attribute::new("transactionId", AttributeKind::S),
            Some(Attribute::new("timestamp", AttributeKind::N)),
            BTreeMap::new(),
            key.arn(),
            self.parameters.deletion_protection || self.is_strict(),
        );
        stack.add("transactions", table)
    }

    fn endpoints(
        &self,
        stack: &mut Stack,
        vpc: &VpcRef,
        tables: &[RouteTableRef],
        files: &BucketRef,
        table: &TableRef,
    ) {
        let context = self.context;
        let to_files =
            Statement::allow("Files", &["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"])
                .on([files.arn(), files.arn().then("/*")]);
        let rejected =
            Statement::allow("Rejected", &["s3:PutObject"]).on([files.arn().then(REJECTED)]);
        let to_table = Statement::allow("Transactions", &TABLE_ACTIONS).on([table.arn()]);
        for (service, statements) in
            [("s3", vec![to_files, rejected]), ("dynamodb", vec![to_table])]
        {
            let name = context.name(&format!("payment-{service}-endpoint"));
            stack.add(
                service,
                GatewayEndpoint {
                    vpc: vpc.id(),
                    service: format!("com.amazonaws.{}.{service}", context.region),
                    route_tables: tables.iter().map(RouteTableRef::id).collect(),
                    policy: Policy::new(
                        statements
                            .into_iter()
                            .map(|statement| network::of_this_account(context, statement)),
                    ),
                    tags: context.tags(&name),
                },
            );
        }
    }

    fn log_group(&self, name: String, key: &KeyRef) -> LogGroup {
        logs::group(self.context, name, self.parameters.log_retention_days(), key.arn())
    }

    #[expect(clippy::too_many_arguments, reason = "a function is where everything meets")]
    fn function(
        &self,
        stack: &mut Stack,
        vpc: &VpcRef,
        private: &[SubnetRef],
        key: &KeyRef,
        files: &BucketRef,
        table: &TableRef,
        topic: &TopicRef,
    ) -> FunctionRef {
        let (context, parameters) = (self.context, self.parameters);
        let failed = self.is_strict().then(|| {
            let told = parameters.alerts().actions(topic);
            queue::of_failed_events(stack, context, key, told)
        });
        let name = context.name("payment-processor");
        let group = self.log_group(format!("/aws/lambda/{name}"), key);
        let group = stack.add("payment-processor", group);
        let out = network::tls(Peer::Cidr(network::ANYWHERE.into()), "TLS to AWS services");
        let description = "The payment processor: TLS to the outside, nothing from there";
        let security_group = stack.add(
            "payment-processor",
            function::security_group(
                context,
                vpc,
                "payment-lambda-sg",
                description,
                Some(Set::new()),
                [out],
            ),
        );
        let read = Statement::allow("ReadFiles", &["s3:GetObject", "s3:GetObjectVersion"])
            .on([files.arn().then("/*")]);
        let list = Statement::allow("ListFiles", &["s3:ListBucket"]).on([files.arn()]);
        let reject =
            Statement::allow("RejectFiles", &["s3:PutObject"]).on([files.arn().then(REJECTED)]);
        let write = Statement::allow("Transactions", &TABLE_ACTIONS).on([table.arn()]);
        let decrypt =
            Statement::allow("Key", &["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"])
                .on([key.arn()]);
        let description = "What the payment processor may do";
        let trust = role::trust("lambda.amazonaws.com");
        let role = stack.add(
            "payment-processor",
            role::of_service(
                context,
                "payment-lambda-role",
                description,
                trust,
                [role::network_interfaces(), read, list, reject, write, decrypt]
                    .into_iter()
                    .chain([role::write_logs(&group)])
                    .chain(self.is_strict().then(role::trace))
                    .chain(failed.as_ref().map(role::give_up)),
            ),
        );
        let environment: BTreeMap<String, Input<String>> = [
            ("DYNAMODB_TABLE".to_owned(), table.name().cast()),
            ("S3_BUCKET".to_owned(), files.name().cast()),
            ("KMS_KEY_ID".to_owned(), key.id().cast()),
        ]
        .into();
        function::in_vpc(
            stack,
            context,
            function::FunctionSpec {
                name: "payment-processor",
                description: "Stores payments from files and events, each at most once",
                handler: HANDLER,
                architecture: parameters.architecture(),
                memory_mb: parameters.memory_mb,
                timeout_s: parameters.timeout_s,
                reserved_concurrency: parameters.reserved_concurrency,
                posture: parameters.posture,
                subnets: private,
                security_group: &security_group,
                role: &role,
                log_group: &group,
                key,
                environment,
                failed: failed.as_ref(),
            },
        )
    }

    /// New payment files go to the function.
    fn deliver_files(&self, stack: &mut Stack, files: &BucketRef, function: &FunctionRef) {
        let permission = stack.add(
            "files",
            Permission {
                function: function.name().when_created(),
                statement: "payment-files".to_owned(),
                action: "lambda:InvokeFunction".to_owned(),
                principal: "s3.amazonaws.com".to_owned(),
                source_arn: Some(files.arn()),
                source_account: Some(self.context.account.into()),
            },
        );
        // S3 tries whether it may call the function before it takes the notification.
        stack.add_after(
            "files",
            &[permission.address()],
            Notification {
                bucket: files.name(),
                functions: vec![FunctionTarget {
                    id: "payment-files".to_owned(),
                    function: function.arn(),
                    events: ["s3:ObjectCreated:*".to_owned()].into_iter().collect(),
                    prefix: "payments/".to_owned(),
                    suffix: ".json".to_owned(),
                }],
                event_bridge: self.is_strict(),
            },
        );
    }

    /// The topic of those who are told.
    fn topic(&self, stack: &mut Stack, key: &KeyRef) -> TopicRef {
        let alerts = self.parameters.alerts();
        alerts.note(stack);
        let (shown_as, publishers) = ("Payment operations", [topic::ALARMS]);
        alerts.topic(stack, self.context, "ops-alerts", shown_as, key, &publishers)
    }

    fn alarms(
        &self,
        stack: &mut Stack,
        topic: &TopicRef,
        function: &FunctionRef,
        table: &TableRef,
    ) {
        let (context, alerts) = (self.context, self.parameters.alerts());
        let told = |alarm| Alarm { actions: alerts.actions(topic), ..alarm };
        let errors = alarm::above(
            context,
            "payment-lambda-errors",
            "The payment processor fails",
            alarm::of_function("Errors", function),
            self.parameters.error_alarm_above,
        );
        stack.add("lambda-errors", told(errors));
        let throttled = alarm::above(
            context,
            "payment-dynamodb-throttle",
            "Writes to the transactions are throttled",
            alarm::throttled_writes(table),
            self.parameters.throttle_alarm_above,
        );
        stack.add("dynamodb-throttle", told(throttled));
        // The handler counts what it refuses in its log.
        let function = function.name().when_created().cast();
        let rejected = alarm::above(
            context,
            "payment-rejected",
            "Payment files are refused: why is below rejected/ in the bucket",
            Metric::new("Payments", "rejected", [("FunctionName", function)]),
            self.parameters.rejected_alarm_above,
        );
        stack.add("rejected", told(rejected));
    }
}

/// The bucket of payment files.
const FILES: &str = "payment-files";
/// Where the processor says why it refused a file.
const REJECTED: &str = "/rejected/*";
/// What the processor does with the table; a transaction needs the rights of its parts.
const TABLE_ACTIONS: [&str; 4] =
    ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"];
