//! An Aurora PostgreSQL cluster in subnets of its own, with the secret that opens it.

use std::collections::BTreeMap;

use payctl_aws::Arn;
use payctl_aws::ec2::{
    Peer, Rule, SecurityGroup, SecurityGroupId, SecurityGroupIngress, SubnetId, VpcId,
};
use payctl_aws::rds::{
    Cluster, ClusterParameterGroup, ClusterRef, Instance, InstanceRef, SubnetGroup,
};
use payctl_aws::secretsmanager::{Generate, Secret, SecretRef, TargetAttachment};
use payctl_engine::{Handle as _, Input, Stack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::logs;
use super::part::{self, Part, PartContext};

/// An Aurora PostgreSQL cluster: encrypted, backed up, TLS only, reached by whom it names and by nobody
/// else, its log in CloudWatch, with a password that is made up and kept in a secret.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Database {
    /// What it is called in AWS, without the suffix; the part's name where nothing is said.
    #[serde(default)]
    pub name: Option<String>,
    /// The id of the VPC.
    pub vpc: Input<VpcId>,
    /// The ids of the subnets that it is in, of two zones at least.
    pub subnets: Vec<Input<SubnetId>>,
    /// The ids of the security groups whose members may connect.
    #[serde(default)]
    pub clients: Vec<Input<SecurityGroupId>>,
    /// The version, major and minor. Such as `16.11`; later minor ones are installed by AWS by itself
    /// (CreateDBInstance, `AutoMinorVersionUpgrade`).
    pub version: String,
    /// What its instances are. Such as `db.t4g.medium`.
    pub class: String,
    /// How many instances there are. The first one writes at first, the others read, and take over when
    /// it fails.
    #[serde(default = "instances")]
    #[schemars(range(min = 1, max = 16))]
    pub instances: u8,
    /// What the first database in it is called.
    #[serde(default = "database")]
    pub database: String,
    /// The name of who may do everything in it.
    #[serde(default = "user")]
    pub user: String,
    /// What PostgreSQL is told besides, such as `{ log_min_duration_statement = "500" }`.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// For how many days it can be set back to any second.
    #[serde(default = "backup_retention_days")]
    #[schemars(range(min = 1, max = 35))]
    pub backup_retention_days: u16,
    /// Whether it is protected against deletion.
    #[serde(default)]
    pub deletion_protection: bool,
    /// Whether its deletion leaves a snapshot behind, which outlives the stack and is paid for.
    #[serde(default)]
    pub final_snapshot: bool,
    /// How long its log is kept.
    #[serde(default = "log_retention_days")]
    pub log_retention_days: u32,
    /// The ARN of the key that encrypts it, its log and its password; the stack's key where nothing is
    /// said.
    #[serde(default)]
    pub key: Option<Input<Arn>>,
}

/// What a database is made of.
#[derive(Debug)]
pub struct DatabaseMade {
    /// The cluster.
    pub cluster: ClusterRef,
    /// What opens it.
    pub secret: SecretRef,
    /// The one that writes first.
    pub instances: Vec<InstanceRef>,
}

const ENGINE: &str = "aurora-postgresql";
/// Where PostgreSQL listens.
const PORT: u16 = 5432;
/// What it writes to CloudWatch.
const LOG: &str = "postgresql";
/// A cluster's data are in three zones (CreateDBCluster, `AvailabilityZones`: no more than three).
const ZONES: usize = 3;

fn instances() -> u8 {
    2
}

fn database() -> String {
    "app".to_owned()
}

fn user() -> String {
    // `admin` is a word of PostgreSQL's own there.
    "app_admin".to_owned()
}

fn backup_retention_days() -> u16 {
    30
}

fn log_retention_days() -> u32 {
    30
}

