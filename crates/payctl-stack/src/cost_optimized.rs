//! `cost-optimized`: payments posted to a REST API and completed from a queue, on a budget, with
//! instances beside it, and told about when something goes wrong or gets dear.

use payctl_aws::dynamodb::{Attribute, AttributeKind, Index};
use payctl_aws::kms::KeyRef;
use payctl_aws::lambda::FunctionRef;
use payctl_aws::s3::BucketRef;
use payctl_aws::secretsmanager::{Generate, Secret};
use payctl_aws::ssm::Parameter;
use payctl_aws::{Architecture, Arn, Lookup};
use payctl_engine::{Input, Stack};

use crate::Context;
use crate::parts::{
    Bucket, DeadLetters, Egress, Endpoints, Key, KeyUser, LogLevel, Network, NetworkMade, OneTable,
    Part as _, PartContext, PublisherName, Queue, RestApi, Route, Table, Tiers, Topic, WebAcl,
    bucket, endpoint, names, queue, secret,
};
use crate::settings::{Nat, Posture};

mod account;
mod functions;
mod instances;
mod month;
mod parameters;
mod system;
mod watch;

pub use parameters::{NAME, Parameters};
use system::{API, STATUS_INDEX, Stores, System, Topics};
pub use system::{API_HANDLER, EVENT_HANDLER};

/// A day, in which numbers of days are given.
const DAY_S: u32 = 24 * 60 * 60;

/// AWS's rules that requests are held against.
const MANAGED_RULES: [&str; 3] = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
];

/// What environments call what is in the queue, the API and the web ACL.
const NAMES: [(&str, &str); 14] = [
    ("sqs.queue:payments-dead", "dead-letters"),
    ("cloudwatch.alarm:payments-dead", "dlq-depth"),
    ("apigateway.resource:main/payments", "payments"),
    ("apigateway.resource:main/payments/_id", "payment"),
    ("apigateway.method:main/POST/payments", "payments-post"),
    ("apigateway.integration:main/POST/payments", "payments-post"),
    ("apigateway.method:main/GET/payments", "payments-get"),
    ("apigateway.integration:main/GET/payments", "payments-get"),
    ("apigateway.method:main/GET/payments/_id", "payment-get"),
    ("apigateway.integration:main/GET/payments/_id", "payment-get"),
    ("lambda.permission:main", "api"),
    ("logs.group:main-access", "api-access"),
    ("logs.group:main-errors", "api-errors"),
    ("logs.group:main-waf", "waf"),
];

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
    let system = System { context, parameters };
    if let Err(why) = system.declare(&mut stack) {
        stack.refuse(why);
    }
    let mut stack = names::kept(&stack, &NAMES);
    // Last of all, as one of them says what all the others cost.
    system.dashboards(&mut stack);
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

