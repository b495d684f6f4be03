"""CloudTrail: the log group that a trail writes to, as what, and what it finds unusual.

Neither is taken before the role can be used. The texts are those of terraform-provider-aws#1312 (the
role's trust) and #1820 (its permissions); that one without the other is refused: terraform#6217.
"""

import time

from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.core.exceptions import JsonRESTError
from moto.iam.exceptions import IAMException
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from ..patching import replace
from .function_checks import role_allows
from .iam import trusts

SERVICE = "cloudtrail.amazonaws.com"
ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")


def _refused(what, message):
    error = JsonRESTError(f"InvalidCloudWatchLogs{what}Exception", message)
    error.code = 400
    return error


def _check(self, group, role_arn):
    """Whether CloudTrail could write there as the role."""
    if not group and not role_arn:
        return
    if not role_arn:
        raise _refused("RoleArn", "You must specify a role ARN as well as a log group.")
    name = group.split(":log-group:")[-1].removesuffix(":*") if group else None
    if name not in logs_backends[self.account_id][self.region_name].groups:
        raise _refused("LogGroupArn", "CloudTrail cannot validate the specified log group ARN.")
    try:
        role = iam_backends[self.account_id][self.partition].get_role_by_arn(role_arn)
    except IAMException:
        role = None
    visible = role is not None and time.time() >= getattr(role, "visible_at", 0)
    if not visible or not trusts(role, SERVICE):
        raise _refused("RoleArn", "Access denied. Check the trust relationships for your role.")
    if not all(role_allows(role, action) for action in ACTIONS):
        raise _refused("LogGroupArn", "Access denied. Check the permissions for your role.")


@replace(CloudTrailBackend, "create_trail")
def create_trail(original, self, *arguments):
    _check(self, *arguments[8:10])
    return original(self, *arguments)


@replace(CloudTrailBackend, "update_trail")
def update_trail(original, self, **options):
    _check(self, options.get("cw_log_group_arn"), options.get("cw_role_arn"))
    return original(self, **options)


@replace(Trail, "description")
def description(original, self, include_region=False):
    told = original(self, include_region)
    told["HasInsightSelectors"] = bool(self.insight_selectors)
    return told


@replace(Trail, "put_insight_selectors")
def put_insight_selectors(original, self, insight_selectors):
    # All of them at once; an empty list turns them off (PutInsightSelectors' reference).
    self.insight_selectors = list(insight_selectors)
