"""RDS: identifiers, master users, windows and what has to go together."""

import regex

from .rule import Rule, longer, not_among, outside, unlike

INVALID = "InvalidParameterValue"
COMBINATION = "InvalidParameterCombination"
# The words are in public reports: terraform-aws-modules/terraform-aws-rds#27 (2017-11-17).
IDENTIFIER = (
    "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must "
    "contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain "
    "two consecutive hyphens."
)
CLUSTERS = "CreateDBCluster ModifyDBCluster"
# How long a master user's name may be; probed on a live account: floci-io/floci#3730 (2026-09-16).
# Underscores: aws-cloudformation/aws-cloudformation-resource-providers-rds#150 (2022-04-05).
LONGEST_USER = {"aurora-postgresql": 63, "postgres": 63, "aurora-mysql": 32, "mysql": 32}
LOGS = {
    "aurora-postgresql": {"instance", "postgresql", "iam-db-auth-error"},
    "aurora-mysql": {"audit", "error", "general", "instance", "slowquery", "iam-db-auth-error"},
}


def _no_identifier(most):
    fits = regex.compile(rf"[A-Za-z](-?[A-Za-z0-9]){{0,{most - 1}}}").fullmatch
    return lambda value: len(value) > most or not fits(value)


def _identifier(operations, member, most):
    return Rule(
        operations,
        member,
        f"{member} has up to {most} letters, digits and single hyphens, a letter first",
        _no_identifier(most),
        INVALID,
        IDENTIFIER.replace("{name}", member),
        documented=(str(most), "First character must be a letter", "two consecutive hyphens"),
    )


def _wrong_user(request):
    name = request.get("MasterUsername", "a")
    longest = LONGEST_USER.get(request.get("Engine"), 16)
    return len(name) > longest or not regex.fullmatch(r"[A-Za-z]\w*", name, regex.ASCII)


def _wrong_logs(request):
    known = LOGS.get(request.get("Engine"))
    return known is not None and not set(request.get("EnableCloudwatchLogsExports", ())) <= known


def _two_passwords(request):
    return bool(request.get("ManageMasterUserPassword")) and "MasterUserPassword" in request


def _no_snapshot(request):
    return not request.get("SkipFinalSnapshot") and not request.get("FinalDBSnapshotIdentifier")


def _useless_snapshot(request):
    return bool(request.get("SkipFinalSnapshot")) and "FinalDBSnapshotIdentifier" in request


def _no_window(value):
    """A time range that is none, or is shorter than half an hour."""
    match = regex.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", value)
    if not match:
        return True
    hour, minute, last_hour, last_minute = map(int, match.groups())
    return ((last_hour - hour) * 60 + last_minute - minute) % 1440 < 30


def _monitors_nothing(request):
    return bool(request.get("MonitoringRoleArn")) and not request.get("MonitoringInterval")


