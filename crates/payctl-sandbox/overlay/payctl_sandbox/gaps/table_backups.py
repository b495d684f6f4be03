"""DynamoDB's backups: point-in-time recovery of a new table, and the backup that outlives it.

DDB-TABLE-088, -111, -113, -115, -167, -453 and DDB-BACKUP-015: see `tables`.
"""

from datetime import timedelta

from moto.dynamodb.exceptions import TableNotFoundException
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.table import Backup
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from ..clock import clock, later
from ..lax import rule
from .tables import Refused, known, state_of, table_at

# AWS seconds from a table's first moment as ACTIVE until it takes point-in-time recovery.
AVAILABLE = 2.6
# Until the backup of a deleted one is listed: 5 to 8 s, just before the table is gone.
BACKED_UP = 5
KEPT = timedelta(days=35)
SUFFIX = "$DeletedTableBackup"


@rule(DynamoDBBackend, "describe_continuous_backups")
def describe_continuous_backups(original, self, table_name):
    _refuse_unknown(self, table_name)
    return original(self, table_name)


@rule(DynamoDBBackend, "update_continuous_backups")
def update_continuous_backups(original, self, table_name, point_in_time_spec):
    table = _refuse_unknown(self, table_name)
    if table is not None and clock.timed:
        active = getattr(table, "active_at", None)
        if state_of(table) == "CREATING" or not clock.since(active, AVAILABLE):
            raise Refused(
                "ContinuousBackupsUnavailableException",
                f"Backups are being enabled for the table: {table.name}. Please retry later",
            )
    return original(self, table_name, point_in_time_spec)


def _refuse_unknown(backend, name):
    table = backend.tables.get(name)
    if table is not None and not known(table):
        raise TableNotFoundException(name)
    return table


@rule(DynamoDBBackend, "delete_table")
def delete_table(original, self, name):
    table = original(self, name)
    if clock.timed:
        # Switched off until then, it is not made.
        place = self.account_id, self.region_name, table.name
        later.schedule(BACKED_UP, deleted_table_backup, *place)
    else:
        _back_up(self, table)
    return table


@later.effect
def deleted_table_backup(account, region, name):
    if table := table_at(account, region, name):
        _back_up(dynamodb_backends[account][region], table)


def _back_up(backend, table):
    recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        # Whom it told of its changes is no part of it.
        table.lambda_event_source_mappings = {}
        place = backend.account_id, backend.region_name
        backup = Backup(*place, table.name + SUFFIX, table, type_="SYSTEM")
        backend.backups[backup.arn] = backup


@rule(DynamoHandler, "list_backups")
def list_backups(original, self):
    # "The default setting if no other backup types are specified" (model of ListBackups).
    asked = self.body.get("BackupType", "USER")
    found = self.dynamodb_backend.list_backups(self.body.get("TableName"))
    listed = [backup.summary for backup in found if asked in ("ALL", backup.type)]
    return DynamoResult({"BackupSummaries": listed})


@rule(DynamoDBBackend, "delete_backup")
def delete_backup(original, self, backup_arn):
    backup = self.get_backup(backup_arn)
    if backup.type == "SYSTEM":
        expires = f"{backup.creation_date_time + KEPT:%Y-%m-%dT%H:%M:%S.000Z}"
        raise Refused(
            "ValidationException",
            f"User is not allowed to delete the system backup with arn {backup_arn}. It will "
            f"automatically expire on {expires}",
        )
    return original(self, backup_arn)


def _with_expiry(name):
    told = getattr(Backup, name).fget

    def description(self):
        expires = {"BackupExpiryDateTime": self.creation_date_time + KEPT}
        return {**told(self), **(expires if self.type == "SYSTEM" else {})}

    setattr(Backup, name, property(description))


for _name in ("details", "summary"):
    _with_expiry(_name)
