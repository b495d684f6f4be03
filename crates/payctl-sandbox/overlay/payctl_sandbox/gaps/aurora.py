"""Aurora PostgreSQL: what a cluster and its instances need, and the time they take.

Without a time scale they are available at once, and gone at once.
"""

from moto.ec2.models import ec2_backends
from moto.rds.exceptions import (
    DBClusterNotFoundError,
    DBSubnetGroupNotFoundError,
    InvalidDBClusterStateFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    KMSKeyNotAccessibleFault,
    RDSClientError,
)
from moto.rds.models import DBCluster, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from ..clock import clock, later
from ..patching import replace
from .engine_versions import ENGINE, check_upgrade, family, resolve
from .services_using_keys import find_key

# AWS seconds.
CLUSTER_READY, CLUSTER_CHANGED, CLUSTER_GONE = 90, 15, 63
INSTANCE_READY, INSTANCE_CHANGED, INSTANCE_GONE = 420, 120, 707
# No names for a master user.
RESERVED = ("admin", "rdsadmin")


# moto's is available from the second look on.
DBCluster.status = property(
    lambda self: self._status, lambda self, status: setattr(self, "_status", status)
)


# Clusters


@replace(RDSBackend, "create_db_cluster")
def create_db_cluster(original, self, kwargs):
    identifier = kwargs["db_cluster_identifier"]
    if identifier in self.clusters:
        raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    if kwargs.get("engine") == ENGINE:
        kwargs["engine_version"] = resolve(kwargs.get("engine_version") or "")
        _check_surroundings(self, kwargs)
    cluster = original(self, kwargs)
    cluster.status = "creating"
    later.schedule(CLUSTER_READY, cluster_available, *_place(self), identifier)
    return cluster


def _check_surroundings(backend, wanted):
    name = wanted.get("master_username")
    if name in RESERVED or (name or "").startswith("pg_"):
        raise InvalidParameterValue(
            f"MasterUsername {name} cannot be used as it is a reserved word used by the engine"
        )
    group = wanted.get("db_subnet_group_name")
    if group and group not in backend.subnet_groups:
        raise DBSubnetGroupNotFoundError(group)
    _check_parameter_group(
        backend, wanted.get("db_cluster_parameter_group_name"), wanted["engine_version"]
    )
    _check_security_groups(backend, wanted.get("vpc_security_group_ids"))
    identifier = wanted.get("kms_key_id")
    if identifier:
        key = find_key(*_place(backend), identifier)
        if key is None or key.key_state != "Enabled":
            raise KMSKeyNotAccessibleFault(identifier)
        wanted["kms_key_id"] = key.arn


def _check_parameter_group(backend, name, version):
    if not name or name.startswith("default."):
        return
    group = backend.db_cluster_parameter_groups.get(name)
    if group is None:
        raise RDSClientError(
            "DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}"
        )
    if group.db_parameter_group_family != family(version):
        raise InvalidParameterCombination(
            f"The Parameter Group {name} with DBParameterGroupFamily "
            f"{group.db_parameter_group_family} can't be used for this instance. Use a Parameter "
            f"Group with DBParameterGroupFamily {family(version)}."
        )


def _check_security_groups(backend, identifiers):
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    for identifier in identifiers or ():
        if ec2.get_security_group_from_id(identifier) is None:
            raise InvalidParameterValue(f"Invalid security group , groupId= {identifier}")


@later.effect
def cluster_available(account, region, identifier):
    cluster = rds_backends[account][region].clusters.get(identifier)
    if cluster and cluster.status in ("creating", "modifying"):
        cluster.status = "available"


@replace(RDSBackend, "modify_db_cluster")
def modify_db_cluster(original, self, kwargs):
    identifier = kwargs["db_cluster_identifier"]
    cluster = _find_available(self, identifier)
    version = kwargs.get("engine_version") or cluster.engine_version
    if cluster.engine == ENGINE:
        allowed = kwargs.get("allow_major_version_upgrade")
        check_upgrade(cluster.engine_version, version, allowed)
        name = kwargs.get("db_cluster_parameter_group_name") or cluster.parameter_group
        _check_parameter_group(self, name, version)
        _check_security_groups(self, kwargs.get("vpc_security_group_ids"))
    # moto keeps these two under other names than it answers them from.
    logs = kwargs.get("cloudwatch_logs_export_configuration") or {}
    kept = cluster.enabled_cloudwatch_logs_exports
    kept = [name for name in kept if name not in (logs.get("DisableLogTypes") or [])]
    more = [name for name in logs.get("EnableLogTypes") or [] if name not in kept]
    iam = kwargs.get("enable_iam_database_authentication")
    answer = original(self, kwargs)
    cluster.enabled_cloudwatch_logs_exports = kept + more
    if iam is not None:
        cluster.iam_auth = iam
    if clock.timed:
        cluster.status = "modifying"
        later.schedule(CLUSTER_CHANGED, cluster_available, *_place(self), identifier)
    return answer


