"""Quotas: how much of some things an account may have, as `account` has it.

The codes and words: hashicorp-education/learn-terraform-provision-eks-cluster#59 (addresses),
virt-s1/rhel-edge#3947 (VPCs), openshift/hive, pkg/controller/clusterprovision (NAT gateways, in a
test's log), Lambda's in aws-samples/one-observability-demo#278, and that the floor is the
account's total where that is below 100 in aws-samples/s3-to-lambda-patterns#36 (50 of 50). Those
of internet gateways are assumed alike.
"""

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.rds.exceptions import RDSClientError
from moto.rds.models import RDSBackend

from ..account import ADDRESSES, CLUSTERS, CONCURRENCY, GATEWAYS, NATS, VPCS, account
from ..lax import rule

# What functions without a reservation have for themselves.
FLOOR = 100


def _limited(name, quota, count, code, what):
    @rule(EC2Backend, name)
    def create(original, self, *arguments, **options):
        if count(self, *arguments, **options) >= account.quota(quota):
            raise EC2ClientError(code, f"The maximum number of {what} has been reached.")
        return original(self, *arguments, **options)


def _nats(backend, subnet_id, *_, **__):
    zone = backend.get_subnet(subnet_id).availability_zone
    gateways = [each for each in backend.nat_gateways.values() if each.state in PRESENT]
    return len([each for each in gateways if _zone(backend, each) == zone])


def _zone(backend, gateway):
    return backend.get_subnet(gateway.subnet_id).availability_zone


# Those that count: VPC guide, "Amazon VPC quotas".
PRESENT = ("pending", "available", "deleting")

_limited(
    "allocate_address",
    ADDRESSES,
    lambda self, *_, **__: len(self.addresses),
    "AddressLimitExceeded",
    "addresses",
)
_limited("create_vpc", VPCS, lambda self, *_, **__: len(self.vpcs), "VpcLimitExceeded", "VPCs")
_limited("create_nat_gateway", NATS, _nats, "NatGatewayLimitExceeded", "NAT Gateways")
_limited(
    "create_internet_gateway",
    GATEWAYS,
    lambda self, *_, **__: len(self.internet_gateways),
    "InternetGatewayLimitExceeded",
    "internet gateways",
)


@rule(RDSBackend, "create_db_cluster")
def create_db_cluster(original, self, kwargs):
    if len(self.clusters) >= account.quota(CLUSTERS):
        raise RDSClientError(
            "DBClusterQuotaExceededFault",
            "User attempted to create a new DB cluster and the user has already reached the "
            "maximum allowed DB cluster quota.",
        )
    return original(self, kwargs)


@rule(LambdaBackend, "put_function_concurrency")
def put_function_concurrency(original, self, function_name, reserved_concurrency):
    total = account.quota(CONCURRENCY)
    reserved = int(reserved_concurrency) + sum(
        int(each.reserved_concurrency or 0)
        for each in self.list_functions()
        if each.function_name != function_name
    )
    floor = min(FLOOR, total)
    if total - reserved < floor:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{floor}]."
        )
    return original(self, function_name, reserved_concurrency)
