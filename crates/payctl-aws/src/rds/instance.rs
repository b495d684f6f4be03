//! Aurora instances: what works on a cluster's data, one as the writer, the others as readers.

use aws_sdk_rds::types::DbInstance;
use payctl_engine::FailureKind;

use super::{ClusterId, tags};
use crate::prelude::*;

/// What works on a cluster's data: the first of a cluster as its writer.
#[kind(
    "rds.instance",
    outputs(identifier: InstanceId, arn: Arn),
    stable(identifier, arn),
    typical(2.0, 420.0, 707.0),
    // As long as terraform-provider-aws waits (docs/aws-facts.md).
    wait_timeout = 90 * 60,
    look = "rds:DescribeDBInstances",
    // The network is looked at in the caller's name (AWS's schema of AWS::RDS::DBInstance,
    // `handlers`).
    create = "ec2:DescribeAccountAttributes DescribeAvailabilityZones DescribeInternetGateways \
        DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcs \
        rds:AddTagsToResource CreateDBInstance",
    change = "rds:AddTagsToResource ListTagsForResource ModifyDBInstance RemoveTagsFromResource",
    delete = "rds:DeleteDBInstance",
    unscoped = "ec2:DescribeAccountAttributes DescribeAvailabilityZones DescribeInternetGateways \
        DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcs \
        rds:DescribeDBInstances",
    // Of options and parameters what AWS takes for it, since nothing else is named: those of the
    // engine, and the cluster's subnet group.
    on = [
        "arn:{partition}:rds:{region}:{account}:db:{identifier}",
        "arn:{partition}:rds:{region}:{account}:og:default:*",
        "arn:{partition}:rds:{region}:{account}:pg:default.*",
        "arn:{partition}:rds:{region}:{account}:subgrp:*",
    ],
    extra_resources = [("rds:CreateDBInstance", "cluster")],
    delegated = [("iam:PassRole", "monitoring", "monitoring.rds")],
)]
pub struct Instance {
    /// In lower case, as AWS writes it so.
    #[prop(replaces, unique)]
    pub identifier: String,
    /// AWS needs no more of it than that it is there: it may still be being created.
    // A cluster goes after its instances.
    #[prop(replaces, holds)]
    pub cluster: Input<ClusterId>,
    /// The cluster's.
    #[prop(replaces)]
    pub engine: String,
    /// Such as `db.r6g.xlarge`.
    pub class: String,
    #[prop(replaces)]
    pub zone: Zone,
    pub publicly_accessible: bool,
    /// Whether AWS installs minor versions by itself.
    pub auto_minor_version_upgrade: bool,
    /// From 0 to 15: of the readers, who is to be the writer next. The lowest goes first.
    pub promotion_tier: u8,
    /// How closely the machine itself is watched (Enhanced Monitoring). None: not at all.
    pub monitoring: Option<Monitoring>,
    pub tags: Tags,
}

/// How often RDS reports what happens on a machine, and as whom. It does so to the account's log
/// group `RDSOSMetrics`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Monitoring {
    /// 1, 5, 10, 15, 30 or 60.
    pub interval_s: u32,
    pub role: Input<Arn>,
}

id! {
    /// An instance's identifier, which is its name.
    InstanceId,
}

const GONE: &str = "DBInstanceNotFound";

impl Resource for Instance {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<InstanceOutputs>> {
        let seen = alive(cx.cloud.instances.load(&self.identifier).await?);
        seen.iter().map(InstanceOutputs::try_from).collect()
    }