impl System<'_> {
    fn declare(&self, stack: &mut Stack) -> Result<(), String> {
        let (context, parameters) = (self.context, self.parameters);
        let without_key = PartContext {
            context,
            key: Err("it is what makes it".to_owned()),
            architecture: parameters.architecture(),
            section: Some(NAME),
        };
        // One key for everything, as each costs a dollar a month.
        let key = Key {
            name: Some("payment-platform".to_owned()),
            description: Some("Encrypts everything of the payment platform".to_owned()),
            deletion_window_days: parameters.key_deletion_window_days,
            services: vec![KeyUser::Logs, KeyUser::Alarms, KeyUser::Events],
            ..Key::default()
        };
        let key = key.declare(stack, &without_key, "main")?;
        let part = PartContext { key: Ok(key.clone()), ..without_key };
        let topics = self.topics(stack, &part)?;
        self.credentials(stack, &key);
        let stores = Stores {
            payments: self.table().declare(stack, &part, "payments")?,
            audit: self.audit(stack, &part)?,
            queue: self.queue(&topics).declare(stack, &part, "payments")?.queue,
        };

        let network = self.network().declare(stack, &part, "main")?;
        let egress = self.egress(&network).declare(stack, &part, "main")?;
        let private = network.subnets("private");
        if self.is_strict() {
            endpoint::of_ec2(stack, context, &network.vpc, parameters.network, private);
        }
        let failed = self.is_strict().then(|| {
            let told = parameters.alerts().actions(&topics.ops);
            queue::of_failed_events(stack, context, &key, told).arn()
        });
        let group = self.function_group(stack, &network);
        let shared =
            functions::Shared { network: &network, group, key: &key, stores: &stores, failed };
        let api = self.api_function(&shared).declare(stack, &part, "payment-processor")?;
        let handler = self.event_handler(&shared).declare(stack, &part, "event-handler")?;
        self.feed(stack, &stores.queue, &handler);
        let stage = self.api(&api).declare(stack, &part, "main")?.stage;
        let group = self.instances(stack, &network.vpc, private, &egress);

        let watched = watch::Watched {
            functions: [&api, &handler],
            table: &stores.payments,
            queue: &stores.queue,
            group: &group,
            topics: &topics,
        };
        self.alarms(&watched).declare(stack, &part, "main")?;
        self.events(stack, &topics);
        self.judged(stack);
        self.detected(stack);
        self.published(stack, &stores);

        stack.output("api_endpoint", &stage.url());
        stack.output("table_name", &stores.payments.name());
        stack.output("queue_url", &stores.queue.url());
        stack.output("bucket_name", &stores.audit.name());
        stack.output("cost_topic_arn", &topics.cost.arn());
        stack.output("security_topic_arn", &topics.security.arn());
        stack.output("ops_topic_arn", &topics.ops.arn());
        stack.output("vpc_id", &network.vpc.id());
        let web_acl = self.web_acl(stage.arn()).declare(stack, &part, "main")?;
        stack.output("waf_arn", &web_acl.arn());
        Ok(())
    }

    fn is_strict(&self) -> bool {
        self.parameters.posture == Posture::Strict
    }

    fn topics(&self, stack: &mut Stack, part: &PartContext<'_>) -> Result<Topics, String> {
        let parameters = self.parameters;
        parameters.alerts().note(stack);
        let mut topic = |called: &str, shown_as: &str| {
            let topic = Topic {
                display_name: shown_as.to_owned(),
                mail: parameters.alert_email.iter().cloned().collect(),
                publishers: vec![PublisherName::Alarms, PublisherName::Events],
                ..Topic::default()
            };
            topic.declare(stack, part, called)
        };
        Ok(Topics {
            cost: topic("cost-alerts", "Payment costs")?,
            security: topic("security-alerts", "Payment security")?,
            ops: topic("ops-alerts", "Payment operations")?,
        })
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

    fn table(&self) -> Table {
        let by_status = Index {
            hash_key: Attribute::new("status", AttributeKind::S),
            range_key: Some(Attribute::new("timestamp", AttributeKind::S)),
            projection: "ALL".to_owned(),
        };
        Table {
            range_key: Some(Attribute::new("timestamp", AttributeKind::S)),
            indexes: [(STATUS_INDEX.to_owned(), by_status)].into(),
            deletion_protection: self.parameters.deletion_protection || self.is_strict(),
            ..Table::by(Attribute::new("payment_id", AttributeKind::S))
        }
    }

    fn audit(&self, stack: &mut Stack, part: &PartContext<'_>) -> Result<BucketRef, String> {
        let logs = Bucket {
            name: Some("payment-access-logs".to_owned()),
            access_logs_of: vec![AUDIT.to_owned()],
            event_bridge: self.is_strict(),
            ..Bucket::default()
        };
        let logs = logs.declare(stack, part, "access-logs")?;
        let audit = Bucket {
            name: Some(AUDIT.to_owned()),
            access_log: Some(logs.name()),
            archive_after_days: Some(self.parameters.archive_after_days),
            lock_days: bucket::lock_days(self.parameters.posture),
            event_bridge: self.is_strict(),
            ..Bucket::default()
        };
        audit.declare(stack, part, "audit")
    }

    /// Payments that wait, and those that nobody could complete.
    fn queue(&self, topics: &Topics) -> Queue {
        let parameters = self.parameters;
        Queue {
            name: Some("payment-queue".to_owned()),
            visibility_timeout_s: parameters.visibility_timeout_s,
            retention_s: parameters.queue_retention_days * DAY_S,
            max_receives: parameters.max_receives,
            alarm: parameters.alerts().actions(&topics.ops).iter().cloned().collect(),
            dead_letters: DeadLetters {
                name: Some("payment-dlq".to_owned()),
                visibility_timeout_s: parameters.visibility_timeout_s,
                retention_s: parameters.dead_letter_retention_days * DAY_S,
                alarm_name: Some("dlq-depth".to_owned()),
                alarm_description: Some("Payments could not be completed".to_owned()),
            },
            ..Queue::default()
        }
    }

    fn network(&self) -> Network {
        let parameters = self.parameters;
        let private = ("private".to_owned(), parameters.private_subnets.clone());
        Network {
            name: Some("payment".to_owned()),
            zones: 2,
            tiers: Tiers::Placed([private].into()),
            one_table: OneTable::Each(parameters.nat != Nat::PerZone),
            endpoints: Endpoints::Open(Vec::new()),
            flow_log: self.is_strict(),
            log_group: Some("/aws/vpc/flowlogs".to_owned()),
            log_retention_days: parameters.log_retention_days(),
            ..Network::of(parameters.network)
        }
    }

    fn egress(&self, network: &NetworkMade) -> Egress {
        Egress {
            name: Some("payment".to_owned()),
            vpc: network.vpc.id(),
            public: self.parameters.public_subnets.clone(),
            tables: network.tables("private").iter().map(|table| table.id()).collect(),
            gateways: self.parameters.nat,
        }
    }

    /// The API, as the stage `prod`. Its function says what is wrong with a payment.
    fn api(&self, function: &FunctionRef) -> RestApi {
        let parameters = self.parameters;
        let routes = ["POST /payments", "GET /payments", "GET /payments/{id}"];
        let routes = routes.map(|route| (route.to_owned(), Route::Function(function.name())));
        RestApi {
            name: Some(API.to_owned()),
            description: "Takes payments and tells what became of them".to_owned(),
            authorization: parameters.authorization(),
            requests: Some("/*/*/payments*".to_owned()),
            json_errors: false,
            stage: Some("prod".to_owned()),
            burst_limit: parameters.burst_limit,
            rate_limit: parameters.rate_limit,
            log_level: LogLevel::Info,
            tracing: self.is_strict(),
            log_retention_days: parameters.log_retention_days(),
            ..RestApi::of(routes.into())
        }
    }

    /// The web ACL; where every control is asked for, with a log of what it sees.
    fn web_acl(&self, stage: Input<Arn>) -> WebAcl {
        WebAcl {
            name: Some("payment-waf".to_owned()),
            description: "What may reach the payment API".to_owned(),
            before: vec![stage],
            rate_limit: self.parameters.address_limit,
            managed_rules: MANAGED_RULES.map(str::to_owned).into(),
            log: self.is_strict(),
            log_group: Some("aws-waf-logs-payment".to_owned()),
            log_retention_days: self.parameters.log_retention_days(),
            ..WebAcl::default()
        }
    }

    /// What others look up by name.
    fn published(&self, stack: &mut Stack, stores: &Stores) {
        let suffix = self.context.suffix;
        for (name, description, value) in [
            ("table-name", "The table of payments", stores.payments.name().cast()),
            ("queue-url", "The queue of payments", stores.queue.url().cast()),
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
