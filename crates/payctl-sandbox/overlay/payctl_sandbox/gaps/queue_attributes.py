"""SQS: what a queue says of itself, what is refused, and names that are not free at once."""

from moto.sqs.exceptions import InvalidAttributeValue, QueueAlreadyExists, SQSException
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from ..clock import clock, later
from ..patching import replace

# AWS seconds: until a deleted queue answers no more, and until its name is free.
GONE, FREE = 30, 60

ALLOW = "RedriveAllowPolicy"
ALLOW_ALL = '{"redrivePermission":"allowAll"}'
LIMITS = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1024, 1024 * 1024),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}


@replace(Queue, "_set_attributes")
def set_attributes(original, self, attributes, now=None):
    for name, (least, most) in LIMITS.items():
        if name in attributes and not least <= int(attributes[name]) <= most:
            raise InvalidAttributeValue(name)
    # moto's drops the policy with every change that does not name it.
    if "Policy" not in attributes:
        attributes = {**attributes, "Policy": self.policy}
    original(self, attributes, now)
    # A queue has one sort of encryption: moto's would say that it has both.
    if attributes.get("KmsMasterKeyId"):
        self.sqs_managed_sse_enabled = False
    elif str(attributes.get("SqsManagedSseEnabled")).lower() == "true":
        self.kms_master_key_id = None


@replace(SQSBackend, "get_queue_attributes")
def get_queue_attributes(original, self, queue_name, attribute_names):
    names = [name for name in attribute_names if name != ALLOW]
    answer = dict(original(self, queue_name, names))
    allow = getattr(self.get_queue(queue_name), "redrive_allow_policy", None)
    if allow and (ALLOW in attribute_names or "All" in attribute_names):
        answer[ALLOW] = allow
    return answer


@replace(SQSBackend, "create_queue")
def create_queue(original, self, name, tags=None, **attributes):
    if name in _recent(self):
        raise SQSException(
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another "
            "with the same name.",
        )
    queue = self.queues.get(name)
    if queue:
        allow = getattr(queue, "redrive_allow_policy", None) or ALLOW_ALL
        if attributes.get(ALLOW, allow) != allow:
            raise QueueAlreadyExists(
                f"A queue already exists with the same name and a different value for {ALLOW}"
            )
        # moto would put them on the queue that is there, whosever it is.
        if tags and queue.tags != tags:
            raise QueueAlreadyExists(
                "A queue already exists with the same name and different tags"
            )
    return original(self, name, tags, **attributes)


@replace(SQSBackend, "delete_queue")
def delete_queue(original, self, queue_name):
    if not clock.timed:
        original(self, queue_name)
        return
    queue = self.get_queue(queue_name)
    if queue_name not in _recent(self):
        _recent(self).add(queue_name)
        place = (self.account_id, self.region_name, queue.name)
        later.schedule(GONE, queue_gone, *place)
        later.schedule(FREE, name_free, *place)


@later.effect
def queue_gone(account, region, name):
    sqs_backends[account][region].queues.pop(name, None)


@later.effect
def name_free(account, region, name):
    _recent(sqs_backends[account][region]).discard(name)


def _recent(backend):
    """The names that were deleted less than a minute ago."""
    return backend.__dict__.setdefault("recently_deleted", set())
