"""What a function failed at as often as it was tried, in its dead-letter queue.

The event as it was, with why as attributes (Lambda developer guide, "Retain records of asynchronous
invocations", dead-letter queues). Lambda sends as the function's role, which needs the queue's key;
where it may not, the event is lost. Topics are not known here.
"""

import json

from moto.sqs.models import sqs_backends

from .permissions import may

# Bytes of the reason that are kept, and how an error of the function counts there.
REASON, FAILED = 1024, "200"


def leave(definition, payload, invocation):
    """Leaves the event behind; under moto's lock. Answers whether it did."""
    queue = _queue(definition.dead_letters)
    if queue is None or not may(
        definition, "sqs:SendMessage", queue.queue_arn, queue.kms_master_key_id, "sqs"
    ):
        print(f"{definition.name}: what it failed at is lost", flush=True)
        return False
    told = {
        "RequestID": ("String", invocation.request_id),
        "ErrorCode": ("Number", FAILED),
        "ErrorMessage": ("String", _reason(invocation)),
    }
    attributes = {
        name: {"DataType": kind, "StringValue": value} for name, (kind, value) in told.items()
    }
    backend = sqs_backends[queue.account_id][queue.region]
    backend.send_message(queue.name, payload.decode(), message_attributes=attributes)
    return True


def _reason(invocation):
    try:
        reason = json.loads(invocation.result)["errorMessage"]
    except (ValueError, TypeError, KeyError):
        reason = "the function failed"
    return str(reason).encode()[:REASON].decode(errors="ignore") or "the function failed"


def _queue(arn):
    _, _, service, region, account, name = arn.split(":", 5)
    return sqs_backends[account][region].queues.get(name) if service == "sqs" else None
