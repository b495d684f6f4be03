"""Instances, what they are started as, and the time they take to start and to stop.

Without a time scale an instance is in service at once, and gone at once.
"""

import time

from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.exceptions import ServiceException
from moto.core.types import Base64EncodedString
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.utils import parse_user_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, iam_backends

from ..clock import clock, later
from ..patching import replace
from .iam import VISIBLE

# AWS seconds until an instance is in service, and until it is gone.
IN_SERVICE = 35
GONE = 60


# Launch templates


# moto keeps the tags that a template was made with, and answers those for ever.
LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, tags: None)


@replace(LaunchTemplate, "create_version")
def create_version(original, self, data, description):
    # moto understands the first version's, and fails to start an instance of any other.
    user_data = data.get("UserData")
    if user_data is not None and not isinstance(user_data, Base64EncodedString):
        data["UserData"] = parse_user_data(user_data)
    return original(self, data, description)


# Instance profiles


@replace(IAMBackend, "create_instance_profile")
def create_instance_profile(original, self, *arguments, **options):
    profile = original(self, *arguments, **options)
    profile.visible_at = time.time() + clock.seconds(VISIBLE) if clock.timed else 0
    return profile


# Groups


@replace(AutoScalingBackend, "create_auto_scaling_group")
def create_auto_scaling_group(original, self, name, *arguments, **options):
    if name in self.autoscaling_groups:
        raise AutoscalingClientError(
            "AlreadyExists",
            "AutoScalingGroup by this name already exists - A group with the name "
            f"{name} already exists",
        )
    _check_template(self, options.get("launch_template"))
    return original(self, name, *arguments, **options)


@replace(AutoScalingBackend, "update_auto_scaling_group")
def update_auto_scaling_group(original, self, *arguments, **options):
    _check_template(self, options.get("launch_template"))
    return original(self, *arguments, **options)


def _check_template(backend, named):
    """What an instance could not be started as, a group is not made of."""
    identifier = (named or {}).get("LaunchTemplateId")
    if identifier is None:
        return
    template = backend.ec2_backend.launch_templates.get(identifier)
    if template is None:
        _invalid(
            f"The specified launch template, with template ID {identifier}, does not exist."
        )
    version = template.get_version(named.get("Version") or "$Default")
    arn = (version.data.get("IamInstanceProfile") or {}).get("Arn")
    if arn is None:
        return
    profiles = iam_backends[backend.account_id][backend.partition]
    try:
        profile = profiles.get_instance_profile_by_arn(arn)
    except NotFoundException:
        profile = None
    if profile is None or getattr(profile, "visible_at", 0) > time.time():
        _invalid(
            f"Value ({arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM "
            "Instance Profile ARN"
        )


def _invalid(why):
    raise AutoscalingClientError(
        "ValidationError", f"You must use a valid fully-formed launch template. {why}"
    )


@replace(AutoScalingResponse, "create_auto_scaling_group")
def create_auto_scaling_group_call(original, self):
    answer = original(self)
    _keep_warmup(self)
    return answer


@replace(AutoScalingResponse, "update_auto_scaling_group")
def update_auto_scaling_group_call(original, self):
    answer = original(self)
    _keep_warmup(self)
    return answer


def _keep_warmup(response):
    warmup = response._get_int_param("DefaultInstanceWarmup")
    if warmup is not None:
        name = response._get_param("AutoScalingGroupName")
        group = response.autoscaling_backend.autoscaling_groups[name]
        group.default_instance_warmup = None if warmup < 0 else warmup


@replace(AutoScalingResponse, "delete_auto_scaling_group")
def delete_auto_scaling_group_call(original, self):
    group = self.autoscaling_backend.autoscaling_groups.get(
        self._get_param("AutoScalingGroupName")
    )
    if group and group.instances and not self._get_bool_param("ForceDelete", False):
        raise AutoscalingClientError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
            "instance request(s) still in the group.",
        )
    return original(self)


# Interfaces


@replace(Instance, "prep_nics")
def prep_nics(original, self, nic_spec, *arguments, **options):
    there = set(self.ec2_backend.enis)
    original(self, nic_spec, *arguments, **options)
    # moto keeps what does not ask to go. That all that a launch makes goes with the instance,
    # unless told to stay, is assumed.
    places = {int(nic["DeviceIndex"]) for nic in nic_spec if _stays(nic)}
    self.kept_interfaces = {
        interface.id
        for place, interface in self.nics.items()
        if interface.id in there or place in places
    }


def _stays(nic):
    return str(nic.get("DeleteOnTermination")).lower() == "false"


# Instances on their way in


@replace(FakeAutoScalingGroup, "active_instances")
def active_instances(original, self):
    # What is on its way counts: else there would be twice as many.
    return [one for one in self.instance_states if one.lifecycle_state in ("Pending", "InService")]


@replace(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
def start_instances(original, self, count_needed, propagated_tags):
    before = list(self.instance_states)
    original(self, count_needed, propagated_tags)
    for state in self.instance_states:
        if state not in before:
            state.lifecycle_state = "Pending"
            _state(state.instance, "pending", 0)
            place = self.account_id, self.region, state.instance.id
            later.schedule(IN_SERVICE, instance_in_service, *place)


@later.effect
def instance_in_service(account, region, identifier):
    instance = _find(account, region, identifier)
    if instance is None or instance._state.name != "pending":
        return
    _state(instance, "running", 16)
    for state in instance.autoscaling_group.instance_states:
        if state.instance is instance:
            state.lifecycle_state = "InService"


# And out


def _leaving(group):
    if not hasattr(group, "leaving"):
        group.leaving = []
    return group.leaving


FakeAutoScalingGroup.instances = property(lambda self: [*self.instance_states, *_leaving(self)])


@replace(FakeAutoScalingGroup, "set_desired_capacity")
def set_desired_capacity(original, self, new_capacity):
    before = list(self.instance_states)
    original(self, new_capacity)
    # moto brings those that stay into any order.
    self.instance_states.sort(key=lambda one: before.index(one) if one in before else len(before))
    gone = [one for one in before if one not in self.instance_states]
    for state in gone:
        if state.instance._state.name == "shutting-down":
            state.lifecycle_state = "Terminating"
            _leaving(self).append(state)


@replace(EC2Backend, "terminate_instances")
def terminate_instances(original, self, instance_ids):
    stopped = original(self, instance_ids)
    for instance, before in stopped:
        if before.name == "terminated":
            continue
        _state(instance, "shutting-down", 32)
        if before.name != "shutting-down":
            later.schedule(GONE, instance_gone, self.account_id, self.region_name, instance.id)
    return stopped


@later.effect
def instance_gone(account, region, identifier):
    instance = _find(account, region, identifier)
    if instance is None:
        return
    _state(instance, "terminated", 48)
    instance.gone_at = time.time()
    _let_go(instance)
    group = getattr(instance, "autoscaling_group", None)
    if group is not None:
        group.leaving = [one for one in _leaving(group) if one.instance is not instance]


def _let_go(instance):
    """Deletes the interfaces that came with the instance, and frees the others."""
    kept = getattr(instance, "kept_interfaces", ())
    for interface in list(instance.nics.values()):
        if interface.id in kept:
            instance.detach_eni(interface)
        elif instance.ec2_backend.enis.pop(interface.id, None):
            for address in interface.private_ip_addresses:
                interface.subnet.del_subnet_ip(address["PrivateIpAddress"])


def _state(instance, name, code):
    instance._state.name, instance._state.code = name, code


def _find(account, region, identifier):
    try:
        return ec2_backends[account][region].get_instance(identifier)
    except ServiceException:
        return None
