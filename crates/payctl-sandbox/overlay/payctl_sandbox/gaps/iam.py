"""IAM: names that are too long, policies in use, and roles that services see only after a while."""

import time

from moto.iam.exceptions import DeleteConflictException, IAMException
from moto.iam.models import IAMBackend

from ..clock import clock
from ..patching import replace
from ..policy import statements

LONGEST_ROLE = 64
# AWS seconds until a service can assume a new role.
VISIBLE = 8


@replace(IAMBackend, "create_role")
def create_role(original, self, role_name, *arguments, **options):
    if len(role_name) > LONGEST_ROLE:
        raise IAMException(
            "ValidationError",
            f"1 validation error detected: Value '{role_name}' at 'roleName' failed to satisfy "
            f"constraint: Member must have length less than or equal to {LONGEST_ROLE}",
        )
    role = original(self, role_name, *arguments, **options)
    role.visible_at = time.time() + clock.seconds(VISIBLE) if clock.timed else 0
    return role


@replace(IAMBackend, "delete_policy")
def delete_policy(original, self, policy_arn):
    policy = self.get_policy(policy_arn)
    if policy.attachment_count > 0:
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflictException(
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy."
        )
    return original(self, policy_arn)


def trusts(role, service):
    """Whether the role's trust policy lets the service assume it."""
    for statement in statements(role.assume_role_policy_document):
        services = (statement.get("Principal") or {}).get("Service", [])
        services = services if isinstance(services, list) else [services]
        if statement.get("Effect") == "Allow" and service in services:
            return True
    return False
