"""Evaluates policy documents: which statements apply to a request, and what they say.

A document is parsed once: policies are few and calls are many.
"""

import functools
import json
import re

from .conditions import (
    Absent,
    Condition,
    PolicyError,
    arn_glob,
    fill,
    glob,
    list_of,
    unguarded,
)

ALLOW, DENY = "Allow", "Deny"
ELEMENTS = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}


def decide(document, principal, action, resource, context):
    """`DENY`, `ALLOW` or None (nothing applies) for one action on one resource.

    `principal` is a pair such as ("Service", "s3.amazonaws.com") or ("AWS", root ARN), or None
    where nobody is asked for; `context` holds the condition keys the request has, in lower case.
    """
    principals = {} if principal is None else {"itself": principal}
    return parse(document).verdict(principals, action, resource, context)[0]


def statements(document):
    """The statements of a policy document, given as text, bytes or parsed."""
    if isinstance(document, bytes):
        document = document.decode()
    if isinstance(document, str):
        document = json.loads(document)
    return list_of(document.get("Statement", []))


def parse(document):
    """The policy of a document, given as text, bytes or parsed."""
    if isinstance(document, dict):
        return Policy(document)
    return _parsed(document)


@functools.lru_cache(maxsize=4096)
def _parsed(text):
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise PolicyError("not a JSON object")
    return Policy(document)


class Policy:
    """A parsed document."""

    def __init__(self, document):
        # Variables came with this version; before, they are plain text.
        variables = document.get("Version") == "2012-10-17"
        self.statements = [
            Statement(each, variables) for each in list_of(document.get("Statement", []))
        ]

    def verdict(self, principals, action, resource, context):
        """What it says, and to whom: the name in `principals` of the nearest that it allows.

        `principals` are the caller's names by how near they are: `itself`, `role`, `account`;
        `anyone` is who a `*` allows.
        """
        allowed = []
        for statement in self.statements:
            to = statement.applies(principals, action, resource, context)
            if to and statement.effect == DENY:
                return DENY, to
            if to:
                allowed.append(to)
        nearest = next((each for each in NEAREST if each in allowed), None)
        return (ALLOW, nearest) if allowed else (None, None)


NEAREST = ("itself", "role", "anyone", "account")


class Statement:
    """One statement, its patterns compiled."""

    def __init__(self, declared, variables):
        if unknown := set(declared) - ELEMENTS:
            raise PolicyError(f"unknown element {sorted(unknown)[0]}")
        self.effect = declared.get("Effect")
        if self.effect not in (ALLOW, DENY):
            raise PolicyError("a statement's Effect is Allow or Deny")
        self.principal = declared.get("Principal")
        self.not_principal = declared.get("NotPrincipal")
        self.actions = _actions(declared.get("Action"))
        self.not_actions = _actions(declared.get("NotAction"))
        self.resources = _resources(declared.get("Resource"), variables)
        self.not_resources = _resources(declared.get("NotResource"), variables)
        self.conditions = [
            Condition(operator, key, wanted)
            for operator, keys in (declared.get("Condition") or {}).items()
            for key, wanted in keys.items()
        ]

    def applies(self, principals, action, resource, context):
        """To whom of the principals it applies for this request; None if to nobody."""
        to = self._to(principals)
        if not to or not self.names(action):
            return None
        if self.resources is not None and not _covers(self.resources, resource, context):
            return None
        if self.not_resources is not None and _covers(self.not_resources, resource, context):
            return None
        return to if all(each.holds(context) for each in self.conditions) else None

    def names(self, action):
        """Whether it is about this action."""
        if self.actions is not None and not any(each.fullmatch(action) for each in self.actions):
            return False
        return self.not_actions is None or not any(
            each.fullmatch(action) for each in self.not_actions
        )

    def _to(self, principals):
        if self.principal is not None:
            return _principal(self.principal, principals)
        if self.not_principal is not None:
            return _other_principal(self.not_principal, principals)
        # A policy of the caller's own.
        return "itself"


def _actions(declared):
    if declared is None:
        return None
    return [glob(each, re.IGNORECASE) for each in list_of(declared)]


def _resources(declared, variables):
    """Patterns, compiled where no variable has to be filled in first."""
    if declared is None:
        return None
    return [each if variables and "${" in each else arn_glob(each) for each in list_of(declared)]


def _covers(patterns, resource, context):
    for pattern in patterns:
        if isinstance(pattern, str):
            try:
                pattern = unguarded(arn_glob(fill(pattern, context)))
            except Absent:
                # Without a value there is nothing that it could name.
                continue
        if pattern.fullmatch(resource):
            return True
    return False


def _principal(declared, principals):
    if declared == "*":
        return "anyone"
    for nearness, (kind, name) in principals.items():
        for value in list_of(declared.get(kind, [])):
            if value == name or (nearness == "account" and value == name.split(":")[4]):
                return nearness
            # An account's number stands for its root, and its root for everybody in it.
            if kind == "AWS" and re.fullmatch(r"\d{12}", value) and f"::{value}:" in name:
                return "account"
    return "anyone" if "*" in list_of(declared.get("AWS", [])) else None


def _other_principal(declared, principals):
    """Who is left over where some are excepted.

    Whoever is excepted has to be so with role and account: AWS may look at the account first,
    then at the role, then at the session (IAM user guide, "AWS JSON policy elements:
    NotPrincipal"). That it always does is assumed: it is the strictest reading.
    """
    excepted = all(
        _principal(declared, {nearness: named}) for nearness, named in principals.items()
    )
    return None if excepted and principals else "anyone"


def conditions_hold(conditions, context):
    """Whether every condition of a statement holds."""
    return all(
        Condition(operator, key, wanted).holds(context)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def any_like(patterns, value, ignore_case=False):
    """Whether the value matches any of the patterns (one, or a list of them)."""
    flags = re.IGNORECASE if ignore_case else 0
    return any(glob(pattern, flags).fullmatch(value) for pattern in list_of(patterns))
