"""Aurora PostgreSQL: a real database behind each cluster, where PostgreSQL is on the machine.

Its address takes the place of the cluster's endpoints. Statuses and rules are not its concern.
"""

from moto.rds.models import DBCluster, RDSBackend, rds_backends

from ..databases import servers
from ..patching import replace

ENGINE = "aurora-postgresql"


@replace(RDSBackend, "create_db_cluster")
def create_db_cluster(original, self, kwargs):
    cluster = original(self, kwargs)
    if cluster.engine == ENGINE:
        _make(cluster)
    return cluster


def _make(cluster):
    cluster.address = servers.make(
        cluster.db_cluster_resource_id,
        int(cluster.port),
        cluster.master_username,
        getattr(cluster, "_master_user_password", None),
        cluster.database_name,
    )


@replace(RDSBackend, "modify_db_cluster")
def modify_db_cluster(original, self, kwargs):
    password = kwargs.get("master_user_password")
    cluster = original(self, kwargs)
    if password:
        servers.set_password(cluster.db_cluster_resource_id, cluster.master_username, password)
    return cluster


@replace(RDSBackend, "delete_db_cluster")
def delete_db_cluster(original, self, cluster_identifier, snapshot_name=None):
    cluster = original(self, cluster_identifier, snapshot_name)
    servers.remove(cluster.db_cluster_resource_id)
    cluster.address = None
    return cluster


def _address(name):
    original = getattr(DBCluster, name)
    return property(lambda self: getattr(self, "address", None) or original.fget(self))


DBCluster.endpoint = _address("endpoint")
DBCluster.reader_endpoint = _address("reader_endpoint")


def resume():
    """Starts the servers of the clusters that were kept, and drops what belongs to none."""
    kept = [
        cluster
        for _, _, backend in rds_backends.iter_backends()
        for cluster in backend.clusters.values()
        if getattr(cluster, "address", None)
    ]
    if kept and not servers.available():
        # It may be there the next time.
        return
    servers.keep_only({cluster.db_cluster_resource_id for cluster in kept})
    for cluster in kept:
        place = cluster.db_cluster_resource_id, cluster.address, int(cluster.port)
        if not servers.start(*place):
            # It was deleted, and the sandbox killed before that was kept.
            _make(cluster)
