"""DynamoDB's encryption: the key is changed in a while, four times a day, and has to be usable.

DDB-TABLE-020, -023, -036, -037, -044, -065, -069, -078, -079, -081, -082, -139, -140, -371: see
`tables`. moto takes no change of it at all.
"""

import time
import uuid

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from ..clock import clock, later
from ..lax import rule
from ..patching import replace
from .services_using_keys import find_key
from .tables import Refused, in_use, refuse_busy, table_at

# AWS seconds: until the new key is told of (8 to 9), and until the change is over (21.3 to 23.3).
TOLD, CHANGED = 9, 22
# So many changes in so long, then one in so long.
CHANGES, DAY, QUARTER = 4, 86_400, 21_600
INVALID = "One or more parameter values were invalid: "


@replace(Table, "describe")
def describe(original, self, base_key="TableDescription"):
    description = original(self, base_key)
    if told := getattr(self, "encryption_told", None):
        description[base_key]["SSEDescription"] = told
    return description


@rule(DynamoDBBackend, "create_table")
def create_table(original, self, name, *arguments, **options):
    options["sse_specification"] = _read(self, options.get("sse_specification"))
    return original(self, name, *arguments, **options)


@rule(DynamoHandler, "update_table")
def update_table(original, self):
    asked = self.body.get("SSESpecification")
    if asked is None:
        return original(self)
    backend = self.dynamodb_backend
    table = backend.get_table(self.body["TableName"])
    refuse_busy(table)
    _change(backend, table, asked)
    return original(self)


def _change(backend, table, asked):
    before = table.sse_specification if (table.sse_specification or {}).get("Enabled") else None
    key = (before or {}).get("KMSMasterKeyId")
    if asked.get("Enabled") is False and before is None:
        raise Refused("ValidationException", f"{INVALID}Table is already encrypted by default")
    if key and asked.get("KMSMasterKeyId") == key:
        # By its alias or its id it is another one to AWS, and a change.
        raise Refused(
            "ValidationException",
            f"{INVALID}Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId "
            "parameter if you want to change Master Key",
        )
    _refuse_often(table)
    table.sse_specification = _read(backend, asked)
    if table.sse_specification and "KMSMasterKeyId" not in table.sse_specification:
        own = table._get_default_encryption_key(backend.account_id, backend.region_name)
        table.sse_specification["KMSMasterKeyId"] = own
    table.encryption_changes = [*getattr(table, "encryption_changes", []), time.time()]
    if clock.timed:
        table.encryption_told = _told(key)
        place = backend.account_id, backend.region_name, table.name
        later.schedule(TOLD, new_key_told, *place)
        later.schedule(CHANGED, key_changed, *place)


def _told(key):
    return {"Status": "UPDATING", **({"SSEType": "KMS", "KMSMasterKeyArn": key} if key else {})}


@later.effect
def new_key_told(account, region, name):
    if table := table_at(account, region, name):
        table.encryption_told = _told((table.sse_specification or {}).get("KMSMasterKeyId"))


@later.effect
def key_changed(account, region, name):
    if table := table_at(account, region, name):
        table.encryption_told = None


@rule(DynamoDBBackend, "delete_table")
def delete_table(original, self, name):
    table = self.get_table(name)
    refuse_busy(table)
    if getattr(table, "encryption_told", None):
        raise in_use(f"Table: {table.name} is in the process of being updated.")
    return original(self, name)


def _refuse_often(table):
    made = [at for at in getattr(table, "encryption_changes", []) if not clock.since(at, DAY)]
    if len(made) >= CHANGES and not clock.since(made[-1], QUARTER):
        ends = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(made[0] + DAY))
        raise Refused(
            "LimitExceededException",
            "Subscriber limit exceeded: Encryption mode changes are limited in the 24h window "
            f"ending at {ends}. After the first 4 change, each subsequent change in the same "
            "window can be performed at most once every 21600 seconds. Number of updates today: "
            f"{len(made)}.",
        )


def _read(backend, asked):
    """What is asked for, the key by its ARN; None for DynamoDB's own, which shows nowhere."""
    if not asked:
        return None
    if asked.get("Enabled") is False:
        for member in ("SSEType", "KMSMasterKeyId"):
            if member in asked:
                message = f"{INVALID}{member} can not be specified if Enabled is false"
                raise Refused("ValidationException", message)
        return None
    if "KMSMasterKeyId" not in asked:
        return {**asked, "Enabled": True}
    if asked.get("SSEType") != "KMS":
        message = f"{INVALID}SSEType KMS is required if KMSMasterKeyId is specified"
        raise Refused("ValidationException", message)
    return {**asked, "Enabled": True, "KMSMasterKeyId": _usable(backend, asked["KMSMasterKeyId"])}


def _usable(backend, identifier):
    if identifier == "alias/aws/dynamodb":
        return Table._get_default_encryption_key(None, backend.account_id, backend.region_name)
    key = find_key(backend.account_id, backend.region_name, identifier)
    if key is None:
        raise _of_kms("validation", "NotFoundException", f"Key '{identifier}' does not exist")
    if key.key_state != "Enabled":
        raise key_disabled(key)
    return key.arn


def key_disabled(key):
    """The refusal for want of a key that is there and cannot be used."""
    if key.key_state == "Disabled":
        return _of_kms("disabled", "DisabledException", f"{key.arn} is disabled.")
    message = f"{key.arn} is pending deletion."
    return _of_kms("validation", "KMSInvalidStateException", message)


def _of_kms(kind, error, message):
    return Refused(
        "ValidationException",
        f"KMS {'key disabled' if kind == 'disabled' else kind} error: "
        f"com.amazonaws.services.kms.model.{error}: {message} (Service: AWSKMS; Status Code: 400; "
        f"Error Code: {error}; Request ID: {uuid.uuid4()}; Proxy: null)",
    )
