"""Flow logs: only through a role that VPC flow logs can assume."""

import time

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.iam.exceptions import IAMException
from moto.iam.models import iam_backends

from ..patching import replace
from .iam import trusts

SERVICE = "vpc-flow-logs.amazonaws.com"


@replace(EC2Backend, "create_flow_logs")
def create_flow_logs(original, self, *arguments, **options):
    arn = options.get("deliver_logs_permission_arn")
    if arn and not _assumable(self, arn):
        raise EC2ClientError("InvalidParameter", "Unable to assume given IAM role")
    return original(self, *arguments, **options)


def _assumable(self, arn):
    try:
        role = iam_backends[self.account_id][self.partition].get_role_by_arn(arn)
    except IAMException:
        return False
    return time.time() >= getattr(role, "visible_at", 0) and trusts(role, SERVICE)
