"""DynamoDB in time: tables that are being created and deleted."""

from moto.dynamodb.exceptions import ResourceInUseException, ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table

from ..clock import clock, later
from ..patching import replace

# AWS seconds.
CREATED, DELETED = 10, 10


@replace(Table, "describe")
def describe(original, self, base_key="TableDescription"):
    description = original(self, base_key)
    description[base_key]["TableStatus"] = getattr(self, "state", "ACTIVE")
    return description


@replace(DynamoDBBackend, "create_table")
def create_table(original, self, name, *arguments, **options):
    table = original(self, name, *arguments, **options)
    if clock.timed:
        table.state = "CREATING"
        later.schedule(CREATED, table_active, self.account_id, self.region_name, name)
    return table


@later.effect
def table_active(account, region, name):
    table = dynamodb_backends[account][region].tables.get(name)
    if table and table.state == "CREATING":
        table.state = "ACTIVE"


@replace(DynamoDBBackend, "delete_table")
def delete_table(original, self, name):
    table = self.get_table(name)
    _refuse_busy(table)
    original(self, name)
    # What the answer to DeleteTable says, with or without a time scale.
    table.state = "DELETING"
    if clock.timed:
        self.tables[table.name] = table
        later.schedule(DELETED, table_gone, self.account_id, self.region_name, table.name)
    return table


@later.effect
def table_gone(account, region, name):
    tables = dynamodb_backends[account][region].tables
    if name in tables and tables[name].state == "DELETING":
        del tables[name]


@replace(DynamoDBBackend, "update_table")
def update_table(original, self, name, *arguments, **options):
    _refuse_busy(self.get_table(name))
    return original(self, name, *arguments, **options)


def _refuse_busy(table):
    state = getattr(table, "state", "ACTIVE")
    if state != "ACTIVE":
        being = {"CREATING": "created", "DELETING": "deleted"}[state]
        raise ResourceInUseException(
            "Attempt to change a resource which is still in use: Table is being "
            f"{being}: {table.name}"
        )


def _refuse_unready(original, self, table_name, *arguments, **options):
    table = self.tables.get(table_name.rsplit("/", 1)[-1]) if table_name else None
    if table is not None and getattr(table, "state", "ACTIVE") != "ACTIVE":
        raise ResourceNotFoundException(msg=f"Requested resource not found: {table_name}")
    return original(self, table_name, *arguments, **options)


for _name in ("put_item", "get_item", "query", "scan", "update_item", "delete_item"):
    replace(DynamoDBBackend, _name)(_refuse_unready)
