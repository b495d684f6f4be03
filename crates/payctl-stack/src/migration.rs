//! `migration`: payments validated, scored and kept behind an HTTP API, beside a database whose
//! password changes by itself and a load balancer that moves its traffic from blue to green.

use payctl_aws::Lookup;
use payctl_aws::apigatewayv2::{Integration, Route as ApiRoute, VpcLink};
use payctl_aws::dynamodb::{Attribute, AttributeKind, Index};
use payctl_aws::ec2::SubnetRef;
use payctl_aws::kms::KeyRef;
use payctl_aws::ssm::Parameter;
use payctl_engine::{Input, Stack};

use self::balancer::Balancer;
use self::functions::Functions;
use self::groups::Groups;
use crate::Context;
use crate::parts::http_api::LONGEST_MS;
use crate::parts::{
    Bucket, Egress, Endpoints, HttpApi, HttpApiMade, Key, KeyUser, Network, NetworkMade, OneTable,
    Part as _, PartContext, PublisherName, Route, Table, Tiers, Topic, bucket, endpoint, names,
    routes,
};
use crate::settings::{Nat, Posture};

mod balancer;
mod database;
mod functions;
mod groups;
mod parameters;
mod system;
mod watch;

pub use parameters::{NAME, Parameters};
pub use system::HANDLERS;
use system::{Keys, STATUS_INDEX, Stores, System, Topics};

/// What environments call what is in the API and in the web ACL.
const NAMES: [(&str, &str); 8] = [
    ("apigatewayv2.integration:main/POST/validate", "validate"),
    ("apigatewayv2.route:main/POST/validate", "validate"),
    ("lambda.permission:main/POST/validate", "validate"),
    ("apigatewayv2.integration:main/POST/process", "process"),
    ("apigatewayv2.route:main/POST/process", "process"),
    ("lambda.permission:main/POST/process", "process"),
    ("logs.group:main-access", "api-access"),
    ("logs.group:main-waf", "waf"),
];

/// The bucket of audit objects.
const AUDIT: &str = "payment-audit-logs";

