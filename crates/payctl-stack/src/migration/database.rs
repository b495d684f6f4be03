//! The database, the secret that opens it, and how that changes by itself.

use std::collections::BTreeMap;

use payctl_aws::Arn;
use payctl_aws::iam::Role;
use payctl_aws::lambda::{FunctionRef, Invocation, Permission};
use payctl_aws::questions::ENGINE_VERSION;
use payctl_aws::rds::{
    Cluster, ClusterParameterGroup, ClusterRef, EventSubscription, Instance, InstanceRef,
    Monitoring, SubnetGroup,
};
use payctl_aws::secretsmanager::{Generate, Rotation, Secret, SecretRef, TargetAttachment};
use payctl_engine::{Address, Handle as _, Input, Stack};

use super::groups::Groups;
use super::system::{Keys, POSTGRESQL, PROCESSING, ROTATION, System, Topics};
use crate::parts::{EgressMade, NetworkMade, logs, role, secret};

/// The database in the cluster.
const DATABASE: &str = "payments";
/// `admin` is a word of PostgreSQL's own there.
const MASTER: &str = "payments_admin";
pub(super) const ENGINE: &str = "aurora-postgresql";
/// What it writes to CloudWatch.
const LOG: &str = "postgresql";

/// The functions that open it.
const LOG_IN: [&str; 3] = ["payment-validation", "transaction-processing", ROTATION];

pub(super) struct Database {
    pub(super) cluster: ClusterRef,
    pub(super) secret: SecretRef,
    /// Writer and readers.
    instances: Vec<InstanceRef>,
    /// Where the secret says the database is.
    attachment: Address,
}

impl Database {
    /// Where the writer is. AWS tells before the database is ready.
    pub(super) fn endpoint(&self) -> Input<String> {
        self.cluster.endpoint().when_created()
    }

    /// What has to be there before a function can log in: the database, where the secret says it is,
    /// and the way there.
    fn before_a_login<'a>(&'a self, egress: &'a EgressMade) -> Vec<&'a Address> {
        let instances = self.instances.iter().map(InstanceRef::address);
        [&self.attachment].into_iter().chain(instances).chain(&egress.routes).collect()
    }
}

