//! Aurora clusters: a database's data, its endpoints, and who may use it.
//!
//! The master user's password is no property, so that it is in no plan, state or journal: it is
//! taken from its secret right before the call that sets it.

use aws_sdk_rds::operation::modify_db_cluster::builders::ModifyDBClusterFluentBuilder;
use aws_sdk_rds::types::{CloudwatchLogsExportConfiguration, DbCluster};
use payctl_engine::FailureKind;
use serde_json::Value;

use super::password::Password;
use super::{ClusterParameterGroupName, SubnetGroupName, tags, version};
use crate::ec2::SecurityGroupId;
use crate::prelude::*;

/// A database's data, encrypted, and its endpoints. Its instances are resources of their own.
#[kind(
    "rds.cluster",
    // All of it before the cluster is available.
    outputs(
        identifier: ClusterId,
        arn: Arn,
        endpoint: String,
        reader_endpoint: String,
        resource_id: ClusterResourceId,
    ),
    stable(identifier, arn),
    keeps_data,
    typical(3.0, 90.0, 65.0),
    // As long as terraform-provider-aws waits (docs/aws-facts.md).
    wait_timeout = 2 * 60 * 60,
    look = "rds:DescribeDBClusters",
    // The first of its things in an account brings RDS's own role with it.
    create = "iam:CreateServiceLinkedRole rds:AddTagsToResource CreateDBCluster \
        secretsmanager:GetSecretValue",
    change = "rds:AddTagsToResource ListTagsForResource ModifyDBCluster RemoveTagsFromResource \
        secretsmanager:GetSecretValue",
    delete = "rds:CreateDBClusterSnapshot DeleteDBCluster DescribeDBClusterSnapshots \
        DescribeDBInstances ModifyDBCluster",
    unscoped = "rds:DescribeDBClusters DescribeDBInstances",
    // Aurora has no other option group.
    on = [
        "arn:{partition}:iam::{account}:role/aws-service-role/rds.amazonaws.com/*",
        "arn:{partition}:rds:{region}:{account}:cluster:{identifier}",
        "arn:{partition}:rds:{region}:{account}:cluster-snapshot:{identifier}-final-*",
        "arn:{partition}:rds:{region}:{account}:og:default:*",
    ],
    extra_resources = [
        ("rds:CreateDBCluster", "parameter_group"),
        ("rds:CreateDBCluster", "subnet_group"),
        ("rds:ModifyDBCluster", "parameter_group"),
        ("secretsmanager:GetSecretValue", "master_secret"),
    ],
    delegated = [
        ("kms:CreateGrant", "kms_key", "rds"),
        ("kms:Decrypt", "kms_key", "rds"),
        ("kms:DescribeKey", "kms_key", "rds"),
        ("kms:GenerateDataKey", "kms_key", "rds"),
    ],
)]
pub struct Cluster {
    /// In lower case, as AWS writes it so.
    #[prop(replaces, unique)]
    pub identifier: String,
    /// Such as `aurora-postgresql`.
    #[prop(replaces)]
    pub engine: String,
    /// Such as `16.6`. A later minor version of the same major one is as good: AWS installs those
    /// by itself, and takes none back.
    pub engine_version: String,
    #[prop(replaces)]
    pub database_name: String,
    #[prop(replaces)]
    pub master_username: String,
    /// The secret whose `password` is the master user's. AWS does not tell which one that was: of
    /// a cluster which the state does not know it is taken to be the declared one.
    pub master_secret: Input<Arn>,
    pub port: u16,
    /// The three that the data are in, and that its instances may be in.
    #[prop(replaces)]
    pub zones: Set<Zone>,
    #[prop(replaces, holds)]
    pub subnet_group: Input<SubnetGroupName>,
    #[prop(holds)]
    pub security_groups: Set<Input<SecurityGroupId>>,
    /// The key that the data, their backups and snapshots are encrypted with.
    #[prop(replaces)]
    pub kms_key: Input<Arn>,
    pub backup_retention_days: u16,
    #[prop(holds)]
    pub parameter_group: Input<ClusterParameterGroupName>,
    /// The logs that go to CloudWatch, such as `postgresql`.
    pub log_exports: Set<String>,
    /// Whether IAM's principals can log in with a token.
    pub iam_authentication: bool,
    #[prop(protects)]
    pub deletion_protection: bool,
    pub copy_tags_to_snapshots: bool,
    /// Whether its deletion leaves a snapshot behind, which is nobody's from then on.
    pub final_snapshot: bool,
    pub tags: Tags,
}

