"""Parameters of clusters: which there are, how they take effect, and how they are reset."""

from moto.core.responses import ActionResult
from moto.rds.exceptions import (
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from ..paging import page
from ..patching import replace

# Those of Aurora PostgreSQL that one would set, by how they take effect.
DYNAMIC = (
    "log_autovacuum_min_duration",
    "log_connections",
    "log_disconnections",
    "log_error_verbosity",
    "log_lock_waits",
    "log_min_duration_statement",
    "log_min_messages",
    "log_statement",
    "log_temp_files",
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "password_encryption",
    "pgaudit.log",
    "pgaudit.role",
    "rds.accepted_password_auth_method",
    "rds.force_admin_logging_level",
    "rds.force_ssl",
    "rds.log_retention_period",
    "rds.restrict_password_commands",
    "ssl_ciphers",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "statement_timeout",
    "timezone",
    "work_mem",
)
STATIC = (
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "rds.logical_replication",
    "shared_preload_libraries",
    "track_activity_query_size",
)
# As many as one call takes.
AT_ONCE = 20


def _group(backend, name):
    return backend.describe_db_cluster_parameter_groups(name)[0]


@replace(RDSResponse, "describe_db_cluster_parameters")
def describe_db_cluster_parameters(original, self):
    group = _group(self.backend, self.params.get("DBClusterParameterGroupName"))
    filters = {each["Name"]: each["Values"] for each in self.params.get("Filters") or []}
    names = filters.get("parameter-name")
    source = self.params.get("Source")
    found = []
    for name in sorted({*DYNAMIC, *STATIC}):
        known = {
            "ParameterName": name,
            "ApplyType": "static" if name in STATIC else "dynamic",
            "ApplyMethod": "pending-reboot",
            "DataType": "string",
            "IsModifiable": True,
            "Source": "engine-default",
        }
        if name in group.parameters:
            known.update(group.parameters[name], Source="user")
        if (not names or name in names) and source in (None, known["Source"]):
            found.append(known)
    return page(self.params, "Parameters", found)


@replace(RDSBackend, "modify_db_cluster_parameter_group")
def modify_db_cluster_parameter_group(original, self, name, parameters):
    _check(parameters)
    return original(self, name, parameters)


def reset_db_cluster_parameter_group(self):
    """Gives parameters the engine's own values back, all of them or those that are named."""
    name = self.params.get("DBClusterParameterGroupName")
    group = _group(self.backend, name)
    if self.params.get("ResetAllParameters"):
        group.parameters.clear()
    else:
        parameters = [each.original_dict() for each in self.params.get("Parameters") or []]
        _check(parameters)
        for parameter in parameters:
            group.parameters.pop(parameter["ParameterName"], None)
    return ActionResult({"DBClusterParameterGroupName": name})


# moto does not have it.
RDSResponse.reset_db_cluster_parameter_group = reset_db_cluster_parameter_group


def _check(parameters):
    if len(parameters) > AT_ONCE:
        raise InvalidParameterValue(f"At most {AT_ONCE} parameters can be changed at once.")
    for parameter in parameters:
        name, method = parameter["ParameterName"], parameter.get("ApplyMethod")
        if name not in DYNAMIC and name not in STATIC:
            raise InvalidParameterValue(f"Could not find parameter with name: {name}")
        if name in STATIC and method == "immediate":
            raise InvalidParameterCombination(
                "cannot use immediate apply method for static parameter"
            )


@replace(RDSBackend, "delete_db_cluster_parameter_group")
def delete_db_cluster_parameter_group(original, self, db_cluster_parameter_group_name):
    name = db_cluster_parameter_group_name
    if any(cluster.parameter_group == name for cluster in self.clusters.values()):
        raise RDSClientError(
            "InvalidDBParameterGroupState",
            "One or more database clusters are still members of this parameter group "
            f"{name}, so the group cannot be deleted",
        )
    return original(self, name)
