"""What a function's role allows, at the moment of the call.

Permissions of temporary credentials are evaluated each time they are used (IAM user guide,
"Disabling permissions for temporary security credentials", read on 2026-11-29): what a function
holds in its environment allows nothing any more once its role's policies are gone. That this is so
as well once the role itself is gone follows; that it is so at once and not after some minutes is
assumed.
"""

from moto.iam.exceptions import IAMException
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from ..policy import ALLOW, DENY, decide


def may(definition, action, resource):
    """Whether the function's role may do this; not so when the role is gone."""
    backend = iam_backends[definition.account][get_partition(definition.region)]
    try:
        role = backend.get_role_by_arn(definition.role)
    except IAMException:
        return False
    documents = [*role.policies.values(), *map(_document, role.managed_policies.values())]
    if not _allow(documents, action, resource):
        return False
    boundary = backend.managed_policies.get(role.permissions_boundary_arn)
    return boundary is None or _allow([_document(boundary)], action, resource)


def _allow(documents, action, resource):
    decisions = [decide(document, None, action, resource, {}) for document in documents]
    return ALLOW in decisions and DENY not in decisions


def _document(policy):
    default = policy.default_version_id
    return next(each.document for each in policy.versions if each.version_id == default)
