"""Who calls: the operator, a user, or a role's session, and what their policies are."""

import functools
import json
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field

from moto.sts.models import sts_backends

from ...policy import parse
from . import lookups
from .needs import Place

ADMINISTRATOR = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    }
)
# The operator has an access key of the account's, and is no user that IAM lists.
OPERATOR = "operator"


class UnknownToken(Exception):
    """Credentials of a role that is not there any more, or never was."""


@dataclass
class Caller:
    """A principal: `names` by how near they are, and the policies that its identity has."""

    arn: str
    names: dict
    policies: list
    boundary: str | None = None
    session_policies: list = field(default_factory=list)
    user_id: str = ""
    user_name: str | None = None
    tags: dict = field(default_factory=dict)
    role_arn: str | None = None
    # Where a function runs: the subnets that decide which endpoints its calls go through.
    subnets: tuple = ()
    # The function that calls, by its ARN.
    function: str | None = None
    issued: float | None = None

    @property
    def principal_arn(self):
        """What aws:PrincipalArn holds: the role's ARN for a session of it."""
        return self.role_arn or self.arn


@dataclass
class Session:
    """Credentials of a role: of the role that there was when they were made, and no later one."""

    role_arn: str
    role_id: str
    name: str
    secret: str
    token: str
    subnets: tuple = ()
    function: str | None = None
    issued: float = field(default_factory=time.time)


class Sessions:
    """The credentials that the sandbox itself hands out to functions."""

    def __init__(self):
        self.by_key = {}

    def begin(self, place, role_arn, name, subnets=()):
        """Credentials for a function of this role: key id, secret and token."""
        role = lookups.role(place, role_arn)
        key = f"ASIA{secrets.token_hex(8).upper()}"
        session = Session(
            role_arn,
            role.id if role else "",
            name,
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(90),
            tuple(subnets),
            place.arn("lambda", f"function:{name}"),
        )
        self.by_key[key] = session
        return key, session.secret, session.token


sessions = Sessions()


class Operator:
    """What the operator may do: anything, or what its policies say."""

    def __init__(self):
        self.policies = [ADMINISTRATOR]
        # By access key id, what whoever comes with that may do instead.
        self.by_key = {}
        # Whether calls are authorised at all.
        self.asked = False

    def of(self, key):
        """The policies of whoever comes with this access key id."""
        return self.by_key.get(key, self.policies)

    def let(self, found, key=None):
        """Takes the policies: a document, a list of documents, or None for all rights; of whoever
        comes with `key`, or of all."""
        documents = found if isinstance(found, list) else [found]
        texts = [json.dumps(document) for document in documents]
        for text in texts:
            parse(text)
        policies = [ADMINISTRATOR] if found is None else texts
        if key:
            self.by_key[key] = policies
        else:
            self.policies = policies


operator = Operator()
# (principal's ARN without the session, action, resource): how often it was asked for and allowed.
used = Counter()


def of(key, place):
    """The caller behind an access key id; raises `UnknownToken` for credentials of no role."""
    if session := sessions.by_key.get(key):
        return _session(session, place)
    if assumed := sts_backends[place.account][place.partition].get_assumed_role_from_access_key(
        key
    ):
        return _assumed(assumed, place)
    for user in lookups.iam(place).users.values():
        if any(each.access_key_id == key for each in user.access_keys):
            return of_user(user, place)
    arn = place.arn("iam", f"user/{OPERATOR}", region="")
    return Caller(
        arn,
        _names(place, arn),
        operator.of(key),
        user_id="AIDASANDBOXOPERATOR",
        user_name=OPERATOR,
    )


def _names(place, arn, role_arn=None):
    names = {"itself": ("AWS", arn)}
    if role_arn:
        names["role"] = ("AWS", role_arn)
    names["account"] = ("AWS", place.arn("iam", "root", region=""))
    return names


def _session(session, place, policies=()):
    role = lookups.role(place, session.role_arn)
    # A role made anew under the name of another is another role: its id is new (IAM user guide,
    # "IAM identifiers"), and what was given to the old one is worth nothing.
    if role is None or role.id != session.role_id:
        raise UnknownToken()
    caller = of_role(place, role, session.name, policies)
    caller.subnets, caller.function = session.subnets, session.function
    caller.issued = session.issued
    return caller


def of_role(place, role, name, policies=()):
    """The caller that a session of the role is."""
    arn = place.arn("sts", f"assumed-role/{role.name}/{name}", region="")
    boundary = lookups.iam(place).managed_policies.get(role.permissions_boundary_arn)
    return Caller(
        arn,
        _names(place, arn, role.arn),
        [*role.policies.values(), *map(document, role.managed_policies.values())],
        document(boundary) if boundary else None,
        list(policies),
        f"{role.id}:{name}",
        tags=_tags(role.tags),
        role_arn=role.arn,
    )


def _tags(tags):
    if isinstance(tags, dict):
        return {key: (v["Value"] if isinstance(v, dict) else v) for key, v in tags.items()}
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def _assumed(found, place):
    """A session of AssumeRole's, which moto keeps."""
    session = Session(
        found.role_arn,
        # Noted when it was assumed: see `functions`.
        getattr(found, "role_id", ""),
        found.session_name,
        found.secret_access_key,
        found.session_token,
    )
    return _session(session, place, [found.policy] if found.policy else [])


def of_user(user, place):
    """The caller that the user is."""
    policies = [*user.policies.values(), *map(document, user.managed_policies.values())]
    for group in lookups.iam(place).get_groups_for_user(user.name):
        policies += [*group.policies.values(), *map(document, group.managed_policies.values())]
    boundary = getattr(user, "permissions_boundary", None)
    found = lookups.iam(place).managed_policies.get(boundary) if boundary else None
    return Caller(
        user.arn,
        _names(place, user.arn),
        policies,
        document(found) if found else None,
        user_id=user.id,
        user_name=user.name,
    )


def document(policy):
    """The default version's document of a managed policy."""
    default = policy.default_version_id
    return next(each.document for each in policy.versions if each.version_id == default)


@functools.lru_cache(maxsize=None)
def place_of(region, account):
    """The place of a region in an account."""
    from moto.utilities.utils import get_partition

    return Place(get_partition(region), region, account)
