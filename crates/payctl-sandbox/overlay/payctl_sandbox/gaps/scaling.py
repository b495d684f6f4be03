"""Scaling policies, of which moto has one of a name and never answers the ARN."""

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

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
