"""Condition blocks of policies: operators, qualifiers, and the variables in their values.

IAM user guide, "IAM JSON policy elements: Condition operators" and "Creating a condition that tests
multiple key values" (awsdocs/iam-user-guide, as of 2023-06-15).
"""

import base64
import binascii
import ipaddress
import re
from datetime import datetime, timezone


class PolicyError(ValueError):
    """A policy that says what nobody can evaluate."""


class Absent(LookupError):
    """A policy variable that the request has no value for."""


VARIABLE = re.compile(r"\$\{([^},]+)(?:,\s*'([^']*)')?\}")


def list_of(value):
    """A list, where policies have one or a list of them."""
    return value if isinstance(value, list) else [value]


def glob(pattern, flags=0):
    """A pattern with IAM's two wildcards, compiled."""
    return re.compile(_escaped(pattern), re.DOTALL | flags)


def _escaped(pattern):
    return "".join(WILD.get(part) or re.escape(part) for part in re.split(r"([*?])", pattern))


WILD = {"*": ".*", "?": "."}


def arn_glob(pattern, flags=0):
    """A pattern of a Resource element: a wildcard stays in its section of the ARN, or ends it.

    IAM user guide, "IAM JSON policy elements: Resource": wildcards stand within the parts that
    colons separate; the last one of a part may go on beyond the colon.
    """
    return re.compile("".join(map(_section_part, PARTS.finditer(pattern))), re.DOTALL | flags)


def _section_part(match):
    # The second group is there, though empty, where the wildcard ends its section.
    if match[2] is not None:
        return ".*"
    return {"*": "[^:]*", "?": "[^:]"}.get(match[0]) or re.escape(match[0])


# A wildcard that ends its section, another wildcard, or text.
PARTS = re.compile(r"(\*+(?=(:|$))|\*|\?|[^*?]+)")


def fill(text, context, literal=False):
    """`text` with the values of its variables; wildcards in a value match only themselves.

    `${*}`, `${?}` and `${$}` stand for the characters (IAM user guide, "IAM policy elements:
    Variables and tags"). What a variable brings is text, which `literal` leaves as it is.
    """

    def value(match):
        name = match[1]
        if name in ("*", "?", "$"):
            return name if literal else _guard(name)
        found = context.get(name.lower())
        if found is None or isinstance(found, list):
            if match[2] is None:
                raise Absent(name)
            found = match[2]
        return str(found) if literal else _guard(str(found))

    return VARIABLE.sub(value, text)


def _guard(text):
    # Characters of a private area stand for the wildcards until the pattern is compiled.
    return text.replace("*", "\ue000").replace("?", "\ue001")


def unguarded(compiled):
    """A compiled pattern in which guarded wildcards are plain characters again."""
    text = compiled.pattern.replace("\ue000", r"\*").replace("\ue001", r"\?")
    return re.compile(text, compiled.flags)


class Condition:
    """One operator on one key."""

    def __init__(self, operator, key, wanted):
        qualifier, _, name = operator.rpartition(":")
        if qualifier not in ("", "ForAllValues", "ForAnyValue"):
            raise PolicyError(f"unknown qualifier in condition operator {operator}")
        self.qualifier = qualifier
        self.if_exists = name.endswith("IfExists")
        name = name.removesuffix("IfExists")
        if name not in TESTS or (name == "Null" and (qualifier or self.if_exists)):
            raise PolicyError(f"unknown condition operator {operator}")
        self.name = name
        self.key = key.lower()
        self.compare, self.negated, self.takes_variables = TESTS[name]
        self.wanted = [_text(value) for value in list_of(wanted)]
        self.varies = any("${" in value for value in self.wanted)

    def holds(self, context):
        """Whether it is true of the request; `context` has keys in lower case."""
        value = context.get(self.key)
        if self.name == "Null":
            return str(value is None).lower() in [wanted.lower() for wanted in self.wanted]
        if value is None:
            if self.if_exists:
                return True
            if self.qualifier:
                return self.qualifier == "ForAllValues"
            return self.negated
        wanted = self.wanted
        if self.varies and self.takes_variables:
            try:
                wanted = [fill(each, context, self.name not in GLOBS) for each in wanted]
            except Absent:
                return False
        matches = [
            any(self._matches(_text(one), want) for want in wanted) for one in list_of(value)
        ]
        if self.qualifier == "ForAllValues":
            return all(match != self.negated for match in matches)
        if self.qualifier == "ForAnyValue":
            return any(match != self.negated for match in matches)
        return not any(matches) if self.negated else any(matches)

    def _matches(self, value, want):
        try:
            return self.compare(value, want)
        except (ValueError, TypeError, binascii.Error):
            # What is not of the operator's type matches nothing.
            return False


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def _like(value, want):
    return bool(unguarded(glob(want)).fullmatch(value))


def _arn_like(value, want):
    """Each of the six sections by itself; what has fewer is not an ARN."""
    values, wants = value.split(":", 5), want.split(":", 5)
    if want == "*":
        return True
    return len(values) == len(wants) == 6 and all(map(_like, values, wants))


def _ignoring_case(value, want):
    return value.lower() == want.lower()


def _number(compare):
    return lambda value, want: compare(float(value), float(want))


def _time(text):
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp()


def _date(compare):
    return lambda value, want: compare(_time(value), _time(want))


def _within(value, want):
    return ipaddress.ip_address(value) in ipaddress.ip_network(want, strict=False)


def _same_bytes(value, want):
    return base64.b64decode(value, validate=True) == base64.b64decode(want, validate=True)


ORDER = {
    "Equals": (float.__eq__, False),
    "NotEquals": (float.__eq__, True),
    "LessThan": (float.__lt__, False),
    "LessThanEquals": (float.__le__, False),
    "GreaterThan": (float.__gt__, False),
    "GreaterThanEquals": (float.__ge__, False),
}
# Operator: comparison of one value with one wanted value, whether the result is negated, and
# whether the wanted value may have variables.
TESTS = {
    "StringEquals": (str.__eq__, False, True),
    "StringNotEquals": (str.__eq__, True, True),
    "StringEqualsIgnoreCase": (_ignoring_case, False, True),
    "StringNotEqualsIgnoreCase": (_ignoring_case, True, True),
    "StringLike": (_like, False, True),
    "StringNotLike": (_like, True, True),
    "ArnEquals": (_arn_like, False, True),
    "ArnLike": (_arn_like, False, True),
    "ArnNotEquals": (_arn_like, True, True),
    "ArnNotLike": (_arn_like, True, True),
    "Bool": (_ignoring_case, False, True),
    "BinaryEquals": (_same_bytes, False, False),
    "IpAddress": (_within, False, False),
    "NotIpAddress": (_within, True, False),
    "Null": (None, False, False),
    **{f"Numeric{name}": (_number(test), no, False) for name, (test, no) in ORDER.items()},
    **{f"Date{name}": (_date(test), no, False) for name, (test, no) in ORDER.items()},
}
GLOBS = {name for name, (compare, _, _) in TESTS.items() if compare in (_like, _arn_like)}