impl Part for Database {
    const NAME: &'static str = "database";
    const DECLARES: &'static [(&'static str, &'static str)] = &[
        ("rds.cluster", "NAME"),
        ("rds.instance", "NAME-1 …, one for each of `instances`"),
        ("rds.subnet_group", "NAME"),
        ("rds.cluster_parameter_group", "NAME"),
        ("ec2.security_group", "NAME"),
        ("ec2.security_group_ingress", "NAME, where there are `clients`"),
        ("secretsmanager.secret", "NAME"),
        (
            "secretsmanager.target_attachment",
            "NAME, which says in the secret where the database is",
        ),
        ("logs.group", "NAME"),
    ];
    type Made = DatabaseMade;

    fn declare(
        self,
        stack: &mut Stack,
        part: &PartContext<'_>,
        logical: &str,
    ) -> Result<DatabaseMade, String> {
        let context = part.context;
        let major = self.check()?;
        let base = part::base(self.name.clone(), logical);
        let name = context.name(&base);
        let key = part.key(self.key.clone())?;
        let secret = stack.add(
            logical,
            Secret {
                description: format!("What opens the database {base}"),
                kms_key: Some(key.clone()),
                generate: Generate {
                    fixed: [("username".to_owned(), self.user.clone())].into(),
                    key: "password".to_owned(),
                    length: 32,
                    punctuation: false,
                },
                recovery_window_days: Some(7),
                pending_deletion: false,
                tags: context.tags(&name),
                name: name.clone(),
            },
        );
        let group = stack.add(
            logical,
            SecurityGroup {
                description: format!("The database {base}: PostgreSQL from its clients"),
                vpc: self.vpc.clone(),
                // They may name it in turn: what it lets in is added once both are there.
                ingress: None,
                egress: [].into_iter().collect(),
                tags: context.tags(&name),
                name: name.clone(),
            },
        );
        if !self.clients.is_empty() {
            let rules = self.clients.iter().map(|client| Rule {
                protocol: "tcp".to_owned(),
                from_port: Some(PORT),
                to_port: Some(PORT),
                peer: Peer::Group(client.clone()),
                description: "PostgreSQL from a client".to_owned(),
            });
            let rules = rules.collect();
            stack.add(logical, SecurityGroupIngress { group: group.id(), rules });
        }
        let subnet_group = stack.add(
            logical,
            SubnetGroup {
                description: format!("The subnets of the database {base}"),
                vpc: self.vpc.clone(),
                subnets: self.subnets.iter().cloned().collect(),
                tags: context.tags(&name),
                name: name.clone(),
            },
        );
        // A major version takes no other's parameters: with each one comes a group of its own.
        let group_name = context.name(&format!("{base}-{major}"));
        let tls = [("rds.force_ssl".to_owned(), "1".to_owned())];
        let parameter_group = stack.add(
            logical,
            ClusterParameterGroup {
                family: format!("{ENGINE}{major}"),
                description: format!("The database {base}: TLS only"),
                parameters: self.parameters.clone().into_iter().chain(tls).collect(),
                tags: context.tags(&group_name),
                name: group_name,
            },
        );
        // RDS would make it by itself, to be kept for ever, and takes the one that is there
        // (terraform-provider-aws#5348). It outlives the cluster in a deletion: else it came back.
        let log = format!("/aws/rds/cluster/{name}/{LOG}");
        let log = logs::group(context, log, self.log_retention_days, key.clone());
        let log = stack.add(logical, log);
        let zones: Vec<_> = context.found.zones.iter().take(ZONES).cloned().collect();
        let cluster = stack.add_after(
            logical,
            &[log.address()],
            Cluster {
                identifier: name.clone(),
                engine: ENGINE.to_owned(),
                engine_version: self.version,
                database_name: self.database.clone(),
                master_username: self.user,
                master_secret: secret.arn(),
                port: PORT,
                zones: zones.iter().cloned().collect(),
                subnet_group: subnet_group.name(),
                security_groups: [group.id()].into_iter().collect(),
                kms_key: key,
                backup_retention_days: self.backup_retention_days,
                parameter_group: parameter_group.name(),
                log_exports: [LOG.to_owned()].into_iter().collect(),
                iam_authentication: true,
                deletion_protection: self.deletion_protection,
                copy_tags_to_snapshots: true,
                final_snapshot: self.final_snapshot,
                tags: context.tags(&name),
            },
        );
        // An instance is in a zone of which the cluster has a subnet: those are from the first on.
        let placed = zones.iter().take(self.subnets.len().max(1)).cycle();
        let instances = (0..self.instances).zip(placed).map(|(tier, zone)| {
            let ending = format!("-{}", tier + 1);
            let identifier = context.name(&format!("{base}{ending}"));
            let instance = Instance {
                // All are created together, while the cluster still is.
                cluster: cluster.identifier().when_created(),
                engine: ENGINE.to_owned(),
                class: self.class.clone(),
                zone: zone.clone(),
                publicly_accessible: false,
                auto_minor_version_upgrade: true,
                promotion_tier: tier.min(15),
                monitoring: None,
                tags: context.tags(&identifier),
                identifier,
            };
            stack.add(&format!("{logical}{ending}"), instance)
        });
        let instances = instances.collect();
        let fields = [
            ("host", cluster.endpoint().when_created()),
            ("port", Input::Known(PORT.to_string())),
            ("dbname", Input::Known(self.database)),
            ("engine", Input::from("postgres")),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value)).into();
        stack.add(logical, TargetAttachment { secret: secret.arn(), fields });
        Ok(DatabaseMade { cluster, secret, instances })
    }

    fn zones(_given: &Value) -> usize {
        ZONES
    }
}

impl Database {
    /// Checks what types cannot say, and answers the major version.
    fn check(&self) -> Result<String, String> {
        logs::check_retention(self.log_retention_days)?;
        // CreateDBSubnetGroup: "DB subnet groups must contain at least one subnet in at least two AZs".
        if self.subnets.len() < 2 {
            return Err("needs `subnets` of two zones at least".to_owned());
        }
        let numbers: Vec<&str> = self.version.split('.').collect();
        let is_number = |text: &&str| text.parse::<u32>().is_ok();
        if numbers.len() != 2 || !numbers.iter().all(is_number) {
            return Err(format!(
                "has the `version` {}: say major and minor version, such as 16.11",
                self.version
            ));
        }
        let is_word = |text: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(fits)
        };
        // CreateDBCluster: `MasterUsername` has 16 at most; PostgreSQL's names have 63.
        for (key, text, most) in [("database", &self.database, 63), ("user", &self.user, 16)] {
            if !is_word(text) || text.len() > most {
                return Err(format!(
                    "has `{key}` {text}: letters, digits and _, beginning with a letter, {most} at most"
                ));
            }
        }
        if self.user == "admin" {
            return Err("has the `user` admin, a word of PostgreSQL's own".to_owned());
        }
        if self.parameters.contains_key("rds.force_ssl") {
            return Err("is TLS only: `rds.force_ssl` is not to be set".to_owned());
        }
        Ok(numbers[0].to_owned())
    }
}
