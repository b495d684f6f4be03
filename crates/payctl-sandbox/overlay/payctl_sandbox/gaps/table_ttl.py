"""DynamoDB's time to live: changed once in half an hour, and unknown of a table in the making.

DDB-TABLE-115, -118, -143, -144, -146, -147, -360: see `tables`. Without a time scale the half hour
is one of ours.
"""

import time

from moto.dynamodb.exceptions import ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend

from ..clock import clock
from ..lax import rule
from .tables import Refused, in_use, known, state_of

# Refused at 1,811.6 s, taken at 1,871.7 s; the guide says an hour.
BETWEEN = 1_860


@rule(DynamoDBBackend, "update_time_to_live")
def update_time_to_live(original, self, table_name, ttl_spec):
    table = _table(self, table_name)
    if state_of(table) == "CREATING":
        raise in_use(f"Table {table.name} is being created")
    # In this order: what cannot be is told before what cannot be yet.
    enable, attribute = ttl_spec["Enabled"], ttl_spec["AttributeName"]
    enabled, current = table.ttl["TimeToLiveStatus"] == "ENABLED", table.ttl.get("AttributeName")
    if enabled and current != attribute:
        message = "TimeToLive is active on a different AttributeName: current AttributeName is "
        raise Refused("ValidationException", message + current)
    if enabled == enable:
        message = f"TimeToLive is already {'enabled' if enable else 'disabled'}"
        raise Refused("ValidationException", message)
    if not clock.since(getattr(table, "ttl_changed_at", None), BETWEEN):
        message = "Time to live has been modified multiple times within a fixed interval"
        raise Refused("ValidationException", message)
    original(self, table_name, ttl_spec)
    if not enable:
        # What it was is told no longer.
        table.ttl = {"TimeToLiveStatus": "DISABLED"}
    table.ttl_changed_at = time.time()


@rule(DynamoDBBackend, "describe_time_to_live")
def describe_time_to_live(original, self, table_name):
    state = state_of(self.tables[table_name]) if table_name in self.tables else None
    if state in ("CREATING", "DELETING"):
        raise Refused(
            "ValidationException",
            f"Cannot describe time to live while table is in {state} state: Current table state is "
            f"{state}",
        )
    _table(self, table_name)
    return original(self, table_name)


def _table(backend, name):
    try:
        table = backend.get_table(name)
    except ResourceNotFoundException:
        table = None
    if table is None or not known(table):
        raise ResourceNotFoundException(table_name=name)
    return table