id! {
    /// A cluster's identifier, which is its name.
    ClusterId,
    /// What AWS calls a cluster, and never another: `cluster-` and 26 letters and digits.
    ClusterResourceId,
}

/// What `ModifyDBCluster` takes however it is already.
const PLAIN: [&str; 8] = [
    "master_secret",
    "port",
    "security_groups",
    "backup_retention_days",
    "parameter_group",
    "iam_authentication",
    "deletion_protection",
    "copy_tags_to_snapshots",
];
const GONE: &str = "DBClusterNotFoundFault";
const SNAPSHOT_GONE: &str = "DBClusterSnapshotNotFoundFault";
const SNAPSHOT_THERE: &str = "DBClusterSnapshotAlreadyExistsFault";

impl Resource for Cluster {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ClusterOutputs>> {
        let seen = alive(cx.cloud.clusters.load(&self.identifier).await?);
        seen.iter().map(ClusterOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &ClusterOutputs) -> Result<Option<Self>> {
        let seen = alive(cx.cloud.clusters.load(&known.identifier).await?);
        seen.map(|seen| Self::as_seen(&seen, cx.properties)).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ClusterOutputs> {
        self.check_zones()?;
        let password = Password::of(cx, self.master_secret.get()?).await?;
        let request = cx.cloud.rds.create_db_cluster();
        let answer = request
            .db_cluster_identifier(&self.identifier)
            .engine(&self.engine)
            .engine_version(&self.engine_version)
            .database_name(&self.database_name)
            .master_username(&self.master_username)
            .master_user_password(password.reveal())
            .port(self.port.into())
            .set_availability_zones(Some(self.zones.iter().map(String::from).collect()))
            .db_subnet_group_name(self.subnet_group.get()?)
            .set_vpc_security_group_ids(Some(self.group_ids()?))
            .storage_encrypted(true)
            .kms_key_id(self.kms_key.get()?)
            .backup_retention_period(self.backup_retention_days.into())
            .db_cluster_parameter_group_name(self.parameter_group.get()?)
            .set_enable_cloudwatch_logs_exports(Some(self.log_exports.iter().cloned().collect()))
            .enable_iam_database_authentication(self.iam_authentication)
            .deletion_protection(self.deletion_protection)
            .copy_tags_to_snapshot(self.copy_tags_to_snapshots)
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await;
        match answer.map_err(|error| password.redact(error.into())) {
            Ok(reply) => ClusterOutputs::try_from(&reply.db_cluster.present("the cluster")?),
            Err(error) if error.kind() == FailureKind::Conflict => {
                match alive(cx.cloud.clusters.load(&self.identifier).await?) {
                    Some(_) => Err(error),
                    // The one that was deleted a moment ago.
                    None => Err(AwsError::pending("the former cluster of that name to be gone")),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn converge(&self, cx: &Cx<'_>, known: &ClusterOutputs, changed: &Changed) -> Result<()> {
        if changed.any(&PLAIN) || changed.any(&["engine_version", "log_exports"]) {
            let seen = cx.cloud.clusters.load(&known.identifier).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the cluster"))?;
            if let Some(what) = busy(&seen)? {
                return Err(AwsError::pending(what));
            }
            self.modify(cx, &seen, changed).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ClusterOutputs) -> Result<()> {
        let Some(seen) = cx.cloud.clusters.load(&known.identifier).await? else { return Ok(()) };
        if !deleting(&seen) {
            refuse_with_instances(cx, &seen).await?;
            if seen.deletion_protection == Some(true) {
                let request = modification(cx, &known.identifier).deletion_protection(false);
                request.send().await?;
            }
            delete(cx, known).await?;
        }
        Err(AwsError::pending("the cluster to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &ClusterOutputs) -> Result<Readiness> {
        let Some(seen) = cx.cloud.clusters.load(&known.identifier).await? else {
            return Ok(Readiness::NotYet("the cluster to be visible".to_owned()));
        };
        let what = busy(&seen)?
            .or_else(|| changing(&seen).then(|| "the cluster to take its changes".to_owned()));
        Ok(what.map_or(Readiness::Ready, Readiness::NotYet))
    }
}

impl Cluster {
    /// The cluster as it is, and as it will be in a moment where that is known already.
    fn as_seen(seen: &DbCluster, recorded: &Value) -> Result<Self> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let pending = seen.pending_modified_values();
        let retention = pending.and_then(|pending| pending.backup_retention_period);
        let retention = retention.or(seen.backup_retention_period).unwrap_or_default();
        let iam = pending.and_then(|pending| pending.iam_database_authentication_enabled);
        let iam = iam.or(seen.iam_database_authentication_enabled).unwrap_or_default();
        let version = text(seen.engine_version());
        let wanted = recorded["engine_version"].as_str();
        let wanted = wanted.filter(|wanted| version::as_good(&version, wanted));
        let secret = serde_json::from_value(recorded["master_secret"].clone());
        let groups = seen.vpc_security_groups().iter();
        let groups = groups.filter_map(|group| group.vpc_security_group_id());
        // The key of a cluster that is not encrypted is none, and never the declared one.
        let key = seen.kms_key_id().filter(|_| seen.storage_encrypted == Some(true));
        let group = text(seen.db_cluster_parameter_group());
        Ok(Self {
            identifier: seen.db_cluster_identifier().present("db_cluster_identifier")?.to_owned(),
            engine: text(seen.engine()),
            engine_version: wanted.map_or(version.clone(), str::to_owned),
            database_name: text(seen.database_name()),
            master_username: text(seen.master_username()),
            master_secret: secret.unwrap_or_else(|_| Arn::from("").into()),
            port: seen.port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            zones: seen.availability_zones().iter().map(|zone| zone.as_str().into()).collect(),
            subnet_group: SubnetGroupName::from(text(seen.db_subnet_group())).into(),
            security_groups: groups.map(|group| SecurityGroupId::from(group).into()).collect(),
            kms_key: Arn::from(text(key)).into(),
            backup_retention_days: u16::try_from(retention).unwrap_or_default(),
            parameter_group: ClusterParameterGroupName::from(group).into(),
            log_exports: seen.enabled_cloudwatch_logs_exports().iter().cloned().collect(),
            iam_authentication: iam,
            deletion_protection: seen.deletion_protection.unwrap_or_default(),
            copy_tags_to_snapshots: seen.copy_tags_to_snapshot.unwrap_or_default(),
            final_snapshot: keeps_snapshot(recorded),
            tags: tags::declared(seen.tag_list()),
        })
    }

    /// Of fewer, AWS would take some more without a word.
    fn check_zones(&self) -> Result<()> {
        match self.zones.iter().count() {
            3 => Ok(()),
            count => Err(AwsError::invalid(format!("a cluster is in three zones, not {count}"))),
        }
    }

    fn group_ids(&self) -> Result<Vec<String>> {
        self.security_groups.iter().map(|group| Ok(group.get()?.into())).collect()
    }

    /// Brings the changed properties to their declared values, all in one call: a new major
    /// version needs its parameter group in the same one.
    async fn modify(&self, cx: &Cx<'_>, seen: &DbCluster, changed: &Changed) -> Result<()> {
        let version = seen.engine_version().unwrap_or_default();
        let as_good = version::as_good(version, &self.engine_version);
        let upgrade = changed.has("engine_version") && !as_good;
        let exports = self.exports(seen).filter(|_| changed.has("log_exports"));
        if !upgrade && exports.is_none() && !changed.any(&PLAIN) {
            return Ok(());
        }
        let mut request = modification(cx, &self.identifier.as_str().into());
        request = request.set_cloudwatch_logs_export_configuration(exports);
        if upgrade {
            let major = version::is_major(version, &self.engine_version);
            request = request.engine_version(&self.engine_version);
            request = request.set_allow_major_version_upgrade(major.then_some(true));
        }
        let mut password = None;
        if changed.has("master_secret") {
            let secret = Password::of(cx, self.master_secret.get()?).await?;
            request = request.master_user_password(secret.reveal());
            password = Some(secret);
        }
        if changed.has("port") {
            request = request.port(self.port.into());
        }
        if changed.has("security_groups") {
            request = request.set_vpc_security_group_ids(Some(self.group_ids()?));
        }
        if changed.has("backup_retention_days") {
            request = request.backup_retention_period(self.backup_retention_days.into());
        }
        if changed.has("parameter_group") {
            request = request.db_cluster_parameter_group_name(self.parameter_group.get()?);
        }
        if changed.has("iam_authentication") {
            request = request.enable_iam_database_authentication(self.iam_authentication);
        }
        if changed.has("deletion_protection") {
            request = request.deletion_protection(self.deletion_protection);
        }
        if changed.has("copy_tags_to_snapshots") {
            request = request.copy_tags_to_snapshot(self.copy_tags_to_snapshots);
        }
        let answer = request.send().await.map_err(AwsError::from);
        answer.map(drop).map_err(|error| match &password {
            Some(password) => password.redact(error),
            None => error,
        })
    }

    /// The logs to begin with and to end, if there are any.
    fn exports(&self, seen: &DbCluster) -> Option<CloudwatchLogsExportConfiguration> {
        let seen = seen.enabled_cloudwatch_logs_exports();
        let wanted: Vec<&String> = self.log_exports.iter().collect();
        let begin = wanted.iter().filter(|name| !seen.contains(name));
        let begin: Vec<String> = begin.map(|name| (*name).clone()).collect();
        let end = seen.iter().filter(|name| !wanted.contains(name));
        let end: Vec<String> = end.cloned().collect();
        let exports = CloudwatchLogsExportConfiguration::builder()
            .set_enable_log_types((!begin.is_empty()).then_some(begin))
            .set_disable_log_types((!end.is_empty()).then_some(end))
            .build();
        (exports != CloudwatchLogsExportConfiguration::builder().build()).then_some(exports)
    }
}

impl ClusterOutputs {
    /// What its final snapshot is called: as no other cluster's, however often one of that name is
    /// made, and the same in every try to delete this one.
    fn final_snapshot(&self) -> String {
        let id = self.resource_id.as_str().to_lowercase();
        format!("{}-final-{}", self.identifier, id.trim_start_matches("cluster-"))
    }
}

/// A change that does not wait for the maintenance window. It takes what waits for that along.
fn modification(cx: &Cx<'_>, identifier: &ClusterId) -> ModifyDBClusterFluentBuilder {
    let request = cx.cloud.rds.modify_db_cluster().db_cluster_identifier(identifier);
    request.apply_immediately(true)
}

/// Refuses to delete a cluster with instances that are not on their way out: ours went before,
/// and AWS would answer for ever that it is busy.
async fn refuse_with_instances(cx: &Cx<'_>, seen: &DbCluster) -> Result<()> {
    let mut others = Vec::new();
    for name in seen.db_cluster_members().iter().filter_map(|one| one.db_instance_identifier()) {
        let instance = cx.cloud.instances.load(name).await?;
        let status = instance.as_ref().and_then(|instance| instance.db_instance_status());
        if status.is_some_and(|status| status != "deleting") {
            others.push(name);
        }
    }
    match others.is_empty() {
        true => Ok(()),
        false => Err(AwsError::invalid(format!(
            "it has instances that are none of this environment's: delete {} before",
            others.join(", ")
        ))),
    }
}

async fn delete(cx: &Cx<'_>, known: &ClusterOutputs) -> Result<()> {
    let request = || cx.cloud.rds.delete_db_cluster().db_cluster_identifier(&known.identifier);
    if keeps_snapshot(cx.properties) {
        let name = known.final_snapshot();
        let answer = request().final_db_snapshot_identifier(&name).send().await;
        match answer.unless_absent(GONE) {
            Err(error) if error.code() == Some(SNAPSHOT_THERE) => {}
            answer => return answer.map(drop),
        }
        // An earlier try made it, and the cluster stayed. Nothing was written since, as its
        // instances went before.
        if !is_complete(cx, &name).await? {
            return Err(AwsError::pending("the cluster's final snapshot to be complete"));
        }
    }
    request().skip_final_snapshot(true).send().await.unless_absent(GONE)?;
    Ok(())
}

async fn is_complete(cx: &Cx<'_>, snapshot: &str) -> Result<bool> {
    let request = cx.cloud.rds.describe_db_cluster_snapshots();
    let request = request.db_cluster_snapshot_identifier(snapshot);
    let reply = request.send().await.unless_absent(SNAPSHOT_GONE)?;
    let seen = reply.and_then(|reply| reply.db_cluster_snapshots).unwrap_or_default();
    Ok(seen.iter().any(|snapshot| snapshot.status() == Some("available")))
}

/// Whether a deletion leaves a snapshot behind, which RDS learns only then.
fn keeps_snapshot(properties: &Value) -> bool {
    properties["final_snapshot"] == Value::Bool(true)
}

fn deleting(seen: &DbCluster) -> bool {
    seen.status() == Some("deleting")
}

/// One on its way out is as good as gone: nothing brings it back.
fn alive(seen: Option<DbCluster>) -> Option<DbCluster> {
    seen.filter(|seen| !deleting(seen))
}

/// Whether a cluster or an instance does not leave this status by itself, or not for days.
pub(crate) fn is_terminal(status: &str) -> bool {
    status.starts_with("inaccessible-")
        || status.starts_with("incompatible-")
        || status.ends_with("failed")
        || ["stopped", "storage-full"].contains(&status)
}

/// What the cluster needs before it can be used and changed; nothing, when it can.
fn busy(seen: &DbCluster) -> Result<Option<String>> {
    match seen.status().unwrap_or_default() {
        "available" => Ok(None),
        status if is_terminal(status) => {
            Err(AwsError::invalid(format!("the cluster is in terminal status {status}")))
        }
        status => Ok(Some(format!("the cluster to become available (it is {status})"))),
    }
}

/// Whether it is about to change, though it is still available.
fn changing(seen: &DbCluster) -> bool {
    seen.pending_modified_values().is_some_and(|pending| {
        pending.master_user_password.is_some()
            || pending.backup_retention_period.is_some()
            || pending.iam_database_authentication_enabled.is_some()
            || pending.pending_cloudwatch_logs_exports.as_ref().is_some_and(|logs| {
                !logs.log_types_to_enable().is_empty() || !logs.log_types_to_disable().is_empty()
            })
    })
}

impl TryFrom<&DbCluster> for ClusterOutputs {
    type Error = AwsError;

    fn try_from(seen: &DbCluster) -> Result<Self> {
        Ok(Self {
            identifier: seen.db_cluster_identifier().present("db_cluster_identifier")?.into(),
            arn: seen.db_cluster_arn().present("db_cluster_arn")?.into(),
            endpoint: seen.endpoint().present("endpoint")?.to_owned(),
            reader_endpoint: seen.reader_endpoint().present("reader_endpoint")?.to_owned(),
            resource_id: seen.db_cluster_resource_id().present("db_cluster_resource_id")?.into(),
        })
    }
}