def _find_available(backend, identifier):
    cluster = backend.clusters.get(identifier)
    if cluster is None:
        raise DBClusterNotFoundError(identifier)
    if cluster.status != "available":
        raise InvalidDBClusterStateFault(
            f"DB cluster {identifier} is not currently in the available state."
        )
    return cluster


@replace(RDSResponse, "delete_db_cluster")
def delete_db_cluster_call(original, self):
    skipped = self.params.get("SkipFinalSnapshot")
    if not skipped and not self.params.get("FinalDBSnapshotIdentifier"):
        raise InvalidParameterCombination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        )
    return original(self)


@replace(RDSBackend, "delete_db_cluster")
def delete_db_cluster(original, self, cluster_identifier, snapshot_name=None):
    if cluster_identifier in self.clusters:
        _find_available(self, cluster_identifier)
    cluster = original(self, cluster_identifier, snapshot_name)
    # Its automated backups go with it.
    for name, snapshot in list(self.cluster_snapshots.items()):
        automated = snapshot.snapshot_type == "automated"
        if automated and snapshot.db_cluster_identifier == cluster_identifier:
            del self.cluster_snapshots[name]
    cluster.status = "deleting"
    self.clusters[cluster_identifier] = cluster
    later.schedule(CLUSTER_GONE, cluster_gone, *_place(self), cluster_identifier)
    return cluster


@later.effect
def cluster_gone(account, region, identifier):
    rds_backends[account][region].clusters.pop(identifier, None)


# Instances


@replace(RDSBackend, "create_db_instance")
def create_db_instance(original, self, db_kwargs):
    name = db_kwargs.get("db_cluster_identifier")
    cluster = self.clusters.get(name) if name else None
    if cluster and cluster.status == "deleting":
        raise InvalidDBClusterStateFault(
            f"DB cluster {name} is not currently in the available state."
        )
    instance = original(self, db_kwargs)
    if name:
        instance.status = "creating"
        place = *_place(self), instance.db_instance_identifier
        later.schedule(INSTANCE_READY, instance_available, *place)
    return instance


@later.effect
def instance_available(account, region, identifier):
    instance = rds_backends[account][region].databases.get(identifier)
    if instance and instance.status in ("creating", "modifying"):
        instance.status = "available"


@replace(RDSBackend, "modify_db_instance")
def modify_db_instance(original, self, db_instance_identifier, db_kwargs):
    instance = self.describe_db_instances(db_instance_identifier)[0]
    if instance.db_cluster_identifier and instance.status != "available":
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Database instance is not in available state: {db_instance_identifier}",
        )
    instance = original(self, db_instance_identifier, db_kwargs)
    if clock.timed and instance.db_cluster_identifier:
        instance.status = "modifying"
        place = *_place(self), db_instance_identifier
        later.schedule(INSTANCE_CHANGED, instance_available, *place)
    return instance


@replace(RDSBackend, "delete_db_instance")
def delete_db_instance(original, self, db_instance_identifier, **options):
    instance = self.databases.get(db_instance_identifier)
    if instance and instance.status == "deleting":
        raise RDSClientError(
            "InvalidDBInstanceState", f"Instance {db_instance_identifier} is already being deleted."
        )
    answer = original(self, db_instance_identifier, **options)
    if instance.db_cluster_identifier:
        self.databases[db_instance_identifier] = instance
        place = *_place(self), db_instance_identifier
        later.schedule(INSTANCE_GONE, instance_gone, *place)
    return answer


@later.effect
def instance_gone(account, region, identifier):
    rds_backends[account][region].databases.pop(identifier, None)


def _place(backend):
    return backend.account_id, backend.region_name
