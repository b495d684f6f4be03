"""Evaluates policy documents: which statements apply to a request, and what they say."""

import fnmatch
import json
import re

ALLOW, DENY = "Allow", "Deny"


def decide(document, principal, action, resource, context):
    """`DENY`, `ALLOW` or None (nothing applies) for one action on one resource.

    `principal` is a pair such as ("Service", "s3.amazonaws.com") or ("AWS", root ARN);
    `context` holds the condition keys the request has, in lower case.
    """
    decision = None
    for statement in statements(document):
        if not _applies(statement, principal, action, resource, context):
            continue
        if statement["Effect"] == DENY:
            return DENY
        decision = ALLOW
    return decision


def statements(document):
    """The statements of a policy document, given as text, bytes or parsed."""
    if isinstance(document, bytes):
        document = document.decode()
    if isinstance(document, str):
        document = json.loads(document)
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _applies(statement, principal, action, resource, context):
    if "Principal" in statement and not _is_principal(statement["Principal"], principal):
        return False
    if "NotPrincipal" in statement and _is_principal(statement["NotPrincipal"], principal):
        return False
    if "Action" in statement and not any_like(statement["Action"], action, ignore_case=True):
        return False
    if "NotAction" in statement and any_like(statement["NotAction"], action, ignore_case=True):
        return False
    if "Resource" in statement and not any_like(statement["Resource"], resource):
        return False
    if "NotResource" in statement and any_like(statement["NotResource"], resource):
        return False
    return conditions_hold(statement.get("Condition") or {}, context)


def _is_principal(declared, principal):
    if declared == "*":
        return True
    kind, name = principal
    for value in _list(declared.get(kind, [])):
        if value in ("*", name):
            return True
        # An account's number stands for its root, and its root for everybody in it.
        if kind == "AWS" and re.fullmatch(r"\d{12}", value) and f"::{value}:" in name:
            return True
    return False


def conditions_hold(conditions, context):
    """Whether every condition of a statement holds."""
    return all(
        _holds(operator, key.lower(), _list(wanted), context)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator, key, wanted, context):
    name = operator.split(":")[-1]
    if name == "Null":
        return str(key not in context).lower() in [str(value).lower() for value in wanted]
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    test = TESTS.get(name)
    if test is None:
        return False
    compare, negated = test
    if key not in context:
        return negated or if_exists or operator.startswith("ForAllValues:")
    values = _list(context[key])
    matches = [any(compare(str(value), str(want)) for want in wanted) for value in values]
    if operator.startswith("ForAllValues:"):
        return all(match != negated for match in matches)
    if negated:
        return not any(matches)
    return any(matches)


def _like(value, pattern):
    # fnmatch reads brackets, which IAM does not.
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def any_like(patterns, value, ignore_case=False):
    """Whether the value matches any of the patterns (one, or a list of them)."""
    if ignore_case:
        return any(_like(value.lower(), pattern.lower()) for pattern in _list(patterns))
    return any(_like(value, pattern) for pattern in _list(patterns))


def _list(value):
    return value if isinstance(value, list) else [value]


def _number(compare):
    return lambda value, want: compare(float(value), float(want))


# Operator: (comparison of one value with one wanted value, whether the result is negated)
TESTS = {
    "StringEquals": (str.__eq__, False),
    "StringNotEquals": (str.__eq__, True),
    "StringEqualsIgnoreCase": (lambda value, want: value.lower() == want.lower(), False),
    "StringNotEqualsIgnoreCase": (lambda value, want: value.lower() == want.lower(), True),
    "StringLike": (_like, False),
    "StringNotLike": (_like, True),
    "ArnEquals": (_like, False),
    "ArnLike": (_like, False),
    "ArnNotEquals": (_like, True),
    "ArnNotLike": (_like, True),
    "Bool": (lambda value, want: value.lower() == want.lower(), False),
    "NumericEquals": (_number(float.__eq__), False),
    "NumericNotEquals": (_number(float.__eq__), True),
    "NumericLessThan": (_number(float.__lt__), False),
    "NumericLessThanEquals": (_number(float.__le__), False),
    "NumericGreaterThan": (_number(float.__gt__), False),
    "NumericGreaterThanEquals": (_number(float.__ge__), False),
}
