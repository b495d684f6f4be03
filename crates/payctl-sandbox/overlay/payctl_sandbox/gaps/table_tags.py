"""DynamoDB's tags: one change at a time, at most 50, and seen only after a while.

DDB-TABLE-101, -103, -104, -105 to -108, -110, -406, -440, -441: see `tables`.
"""

import re
import time

from moto.dynamodb.exceptions import ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend

from ..clock import clock, later
from ..lax import rule
from .tables import Refused, in_use, known, state_of, table_at

# AWS seconds in which a table takes no other change of its tags (1.1 to 3.4), and until a change is
# seen (1.3 to 3.0): the lock ends when it is.
LOCKED = 1.6
# Until the tagging backend knows a new table: 5.3 of 6.8 s.
UNKNOWN = 5.3
MOST = 50
# Letters, digits, spaces and these, as the model of the resource groups tagging API has it.
KEY = re.compile(r"[\w\s+\-=._:/@]{1,128}")


@rule(DynamoDBBackend, "create_table")
def create_table(original, self, name, *arguments, **options):
    tags = options.get("tags") or []
    _refuse_invalid({tag["Key"] for tag in tags})
    if len(tags) > MOST:
        raise _too_many()
    if len({tag["Key"] for tag in tags}) < len(tags):
        # That it is refused is measured, its words are not.
        raise Refused("ValidationException", "Duplicate Tag Keys are not allowed")
    return original(self, name, *arguments, **options)


@rule(DynamoDBBackend, "tag_resource")
def tag_resource(original, self, arn, tags):
    table = _table(self, arn)
    _refuse_invalid(tags)
    before = _written(table)
    if len({**before, **tags}) > MOST:
        raise _too_many()
    # A call that contains what is being written passes: AWS takes it for the same call again.
    under_way = getattr(table, "tags_under_way", {})
    if not (under_way and under_way.items() <= tags.items()):
        _refuse_locked(table)
    _write(self, table, {**before, **tags}, tags)


@rule(DynamoDBBackend, "untag_resource")
def untag_resource(original, self, arn, tag_keys):
    table = _table(self, arn)
    _refuse_locked(table)
    kept = {key: value for key, value in _written(table).items() if key not in tag_keys}
    _write(self, table, kept, {})


@rule(DynamoDBBackend, "list_tags_of_resource")
def list_tags_of_resource(original, self, table_arn):
    _table(self, table_arn, reading=True)
    return original(self, table_arn)


@rule(DynamoDBBackend, "delete_table")
def delete_table(original, self, name):
    table = self.get_table(name)
    if state_of(table) == "ACTIVE" and _locked(table):
        raise in_use(f"Table tags are being updated: {table.name}")
    return original(self, name)


def _table(backend, arn, reading=False):
    found = [table for table in backend.tables.values() if table.table_arn == arn]
    if not found or not known(found[0], UNKNOWN):
        message = f"Requested resource not found: ResourceArn: {arn} not found"
        raise ResourceNotFoundException(msg=message)
    being = {"CREATING": "created", "DELETING": "deleted"}.get(state_of(found[0]))
    if being and not reading:
        raise in_use(f"Table is being {being}: {found[0].name}")
    return found[0]


def _written(table):
    """The tags as the last change left them, seen or not yet."""
    seen = {tag["Key"]: tag["Value"] for tag in table.tags}
    return getattr(table, "tags_written", None) or seen


def _write(backend, table, tags, under_way):
    # A change that changes nothing takes no lock (-441).
    if tags == _written(table):
        return
    table.tags_written, table.tags_under_way = tags, under_way
    table.tags_changed_at = time.time()
    place = backend.account_id, backend.region_name, table.name
    later.schedule(LOCKED, tags_seen, *place, tags)


@later.effect
def tags_seen(account, region, name, tags):
    table = table_at(account, region, name)
    if table:
        table.tags = [{"Key": key, "Value": value} for key, value in tags.items()]
        if table.tags_written == tags:
            table.tags_written = None


def _locked(table):
    return not clock.since(getattr(table, "tags_changed_at", None), LOCKED)


def _refuse_locked(table):
    if _locked(table):
        raise Refused(
            "LimitExceededException",
            f"Subscriber limit exceeded: Table tags are being updated: {table.name}",
        )


def _refuse_invalid(keys):
    for key in keys:
        if key.lower().startswith("aws:"):
            message = f"Tag Key cannot be prefixed with aws:, Key: {key}"
            raise Refused("ValidationException", message)
        if not KEY.fullmatch(key):
            raise Refused("ValidationException", f"The Tag Key provided is invalid, Key: {key}")


def _too_many():
    message = "Number of Tags exceed the current limit for the provided ResourceArn"
    return Refused("ValidationException", message)
