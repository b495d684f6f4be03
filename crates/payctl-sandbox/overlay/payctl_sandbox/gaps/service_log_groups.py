"""Log groups that services make by themselves: without expiry, key and tags, and they stay.

Aurora's, `/aws/rds/cluster/NAME/TYPE`: Aurora guide, "Publishing Aurora PostgreSQL logs to Amazon
CloudWatch Logs" (2023-06-15; one that is there already is used as it is), terraform-provider-aws
#5348 (2018, by AWS's support) and, that it comes back where it is deleted while instances run,
#42858 (2025-06). API Gateway's, `/aws/apigateway/welcome`, when the account's role is set: several
modules make it beforehand, so that it expires. How soon one comes back, and that an instance that
is being deleted still writes, is assumed.
"""

from moto.apigateway.models import APIGatewayBackend
from moto.logs.models import LogsBackend, logs_backends
from moto.rds.models import RDSBackend, rds_backends

from ..clock import later
from ..lax import rule
from .aurora import CLUSTER_CHANGED, INSTANCE_READY

OF_CLUSTERS = "/aws/rds/cluster/"
WELCOME = "/aws/apigateway/welcome"
# AWS seconds until an instance writes again.
WRITES = 60


@rule(RDSBackend, "create_db_instance")
def create_db_instance(original, self, db_kwargs):
    instance = original(self, db_kwargs)
    if cluster := instance.db_cluster_identifier:
        _written_in(self, INSTANCE_READY, cluster)
    return instance


@rule(RDSBackend, "modify_db_cluster")
def modify_db_cluster(original, self, kwargs):
    # moto takes it out of there.
    identifier = kwargs["db_cluster_identifier"]
    cluster = original(self, kwargs)
    _written_in(self, CLUSTER_CHANGED, identifier)
    return cluster


def _written_in(backend, seconds, cluster):
    later.schedule(seconds, cluster_writes, backend.account_id, backend.region_name, cluster)


@later.effect
def cluster_writes(account, region, identifier):
    databases = rds_backends[account][region]
    cluster = databases.clusters.get(identifier)
    instances = [
        instance
        for instance in databases.databases.values()
        if instance.db_cluster_identifier == identifier and instance.status != "creating"
    ]
    if cluster and instances:
        for kind in cluster.enabled_cloudwatch_logs_exports:
            _make(account, region, f"{OF_CLUSTERS}{identifier}/{kind}")


@rule(LogsBackend, "delete_log_group")
def delete_log_group(original, self, log_group_name):
    original(self, log_group_name)
    if log_group_name.startswith(OF_CLUSTERS):
        cluster = log_group_name.removeprefix(OF_CLUSTERS).partition("/")[0]
        _written_in(self, WRITES, cluster)


@rule(APIGatewayBackend, "update_account")
def update_account(original, self, patch_operations):
    before = self.account.cloudwatch_role_arn
    account = original(self, patch_operations)
    if self.account.cloudwatch_role_arn and self.account.cloudwatch_role_arn != before:
        _make(self.account_id, self.region_name, WELCOME)
    return account


def _make(account, region, name):
    backend = logs_backends[account][region]
    if name not in backend.groups:
        backend.create_log_group(name, {})