/// The system, as the command line offers it.
pub const SYSTEM: crate::System = crate::System {
    name: NAME,
    description: "payments scored and kept behind an HTTP API, with a database and blue/green shifts",
    handlers: HANDLERS,
    zones: 3,
    commands: &["shift"],
    folder: "",
    declares: &crate::BuiltIn {
        lookups: |config| {
            vec![Lookup::engine_version(database::ENGINE, &config.migration.database_version)]
        },
        architecture: |config| config.migration.architecture(),
        declare: |context, config| declare(context, &config.migration),
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

impl System<'_> {
    fn declare(&self, stack: &mut Stack) -> Result<(), String> {
        let context = self.context;
        let keys = self.keys(stack)?;
        // Each resource has the key of its purpose: logs and notices are what names none.
        let part = self.part(Ok(keys.logs.clone()));
        let topics = self.topics(stack, &part)?;
        let stores = self.stores(stack, &part, &keys)?;
        let network = self.network().declare(stack, &part, "main")?;
        let private = network.subnets("private");
        let egress = self.egress(&network).declare(stack, &part, "main")?;
        if self.is_strict() {
            endpoint::of_ec2(stack, context, &network.vpc, self.parameters.network, private);
        }
        let groups = self.groups(stack, &network.vpc);

        let database = self.database(stack, &keys, &network, &groups);
        if self.is_strict() {
            self.database_events(stack, &database, &topics);
        }
        let shared = functions::Shared {
            keys: &keys,
            network: &network,
            groups: &groups,
            stores: &stores,
            topics: &topics,
            database: &database,
        };
        let functions = self.functions(stack, &part, &shared)?;
        self.schema(stack, &database, &functions.processing, &egress);
        self.rotation(stack, &database, &functions.rotation, &egress);
        let balancer = self.balancer(stack, &part, &network, &groups, &stores)?;
        let api = self.api(stack, &part, &functions)?;
        self.to_application(stack, &api, &network, &groups, &balancer);
        let watched = watch::Watched {
            api: &api,
            balancer: &balancer,
            database: &database,
            functions: &functions,
            table: &stores.transactions,
            topics: &topics,
        };
        self.alarms(&watched).declare(stack, &part, "main")?;
        self.dashboard(stack, &watched);
        self.published(stack, &stores, &database, &api);

        let ids = |subnets: &[SubnetRef]| subnets.iter().map(SubnetRef::id).collect::<Vec<_>>();
        stack.output("vpc_id", &network.vpc.id());
        stack.output("public_subnet_ids", &ids(&egress.public));
        stack.output("private_subnet_ids", &ids(private));
        stack.output("database_subnet_ids", &ids(network.subnets("database")));
        stack.output("cluster_endpoint", &database.cluster.endpoint());
        stack.output("cluster_reader_endpoint", &database.cluster.reader_endpoint());
        stack.output("secret_arn", &database.secret.arn());
        stack.output("table_name", &stores.transactions.name());
        stack.output("bucket_name", &stores.audit.name());
        stack.output("api_endpoint", &api.stage.url());
        stack.output("load_balancer_dns", &balancer.balancer.dns_name());
        stack.output("blue_target_group_arn", &balancer.blue.arn());
        stack.output("green_target_group_arn", &balancer.green.arn());
        stack.output("system_errors_topic_arn", &topics.errors.arn());
        stack.output("failed_transactions_topic_arn", &topics.failed.arn());
        Ok(())
    }

    /// Whether every control is asked for.
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
        let mut of_logs = vec![KeyUser::Logs, KeyUser::Alarms];
        of_logs.extend(self.is_strict().then_some(KeyUser::Databases));
        Ok(Keys {
            database: key("rds", "Encrypts the payment database", vec![])?,
            table: key("dynamodb", "Encrypts transactions", vec![])?,
            objects: key("s3", "Encrypts audit objects", vec![])?,
            secrets: key("secrets", "Encrypts the database's credentials", vec![])?,
            functions: key("functions", "Encrypts the functions' environments", vec![])?,
            logs: key("logs", "Encrypts logs and notices", of_logs)?,
        })
    }

    fn topics(&self, stack: &mut Stack, part: &PartContext<'_>) -> Result<Topics, String> {
        let parameters = self.parameters;
        parameters.alerts().note(stack);
        let mut topic = |called: &str, shown_as: &str, publishers: Vec<PublisherName>| {
            let topic = Topic {
                display_name: shown_as.to_owned(),
                mail: parameters.alert_email.iter().cloned().collect(),
                publishers,
                ..Topic::default()
            };
            topic.declare(stack, part, called)
        };
        let mut of_errors = vec![PublisherName::Alarms];
        of_errors.extend(self.is_strict().then_some(PublisherName::Databases));
        Ok(Topics {
            errors: topic("system-errors", "Payment system errors", of_errors)?,
            failed: topic("failed-transactions", "Failed payments", vec![PublisherName::Alarms])?,
        })
    }

    fn stores(
        &self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        keys: &Keys,
    ) -> Result<Stores, String> {
        let parameters = self.parameters;
        let index = |hash_key: &str| Index {
            hash_key: Attribute::new(hash_key, AttributeKind::S),
            range_key: Some(Attribute::new("timestamp", AttributeKind::N)),
            projection: "ALL".to_owned(),
        };
        let indexes = [
            ("customer-id-timestamp-index".to_owned(), index("customer_id")),
            (STATUS_INDEX.to_owned(), index("status")),
        ];
        let transactions = Table {
            indexes: indexes.into(),
            stream: Some("NEW_AND_OLD_IMAGES".to_owned()),
            ttl: Some("expires_at".to_owned()),
            deletion_protection: parameters.protected(),
            key: Some(keys.table.arn()),
            ..Table::by(Attribute::new("transaction_id", AttributeKind::S))
        };
        let access_logs = Bucket {
            name: Some("payment-access-logs".to_owned()),
            access_logs_of: [AUDIT, balancer::REQUESTS].map(str::to_owned).into(),
            event_bridge: self.is_strict(),
            ..Bucket::default()
        };
        let transactions = transactions.declare(stack, part, "transactions")?;
        let access_logs = access_logs.declare(stack, part, "access-logs")?;
        let audit = Bucket {
            name: Some(AUDIT.to_owned()),
            key: Some(keys.objects.arn()),
            access_log: Some(access_logs.name()),
            archive_after_days: Some(parameters.archive_after_days),
            expire_after_days: Some(parameters.expire_after_days),
            lock_days: bucket::lock_days(parameters.posture),
            event_bridge: self.is_strict(),
            ..Bucket::default()
        };
        Ok(Stores { transactions, audit: audit.declare(stack, part, "audit")?, access_logs })
    }

    /// Whether the API reaches the load balancer over HTTP within the VPC. An HTTP API takes no
    /// certificate but those of public authorities (docs/decisions/0021).
    fn is_plain_inside(&self) -> bool {
        let Parameters { certificate_arn, posture, .. } = self.parameters;
        certificate_arn.is_none() && *posture == Posture::Standard
    }

    /// Two tiers over three zones. The database's leads nowhere beyond the VPC.
    fn network(&self) -> Network {
        let parameters = self.parameters;
        let one_table = match parameters.nat {
            Nat::PerZone => OneTable::Of(vec!["database".to_owned()]),
            Nat::None | Nat::One => OneTable::Each(true),
        };
        let tiers = [
            ("private".to_owned(), parameters.private_subnets.clone()),
            ("database".to_owned(), parameters.database_subnets.clone()),
        ];
        Network {
            name: Some("payment".to_owned()),
            zones: 3,
            tiers: Tiers::Placed(tiers.into()),
            one_table,
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

    /// The API: payments to their functions.
    fn api(
        &self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        functions: &Functions,
    ) -> Result<HttpApiMade, String> {
        let parameters = self.parameters;
        let routes =
            [("POST /validate", &functions.validation), ("POST /process", &functions.processing)];
        let routes =
            routes.map(|(route, function)| (route.to_owned(), Route::Function(function.name())));
        let api = HttpApi {
            name: Some("payment-api".to_owned()),
            description: "Takes payments, and leads to the payment application".to_owned(),
            authorization: parameters.authorization(),
            statement: Some("apigateway".to_owned()),
            cors_origins: parameters.cors_origins.clone(),
            burst_limit: parameters.burst_limit,
            rate_limit: f64::from(parameters.rate_limit),
            log_retention_days: parameters.log_retention_days(),
            ..HttpApi::of(routes.into())
        };
        api.declare(stack, part, "main")
    }

    /// Its way to the application, through the load balancer.
    fn to_application(
        &self,
        stack: &mut Stack,
        HttpApiMade { api, .. }: &HttpApiMade,
        network: &NetworkMade,
        groups: &Groups,
        balancer: &Balancer,
    ) {
        let Some(listener) = &balancer.listener else { return };
        let (context, parameters) = (self.context, self.parameters);
        let name = context.name("payment-vpc-link");
        let link = VpcLink {
            subnets: network.subnets("private").iter().map(SubnetRef::id).collect(),
            security_groups: [groups.link.id()].into_iter().collect(),
            tags: context.tags(&name),
            name,
        };
        let integration = Integration {
            api: api.id(),
            integration_type: "HTTP_PROXY".to_owned(),
            uri: listener.arn(),
            integration_method: "ANY".to_owned(),
            payload_format_version: "1.0".to_owned(),
            vpc_link: Some(stack.add("main", link).id()),
            tls_server_name: (!self.is_plain_inside()).then(|| parameters.domain.clone()),
            timeout_ms: LONGEST_MS,
        };
        let integration = stack.add("app", integration);
        let route = ApiRoute {
            api: api.id(),
            route_key: "ANY /app/{proxy+}".to_owned(),
            target: integration.id(),
            authorization: routes::authorization(parameters.authorization()),
        };
        stack.add("app", route);
    }

    /// What others look up by name.
    fn published(
        &self,
        stack: &mut Stack,
        stores: &Stores,
        database: &database::Database,
        api: &HttpApiMade,
    ) {
        let suffix = self.context.suffix;
        let values: [(&str, &str, Input<String>); 3] = [
            ("table_name", "The table of transactions", stores.transactions.name().cast()),
            // The database need not be ready for that.
            ("rds_endpoint", "Where the database is", database.endpoint()),
            ("api_endpoint", "Where payments are taken", api.stage.url()),
        ];
        for (name, description, value) in values {
            let path = format!("/payment-processing/{suffix}/{name}");
            stack.add(
                &name.replace('_', "-"),
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
