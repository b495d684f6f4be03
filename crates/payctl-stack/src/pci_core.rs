//! `pci-core`: a file- and event-driven payment processor in an isolated network, everything
//! encrypted with one customer-managed key, everything audited.

use payctl_aws::cloudtrail::{DataEvents, LogDelivery, Trail};
use payctl_aws::dynamodb::{Attribute, AttributeKind, TableRef};
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::{FunctionRef, Permission};
use payctl_aws::logs::LogGroupRef;
use payctl_aws::s3::{BucketRef, FunctionTarget, Notification};
use payctl_aws::sns::TopicRef;
use payctl_aws::{Arn, Set, Statement};
use payctl_engine::{Handle as _, Input, Stack};

use crate::Context;
use crate::parts::{
    Alarms, Bucket, Egress, Endpoints, Function, GatewayService, Key, KeyUser, Network,
    NetworkMade, OneTable, OtherAlarm, Part as _, PartContext, PublisherName, Table, Tiers, Topic,
    Uploads, bucket, endpoint, key, logs, queue, role,
};
use crate::settings::{Nat, Posture};

mod benchmark;
mod parameters;

pub use parameters::{NAME, Parameters};

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

/// The bucket of payment files.
const FILES: &str = "payment-files";
/// The bucket that the trail writes to.
const AUDIT: &str = "payment-cloudtrail";
/// Where the processor says why it refused a file.
const REJECTED: &str = "/rejected/*";
/// What the processor does with the table; a transaction needs the rights of its parts.
const TABLE_ACTIONS: [&str; 4] =
    ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"];
/// Calls and errors that are more or fewer than usual.
const INSIGHTS: [&str; 2] = ["ApiCallRateInsight", "ApiErrorRateInsight"];

/// Declares the stack.
#[must_use]
pub fn declare(context: &Context<'_>, parameters: &Parameters) -> Stack {
    let mut stack = Stack::new(NAME, context.suffix.as_str());
    if let Err(why) = (System { context, parameters }).declare(&mut stack) {
        stack.refuse(why);
    }
    stack
}

struct System<'a> {
    context: &'a Context<'a>,
    parameters: &'a Parameters,
}

/// What is encrypted: where payments come from and where they are kept.
struct Stores {
    files: BucketRef,
    table: TableRef,
}

