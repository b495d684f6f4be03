//! Groups: so many instances of one template, started anew where one fails.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, Instance, LaunchTemplateSpecification, LifecycleState,
    ScalingActivityStatusCode,
};
use payctl_engine::Unresolved;

use super::{GONE, tags};
use crate::ec2::{LaunchTemplateId, SubnetId};
use crate::prelude::*;

/// So many instances of one template, started anew where one fails.
#[kind(
    "autoscaling.group",
    outputs(name: GroupName),
    stable(name),
    typical(1.0, 35.0, 90.0),
    // An instance takes its minutes to stop, and what does not start is tried again and again.
    wait_timeout = 30 * 60,
    look = "autoscaling:DescribeAutoScalingGroups",
    // The activities say why nothing starts. Of the last three, AWS asks whether the caller might do by itself what the group does.
    create = "autoscaling:CreateAutoScalingGroup CreateOrUpdateTags DescribeScalingActivities \
        ec2:CreateTags RunInstances iam:CreateServiceLinkedRole",
    change = "autoscaling:CreateOrUpdateTags DeleteTags DisableMetricsCollection \
        EnableMetricsCollection UpdateAutoScalingGroup",
    // Whether one that is listed after all was destroyed, or its disk, is there still.
    delete = "autoscaling:DeleteAutoScalingGroup SetInstanceProtection UpdateAutoScalingGroup \
        ec2:DescribeInstances DescribeVolumes",
    unscoped = "autoscaling:DescribeAutoScalingGroups DescribeScalingActivities \
        ec2:DescribeInstances DescribeVolumes RunInstances",
    // What it starts carries tags. Auto Scaling starts and stops instances as its own role: an
    // account's first group makes it.
    on = [
        "arn:{partition}:ec2:{region}:{account}:instance/*",
        "arn:{partition}:ec2:{region}:{account}:volume/*",
        concat!(
                "arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:*:",
                "autoScalingGroupName/{name}"
            ),
        concat!(
                "arn:{partition}:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/",
                "AWSServiceRoleForAutoScaling"
            ),
    ],
)]
pub struct Group {
    #[prop(
        replaces, unique,
        length(1..=255),
        source = "CreateAutoScalingGroup.auto_scaling_group_name"
    )]
    pub name: String,
    /// What they are started as: always by its default version, so that a new one is what new
    /// instances get. Those that are there stay as they are.
    // Its instances are in the subnets, and in the security groups that the template holds.
    #[prop(holds)]
    pub launch_template: Input<LaunchTemplateId>,
    pub min: u32,
    pub max: u32,
    /// How many it begins with. Scaling policies move it afterwards, between `min` and `max`.
    pub desired: u32,
    #[prop(holds)]
    pub subnets: Set<Input<SubnetId>>,
    /// `EC2`, or `ELB` to believe a load balancer as well.
    #[prop(length(1..=32), source = "CreateAutoScalingGroup.health_check_type")]
    pub health_check: String,
    /// How long a new instance is not asked for its health.
    pub health_check_grace_s: u32,
    /// How long a new instance's metrics do not count.
    pub default_warmup_s: u32,
    /// Whether CloudWatch is told each minute how many there are, and in which state.
    #[prop(later)]
    pub metrics: bool,
    /// Whether its instances carry its tags, so that what is left of them after it can be found.
    pub tags_at_launch: bool,
    pub tags: Tags,
}

id! {
    /// An Auto Scaling group's name.
    GroupName,
}

/// The version that is in force, whichever that is.
const DEFAULT: &str = "$Default";
/// How many instances one call may name (SetInstanceProtection).
const AT_MOST: usize = 50;

impl Resource for Group {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<GroupOutputs>> {
        let known = GroupOutputs { name: self.name.as_str().into() };
        let there = look(cx, &known.name).await?.is_some();
        Ok(there.then_some(known).into_iter().collect())
    }

