"""Batches of a queue's messages: the event that a function gets, and what its answer says of them.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
"""

import base64
import json

from moto.events.models import EventPattern

# Bytes of an event; a batch that would be larger is closed earlier.
LARGEST = 6 * 1024 * 1024
# What a record has besides the body and the message's own attributes.
OVERHEAD = 2 * 1024


def fitting(messages, most):
    """How many of the messages make a batch of at most so many."""
    size = count = 0
    for message in messages[:most]:
        own = len(str(message.message_attributes)) if message.message_attributes else 0
        size += len(json.dumps(message.body)) + own + OVERHEAD
        if count and size > LARGEST:
            break
        count += 1
    return count


def wanted(message, criteria):
    """Whether a mapping's filter lets the message through."""
    patterns = [json.loads(each["Pattern"]) for each in (criteria or {}).get("Filters") or ()]
    return not patterns or any(_matches(message, pattern) for pattern in patterns)


def _matches(message, pattern):
    try:
        body = json.loads(message.body)
    except ValueError:
        body = message.body
    # A pattern for text drops what is an object, and the other way round.
    if "body" in pattern and isinstance(pattern["body"], dict) != isinstance(body, dict):
        return False
    seen = {"body": body if isinstance(body, dict) else message.body}
    return EventPattern(None, pattern).matches_event(seen)


def event(queue, messages):
    """What the function gets for the messages, as bytes."""
    return json.dumps({"Records": [_record(queue, message) for message in messages]}).encode()


def _record(queue, message):
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
        "AWSTraceHeader": message.system_attributes.get("AWSTraceHeader", {}).get("StringValue"),
    }
    record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {name: value for name, value in attributes.items() if value is not None},
        "messageAttributes": {
            name: _attribute(value) for name, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.queue_arn,
        "awsRegion": queue.region,
    }
    if message.message_attributes:
        record["md5OfMessageAttributes"] = message.attribute_md5
    return record


def _attribute(value):
    described = {"stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
    if value["DataType"].startswith("Binary"):
        binary = value["BinaryValue"]
        encoded = base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary
        return {"binaryValue": encoded, **described}
    return {"stringValue": value.get("StringValue"), **described}


def failed(messages, invocation, reports):
    """The ids of the messages that are to come back; `reports`: the answer names them."""
    everything = {message.id for message in messages}
    if invocation.error:
        return everything
    if not reports:
        return set()
    try:
        answer = json.loads(invocation.result or b"null")
        failures = (answer or {}).get("batchItemFailures") or []
        named = {failure["itemIdentifier"] for failure in failures}
    except (ValueError, TypeError, KeyError, AttributeError):
        return everything
    return named if named <= everything else everything
