//! `migration`: payments validated, scored and kept behind an HTTP API, beside a database whose
//! password changes by itself and a load balancer that moves its traffic from blue to green.

use payctl_aws::dynamodb::{Attribute, AttributeKind, Index, Table};
use payctl_aws::ec2::{Peer, Rule, SecurityGroup, SecurityGroupIngress, SubnetRef, VpcRef};
use payctl_aws::logs::LogGroup;
use payctl_aws::ssm::Parameter;
use payctl_aws::{Lookup, Set};
use payctl_engine::{Input, Stack};

use crate::Context;
use crate::parts::bucket::{self, Retention};
use crate::parts::{endpoint, flow_log, function, key, logs, nat, network, table, topic};
use crate::settings::Posture;

mod api;
mod balancer;
mod database;
mod functions;
mod parameters;
mod system;
mod watch;

pub use parameters::{NAME, Parameters};
pub use system::HANDLERS;
use system::{
    APPLICATION, Groups, HTTP, Keys, POSTGRESQL, STATUS_INDEX, Stores, System, Tiers, Topics,
};

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
    System { context, parameters }.declare(&mut stack);
    stack
}

impl System<'_> {
    fn declare(&self, stack: &mut Stack) {
        let context = self.context;
        let keys = self.keys(stack);
        let topics = self.topics(stack, &keys);
        let stores = self.stores(stack, &keys);
        let vpc = network::vpc(stack, context, self.parameters.network);
        let tiers = self.tiers(stack, &vpc);
        if self.is_strict() {
            flow_log::to_group(stack, context, &vpc, |name| self.log_group(name, &keys));
            let network = self.parameters.network;
            endpoint::of_ec2(stack, context, &vpc, network, &tiers.private);
        }
        let groups = self.groups(stack, &vpc);

        let database = self.database(stack, &keys, &vpc, &tiers, &groups);
        if self.is_strict() {
            self.database_events(stack, &database, &topics);
        }
        let functions = self.functions(stack, &keys, &tiers, &groups, &stores, &topics, &database);
        self.schema(stack, &database, &functions.processing, &tiers);
        self.rotation(stack, &database, &functions.rotation, &tiers);
        let balancer = self.balancer(stack, &vpc, &tiers, &groups, &keys, &stores.access_logs);
        let api = self.api(stack, &keys, &tiers, &groups, &functions, &balancer);
        self.watch(
            stack,
            &watch::Watched {
                api: &api,
                balancer: &balancer,
                database: &database,
                functions: &functions,
                table: &stores.transactions,
                topics: &topics,
            },
        );
        self.published(stack, &stores, &database, &api);

        let ids = |subnets: &[SubnetRef]| subnets.iter().map(SubnetRef::id).collect::<Vec<_>>();
        stack.output("vpc_id", &vpc.id());
        stack.output("public_subnet_ids", &ids(&tiers.public));
        stack.output("private_subnet_ids", &ids(&tiers.private));
        stack.output("database_subnet_ids", &ids(&tiers.database));
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
    }

    /// Whether every control is asked for.
    fn is_strict(&self) -> bool {
        self.parameters.posture == Posture::Strict
    }

    fn keys(&self, stack: &mut Stack) -> Keys {
        let context = self.context;
        let days = self.parameters.key_deletion_window_days;
        let mut key = |purpose: &str, description: &str, statements: Vec<_>| {
            let name = format!("payment-{purpose}");
            key::with_alias(stack, context, purpose, &name, description, days, statements)
        };
        let for_logs = [key::logs(context), key::alarms()];
        let for_events = self.is_strict().then(key::databases);
        let for_logs = for_logs.into_iter().chain(for_events).collect();
        Keys {
            database: key("rds", "Encrypts the payment database", vec![]),
            table: key("dynamodb", "Encrypts transactions", vec![]),
            objects: key("s3", "Encrypts audit objects", vec![]),
            secrets: key("secrets", "Encrypts the database's credentials", vec![]),
            functions: key("functions", "Encrypts the functions' environments", vec![]),
            logs: key("logs", "Encrypts logs and notices", for_logs),
        }
    }

    fn topics(&self, stack: &mut Stack, keys: &Keys) -> Topics {
        let alerts = self.parameters.alerts();
        alerts.note(stack);
        let mut topic = |name: &str, shown_as: &str, publishers: &[_]| {
            alerts.topic(stack, self.context, name, shown_as, &keys.logs, publishers)
        };
        let of_errors: &[_] = match self.is_strict() {
            true => &[topic::ALARMS, topic::DATABASES],
            false => &[topic::ALARMS],
        };
        Topics {
            errors: topic("system-errors", "Payment system errors", of_errors),
            failed: topic("failed-transactions", "Failed payments", &[topic::ALARMS]),
        }
    }

    fn stores(&self, stack: &mut Stack, keys: &Keys) -> Stores {
        let (context, parameters) = (self.context, self.parameters);
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
            stream: Some("NEW_AND_OLD_IMAGES".to_owned()),
            ttl: Some("expires_at".to_owned()),
            ..table::on_demand(
                context,
                context.name("transactions"),
                Attribute::new("transaction_id", AttributeKind::S),
                None,
                indexes.into(),
                keys.table.arn(),
                parameters.protected(),
            )
        };
        let transactions = stack.add("transactions", transactions);
        let access_logs =
            bucket::access_logs(stack, context, parameters.posture, &[AUDIT, balancer::REQUESTS]);
        let name = context.bucket_name(AUDIT);
        let encrypted = bucket::only_encrypted(context, &name, &keys.objects.arn());
        let key = Some(keys.objects.arn());
        let retention = Some(self.retention());
        let audit = bucket::encrypted(context, name, &access_logs, key, retention, encrypted);
        let audit = stack.add("audit", bucket::locked(audit, parameters.posture));
        if parameters.posture == Posture::Strict {
            bucket::announced(stack, "audit", &audit);
        }
        Stores { transactions, audit, access_logs }
    }

    fn retention(&self) -> Retention {
        Retention {
            archive_after_days: Some(self.parameters.archive_after_days),
            expire_after_days: Some(self.parameters.expire_after_days),
            versions_only: false,
        }
    }

    /// Whether the API reaches the load balancer over HTTP within the VPC. An HTTP API takes no
    /// certificate but those of public authorities (docs/decisions/0021).
    fn is_plain_inside(&self) -> bool {
        let Parameters { certificate_arn, posture, .. } = self.parameters;
        certificate_arn.is_none() && *posture == Posture::Standard
    }

    /// Three tiers over three zones. The database's leads nowhere beyond the VPC.
    fn tiers(&self, stack: &mut Stack, vpc: &VpcRef) -> Tiers {
        let (context, parameters) = (self.context, self.parameters);
        let cidrs = &parameters.private_subnets;
        let private = network::subnets(stack, context, vpc, "private", cidrs);
        let public = &parameters.public_subnets;
        let ways = nat::egress(stack, context, vpc, parameters.nat, public, &private);
        let table = network::route_table(stack, context, vpc, "database", "payment-database-rt");
        let cidrs = &parameters.database_subnets;
        let database = network::subnets(stack, context, vpc, "database", cidrs);
        network::associate(stack, "database", &database, &[table]);
        Tiers { public: ways.public, private, database, routes: ways.routes }
    }

    /// Groups that name each other: what lets in is added once both are there.
    fn groups(&self, stack: &mut Stack, vpc: &VpcRef) -> Groups {
        let context = self.context;
        let group = |name: &str, description: &str, egress: Vec<Rule>| {
            let name = format!("{name}-sg");
            function::security_group(context, vpc, &name, description, None, egress)
        };
        let of = |port, peer, description: &str| Rule {
            from_port: Some(port),
            to_port: Some(port),
            ..network::tls(peer, description)
        };
        let description = "The payment database: PostgreSQL from the functions";
        let database = stack.add("database", group("rds", description, vec![]));
        let within = self.parameters.private_subnets.iter().map(|cidr| {
            of(APPLICATION, Peer::Cidr((*cidr).into()), "HTTP to the payment application")
        });
        let description = "The payment load balancer: the VPC link";
        let balancer = stack.add("balancer", group("alb", description, within.collect()));
        let inside = |peer| of(HTTP, peer, "HTTP within the VPC");
        let mut to = vec![network::tls(Peer::Group(balancer.id()), "TLS to the load balancer")];
        to.extend(self.is_plain_inside().then(|| inside(Peer::Group(balancer.id()))));
        let description = "The way from the API to the load balancer";
        let link = stack.add("link", group("vpc-link", description, to));
        let anywhere = Peer::Cidr(network::ANYWHERE.into());
        let to = vec![
            network::tls(anywhere, "TLS to AWS services"),
            of(POSTGRESQL, Peer::Group(database.id()), "PostgreSQL to the database"),
        ];
        let description = "The payment functions: TLS to the outside, PostgreSQL to the database";
        let functions =
            SecurityGroup { ingress: Some(Set::new()), ..group("lambda", description, to) };
        let functions = stack.add("functions", functions);
        let of_functions = Peer::Group(functions.id());
        let from_functions = [of(POSTGRESQL, of_functions, "PostgreSQL from the functions")];
        let mut from_link = vec![network::tls(Peer::Group(link.id()), "TLS from the VPC link")];
        from_link.extend(self.is_plain_inside().then(|| inside(Peer::Group(link.id()))));
        for (logical, group, rules) in [
            ("database", &database, from_functions.into_iter().collect()),
            ("balancer", &balancer, from_link.into_iter().collect()),
        ] {
            stack.add(logical, SecurityGroupIngress { group: group.id(), rules });
        }
        Groups { functions, database, balancer, link }
    }

    fn log_group(&self, name: String, keys: &Keys) -> LogGroup {
        logs::group(self.context, name, self.parameters.log_retention_days(), keys.logs.arn())
    }

    /// What others look up by name.
    fn published(
        &self,
        stack: &mut Stack,
        stores: &Stores,
        database: &database::Database,
        api: &api::Api,
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
