"""Event source mappings: what Lambda refuses, and how long one takes to be set up and to go.

Without a time scale they are there, changed and gone at once.
"""

from moto.awslambda.exceptions import (
    GenericResourcNotFound,
    InvalidParameterValueException,
    LambdaClientError,
)
from moto.awslambda.models import EventSourceMapping, LambdaBackend, lambda_backends
from moto.sqs.models import sqs_backends

from ..clock import clock, later
from ..patching import replace
from .function_checks import role_allows, role_of
from .functions import Conflict

# AWS seconds.
SETTLED, DELETED = 10, 10
# What the function's role needs before Lambda takes a queue for it.
ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# A larger batch has to be waited for.
LARGEST_AT_ONCE = 10


class InUse(LambdaClientError):
    """A ResourceInUseException."""

    code = 400

    def __init__(self, verb):
        message = f"Cannot {verb} the event source mapping because it is in use."
        super().__init__("ResourceInUseException", message)


@replace(EventSourceMapping, "get_configuration")
def get_configuration(original, self):
    configuration = original(self)
    configuration.setdefault("MaximumBatchingWindowInSeconds", 0)
    # What is under way; None while nothing is.
    configuration["State"] = getattr(self, "under_way", None) or configuration["State"]
    return configuration


@replace(LambdaBackend, "create_event_source_mapping")
def create_event_source_mapping(original, self, spec):
    source, name = spec.get("EventSourceArn") or "", spec.get("FunctionName")
    if not name or ":sqs:" not in source:
        return original(self, spec)
    function = self.get_function(name)
    _check(self, source, function, spec)
    mapping = original(self, spec)
    # By which it is listed, however it was named.
    mapping.function_name = function.function_name
    _take_time(self, mapping, "Creating")
    return mapping


@replace(LambdaBackend, "update_event_source_mapping")
def update_event_source_mapping(original, self, uuid, spec):
    mapping = _known(self, uuid)
    _refuse_busy(mapping, "update")
    if ":sqs:" not in mapping.event_source_arn:
        return original(self, uuid, spec)
    function = self.get_function(spec.get("FunctionName") or mapping.function_arn)
    now = mapping.get_configuration()
    now = {name: now[name] for name in ("BatchSize", "MaximumBatchingWindowInSeconds")}
    _check(self, mapping.event_source_arn, function, {**now, **spec}, mapping)
    _unplug(self, mapping)
    original(self, uuid, spec)
    mapping.function_name = function.function_name
    _queue(self, mapping.event_source_arn).lambda_event_source_mappings[
        mapping.function_arn
    ] = mapping
    _take_time(self, mapping, "Updating")
    return mapping


@replace(LambdaBackend, "delete_event_source_mapping")
def delete_event_source_mapping(original, self, uuid):
    mapping = _known(self, uuid)
    _refuse_busy(mapping, "delete")
    _unplug(self, mapping)
    if not clock.timed:
        return original(self, uuid)
    mapping.under_way = "Deleting"
    # Nothing is taken from the queue any more.
    mapping.enabled = False
    later.schedule(DELETED, mapping_gone, *_place(self, mapping))
    return mapping


@later.effect
def mapping_settled(account, region, uuid):
    mapping = lambda_backends[account][region].get_event_source_mapping(uuid)
    if mapping:
        mapping.under_way = None


@later.effect
def mapping_gone(account, region, uuid):
    lambda_backends[account][region]._event_source_mappings.pop(uuid, None)


def _known(self, uuid):
    mapping = self.get_event_source_mapping(uuid)
    if mapping is None:
        raise GenericResourcNotFound()
    return mapping


def _refuse_busy(mapping, verb):
    if getattr(mapping, "under_way", None):
        raise InUse(verb)


def _take_time(self, mapping, what):
    if clock.timed:
        mapping.under_way = what
        later.schedule(SETTLED, mapping_settled, *_place(self, mapping))


def _place(self, mapping):
    return self.account_id, self.region_name, mapping.uuid


def _check(self, source, function, spec, mapping=None):
    """Refuses what Lambda does not set up; `mapping` is the one that is changed."""
    for other in self._event_source_mappings.values():
        same = (other.event_source_arn, other.function_arn) == (source, function.function_arn)
        if same and other is not mapping:
            raise Conflict(
                f'An event source mapping with SQS arn (" {source} ") and function (" '
                f'{function.function_name} ") already exists. Please update or delete the '
                f"existing mapping with UUID {other.uuid}"
            )
    size, window = spec.get("BatchSize"), spec.get("MaximumBatchingWindowInSeconds")
    if (size or 0) > LARGEST_AT_ONCE and not window:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            f"greater than {LARGEST_AT_ONCE}"
        )
    role = role_of(self, function.role)
    for action in ACTIONS:
        if role is not None and not role_allows(role, action):
            raise InvalidParameterValueException(
                "The provided execution role does not have permissions to call "
                f"{action.removeprefix('sqs:')} on SQS"
            )
    queue = _queue(self, source)
    if queue is None:
        raise InvalidParameterValueException(
            "Error occurred while ReceiveMessage. SQS Error Code: "
            "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue "
            "does not exist."
        )
    if queue.visibility_timeout < function.timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function "
            f"timeout: {function.timeout} seconds"
        )


def _queue(self, arn):
    queues = sqs_backends[self.account_id][self.region_name].queues.values()
    return next((queue for queue in queues if queue.queue_arn == arn), None)


def _unplug(self, mapping):
    """Takes it off its queue: moto leaves it there, and messages keep going to the function."""
    queue = _queue(self, mapping.event_source_arn)
    if queue is not None:
        queue.lambda_event_source_mappings.pop(mapping.function_arn, None)
