"""The decision on one action and one resource, within one account.

IAM user guide, "Policy evaluation logic" (awsdocs/iam-user-guide, 2023-06-15; docs.aws.amazon.com,
reference_policies_evaluation-logic_policy-eval-basics.html, read on 2026-11-29):

- An explicit deny in any policy decides.
- Otherwise the identity's policies or the resource's have to allow, and what the identity's allow,
  its boundary and its session policies have to allow as well.
- What a resource's policy allows to the role is held to boundary and session policies; what it
  allows to the session itself, or to a user, is not. That `*` is held to them too is assumed.
- An account that a policy names is no permission for those in it: their own policies decide. So it
  is with keys too, but for those the key's policy has to name the account, the caller, or a grant
  has to (KMS developer guide, "Troubleshooting key access").
"""

from typing import NamedTuple

from ...policy import ALLOW, DENY, parse
from . import grants

IDENTITY = "identity-based policy"
RESOURCE = "resource-based policy"
BOUNDARY = "permissions boundary"
SESSION = "session policy"
ENDPOINT = "VPC endpoint policy"


class Denied(NamedTuple):
    """Why not: the sort of policy that denies, and whether it does so explicitly."""

    sort: str
    explicit: bool


class Policies(NamedTuple):
    """Everything that is said of a request."""

    identity: list
    resource: object = None
    boundary: str | None = None
    session: list = []
    endpoint: str | None = None


def decide(caller, policies, action, resource, context, place=None):
    """None if it is allowed, else why not."""

    def said(documents, principals):
        return [
            parse(each).verdict(principals, action, resource, context)
            for each in documents
            if each
        ]

    layers = (
        (IDENTITY, said(policies.identity, {})),
        (RESOURCE, said([policies.resource], caller.names)),
        (BOUNDARY, said([policies.boundary], {})),
        (SESSION, said(policies.session, {})),
        (ENDPOINT, said([policies.endpoint], caller.names)),
    )
    for sort, verdicts in layers:
        if any(effect == DENY for effect, _ in verdicts):
            return Denied(sort, True)
    identity, resources, boundary, session, endpoint = (verdicts for _, verdicts in layers)
    if policies.endpoint and not _allows(endpoint):
        return Denied(ENDPOINT, False)
    to = next((to for effect, to in resources if effect == ALLOW), None)
    # Trust policies and key policies have to allow by themselves (the guide's exceptions).
    has_to = policies.resource is not None and (
        action.startswith("kms:") or action == "sts:AssumeRole"
    )
    if action.startswith("kms:") and grants.allow(caller, action, resource, context, place):
        return None
    if to == "itself":
        return None
    if has_to and to is None:
        return Denied(RESOURCE, False)
    allowed = to in ("role", "anyone") or _allows(identity)
    if not allowed:
        return Denied(IDENTITY, False)
    if policies.boundary and not _allows(boundary):
        return Denied(BOUNDARY, False)
    if policies.session and not _allows(session):
        return Denied(SESSION, False)
    return None


def _allows(verdicts):
    return any(effect == ALLOW for effect, _ in verdicts)
