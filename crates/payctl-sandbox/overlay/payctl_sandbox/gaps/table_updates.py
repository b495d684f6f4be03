"""DynamoDB's UpdateTable: one change a call, and how often each may be made.

DDB-TABLE-002, -003, -016, -018, -050, -054, -069, -119, -120, -152, -163, -175, -369, -382, -433:
see `tables`.
"""

import time
from datetime import datetime, timedelta, timezone

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler

from ..clock import clock, later
from ..lax import rule
from .tables import Refused, in_use, refuse_busy, state_of, table_at

# AWS seconds that a stream takes to begin or to end (4.05 to 5.07), that another way of paying
# takes (60.5 to 112.5), and until deletion protection may be changed again.
STREAM, BILLING, PROTECTION = 4.5, 80, 15
# What takes no other change beside it, by what AWS calls it, in the order in which it is told.
ALONE = {
    "SSESpecification": "Server-Side Encryption modification",
    "TableClass": "TableClass modification",
    "DeletionProtectionEnabled": "DeletionProtection modification",
    "WarmThroughput": "WarmThroughput",
}
INVALID = "One or more parameter values were invalid: "


@rule(DynamoHandler, "update_table")
def update_table(original, self):
    body = self.body
    changes = set(body) - {"TableName", "AttributeDefinitions"}
    _refuse_together(changes, body)
    table = self.dynamodb_backend.get_table(body["TableName"])
    refuse_busy(table)
    _refuse_meanwhile(table, changes)
    if "DeletionProtectionEnabled" in body:
        _protect(table, body["DeletionProtectionEnabled"])
    billing = body.get("BillingMode")
    if billing == "PROVISIONED" and "ProvisionedThroughput" not in body:
        message = "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"
        raise Refused("ValidationException", INVALID + message)
    if billing not in (None, table.billing_mode) and clock.timed:
        _begin(self.dynamodb_backend, table, "billing", BILLING)
    return original(self)


def _begin(backend, table, what, seconds):
    table.state, table.under_way = "UPDATING", what
    later.schedule(seconds, changed, backend.account_id, backend.region_name, table.name)


@later.effect
def changed(account, region, name):
    table = table_at(account, region, name)
    if table:
        table.under_way = None
        if state_of(table) == "UPDATING":
            table.state = "ACTIVE"


def _refuse_together(changes, body):
    for change, name in ALONE.items():
        if change in changes and len(changes) > 1:
            message = f"{INVALID}{name} must be the only operation in the request"
            raise Refused("ValidationException", message)
    # Words as measured; which of them a change of the billing with others has is assumed.
    capacity = "ProvisionedThroughput" in changes or body.get("BillingMode") == "PROVISIONED"
    online = [
        action
        for each in body.get("GlobalSecondaryIndexUpdates") or ()
        for action in ("Create", "Delete")
        if action in each
    ]
    stream = "StreamSpecification" in changes
    if stream and capacity:
        message = "You cannot modify stream status while updating table IOPS"
    elif online and "ProvisionedThroughput" in changes and "BillingMode" not in changes:
        message = "You cannot create or delete index while updating table IOPS"
    elif online and stream:
        message = "You cannot create or delete index while changing stream status"
    else:
        return
    raise Refused("ValidationException", INVALID + message)


def _refuse_meanwhile(table, changes):
    capacity = changes & {"ProvisionedThroughput", "BillingMode"}
    stream = "StreamSpecification" in changes
    for index in table.global_indexes:
        being = {"CREATING": "created", "DELETING": "deleted"}.get(index.status)
        # While it is filled, the table is free.
        if being and not getattr(index, "backfilling", None):
            what = f"when an index is being {being}. Table: {table.name} Indexes: [{index.name}]"
            if capacity:
                raise in_use(f"Can't change table IOPS {what}")
            if stream:
                raise in_use(f"Can't change stream status {what}")
    if under_way := getattr(table, "under_way", None):
        if "GlobalSecondaryIndexUpdates" in changes and under_way == "stream":
            message = "Can't create or delete an index when stream status is being updated."
            raise in_use(message)
        if stream or capacity or "GlobalSecondaryIndexUpdates" in changes:
            # The code is measured (-002, -119, -175), the words are assumed.
            raise in_use(f"Table is being updated: {table.name}")


def _protect(table, protected):
    changed = getattr(table, "protection_changed_at", None)
    if not clock.since(changed, PROTECTION):
        wait = clock.seconds(PROTECTION) if clock.timed else PROTECTION
        free = datetime.fromtimestamp(changed, timezone.utc) + timedelta(seconds=wait)
        raise Refused(
            "ThrottlingException",
            f"Deletion protection setting for table {table.name} modified within the previous "
            f"{PROTECTION * 1000} milliseconds. Please try again after "
            f"{free:%Y-%m-%dT%H:%M:%S}.{free.microsecond // 1000:03}Z",
        )
    if bool(table.deletion_protection_enabled) != protected:
        table.protection_changed_at = time.time()


@rule(DynamoDBBackend, "update_table_streams")
def update_table_streams(original, self, table, stream_specification):
    on = bool((table.stream_specification or {}).get("StreamEnabled"))
    enable, view = stream_specification["StreamEnabled"], stream_specification.get("StreamViewType")
    name = f"TableName: {table.name}"
    if enable and not view:
        message = f"{INVALID}If stream is being enabled then UpdateViewType is required"
    elif not enable and view:
        message = f"{INVALID}If stream is being disabled, then UpdateViewType must not be specified"
    elif enable and on:
        # Nor can its view be another: that is another stream.
        message = f"Table already has an enabled stream: {name}"
    elif not enable and not on:
        message = f"Table has no stream to disable: {name}"
    else:
        table.set_stream_specification(stream_specification)
        if clock.timed:
            _begin(self, table, "stream", STREAM)
        return
    raise Refused("ValidationException", message)


@rule(DynamoDBBackend, "delete_table")
def delete_table(original, self, name):
    table = self.get_table(name)
    refuse_busy(table)
    if table.deletion_protection_enabled:
        raise Refused(
            "ValidationException",
            "Resource cannot be deleted as it is currently protected against deletion. Disable "
            "deletion protection first.",
        )
    under_way = getattr(table, "under_way", None)
    if under_way == "stream":
        raise in_use("Cannot delete table while stream is being enabled/disabled.")
    if under_way:
        raise in_use(f"Table: {table.name} is in the process of being updated.")
    return original(self, name)
