"""Bucket notifications: only to functions that allow it, in AWS's shape, really delivered."""

import json
import time
from secrets import token_hex
from urllib.parse import quote_plus

from moto.awslambda.utils import get_backend
from moto.core.exceptions import JsonRESTError
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.s3 import notifications
from moto.s3.exceptions import S3ClientError
from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from ..functions.outbox import outbox
from ..patching import replace
from ..policy import ALLOW, decide

INVOKE = "lambda:InvokeFunction"


def may_invoke(bucket, arn):
    """Whether the function exists and lets this bucket invoke it."""
    try:
        function = get_backend(bucket.account_id, arn.split(":")[3]).get_function(arn)
    except (JsonRESTError, IndexError):
        return False
    context = {"aws:sourcearn": bucket.arn, "aws:sourceaccount": bucket.account_id}
    principal = ("Service", "s3.amazonaws.com")
    document = {"Statement": function.policy.statements}
    resources = {arn, function.function_arn}
    return any(
        decide(document, principal, INVOKE, resource, context) == ALLOW for resource in resources
    )


@replace(FakeBucket, "set_notification_configuration")
def set_notification_configuration(original, self, notification_config):
    before = self.notification_configuration
    original(self, notification_config)
    after = self.notification_configuration
    for notification in after.cloud_function if after else ():
        if not may_invoke(self, notification.arn):
            self.notification_configuration = before
            raise S3ClientError(
                "InvalidArgument", "Unable to validate the following destination configurations"
            )


@replace(S3Response, "serialized")
def serialized(original, self, action_result):
    if self.data.get("Action") == "GetBucketNotificationConfiguration":
        found = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if found and found.event_bridge is not None:
            told = {**action_result.result, "EventBridgeConfiguration": {}}
            action_result = ActionResult(told)
    return original(self, action_result)


@replace(notifications, "_get_s3_event")
def _get_s3_event(original, event_name, bucket, key, notification_id):
    described = {
        "key": quote_plus(key.name, safe="/"),
        "size": key.size,
        "eTag": key.etag.replace('"', ""),
        # Orders the events of one key.
        "sequencer": f"{time.time_ns():018X}",
    }
    if bucket.is_versioned:
        described["versionId"] = key.version_id
    if "ObjectRemoved" in event_name:
        del described["size"], described["eTag"]
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": bucket.region_name,
                "eventTime": iso_8601_datetime_with_milliseconds(),
                "eventName": str.__str__(event_name).removeprefix("s3:"),
                "userIdentity": {"principalId": "AWS:AIDASANDBOX"},
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {
                    "x-amz-request-id": token_hex(8).upper(),
                    "x-amz-id-2": token_hex(32),
                },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": notification_id,
                    "bucket": {
                        "name": bucket.name,
                        "ownerIdentity": {"principalId": "A3SANDBOX"},
                        "arn": bucket.arn,
                    },
                    "object": described,
                },
            }
        ]
    }


@replace(notifications, "_invoke_awslambda")
def _invoke_awslambda(original, account_id, event_body, fn_arn, region_name):
    # Called under the lock: the function may want to call back, so it runs later.
    outbox.append((fn_arn, json.dumps(event_body).encode()))