RULES = [
    _identifier("CreateDBCluster", "DBClusterIdentifier", 63),
    _identifier("CreateDBInstance", "DBInstanceIdentifier", 63),
    _identifier("DeleteDBCluster", "FinalDBSnapshotIdentifier", 255),
    Rule(
        "CreateDBSubnetGroup",
        "DBSubnetGroupName",
        "a subnet group's name has up to 255 letters, digits, periods, underscores, spaces and "
        "hyphens, a letter first, and is not default",
        lambda value: value.lower() == "default" or unlike(r"[A-Za-z][\w. -]{0,254}")(value),
        INVALID,
        "The parameter DBSubnetGroupName is not a valid identifier. Identifiers must begin with a "
        "letter; must contain only ASCII letters, digits, periods, underscores, spaces or hyphens.",
        documented=("255", "periods, underscores, spaces, or hyphens", "Must not be default"),
    ),
    Rule(
        "CreateDBCluster",
        "DatabaseName",
        "a database's name has up to 64 letters and digits, a letter first",
        unlike(r"[A-Za-z][A-Za-z0-9_]{0,63}"),
        INVALID,
        "DatabaseName must begin with a letter and contain only alphanumeric characters.",
        # A letter first: terraform-aws-modules/terraform-aws-rds#475 (2023-02-03).
        documented=("64 alphanumeric",),
    ),
    Rule(
        "CreateDBCluster",
        "",
        "a master user's name has letters, digits and underscores, a letter first, and as many as "
        "the engine takes",
        _wrong_user,
        INVALID,
        "MasterUsername must begin with a letter and contain only alphanumeric characters or "
        "underscores.",
        source="floci-io/floci#3730 (2026-09-16), crossplane-contrib/provider-aws#1701 (2023-03)",
    ),
    Rule(
        CLUSTERS,
        "MasterUserPassword",
        "a master password has at least 8 characters",
        lambda value: len(value) < 8,
        INVALID,
        "The parameter MasterUserPassword is not a valid password because it is shorter than 8 "
        "characters.",
        documented=("from 8",),
    ),
    Rule(
        CLUSTERS,
        "MasterUserPassword",
        "a master password has at most 128 characters, which is what PostgreSQL takes",
        longer(128),
        INVALID,
        "The parameter MasterUserPassword is not a valid password because it is longer than 128 "
        "characters.",
        source="API reference (botocore 1.44.5), CreateDBInstance.MasterUserPassword",
    ),
    Rule(
        CLUSTERS,
        "MasterUserPassword",
        "a master password has printable ASCII characters without / @ and double quotes",
        unlike(r"""[\x21\x23-\x2e\x30-\x3f\x41-\x7e]*"""),
        INVALID,
        "The parameter MasterUserPassword is not a valid password. Only printable ASCII "
        "characters besides '/', '@', '\"', ' ' may be used.",
        documented=("printable ASCII",),
    ),
    Rule(
        CLUSTERS,
        "",
        "a master password is given or managed, not both",
        _two_passwords,
        COMBINATION,
        "You can't specify MasterUserPassword while you manage the master user password with "
        "ManageMasterUserPassword.",
        source="API reference (botocore 1.44.5), CreateDBCluster.MasterUserPassword",
    ),
    Rule(
        CLUSTERS,
        "BackupRetentionPeriod",
        "clusters keep backups for 1 to 35 days",
        outside(1, 35),
        INVALID,
        "Invalid backup retention period. Retention period must be between 1 and 35.",
        documented=("1 to 35",),
    ),
    Rule(
        "CreateDBCluster",
        "Port",
        "clusters listen on 1150 to 65535",
        outside(1150, 65535),
        INVALID,
        "The specified port ({value}) is not valid. Specify a port from 1150 to 65535.",
        documented=("1150-65535",),
    ),
    Rule(
        CLUSTERS,
        "PreferredBackupWindow",
        "a backup window is hh24:mi-hh24:mi and at least 30 minutes",
        _no_window,
        INVALID,
        "Invalid backup window format: {value}. Should be specified as a range hh24:mi-hh24:mi "
        "(24H Clock UTC) of at least 30 minutes.",
        documented=("hh24:mi-hh24:mi", "at least 30 minutes"),
    ),
    Rule(
        "CreateDBCluster",
        "",
        "an engine exports the logs that the reference lists for it",
        _wrong_logs,
        COMBINATION,
        "You cannot use the log types for the specified engine.",
        source="API reference (botocore 1.44.5), CreateDBCluster.EnableCloudwatchLogsExports",
    ),
    Rule(
        "CreateDBCluster ModifyDBCluster CreateDBInstance ModifyDBInstance",
        "MonitoringInterval",
        "Enhanced Monitoring looks every 0, 1, 5, 10, 15, 30 or 60 seconds",
        not_among(0, 1, 5, 10, 15, 30, 60),
        INVALID,
        "Invalid value {value} for MonitoringInterval. Valid values are 0, 1, 5, 10, 15, 30, 60.",
        documented=("0 | 1 | 5 | 10 | 15 | 30 | 60",),
    ),
    Rule(
        "CreateDBInstance CreateDBCluster",
        "",
        "a role for monitoring comes with an interval",
        _monitors_nothing,
        COMBINATION,
        "You must specify a MonitoringInterval value other than 0 when you specify a "
        "MonitoringRoleARN value.",
        source="API reference (botocore 1.44.5), CreateDBInstance.MonitoringInterval",
    ),
    Rule(
        "CreateDBCluster CreateDBInstance",
        "PerformanceInsightsRetentionPeriod",
        "Performance Insights keeps 7 or 731 days, or months of 31",
        lambda value: value not in (7, 731) and (value % 31 or not 1 <= value // 31 <= 23),
        INVALID,
        "Invalid Performance Insights retention period: {value}.",
        documented=("731", "* 31"),
    ),
    Rule(
        "CreateDBInstance ModifyDBInstance",
        "PromotionTier",
        "tiers of promotion are 0 to 15",
        outside(0, 15),
        INVALID,
        "Promotion tier must be between 0 and 15.",
        documented=("0 - 15",),
    ),
    Rule(
        "DeleteDBCluster",
        "",
        "a cluster's deletion names a final snapshot or skips it",
        _no_snapshot,
        COMBINATION,
        "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        source="API reference (botocore 1.44.5), DeleteDBCluster.SkipFinalSnapshot",
    ),
    Rule(
        "DeleteDBCluster",
        "",
        "a skipped final snapshot has no name",
        _useless_snapshot,
        COMBINATION,
        "FinalDBSnapshotIdentifier can not be specified when deleting a cluster with "
        "SkipFinalSnapshot.",
        source="API reference (botocore 1.44.5), DeleteDBCluster.FinalDBSnapshotIdentifier",
    ),
]