impl System<'_> {
    fn declare(&self, stack: &mut Stack) -> Result<(), String> {
        let (context, parameters) = (self.context, self.parameters);
        let trail_name = context.name("payment-trail");
        let without_key = PartContext {
            context,
            key: Err("it is what makes it".to_owned()),
            architecture: parameters.architecture(),
            section: Some(NAME),
        };
        let key = Key {
            name: Some("payment-processing".to_owned()),
            description: Some("Encrypts everything of the payment processor".to_owned()),
            deletion_window_days: parameters.key_deletion_window_days,
            services: vec![KeyUser::Logs, KeyUser::Alarms],
            statements: key::trail(context, &trail_name).into(),
        };
        let key = key.declare(stack, &without_key, "main")?;
        let part = PartContext { key: Ok(key.clone()), ..without_key };

        let logs = Bucket {
            name: Some("payment-access-logs".to_owned()),
            access_logs_of: [FILES, AUDIT].map(str::to_owned).into(),
            event_bridge: self.is_strict(),
            ..Bucket::default()
        };
        let logs = logs.declare(stack, &part, "access-logs")?;
        let files = Bucket {
            name: Some(FILES.to_owned()),
            access_log: Some(logs.name()),
            archive_after_days: Some(parameters.archive_after_days),
            expire_after_days: Some(parameters.expire_after_days),
            versions_only: true,
            ..Bucket::default()
        };
        let table = Table {
            name: Some("payment-transactions".to_owned()),
            range_key: Some(Attribute::new("timestamp", AttributeKind::N)),
            deletion_protection: parameters.deletion_protection || self.is_strict(),
            ..Table::by(Attribute::new("transactionId", AttributeKind::S))
        };
        let stores = Stores {
            files: files.declare(stack, &part, "files")?,
            table: table.declare(stack, &part, "transactions")?,
        };

        let network = self.network(&stores).declare(stack, &part, "main")?;
        self.egress(&network).declare(stack, &part, "main")?;
        if self.is_strict() {
            let private = network.subnets("private");
            endpoint::of_ec2(stack, context, &network.vpc, parameters.network, private);
        }

        let alerts = parameters.alerts();
        alerts.note(stack);
        let topic = Topic {
            display_name: "Payment operations".to_owned(),
            mail: parameters.alert_email.iter().cloned().collect(),
            publishers: vec![PublisherName::Alarms],
            ..Topic::default()
        };
        let topic = topic.declare(stack, &part, "ops-alerts")?;
        let failed = self
            .is_strict()
            .then(|| queue::of_failed_events(stack, context, &key, alerts.actions(&topic)));
        let function = Function {
            failed: failed.map(|queue| queue.arn()),
            ..self.function(&key, &network, &stores)
        };
        let function = function.declare(stack, &part, "payment-processor")?;
        self.deliver_files(stack, &stores.files, &function);
        self.alarms(&topic, &function, &stores.table).declare(stack, &part, "main")?;

        let audit = self.audit(&logs, &trail_name).declare(stack, &part, "audit")?;
        let (trail, records) = self.trail(stack, trail_name, &key, &audit, &stores);
        if self.is_strict() {
            self.benchmark(stack, &records, &topic);
        }

        stack.output("vpc_id", &network.vpc.id());
        stack.output("payment_bucket", &stores.files.name());
        stack.output("trail_bucket", &audit.name());
        stack.output("table_name", &stores.table.name());
        stack.output("function_arn", &function.arn());
        stack.output("key_id", &key.id());
        stack.output("key_arn", &key.arn());
        stack.output("trail_name", &trail);
        stack.output("topic_arn", &topic.arn());
        Ok(())
    }

    fn is_strict(&self) -> bool {
        self.parameters.posture == Posture::Strict
    }

    /// Three private subnets, with endpoints for what the processor needs and nothing else.
    fn network(&self, stores: &Stores) -> Network {
        let (parameters, Stores { files, table }) = (self.parameters, stores);
        let read = ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"];
        let to_s3 = vec![
            Statement::allow("Files", &read).on([files.arn(), files.arn().then("/*")]),
            Statement::allow("Rejected", &["s3:PutObject"]).on([files.arn().then(REJECTED)]),
        ];
        let to_table = vec![Statement::allow("Transactions", &TABLE_ACTIONS).on([table.arn()])];
        let allowed = [(GatewayService::S3, to_s3), (GatewayService::DynamoDb, to_table)];
        Network {
            name: Some("payment".to_owned()),
            zones: 3,
            tiers: Tiers::Placed(
                [("private".to_owned(), parameters.private_subnets.clone())].into(),
            ),
            one_table: OneTable::Each(parameters.nat != Nat::PerZone),
            endpoints: Endpoints::Narrowed(allowed.into()),
            log_group: Some("/aws/vpc/flowlogs".to_owned()),
            log_retention_days: parameters.log_retention_days(),
            ..Network::of(parameters.network)
        }
    }

    /// One public subnet for each NAT gateway. There is one without any, too: the origin names it.
    fn egress(&self, network: &NetworkMade) -> Egress {
        let Parameters { nat, public_subnets, private_subnets, .. } = self.parameters;
        let count = nat.gateways(private_subnets.len()).max(1).min(public_subnets.len());
        Egress {
            name: Some("payment".to_owned()),
            vpc: network.vpc.id(),
            public: public_subnets[..count].to_vec(),
            tables: match nat {
                Nat::None => Vec::new(),
                _ => network.tables("private").iter().map(|table| table.id()).collect(),
            },
            gateways: *nat,
        }
    }

    /// Stores payments, and says why it refuses a file.
    fn function(&self, key: &KeyRef, network: &NetworkMade, stores: &Stores) -> Function {
        let (parameters, Stores { files, table }) = (self.parameters, stores);
        let of_files = ["s3:GetObject", "s3:GetObjectVersion"];
        let of_key = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"];
        let environment: [(&str, Input<String>); 3] = [
            ("DYNAMODB_TABLE", table.name().cast()),
            ("S3_BUCKET", files.name().cast()),
            ("KMS_KEY_ID", key.id().cast()),
        ];
        Function {
            handler: Some(HANDLER.to_owned()),
            called: Some("payment processor".to_owned()),
            description: "Stores payments from files and events, each at most once".to_owned(),
            role_name: Some("payment-lambda-role".to_owned()),
            group_name: Some("payment-lambda-sg".to_owned()),
            memory_mb: parameters.memory_mb,
            timeout_s: parameters.timeout_s,
            reserved_concurrency: parameters
                .posture
                .reserved_concurrency(parameters.reserved_concurrency),
            log_retention_days: parameters.log_retention_days(),
            tracing: self.is_strict(),
            vpc: Some(network.vpc.id()),
            subnets: network.subnets("private").iter().map(|subnet| subnet.id()).collect(),
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
            statements: vec![
                role::network_interfaces(),
                Statement::allow("ReadFiles", &of_files).on([files.arn().then("/*")]),
                Statement::allow("ListFiles", &["s3:ListBucket"]).on([files.arn()]),
                Statement::allow("RejectFiles", &["s3:PutObject"]).on([files.arn().then(REJECTED)]),
                Statement::allow("Transactions", &TABLE_ACTIONS).on([table.arn()]),
                Statement::allow("Key", &of_key).on([key.arn()]),
            ],
            ..Function::default()
        }
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

    fn alarms(&self, topic: &TopicRef, function: &FunctionRef, table: &TableRef) -> Alarms {
        let parameters = self.parameters;
        let called = |alarm: OtherAlarm| {
            let name = Some(format!("payment-{}", alarm.called));
            OtherAlarm { name, ..alarm }
        };
        let above = parameters.error_alarm_above;
        let description = "The payment processor fails";
        let errors = OtherAlarm::errors("lambda-errors", description, function, above);
        let above = parameters.throttle_alarm_above;
        let (name, description) = ("dynamodb-throttle", "Writes to the transactions are throttled");
        let throttled = OtherAlarm::throttled_writes(name, description, table, None, above);
        // The handler counts what it refuses in its log.
        let rejected = ("Payments", "rejected");
        let description = "Payment files are refused: why is below rejected/ in the bucket";
        let above = parameters.rejected_alarm_above;
        let function = [("FunctionName", function.name().when_created().cast())];
        let rejected = OtherAlarm::new("rejected", description, rejected, &function, above);
        Alarms {
            tell: parameters.alerts().actions(topic).iter().cloned().collect(),
            others: [errors, throttled, rejected].map(called).into(),
            ..Alarms::default()
        }
    }

    /// The bucket that the trail of that name writes to. Its files name the key; its digests, which
    /// S3's own key encrypts, name none (CloudTrail's guide,
    /// encrypting-cloudtrail-log-files-with-aws-kms).
    fn audit(&self, logs: &BucketRef, trail: &str) -> Bucket {
        let (context, parameters) = (self.context, self.parameters);
        let trail = context.arn("cloudtrail", &format!("trail/{trail}"));
        let arn = bucket::arn(context, &context.bucket_name(AUDIT));
        let by_trail = |sid: &str, action: &str| {
            Statement::allow(sid, &[action]).for_service("cloudtrail.amazonaws.com").when(
                "StringEquals",
                "aws:SourceArn",
                trail.clone(),
            )
        };
        let look = by_trail("CloudTrailLook", "s3:GetBucketAcl").on([Input::Known(arn.clone())]);
        let write = by_trail("CloudTrailWrite", "s3:PutObject")
            .on([bucket::within(&arn, &format!("/AWSLogs/{}/*", context.account))])
            .when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control");
        Bucket {
            name: Some(AUDIT.to_owned()),
            access_log: Some(logs.name()),
            uploads: Uploads::NoOtherKey,
            archive_after_days: Some(parameters.audit_archive_after_days),
            expire_after_days: Some(parameters.audit_expire_after_days),
            lock_days: bucket::lock_days(parameters.posture),
            event_bridge: self.is_strict(),
            statements: vec![look, write],
            ..Bucket::default()
        }
    }

    /// Who did what with payments, in a bucket for years and in a log group at once; answers the trail's
    /// name, and that log group.
    fn trail(
        &self,
        stack: &mut Stack,
        name: String,
        key: &KeyRef,
        audit: &BucketRef,
        Stores { files, table }: &Stores,
    ) -> (Input<String>, LogGroupRef) {
        let (context, parameters) = (self.context, self.parameters);
        let events = |kind: &str, arn: Input<Arn>| DataEvents {
            kind: kind.to_owned(),
            arns: [arn].into_iter().collect(),
        };
        let events = [
            events("AWS::S3::Object", files.arn().then("/")),
            events("AWS::DynamoDB::Table", table.arn()),
        ];
        let group = format!("/aws/cloudtrail/{name}");
        let group = logs::group(context, group, parameters.log_retention_days(), key.arn());
        let records = stack.add("trail", group);
        // It names no trail as what it may be taken on for: the guide's sample has no condition, and
        // whether CloudTrail says then for which trail is not known.
        let trust = role::trust("cloudtrail.amazonaws.com");
        let description = "Lets the trail write to its log group";
        let write = [role::write_logs(&records)];
        let role = role::of_service(context, "payment-trail-role", description, trust, write);
        let role = stack.add("trail", role);
        let delivery = LogDelivery { group: records.arn().then(":*"), role: role.arn() };
        let insights = INSIGHTS.map(str::to_owned).into_iter();
        let trail = stack.add(
            "main",
            Trail {
                bucket: audit.name(),
                kms_key: Some(key.arn()),
                multi_region: parameters.trail_multi_region,
                global_events: true,
                log_file_validation: true,
                logging: true,
                management_events: true,
                data_events: events.into_iter().collect(),
                log_delivery: Some(delivery),
                insights: if self.is_strict() { insights.collect() } else { Set::new() },
                tags: context.tags(&name),
                name,
            },
        );
        (trail.name().cast(), records)
    }
}
