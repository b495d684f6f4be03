"""What a rule is, and the tests that rules are made of."""

import ipaddress
from typing import NamedTuple

import regex

# The API's reference, as botocore 1.44.5 carries it: every `documented` is looked up there by a
# test. Reports and pages that are named otherwise were looked up on 2026-11-29, in stored copies;
# `assumed` says that nothing but experience has it.
REFERENCE = "API reference (botocore 1.44.5)"


class Rule(NamedTuple):
    """What AWS asks of one member of some operations, beyond what their models say."""

    # Names, with spaces between.
    operations: str
    # Where it is: Tags.*.Key, or "" for the whole request.
    member: str
    fact: str
    # Whether a value breaks the rule.
    broken: object
    code: str
    # What AWS says; {value} is the value.
    message: str
    source: str = REFERENCE
    # Words that the reference has for the member of the first operation.
    documented: tuple = ()


def find(parameters, member):
    """The values that a member has in a request: none, one, or many."""
    found = [parameters]
    for part in member.split(".") if member else ():
        if part == "*":
            found = [item for value in found for item in value]
        else:
            found = [one[part] for one in found if isinstance(one, dict) and part in one]
    return found


def unlike(pattern):
    """A text that the pattern does not match as a whole."""
    compiled = regex.compile(pattern)
    return lambda value: not compiled.fullmatch(value)


def outside(least, most):
    """A number that is not in the range."""
    return lambda value: not least <= value <= most


def not_among(*values):
    """A value that is not one of these."""
    return lambda value: value not in values


def longer(most):
    """A text or list that is too long."""
    return lambda value: len(value) > most


def no_network(value):
    """A text that is no IPv4 or IPv6 network in CIDR notation."""
    try:
        return "/" not in value or not ipaddress.ip_network(value, strict=False)
    except ValueError:
        return True