    async fn read(cx: &Cx<'_>, known: &InstanceOutputs) -> Result<Option<Self>> {
        let seen = alive(cx.cloud.instances.load(&known.identifier).await?);
        seen.as_ref().map(Self::try_from).transpose()
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<InstanceOutputs> {
        let request = cx.cloud.rds.create_db_instance();
        let answer = request
            .db_instance_identifier(&self.identifier)
            .db_cluster_identifier(self.cluster.get()?)
            .engine(&self.engine)
            .db_instance_class(&self.class)
            .availability_zone(self.zone.as_str())
            .publicly_accessible(self.publicly_accessible)
            .auto_minor_version_upgrade(self.auto_minor_version_upgrade)
            .promotion_tier(self.promotion_tier.into())
            .set_monitoring_interval(self.monitoring_interval()?)
            .set_monitoring_role_arn(self.monitoring_role()?)
            .set_tags(Some(tags::list(&self.tags)))
            .send()
            .await;
        match answer.map_err(AwsError::from) {
            Ok(reply) => InstanceOutputs::try_from(&reply.db_instance.present("the instance")?),
            Err(error) if error.kind() == FailureKind::Conflict => {
                match alive(cx.cloud.instances.load(&self.identifier).await?) {
                    Some(_) => Err(error),
                    // The one that was deleted a moment ago.
                    None => Err(AwsError::pending("the former instance of that name to be gone")),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &InstanceOutputs,
        changed: &Changed,
    ) -> Result<()> {
        if changed.names().any(|name| name != "tags") {
            let seen = cx.cloud.instances.load(&known.identifier).await?;
            let seen = seen.ok_or_else(|| AwsError::not_visible("the instance"))?;
            if let Some(what) = busy(&seen)? {
                return Err(AwsError::pending(what));
            }
            self.modify(cx, known, changed).await?;
        }
        if changed.has("tags") {
            tags::replace(cx, &known.arn, &self.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &InstanceOutputs) -> Result<()> {
        let Some(seen) = cx.cloud.instances.load(&known.identifier).await? else { return Ok(()) };
        if !deleting(&seen) {
            let request = cx.cloud.rds.delete_db_instance();
            // The data are the cluster's, and so is a snapshot of them.
            let request = request.skip_final_snapshot(true);
            let request = request.db_instance_identifier(&known.identifier);
            request.send().await.unless_absent(GONE)?;
        }
        Err(AwsError::pending("the instance to be deleted"))
    }

    async fn ready(cx: &Cx<'_>, known: &InstanceOutputs) -> Result<Readiness> {
        let Some(seen) = cx.cloud.instances.load(&known.identifier).await? else {
            return Ok(Readiness::NotYet("the instance to be visible".to_owned()));
        };
        let what = busy(&seen)?.or_else(|| {
            let class = seen.pending_modified_values()?.db_instance_class()?;
            Some(format!("the instance to become {class}"))
        });
        Ok(what.map_or(Readiness::Ready, Readiness::NotYet))
    }
}

impl Instance {
    fn monitoring_interval(&self) -> Result<Option<i32>> {
        let interval = self.monitoring.as_ref().map(|one| i32::try_from(one.interval_s));
        interval.transpose().map_err(|_| AwsError::invalid("an interval of 60 s is the longest"))
    }

    fn monitoring_role(&self) -> Result<Option<String>> {
        let role = self.monitoring.as_ref().map(|one| one.role.get().map(String::from));
        Ok(role.transpose()?)
    }

    async fn modify(&self, cx: &Cx<'_>, known: &InstanceOutputs, changed: &Changed) -> Result<()> {
        let request = cx.cloud.rds.modify_db_instance().apply_immediately(true);
        let mut request = request.db_instance_identifier(&known.identifier);
        if changed.has("class") {
            request = request.db_instance_class(&self.class);
        }
        if changed.has("publicly_accessible") {
            request = request.publicly_accessible(self.publicly_accessible);
        }
        if changed.has("auto_minor_version_upgrade") {
            request = request.auto_minor_version_upgrade(self.auto_minor_version_upgrade);
        }
        if changed.has("promotion_tier") {
            request = request.promotion_tier(self.promotion_tier.into());
        }
        if changed.has("monitoring") {
            // Off is an interval of 0, and then no role may be named (ModifyDBInstance).
            let interval = self.monitoring_interval()?.unwrap_or_default();
            request = request.monitoring_interval(interval);
            request = request.set_monitoring_role_arn(self.monitoring_role()?);
        }
        request.send().await?;
        Ok(())
    }
}

fn deleting(seen: &DbInstance) -> bool {
    seen.db_instance_status() == Some("deleting")
}

/// One on its way out is as good as gone: nothing brings it back.
fn alive(seen: Option<DbInstance>) -> Option<DbInstance> {
    seen.filter(|seen| !deleting(seen))
}

/// What the instance needs before it can be used and changed; nothing, when it can.
fn busy(seen: &DbInstance) -> Result<Option<String>> {
    match seen.db_instance_status().unwrap_or_default() {
        // In use, while RDS works on what nobody notices.
        "available" | "storage-optimization" => Ok(None),
        // It does not leave these by itself, or not for days.
        status
            if status.starts_with("inaccessible-")
                || status.starts_with("incompatible-")
                || ["failed", "insufficient-capacity", "restore-error", "stopped"]
                    .contains(&status) =>
        {
            Err(AwsError::invalid(format!("the instance is in terminal status {status}")))
        }
        status => Ok(Some(format!("the instance to become available (it is {status})"))),
    }
}

impl TryFrom<&DbInstance> for Instance {
    type Error = AwsError;

    fn try_from(seen: &DbInstance) -> Result<Self> {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        // What it will be in a moment, where that is known already.
        let pending = seen.pending_modified_values();
        let class = pending.and_then(|pending| pending.db_instance_class());
        let tier = seen.promotion_tier.unwrap_or_default();
        let interval = seen.monitoring_interval().and_then(|seconds| u32::try_from(seconds).ok());
        let role = seen.monitoring_role_arn().filter(|role| !role.is_empty());
        let monitored = interval.filter(|seconds| *seconds > 0).zip(role);
        Ok(Self {
            identifier: seen.db_instance_identifier().present("identifier")?.to_owned(),
            cluster: ClusterId::from(text(seen.db_cluster_identifier())).into(),
            engine: text(seen.engine()),
            class: text(class.or(seen.db_instance_class())),
            zone: text(seen.availability_zone()).into(),
            publicly_accessible: seen.publicly_accessible.unwrap_or_default(),
            auto_minor_version_upgrade: seen.auto_minor_version_upgrade.unwrap_or_default(),
            promotion_tier: u8::try_from(tier).unwrap_or_default(),
            monitoring: monitored
                .map(|(interval_s, role)| Monitoring { interval_s, role: Arn::from(role).into() }),
            tags: tags::declared(seen.tag_list()),
        })
    }
}

impl TryFrom<&DbInstance> for InstanceOutputs {
    type Error = AwsError;

    fn try_from(seen: &DbInstance) -> Result<Self> {
        let identifier = seen.db_instance_identifier().present("db_instance_identifier")?.into();
        let arn = seen.db_instance_arn().present("db_instance_arn")?.into();
        Ok(Self { identifier, arn })
    }
}
