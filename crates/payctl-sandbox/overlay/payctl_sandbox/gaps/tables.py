"""DynamoDB in time: tables that are being created, changed and deleted.

The seconds and texts of this module and of the other `table_*` are measured on AWS: "DDB-TABLE-1"
is a finding in docs/api-quirks of aws-controllers-k8s/dynamodb-controller (2026-10-08 and -09).
"""

import time

from moto.dynamodb.exceptions import (
    ERROR_TYPE_PREFIX,
    DynamodbException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table

from ..clock import clock, later
from ..patching import replace

# AWS seconds: 6.1 to 7.2 (DDB-TABLE-001, -111), with indexes 14 to 22 (-148, -169); 4 to 6 (-076).
CREATED, CREATED_WITH_INDEXES, DELETED = 6.5, 16, 5.5
# How long other parts of DynamoDB do not know a table yet: TTL and backups 2.6 to 3.1, tags almost
# until it is active (DDB-TABLE-115, -111, -101); and from when on no longer (-104, -455).
UNKNOWN, FORGOTTEN = 2.6, 1.6


class Refused(DynamodbException):
    """An error of DynamoDB's by its code."""

    def __init__(self, code, message):
        super().__init__(ERROR_TYPE_PREFIX + code, message=message)


def in_use(message):
    """What is answered while something else is going on."""
    return ResourceInUseException(f"Attempt to change a resource which is still in use: {message}")


def state_of(table):
    """The table's state, such as `CREATING`."""
    return getattr(table, "state", "ACTIVE")


def known(table, unknown=UNKNOWN):
    """Whether the parts of DynamoDB that look after TTL, backups and tags know the table."""
    if not clock.timed:
        return True
    state = state_of(table)
    if state == "CREATING":
        return clock.since(getattr(table, "made_at", None), unknown)
    return state != "DELETING" or not clock.since(getattr(table, "unmade_at", None), FORGOTTEN)


def table_at(account, region, name):
    """The table of that name; None if there is none (any more)."""
    return dynamodb_backends[account][region].tables.get(name)


@replace(Table, "describe")
def describe(original, self, base_key="TableDescription"):
    description = original(self, base_key)
    description[base_key]["TableStatus"] = state_of(self)
    return description


@replace(DynamoDBBackend, "create_table")
def create_table(original, self, name, *arguments, **options):
    table = original(self, name, *arguments, **options)
    if clock.timed:
        table.state = "CREATING"
        table.made_at = time.time()
        for index in table.global_indexes:
            index.status = "CREATING"
        seconds = CREATED_WITH_INDEXES if table.global_indexes else CREATED
        later.schedule(seconds, table_active, self.account_id, self.region_name, name)
    return table


@later.effect
def table_active(account, region, name):
    table = table_at(account, region, name)
    if table and state_of(table) == "CREATING":
        table.state = "ACTIVE"
        table.active_at = time.time()
        for index in table.global_indexes:
            index.status = "ACTIVE"


@replace(DynamoDBBackend, "delete_table")
def delete_table(original, self, name):
    table = self.get_table(name)
    refuse_busy(table)
    original(self, name)
    # What the answer to DeleteTable says, with or without a time scale.
    table.state = "DELETING"
    if clock.timed:
        table.unmade_at = time.time()
        self.tables[table.name] = table
        later.schedule(DELETED, table_gone, self.account_id, self.region_name, table.name)
    return table


@later.effect
def table_gone(account, region, name):
    tables = dynamodb_backends[account][region].tables
    if name in tables and state_of(tables[name]) == "DELETING":
        del tables[name]


@replace(DynamoDBBackend, "update_table")
def update_table(original, self, name, *arguments, **options):
    refuse_busy(self.get_table(name))
    return original(self, name, *arguments, **options)


def refuse_busy(table):
    """Refuses a change while the table is being created or deleted."""
    being = {"CREATING": "created", "DELETING": "deleted"}.get(state_of(table))
    if being:
        raise in_use(f"Table is being {being}: {table.name}")


def _refuse_unready(original, self, table_name, *arguments, **options):
    table = self.tables.get(table_name.rsplit("/", 1)[-1]) if table_name else None
    if table is not None and state_of(table) in ("CREATING", "DELETING"):
        raise ResourceNotFoundException(msg=f"Requested resource not found: {table_name}")
    return original(self, table_name, *arguments, **options)


for _name in ("put_item", "get_item", "query", "scan", "update_item", "delete_item"):
    replace(DynamoDBBackend, _name)(_refuse_unready)
