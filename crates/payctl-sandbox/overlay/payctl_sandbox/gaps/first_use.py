"""RDS's first use in an account: its service-linked role is made, and seen a moment later.

terraform-aws-modules/terraform-aws-rds#364 and crossplane-contrib/provider-aws#479 (a subnet group
in an account without the role), aws-samples/eks-workshop-v2#1609 and cds-snc/terraform-modules#88
(a database; with the permission the next try works). How long that takes is assumed. A seasoned
account has the role.
"""

import time

from moto.iam.models import SERVICE_NAME_CONVERSION, iam_backends
from moto.rds.exceptions import InvalidParameterValue
from moto.rds.models import RDSBackend

from ..account import NEW, account
from ..clock import clock
from ..lax import rule

SERVICE = "rds.amazonaws.com"
# Else moto's role is AWSServiceRoleForrds.
SERVICE_NAME_CONVERSION["rds"] = "RDS"
# AWS seconds.
SEEN = 15
OF_GROUPS = (
    "Missing necessary credentials. Please check http://docs.aws.amazon.com/AmazonRDS/latest/"
    "UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html"
)
OF_DATABASES = (
    "Unable to create the resource. Verify that you have permission to create service linked role. "
    "Otherwise wait and try again later"
)


def _refuse_first(name, message):
    @rule(RDSBackend, name)
    def create(original, self, *arguments, **options):
        if account.kind == NEW and not _has_role(self):
            raise InvalidParameterValue(message)
        return original(self, *arguments, **options)


def _has_role(backend):
    """Whether the role is there to be used; it is made where it is not."""
    iam = iam_backends[backend.account_id][backend.partition]
    for role in iam.get_roles():
        if role.path == f"/aws-service-role/{SERVICE}/":
            return clock.since(getattr(role, "made_for_rds_at", None), clock.timed * SEEN)
    iam.create_service_linked_role(SERVICE, "", "").made_for_rds_at = time.time()
    return False


_refuse_first("create_subnet_group", OF_GROUPS)
_refuse_first("create_db_cluster", OF_DATABASES)
_refuse_first("create_db_instance", OF_DATABASES)
