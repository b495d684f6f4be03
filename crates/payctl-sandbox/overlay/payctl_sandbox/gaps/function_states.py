"""Lambda in time: functions pending and updating, and interfaces that outlive them.

Without a time scale functions are active at once and have no interfaces. Functions with the same
groups in a subnet share an interface there, which lasts until the last of them has left it (Lambda
developer guide, "Configuring a Lambda function to access resources in a VPC"; times and the cure
by other groups: terraform-provider-aws#37624 and its commit 922037e). That it is named after the
function that it was made for, and that one which nobody has left for good serves the next, is
assumed.
"""

import uuid

from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.ec2.models import ec2_backends

from .. import lax
from ..clock import clock, later
from ..patching import replace

# AWS seconds.
ACTIVE_IN_VPC, ACTIVE = 45, 3
UPDATED_VPC, UPDATED = 45, 2
# From the end of the detaching update, from a delete without it, and until AWS itself removes
# an interface that nobody deleted.
FREE_AFTER_DETACH, FREE_AFTER_DELETE, REAPED_AFTER = 60, 240, 1800


@replace(LambdaBackend, "create_function")
def create_function(original, self, spec):
    function = original(self, spec)
    if not clock.timed:
        return function
    stored = self.get_function(function.function_name)
    stored.state = function.state = "Pending"
    reason = ("The function is being created.", "Creating")
    stored.state_reason = function.state_reason = reason
    _attach(stored)
    seconds = ACTIVE_IN_VPC if _subnets(stored) else ACTIVE
    later.schedule(seconds, function_active, *_place(self, stored))
    return function


@later.effect
def function_active(account, region, name):
    if function := _find(account, region, name):
        function.state, function.state_reason = "Active", (None, None)


@replace(LambdaBackend, "update_function_configuration")
def update_function_configuration(original, self, function_name, qualifier, body):
    function = self.get_function(function_name, qualifier)
    before = _subnets(function), _groups(function)
    answer = original(self, function_name, qualifier, body)
    moved = (_subnets(function), _groups(function)) != before
    if moved:
        # Also without a time scale: it may have them from when there was one.
        _release(function, UPDATED_VPC + FREE_AFTER_DETACH)
    if not clock.timed:
        return answer
    if moved:
        _attach(function)
    return _in_progress(self, function, UPDATED_VPC if moved else UPDATED)


@replace(LambdaBackend, "update_function_code")
def update_function_code(original, self, function_name, qualifier, body):
    answer = original(self, function_name, qualifier, body)
    if not clock.timed or body.get("DryRun"):
        return answer
    return _in_progress(self, self.get_function(function_name, qualifier), UPDATED)


def _in_progress(self, function, seconds):
    function.last_update = ("InProgress", "The function is being updated.", "Updating")
    later.schedule(seconds, function_updated, *_place(self, function))
    return function.get_configuration()


@later.effect
def function_updated(account, region, name):
    if function := _find(account, region, name):
        function.last_update = ("Successful", None, None)


@replace(LambdaBackend, "delete_function")
def delete_function(original, self, function_name, qualifier=None):
    try:
        function = self.get_function(function_name)
    except JsonRESTError:
        function = None
    original(self, function_name, qualifier)
    if function is None:
        return
    try:
        self.get_function(function_name)
    except JsonRESTError:
        # Gone while detaching: that is broken off, and the interfaces stay as long as ever.
        aborted = function.last_update[0] == "InProgress"
        _release(function, FREE_AFTER_DELETE, even_if_detached=aborted)


# Interfaces


def _attach(function):
    backend = ec2_backends[function.account_id][function.region]
    for subnet in _subnets(function):
        if shared := _shared(backend, function, subnet):
            shared.users.add(function.function_arn)
            # Whatever was to end it is off.
            shared.release += 1
            continue
        name = f"AWS Lambda VPC ENI-{function.function_name}-{uuid.uuid4()}"
        interface = backend.create_network_interface(
            subnet, None, group_ids=list(_groups(function)), description=name
        )
        interface.status = "in-use"
        interface.interface_type = "lambda"
        interface.requester_managed = True
        interface.requester_id = f"AROASANDBOX:awslambda_{function.function_name}"
        interface.users = {function.function_arn}
        interface.of_groups = frozenset(_groups(function))
        # Counts how often its end was scheduled, or was called off.
        interface.release = 0


def _shared(backend, function, subnet):
    """The interface of functions with the same groups in the subnet."""
    if "behaviour" in lax.parts:
        return None
    groups = frozenset(_groups(function))
    for interface in backend.enis.values():
        if interface.status == "in-use" and getattr(interface, "of_groups", None) == groups:
            if interface.subnet.id == subnet:
                return interface
    return None


def _release(function, seconds, even_if_detached=False):
    """Lets the function leave its interfaces: those it was the last in are free after a while."""
    backend = ec2_backends[function.account_id][function.region]
    for interface in list(backend.enis.values()):
        users = getattr(interface, "users", None)
        if users is None or interface.status != "in-use":
            continue
        if function.function_arn in users:
            users.remove(function.function_arn)
            interface.left_by = function.function_arn
        elif not even_if_detached or getattr(interface, "left_by", None) != function.function_arn:
            continue
        if users:
            continue
        interface.release += 1
        place = function.account_id, function.region, interface.id
        later.schedule(seconds, interface_free, *place, interface.release)


@later.effect
def interface_free(account, region, identifier, release):
    interface = ec2_backends[account][region].enis.get(identifier)
    if interface and interface.release == release and not interface.users:
        interface.status = "available"
        interface.interface_type = "interface"
        later.schedule(REAPED_AFTER, interface_reaped, account, region, identifier)


@later.effect
def interface_reaped(account, region, identifier):
    ec2_backends[account][region].enis.pop(identifier, None)


def _subnets(function):
    return tuple((function._vpc_config or {}).get("SubnetIds") or ())


def _groups(function):
    return tuple((function._vpc_config or {}).get("SecurityGroupIds") or ())


def _place(backend, function):
    return backend.account_id, backend.region_name, function.function_name


def _find(account, region, name):
    try:
        return lambda_backends[account][region].get_function(name)
    except JsonRESTError:
        return None
