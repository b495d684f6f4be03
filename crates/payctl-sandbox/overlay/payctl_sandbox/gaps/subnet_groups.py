"""Subnet groups of databases: they stay when they change, and while something is in them."""

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.rds.exceptions import DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import RDSBackend, rds_backends

from ..patching import replace


def clusters_in(backend, name):
    """The clusters of a subnet group."""
    return [one for one in backend.clusters.values() if one.db_subnet_group_name == name]


def _check_zones(subnets):
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "
            "Current AZ coverage: "
            f"{', '.join(sorted({subnet.availability_zone for subnet in subnets}))}. "
            "Add subnets to cover at least 2 AZs.",
        )


@replace(RDSBackend, "create_subnet_group")
def create_subnet_group(original, self, subnet_name, description, subnets, tags):
    if subnet_name in self.subnet_groups:
        raise RDSClientError(
            "DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists."
        )
    _check_zones(subnets)
    return original(self, subnet_name, description, subnets, tags)


@replace(RDSBackend, "modify_db_subnet_group")
def modify_db_subnet_group(original, self, subnet_name, description, subnets):
    if subnet_name not in self.subnet_groups:
        raise DBSubnetGroupNotFoundError(subnet_name)
    _check_zones(subnets)
    group = original(self, subnet_name, description, subnets)
    # moto takes it out, and forgets it.
    self.subnet_groups[subnet_name] = group
    return group


@replace(RDSBackend, "delete_subnet_group")
def delete_subnet_group(original, self, subnet_name):
    for cluster in clusters_in(self, subnet_name):
        raise RDSClientError(
            "InvalidDBSubnetGroupStateFault",
            f"Cannot delete the subnet group '{subnet_name}' because at least one database "
            f"cluster: {cluster.db_cluster_identifier} is still using it.",
        )
    return original(self, subnet_name)


# The network: an instance has an interface in its zone's subnet, with the cluster's groups.


def _instances(backend):
    databases = rds_backends[backend.account_id][backend.region_name].databases
    return [one for one in databases.values() if getattr(one, "cluster", None)]


@replace(EC2Backend, "delete_subnet")
def delete_subnet(original, self, subnet_id):
    groups = rds_backends[self.account_id][self.region_name].subnet_groups
    for instance in _instances(self):
        group = groups.get(instance.cluster.db_subnet_group_name)
        for subnet in group._subnets if group else ():
            if subnet.id == subnet_id and subnet.availability_zone == instance.availability_zone:
                raise DependencyViolationError(
                    f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
                )
    return original(self, subnet_id)


@replace(EC2Backend, "delete_security_group")
def delete_security_group(original, self, name=None, group_id=None):
    group = self.get_security_group_by_name_or_id(group_id or name)
    if group and any(group.id in one.cluster.vpc_security_group_ids for one in _instances(self)):
        raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return original(self, name, group_id)
