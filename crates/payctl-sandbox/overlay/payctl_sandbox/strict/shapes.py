"""Holds a request against AWS's own model: what the model forbids never reaches moto."""

import functools
from typing import NamedTuple

import regex

from . import exceptions, wording


class Violation(NamedTuple):
    """One constraint that a request does not satisfy, and where.

    `kind` is one of unknown, type, required, union, enum, length, range, pattern; `constraint` says
    what AWS wants, in the words of its framework (see `wording.coral`).
    """

    kind: str
    place: tuple
    value: object
    constraint: str


def check(call):
    """Raises the refusal, if the request does not satisfy its model."""
    if call.model is None or exceptions.is_free(call):
        return
    if found := violations(call):
        raise wording.refusal(call, found)


def violations(call):
    """What the request violates; what cannot be read at all comes first, and alone."""
    found = [
        Violation("type", place, None, f"Member must be a {shape.type_name}")
        for place, shape in call.malformed
    ]
    found += [Violation("unknown", place, None, "Member is unknown") for place in call.unknown]
    if not found and call.model.input_shape is not None:
        _hold(call.model.input_shape, call.parameters, (), found)
    return [one for one in found if not exceptions.excuses(call, one)]


def _hold(shape, value, place, found):
    kind = shape.type_name
    if kind == "structure":
        if not shape.is_document_type:
            _structure(shape, value, place, found)
        return
    constraints = _constraints(shape)
    if constraints:
        for name, broken, words in constraints:
            if broken(value):
                shown = wording.SECRET if shape.metadata.get("sensitive") else value
                found.append(Violation(name, place, shown, words))
    if kind == "list":
        member = shape.member
        for at, item in enumerate(value):
            _hold(member, item, (*place, at), found)
    elif kind == "map":
        keys, values = _constraints(shape.key), shape.value
        for key, item in value.items():
            broken = [words for _, fails, words in keys if fails(key)]
            if broken:
                words = f"Map keys must satisfy constraint: [{', '.join(broken)}]"
                found.append(Violation("pattern", place, value, words))
            _hold(values, item, (*place, key), found)


def _structure(shape, value, place, found):
    members = shape.members
    for name in shape.required_members:
        if name not in value:
            found.append(Violation("required", (*place, name), None, "Member must not be null"))
    if shape.is_tagged_union and len(value) != 1:
        words = "Member must have exactly one of its members set"
        found.append(Violation("union", place, value, words))
    for name, item in value.items():
        _hold(members[name], item, (*place, name), found)


@functools.cache
def _constraints(shape):
    """(kind, test whether a value breaks it, words) for each constraint of a shape's own."""
    kind, limits, found = shape.type_name, shape.metadata, []
    if kind in ("string", "blob", "list", "map"):
        least, most = limits.get("min"), limits.get("max")
        if least:
            words = f"Member must have length greater than or equal to {least}"
            found.append(("length", lambda value: len(value) < least, words))
        if most is not None:
            words = f"Member must have length less than or equal to {most}"
            found.append(("length", lambda value: len(value) > most, words))
    elif kind in ("integer", "long", "float", "double"):
        least, most = limits.get("min"), limits.get("max")
        if least is not None:
            words = f"Member must have value greater than or equal to {least}"
            found.append(("range", lambda value: value < least, words))
        if most is not None:
            words = f"Member must have value less than or equal to {most}"
            found.append(("range", lambda value: value > most, words))
    if limits.get("pattern"):
        fits = pattern(limits["pattern"]).fullmatch
        words = f"Member must satisfy regular expression pattern: {limits['pattern']}"
        found.append(("pattern", lambda value: not fits(value), words))
    if limits.get("enum"):
        allowed = frozenset(limits["enum"])
        words = f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
        found.append(("enum", lambda value: value not in allowed, words))
    return tuple(found)


@functools.cache
def pattern(text):
    """A model's pattern, compiled.

    They are Java's, and have to match as a whole even without anchors: a text of which only parts
    match is refused (aws/serverless-application-model#182, 2017-08-25).
    """
    text = text.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
    # Java's \w, \d and \s know ASCII only, its \p{…} knows all of Unicode.
    return regex.compile(text, regex.VERSION0 if r"\p" in text else regex.ASCII)
