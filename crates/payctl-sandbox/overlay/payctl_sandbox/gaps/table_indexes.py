"""DynamoDB's indexes: one is made or removed at a time, and a new one takes minutes.

DDB-TABLE-138, -148 to -151, -159 to -163, -174, -175, -375, -376: see `tables`. Without a time
scale they are there, or gone, at once.
"""

from moto.dynamodb.exceptions import ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import GlobalSecondaryIndex

from ..clock import clock, later
from ..lax import rule
from ..patching import replace
from .tables import Refused, in_use, refuse_busy, state_of, table_at

# AWS seconds: the table is UPDATING for 24 to 56, the index there after 468 to 539 (in four runs
# 990 to 1,003), and gone after 2.6 to 5.1.
ALLOCATED, BUILT, REMOVED = 40, 510, 5


@replace(GlobalSecondaryIndex, "describe")
def describe(original, self):
    description = original(self)
    if (backfilling := getattr(self, "backfilling", None)) is not None:
        description["Backfilling"] = backfilling
    return description


@rule(DynamoDBBackend, "update_table")
def update_table(original, self, name, attr_definitions, global_index, *arguments, **options):
    table = self.get_table(name)
    refuse_busy(table)
    made, removed = _asked(global_index, "Create"), _asked(global_index, "Delete")
    _refuse_simultaneous(table, made, removed)
    there = {index.name: index for index in table.global_indexes}
    for each in removed + _asked(global_index, "Update"):
        if each not in there:
            message = f"Requested resource not found: Index {each} for table {table.name}"
            raise ResourceNotFoundException(msg=message)
    if removed and clock.timed:
        # Described for a while yet.
        there[removed[0]].status = "DELETING"
        global_index = [each for each in global_index if "Delete" not in each]
    if not made and attr_definitions:
        # They count for a new index only; any others are ignored (-162).
        attr_definitions = None
    if made:
        attr_definitions = _merged(table.attr, attr_definitions)
    table = original(self, name, attr_definitions, global_index, *arguments, **options)
    place = self.account_id, self.region_name, table.name
    if removed:
        table.state = "UPDATING"
        later.schedule(REMOVED, index_removed, *place, removed[0])
    if made and clock.timed:
        index = next(index for index in table.global_indexes if index.name == made[0])
        table.state, index.status, index.backfilling = "UPDATING", "CREATING", False
        later.schedule(ALLOCATED, index_allocated, *place, made[0])
        later.schedule(BUILT, index_built, *place, made[0])
    return table


@rule(DynamoDBBackend, "delete_table")
def delete_table(original, self, name):
    table = self.get_table(name)
    refuse_busy(table)
    if any(index.status != "ACTIVE" for index in table.global_indexes):
        raise in_use(
            "Cannot delete table while indexes are being created, updated, or deleted."
        )
    return original(self, name)


def _asked(updates, action):
    return [each[action]["IndexName"] for each in updates or () if action in each]


def _refuse_simultaneous(table, made, removed):
    if len({*made, *removed}) < len(made + removed):
        raise Refused(
            "ValidationException",
            "One or more parameter values were invalid: Only one global secondary index update "
            f"per index is allowed simultaneously. Index: {(made + removed)[0]}",
        )
    states = {index.name: index for index in table.global_indexes}
    for name in made + removed:
        index = states.get(name)
        if index is None or index.status == "ACTIVE":
            continue
        if index.status == "DELETING":
            raise in_use(f"Index is being deleted. Table: {table.name} Index: {name}")
        if name in removed and not index.backfilling:
            raise in_use(
                "Index creation is in resource allocation phase. Retry deletion during "
                f"backfilling phase or when the index is active. Table: {table.name} Index: {name}"
            )
    under_way = [name for name, index in states.items() if index.status != "ACTIVE"]
    others = [name for name in under_way if name not in removed]
    if len(made + removed) > 1 or (made + removed and others):
        raise Refused(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted "
            "simultaneously per table",
        )


def _merged(known, more):
    names = {each["AttributeName"]: each for each in [*known, *(more or ())]}
    return [names[name] for name in sorted(names)]


def _index(account, region, table_name, name):
    table = table_at(account, region, table_name)
    found = [index for index in table.global_indexes if index.name == name] if table else []
    return table, (found[0] if found else None)


@later.effect
def index_allocated(account, region, table_name, name):
    table, index = _index(account, region, table_name, name)
    if index and index.status == "CREATING":
        table.state, index.backfilling = "ACTIVE", True


@later.effect
def index_built(account, region, table_name, name):
    _, index = _index(account, region, table_name, name)
    if index and index.status == "CREATING":
        index.status, index.backfilling = "ACTIVE", None


@later.effect
def index_removed(account, region, table_name, name):
    table, _ = _index(account, region, table_name, name)
    if table is None:
        return
    table.global_indexes = [each for each in table.global_indexes if each.name != name]
    # An attribute that no key is made of any more goes too (-151).
    used = {*table.attribute_keys}
    table.attr = [each for each in table.attr if each["AttributeName"] in used]
    if state_of(table) == "UPDATING":
        table.state = "ACTIVE"