impl System<'_> {
    pub(super) fn database(
        &self,
        stack: &mut Stack,
        keys: &Keys,
        network: &NetworkMade,
        groups: &Groups,
    ) -> Database {
        let (context, parameters) = (self.context, self.parameters);
        let secret = self.credentials(stack, keys);
        let named = &parameters.secret_readers;
        let policy =
            secret::only_readers(stack, context, "db-credentials", &secret, &LOG_IN, named);
        let name = context.name("payment-db");
        // A major version takes no other's parameters: with each one comes a group of its own.
        let major = parameters.database_major();
        let group_name = context.name(&format!("payment-db-{major}"));
        let parameter_group = stack.add(
            "main",
            ClusterParameterGroup {
                family: format!("{ENGINE}{major}"),
                description: "The payment database: TLS only".to_owned(),
                parameters: [("rds.force_ssl".to_owned(), "1".to_owned())].into(),
                tags: context.tags(&group_name),
                name: group_name,
            },
        );
        let subnets = network.subnets("database");
        let subnet_group = stack.add(
            "main",
            SubnetGroup {
                description: "The payment database's subnets".to_owned(),
                vpc: network.vpc.id(),
                subnets: subnets.iter().map(|subnet| subnet.id()).collect(),
                tags: context.tags(&name),
                name: name.clone(),
            },
        );
        let zones: Vec<_> = context.found.zones.iter().take(subnets.len()).collect();
        // RDS would make it by itself, to be kept for ever, and takes the one that is there
        // (terraform-provider-aws#5348). It outlives the cluster in a deletion: else it came back.
        let logs = format!("/aws/rds/cluster/{name}/{LOG}");
        let logs = logs::group(context, logs, parameters.log_retention_days(), keys.logs.arn());
        let logs = stack.add("database", logs);
        let cluster = stack.add_after(
            "main",
            // Whoever is to be let at the password is so before it is read.
            &[logs.address(), &policy],
            Cluster {
                identifier: name.clone(),
                engine: ENGINE.to_owned(),
                engine_version: context.found.get(ENGINE_VERSION).unwrap_or_default(),
                database_name: DATABASE.to_owned(),
                master_username: MASTER.to_owned(),
                master_secret: secret.arn(),
                port: POSTGRESQL,
                zones: zones.iter().map(|zone| (*zone).clone()).collect(),
                subnet_group: subnet_group.name(),
                security_groups: [groups.database.id()].into_iter().collect(),
                kms_key: keys.database.arn(),
                backup_retention_days: parameters.backup_retention_days,
                parameter_group: parameter_group.name(),
                log_exports: [LOG.to_owned()].into_iter().collect(),
                iam_authentication: true,
                deletion_protection: parameters.protected(),
                copy_tags_to_snapshots: true,
                final_snapshot: parameters.final_snapshot,
                tags: context.tags(&name),
            },
        );
        let monitoring = self.is_strict().then(|| self.monitoring(stack));
        let names = ["writer".to_owned()].into_iter();
        let readers = (1..=parameters.database_readers).map(|number| format!("reader-{number}"));
        let instances =
            names.chain(readers).zip(0..=parameters.database_readers).zip(zones.iter().cycle());
        let instances = instances
            .map(|((logical, tier), zone)| {
                let identifier = context.name(&format!("payment-db-{logical}"));
                let instance = Instance {
                    // All are created together, while the cluster still is.
                    cluster: cluster.identifier().when_created(),
                    engine: ENGINE.to_owned(),
                    class: parameters.database_class.clone(),
                    zone: (*zone).clone(),
                    publicly_accessible: false,
                    auto_minor_version_upgrade: true,
                    promotion_tier: tier,
                    monitoring: monitoring.clone(),
                    tags: context.tags(&identifier),
                    identifier,
                };
                stack.add(&logical, instance)
            })
            .collect();
        let endpoint = cluster.endpoint().when_created();
        let fields = [
            ("host", endpoint),
            ("port", Input::Known(POSTGRESQL.to_string())),
            ("dbname", Input::from(DATABASE)),
            ("engine", Input::from("postgres")),
        ];
        let attachment = stack.add_after(
            "db-credentials",
            &[&policy],
            TargetAttachment {
                secret: secret.arn(),
                fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
            },
        );
        Database { cluster, secret, instances, attachment: attachment.address().clone() }
    }

    fn credentials(&self, stack: &mut Stack, keys: &Keys) -> SecretRef {
        let context = self.context;
        let name = context.name("db-credentials");
        stack.add(
            "db-credentials",
            Secret {
                description: "What opens the payment database".to_owned(),
                kms_key: Some(keys.secrets.arn()),
                generate: Generate {
                    fixed: [("username".to_owned(), MASTER.to_owned())].into(),
                    key: "password".to_owned(),
                    length: 32,
                    punctuation: false,
                },
                recovery_window_days: Some(self.parameters.secret_recovery_days),
                pending_deletion: false,
                tags: context.tags(&name),
                name,
            },
        )
    }

    /// Has the function bring the schema up to date: with its first code, with every other, and in a
    /// database that is another.
    pub(super) fn schema(
        &self,
        stack: &mut Stack,
        database: &Database,
        function: &FunctionRef,
        egress: &EgressMade,
    ) {
        let context = self.context;
        let path = format!("/payment-processing/{}/schema", context.suffix);
        let code = context.code(PROCESSING).to_string();
        let triggers = [
            ("code".to_owned(), code.into()),
            ("database".to_owned(), database.cluster.resource_id().cast()),
        ];
        stack.add_after(
            "schema",
            &database.before_a_login(egress),
            Invocation {
                description: "What brought the database's schema up to date".to_owned(),
                tier: "Standard".to_owned(),
                function: function.name(),
                payload: r#"{"migrate":true}"#.to_owned(),
                triggers: triggers.into(),
                tags: context.tags(&path),
                receipt: path,
            },
        );
    }

    /// Has RDS report what happens on the instances' machines. The group that it writes to,
    /// `RDSOSMetrics`, is one of the account's.
    fn monitoring(&self, stack: &mut Stack) -> Monitoring {
        let context = self.context;
        let policy = "iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole";
        let managed = Arn::from(format!("arn:{}:{policy}", context.partition));
        // As the guide has it ("Setting up and enabling Enhanced Monitoring", on confused deputies).
        let trust = role::trust("monitoring.rds.amazonaws.com")
            .when("StringEquals", "aws:SourceAccount", context.account)
            .when("StringLike", "aws:SourceArn", context.arn("rds", "db:*"));
        let name = "payment-db-monitoring-role";
        let what = "What RDS reports on the payment database's machines as";
        let role = Role {
            managed: [managed.into()].into_iter().collect(),
            inline: BTreeMap::new(),
            ..role::of_service(context, name, what, trust, [])
        };
        let role = stack.add("database", role);
        Monitoring { interval_s: 60, role: role.arn() }
    }

    /// Tells the topic of errors what Security Hub's controls RDS.19 to RDS.22 ask for. Of what an
    /// Aurora cluster does not have itself, parameter and security groups of single databases, it is
    /// told of all in the account, so that one that turns up is seen.
    pub(super) fn database_events(&self, stack: &mut Stack, database: &Database, topics: &Topics) {
        let cluster = vec![database.cluster.identifier().when_created().cast()];
        let instances = database.instances.iter();
        let instances = instances.map(|one| one.identifier().when_created().cast()).collect();
        let changes = ["configuration change", "failure"];
        for (source_type, sources, categories) in [
            ("db-cluster", cluster, &["failure", "maintenance"][..]),
            ("db-instance", instances, &["configuration change", "failure", "maintenance"][..]),
            ("db-parameter-group", vec![], &changes[..1]),
            ("db-security-group", vec![], &changes[..]),
        ] {
            let name = self.context.name(&format!("payment-{source_type}"));
            let categories = categories.iter().map(|one| (*one).to_owned());
            stack.add(
                source_type,
                EventSubscription {
                    topic: topics.errors.arn(),
                    source_type: source_type.to_owned(),
                    sources: sources.into_iter().collect(),
                    categories: categories.collect(),
                    enabled: true,
                    tags: self.context.tags(&name),
                    name,
                },
            );
        }
    }

    /// Lets the function change the password. Secrets Manager has it log in at once, so that the
    /// database, and the way there, have to be ready.
    pub(super) fn rotation(
        &self,
        stack: &mut Stack,
        database: &Database,
        function: &FunctionRef,
        egress: &EgressMade,
    ) {
        let permission = stack.add(
            "rotation",
            Permission {
                function: function.name().when_created(),
                statement: "secretsmanager".to_owned(),
                action: "lambda:InvokeFunction".to_owned(),
                principal: "secretsmanager.amazonaws.com".to_owned(),
                source_arn: Some(database.secret.arn()),
                source_account: None,
            },
        );
        let mut before = database.before_a_login(egress);
        before.push(permission.address());
        stack.add_after(
            "db-credentials",
            &before,
            Rotation {
                secret: database.secret.arn(),
                function: function.arn(),
                automatically_after_days: self.parameters.rotation_days,
                duration: "3h".to_owned(),
            },
        );
    }
}
