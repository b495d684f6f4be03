//! Scaling policies: when a group gets more instances, and when fewer.

use aws_sdk_autoscaling::types::{
    self, MetricType, PredefinedMetricSpecification, StepAdjustment, TargetTrackingConfiguration,
};

use super::{GONE, GroupName};
use crate::prelude::*;

/// When a group gets more instances, and when fewer.
#[kind(
    "autoscaling.policy",
    outputs(
        group: GroupName,
        name: ScalingPolicyName,
        /// What an alarm names as its action.
        arn: Arn,
    ),
    // The ARN has an id of the policy's own in it.
    stable(group, name),
    look = "autoscaling:DescribePolicies",
    create = "autoscaling:PutScalingPolicy",
    change = "autoscaling:PutScalingPolicy",
    delete = "autoscaling:DeletePolicy",
    unscoped = "autoscaling:DescribePolicies",
)]
pub struct ScalingPolicy {
    // AWS answers ResourceContention to the second of two.
    #[prop(replaces, unique, parent, serial)]
    pub group: Input<GroupName>,
    #[prop(replaces, unique, length(1..=255), source = "PutScalingPolicy.policy_name")]
    pub name: String,
    pub scaling: Scaling,
    /// How long an instance that this policy started does not count; the group's default when
    /// unset.
    pub warmup_s: Option<u32>,
}

/// By what the number is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// AWS keeps a metric near a value, with alarms of its own, which go with the policy.
    Target {
        /// Such as `ASGAverageCPUUtilization`.
        metric: String,
        value: f64,
    },
    /// An alarm whose action the policy is says by how much its threshold is passed.
    Steps {
        /// What a step's change means: `ChangeInCapacity` for so many instances.
        adjustment: String,
        /// Which of the metric's values counts: `Average`, `Minimum` or `Maximum`.
        aggregation: String,
        steps: Set<Step>,
    },
}

/// What is done where the metric is so far from the alarm's threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// No lower bound when unset.
    pub from: Option<f64>,
    /// No upper bound when unset.
    pub to: Option<f64>,
    pub change: i32,
}

id! {
    /// A scaling policy's name.
    ScalingPolicyName,
}

const TARGET: &str = "TargetTrackingScaling";
const STEPS: &str = "StepScaling";

impl Resource for ScalingPolicy {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ScalingPolicyOutputs>> {
        let Ok(group) = self.group.get() else { return Ok(Vec::new()) };
        let seen = look(cx, group, &self.name).await?;
        seen.iter().map(|seen| self.outputs(group, seen.policy_arn())).collect()
    }

    async fn read(cx: &Cx<'_>, known: &ScalingPolicyOutputs) -> Result<Option<Self>> {
        let seen = look(cx, &known.group, known.name.as_str()).await?;
        Ok(seen.map(|seen| Self {
            group: known.group.clone().into(),
            name: known.name.as_str().to_owned(),
            scaling: Scaling::from(&seen),
            warmup_s: seen.estimated_instance_warmup().map(i32::cast_unsigned),
        }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ScalingPolicyOutputs> {
        let group = self.group.get()?;
        if let Some(arn) = self.put(cx, group).await? {
            return self.outputs(group, Some(&arn));
        }
        let seen = look(cx, group, &self.name).await?;
        self.outputs(group, seen.present("the policy")?.policy_arn())
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ScalingPolicyOutputs,
        changed: &Changed,
    ) -> Result<()> {
        // Each call sets all of it.
        if !changed.is_empty() {
            self.put(cx, &known.group).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_>, known: &ScalingPolicyOutputs) -> Result<()> {
        let request = cx.cloud.autoscaling.delete_policy().policy_name(&known.name);
        let request = request.auto_scaling_group_name(&known.group);
        request.send().await.unless_absent(GONE)?;
        Ok(())
    }
}

impl ScalingPolicy {
    /// Sets it as declared, and answers its ARN where AWS does.
    async fn put(&self, cx: &Cx<'_>, group: &GroupName) -> Result<Option<String>> {
        let request = cx.cloud.autoscaling.put_scaling_policy().auto_scaling_group_name(group);
        let request = request
            .policy_name(&self.name)
            .set_estimated_instance_warmup(self.warmup_s.map(u32::cast_signed));
        let request = match &self.scaling {
            Scaling::Target { metric, value } => {
                let metric = PredefinedMetricSpecification::builder()
                    .predefined_metric_type(metric.as_str().into())
                    .build();
                let target = TargetTrackingConfiguration::builder()
                    .predefined_metric_specification(metric)
                    .target_value(*value)
                    .build();
                request.policy_type(TARGET).target_tracking_configuration(target)
            }
            Scaling::Steps { adjustment, aggregation, steps } => request
                .policy_type(STEPS)
                .adjustment_type(adjustment)
                .metric_aggregation_type(aggregation)
                .set_step_adjustments(Some(steps.iter().map(StepAdjustment::from).collect())),
        };
        Ok(request.send().await?.policy_arn)
    }

    fn outputs(&self, group: &GroupName, arn: Option<&str>) -> Result<ScalingPolicyOutputs> {
        let (group, name) = (group.clone(), self.name.as_str().into());
        Ok(ScalingPolicyOutputs { group, name, arn: arn.present("policy_arn")?.into() })
    }
}

async fn look(cx: &Cx<'_>, group: &GroupName, name: &str) -> Result<Option<types::ScalingPolicy>> {
    let all = cx.cloud.policies.load(group).await?.unwrap_or_default();
    Ok(all.into_iter().find(|seen| seen.policy_name() == Some(name)))
}

impl From<&types::ScalingPolicy> for Scaling {
    fn from(seen: &types::ScalingPolicy) -> Self {
        if let Some(target) = seen.target_tracking_configuration() {
            let metric = target.predefined_metric_specification();
            let metric = metric.and_then(|metric| metric.predefined_metric_type());
            return Self::Target {
                // Empty for a metric of one's own, which only others set.
                metric: metric.map_or("", MetricType::as_str).to_owned(),
                value: target.target_value().unwrap_or_default(),
            };
        }
        // One of another sort, which only others make, has no steps.
        Self::Steps {
            adjustment: seen.adjustment_type().unwrap_or_default().to_owned(),
            aggregation: seen.metric_aggregation_type().unwrap_or("Average").to_owned(),
            steps: seen.step_adjustments().iter().map(Step::from).collect(),
        }
    }
}

impl From<&Step> for StepAdjustment {
    fn from(step: &Step) -> Self {
        Self::builder()
            .set_metric_interval_lower_bound(step.from)
            .set_metric_interval_upper_bound(step.to)
            .scaling_adjustment(step.change)
            .build()
    }
}

impl From<&StepAdjustment> for Step {
    fn from(seen: &StepAdjustment) -> Self {
        Self {
            from: seen.metric_interval_lower_bound(),
            to: seen.metric_interval_upper_bound(),
            change: seen.scaling_adjustment().unwrap_or_default(),
        }
    }
}