    async fn read(cx: &Cx<'_>, known: &GroupOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.name).await? else { return Ok(None) };
        let mut seen = Self::try_from(&seen)?;
        // Where policies moved the number to is no difference, and no plan may undo it: it reads
        // as it was set last. Outside the bounds that were set with it, nobody scaled it: it was
        // set by hand, or left at none by a deletion that was interrupted.
        if let Some(set) = Bounds::of(cx).filter(|set| (set.min..=set.max).contains(&seen.desired))
        {
            seen.desired = set.desired;
        }
        Ok(Some(seen))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<GroupOutputs> {
        let request = cx.cloud.autoscaling.create_auto_scaling_group();
        request
            .auto_scaling_group_name(&self.name)
            .launch_template(self.template()?)
            .min_size(self.min.cast_signed())
            .max_size(self.max.cast_signed())
            .desired_capacity(self.desired.cast_signed())
            .vpc_zone_identifier(self.zones()?)
            .health_check_type(&self.health_check)
            .health_check_grace_period(self.health_check_grace_s.cast_signed())
            .default_instance_warmup(self.default_warmup_s.cast_signed())
            .set_tags(Some(tags::list(&self.name, &self.tags, self.tags_at_launch)))
            .send()
            .await?;
        Ok(GroupOutputs { name: self.name.as_str().into() })
    }

    async fn converge(&self, cx: &Cx<'_>, known: &GroupOutputs, changed: &Changed) -> Result<()> {
        if changed.names().any(|name| !["metrics", "tags", "tags_at_launch"].contains(&name)) {
            // Where only the bounds change, AWS moves the number to the nearer one by itself.
            let desired = changed.has("desired").then(|| self.desired.cast_signed());
            let request = cx.cloud.autoscaling.update_auto_scaling_group();
            request
                .auto_scaling_group_name(&known.name)
                .launch_template(self.template()?)
                .min_size(self.min.cast_signed())
                .max_size(self.max.cast_signed())
                .set_desired_capacity(desired)
                .vpc_zone_identifier(self.zones()?)
                .health_check_type(&self.health_check)
                .health_check_grace_period(self.health_check_grace_s.cast_signed())
                .default_instance_warmup(self.default_warmup_s.cast_signed())
                .send()
                .await?;
        }
        if changed.has("metrics") {
            self.tell(cx).await?;
        }
        if changed.any(&["tags", "tags_at_launch"]) {
            let seen = look(cx, &known.name).await?;
            let seen = seen.map(|seen| tags::all(seen.tags())).unwrap_or_default();
            tags::replace(cx, known.name.as_str(), &seen, &self.tags, self.tags_at_launch).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &GroupOutputs) -> Result<()> {
        let Some(mut seen) = look(cx, &known.name).await? else { return Ok(()) };
        // AWS gives a status to nothing but a group on its way out.
        if seen.status().is_some_and(|status| !status.is_empty()) {
            return Err(AwsError::pending("the group to be deleted"));
        }
        // Deleted by force, it would be gone before its instances are, and nobody would wait for
        // those: subnets, security groups and the role's profile go next.
        if seen.max_size() != Some(0) {
            empty(cx, &known.name, seen.instances()).await?;
            seen = match look(cx, &known.name).await? {
                Some(seen) => seen,
                None => return Ok(()),
            };
        }
        let left = seen.instances().len();
        if left > 0 {
            return Err(AwsError::pending(format!("its instances to stop ({left} left)")));
        }
        let request = cx.cloud.autoscaling.delete_auto_scaling_group();
        let request = request.auto_scaling_group_name(&known.name);
        request.send().await.unless_absent(GONE)?;
        match look(cx, &known.name).await? {
            Some(_) => Err(AwsError::pending("the group to be deleted")),
            None => Ok(()),
        }
    }

    async fn ready(cx: &Cx<'_>, known: &GroupOutputs) -> Result<Readiness> {
        let Some(seen) = look(cx, &known.name).await? else {
            return Ok(Readiness::NotYet("the group to appear".to_owned()));
        };
        let wanted = usize::try_from(seen.min_size().unwrap_or_default()).unwrap_or_default();
        let in_service =
            |one: &&Instance| one.lifecycle_state() == Some(&LifecycleState::InService);
        if seen.instances().iter().filter(in_service).count() >= wanted {
            return Ok(Readiness::Ready);
        }
        let instances = if wanted == 1 { "instance" } else { "instances" };
        let what = format!("{wanted} {instances} to be in service");
        // Where none is even on its way, the last try says why; AWS goes on trying.
        let failed = match seen.instances().is_empty() {
            true => last_failure(cx, &known.name).await?,
            false => None,
        };
        Ok(Readiness::NotYet(match failed {
            Some(why) => format!("{what} ({why})"),
            None => what,
        }))
    }
}

impl Group {
    fn template(&self) -> Result<LaunchTemplateSpecification> {
        let template = LaunchTemplateSpecification::builder();
        Ok(template.launch_template_id(self.launch_template.get()?).version(DEFAULT).build())
    }

    /// Has CloudWatch told of all there is to tell, or of nothing.
    async fn tell(&self, cx: &Cx<'_>) -> Result<()> {
        let autoscaling = &cx.cloud.autoscaling;
        if self.metrics {
            let request = autoscaling.enable_metrics_collection();
            let request = request.auto_scaling_group_name(&self.name);
            request.granularity("1Minute").send().await?;
        } else if look(cx, &self.name).await?.is_some_and(|seen| told(&seen)) {
            let request = autoscaling.disable_metrics_collection();
            request.auto_scaling_group_name(&self.name).send().await?;
        }
        Ok(())
    }

    /// The subnets, in AWS's words.
    fn zones(&self) -> Result<String> {
        let subnets = self.subnets.iter().map(|subnet| subnet.get().map(SubnetId::as_str));
        Ok(subnets.collect::<Result<Vec<_>, Unresolved>>()?.join(","))
    }
}

/// The numbers that were recorded or declared last.
#[derive(Deserialize)]
struct Bounds {
    min: u32,
    max: u32,
    desired: u32,
}

impl Bounds {
    fn of(cx: &Cx<'_>) -> Option<Self> {
        Self::deserialize(cx.properties).ok()
    }
}

async fn look(cx: &Cx<'_>, name: impl AsRef<str>) -> Result<Option<AutoScalingGroup>> {
    let request = cx.cloud.autoscaling.describe_auto_scaling_groups();
    let reply = request.auto_scaling_group_names(name.as_ref()).send().await?;
    Ok(reply.auto_scaling_groups.unwrap_or_default().into_iter().next())
}

/// Lets the group start nothing any more and stop all it has.
async fn empty(cx: &Cx<'_>, name: &GroupName, instances: &[Instance]) -> Result<()> {
    let autoscaling = &cx.cloud.autoscaling;
    // Only others protect instances, but then they are never stopped.
    let protected: Vec<&str> = instances
        .iter()
        .filter(|one| one.protected_from_scale_in() == Some(true))
        .filter(|one| one.lifecycle_state() == Some(&LifecycleState::InService))
        .filter_map(Instance::instance_id)
        .collect();
    for some in protected.chunks(AT_MOST) {
        let request = autoscaling.set_instance_protection().auto_scaling_group_name(name);
        let ids = some.iter().map(|id| (*id).to_owned()).collect();
        request.set_instance_ids(Some(ids)).protected_from_scale_in(false).send().await?;
    }
    let request = autoscaling.update_auto_scaling_group().auto_scaling_group_name(name);
    let request = request.min_size(0).max_size(0).desired_capacity(0);
    request.new_instances_protected_from_scale_in(false).send().await?;
    Ok(())
}

/// Why the group's last try to start or stop something failed, if it did.
async fn last_failure(cx: &Cx<'_>, name: &GroupName) -> Result<Option<String>> {
    let request = cx.cloud.autoscaling.describe_scaling_activities();
    let reply = request.auto_scaling_group_name(name).max_records(1).send().await?;
    let last = reply.activities.unwrap_or_default().into_iter().next();
    let failed = last.filter(|last| last.status_code == Some(ScalingActivityStatusCode::Failed));
    Ok(failed.and_then(|failed| failed.status_message))
}

impl TryFrom<&AutoScalingGroup> for Group {
    type Error = AwsError;

    fn try_from(seen: &AutoScalingGroup) -> Result<Self> {
        let number = |number: Option<i32>| number.unwrap_or_default().cast_unsigned();
        let zones = seen.vpc_zone_identifier().unwrap_or_default().split(',');
        let zones = zones.map(str::trim).filter(|subnet| !subnet.is_empty());
        Ok(Self {
            name: seen.auto_scaling_group_name().present("auto_scaling_group_name")?.to_owned(),
            launch_template: template(seen).into(),
            min: number(seen.min_size()),
            max: number(seen.max_size()),
            desired: number(seen.desired_capacity()),
            subnets: zones.map(|subnet| SubnetId::from(subnet).into()).collect(),
            health_check: seen.health_check_type().unwrap_or_default().to_owned(),
            health_check_grace_s: number(seen.health_check_grace_period()),
            default_warmup_s: number(seen.default_instance_warmup()),
            metrics: told(seen),
            tags_at_launch: tags::at_launch(seen.tags()),
            tags: tags::all(seen.tags()),
        })
    }
}

/// Whether CloudWatch is told of it.
fn told(seen: &AutoScalingGroup) -> bool {
    !seen.enabled_metrics().is_empty()
}

/// The template's id. Where a hand chose another version than the default, that is told along with
/// it: no such template is ever declared, so it is set back.
fn template(seen: &AutoScalingGroup) -> LaunchTemplateId {
    let template = seen.launch_template();
    let id = template.and_then(LaunchTemplateSpecification::launch_template_id).unwrap_or_default();
    // AWS leaves the version out where it was never named, and means the default.
    match template.and_then(LaunchTemplateSpecification::version) {
        None | Some(DEFAULT) => id.into(),
        Some(version) => format!("{id}, version {version}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_version_is_another_template() {
        let seen = |version: Option<&str>| {
            let template = LaunchTemplateSpecification::builder().launch_template_id("lt-1");
            let template = template.set_version(version.map(str::to_owned)).build();
            let seen = AutoScalingGroup::builder().launch_template(template).build();
            super::template(&seen).to_string()
        };
        assert_eq!(seen(None), "lt-1");
        assert_eq!(seen(Some("$Default")), "lt-1");
        assert_eq!(seen(Some("3")), "lt-1, version 3");
    }
}
