"""DynamoDB's tables whose key cannot be used: noticed late, and forgiven late.

DDB-TABLE-325, -330 to -335: see `tables`. All of it takes minutes to more than an hour, so without a
time scale it does not happen.
"""

import time

from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.kms.models import KmsBackend

from ..clock import clock, later
from ..lax import rule
from ..patching import replace
from .services_using_keys import find_key
from .table_encryption import key_disabled
from .tables import state_of

# AWS seconds: until items cannot be read (332), until the table says so (755 to 4,504) and, from the
# key's return on, until it no longer does (1,085 to 3,410; items can be read at once, or nearly).
UNREADABLE, NOTICED, FORGIVEN = 330, 2_500, 2_400
LOST = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"


@replace(Table, "describe")
def describe(original, self, base_key="TableDescription"):
    description = original(self, base_key)
    if state_of(self) == LOST:
        told = description[base_key].get("SSEDescription", {})
        told["InaccessibleEncryptionDateTime"] = self.key_lost_at
    return description


def _unusable_from_now(name):
    @rule(KmsBackend, name)
    def change(original, self, key_id, *arguments, **options):
        answer = original(self, key_id, *arguments, **options)
        if clock.timed:
            key = self.keys[self.get_key_id(key_id)]
            key.unusable_at = time.time()
            later.schedule(NOTICED, key_missed, self.account_id, self.region_name, key.arn)
        return answer


for _name in ("disable_key", "schedule_key_deletion"):
    _unusable_from_now(_name)


@rule(KmsBackend, "enable_key")
def enable_key(original, self, key_id):
    answer = original(self, key_id)
    if clock.timed:
        arn = self.keys[self.get_key_id(key_id)].arn
        later.schedule(FORGIVEN, key_found, self.account_id, self.region_name, arn)
    return answer


@later.effect
def key_missed(account, region, arn):
    _tell(account, region, arn, "ACTIVE", LOST, usable=False)


@later.effect
def key_found(account, region, arn):
    _tell(account, region, arn, LOST, "ACTIVE", usable=True)


def _tell(account, region, arn, before, after, usable):
    key = find_key(account, region, arn)
    if key is None or (key.key_state == "Enabled") != usable:
        return
    for table in dynamodb_backends[account][region].tables.values():
        if _key_of(table) == arn and state_of(table) == before:
            table.state, table.key_lost_at = after, time.time()


def _key_of(table):
    return (getattr(table, "sse_specification", None) or {}).get("KMSMasterKeyId")


def _refuse_unreadable(original, self, table_name, *arguments, **options):
    table = self.tables.get(table_name.rsplit("/", 1)[-1]) if table_name else None
    arn = _key_of(table) if table is not None and clock.timed else None
    key = find_key(self.account_id, self.region_name, arn) if arn else None
    if key is not None and key.key_state != "Enabled":
        if clock.since(getattr(key, "unusable_at", None), UNREADABLE):
            raise key_disabled(key)
    return original(self, table_name, *arguments, **options)


# What needs the key; all other changes are taken.
NEED = ("put_item", "get_item", "query", "scan", "update_item", "delete_item")
for _name in (*NEED, "update_time_to_live", "create_backup"):
    rule(DynamoDBBackend, _name)(_refuse_unreadable)
