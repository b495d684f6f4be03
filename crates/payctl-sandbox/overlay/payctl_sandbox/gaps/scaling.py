"""Scaling policies, of which moto has one of a name and never answers the ARN; and the metrics of
groups, of which it takes "all" for none and stops telling none."""

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from ..patching import replace


def _key(group, name):
    return f"{group}/{name}"


@replace(AutoScalingBackend, "put_scaling_policy")
def put_scaling_policy(original, self, name, *arguments, **options):
    group = options["as_name"]
    if group not in self.autoscaling_groups:
        raise ValidationError(f"Group {group} not found")
    policy = original(self, name, *arguments, **options)
    # Two groups may each have one of that name.
    self.policies[_key(group, name)] = self.policies.pop(name)
    return policy


@replace(AutoScalingResponse, "put_scaling_policy")
def put_scaling_policy_call(original, self):
    original(self)
    group, name = self._get_param("AutoScalingGroupName"), self._get_param("PolicyName")
    policy = self.autoscaling_backend.policies[_key(group, name)]
    return ActionResult({"PolicyARN": policy.arn, "Alarms": []})


@replace(AutoScalingResponse, "delete_policy")
def delete_policy_call(original, self):
    return _by_key(original, self)


@replace(AutoScalingResponse, "execute_policy")
def execute_policy_call(original, self):
    return _by_key(original, self)


def _by_key(original, response):
    group, name = response._get_param("AutoScalingGroupName"), response._get_param("PolicyName")
    response.params["PolicyName"] = _key(group, name)
    return original(response)


@replace(AutoScalingBackend, "delete_auto_scaling_group")
def delete_auto_scaling_group(original, self, group_name):
    original(self, group_name)
    for key, policy in list(self.policies.items()):
        if policy.auto_scaling_group_name == group_name:
            del self.policies[key]


# What there is to tell of a group.
METRICS = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
]


@replace(AutoScalingBackend, "enable_metrics_collection")
def enable_metrics_collection(original, self, group_name, metrics):
    if group_name not in self.autoscaling_groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    told = self.autoscaling_groups[group_name].metrics
    return original(self, group_name, sorted({*told, *(metrics or METRICS)}))


def _disable_metrics_collection(self):
    name, metrics = self._get_param("AutoScalingGroupName"), self._get_param("Metrics")
    groups = self.autoscaling_backend.autoscaling_groups
    if name not in groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    stopped = metrics or METRICS
    groups[name].metrics = [metric for metric in groups[name].metrics if metric not in stopped]
    return EmptyResult()


AutoScalingResponse.disable_metrics_collection = _disable_metrics_collection
