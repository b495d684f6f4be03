"""Questions to an answer of AWS's: JMESPath, with a few functions of our own."""

import base64
import json
import re

import jmespath
from jmespath import functions


class NotSaid(Exception):
    """An answer does not have what is asked for."""


def listed(value):
    return value if isinstance(value, list) else [value]


def principal(statement):
    """Who a statement is about, such as `[cloudtrail.amazonaws.com] `."""
    for key, word in (("Principal", ""), ("NotPrincipal", "not ")):
        who = statement.get(key)
        if who is None:
            continue
        names = listed(who) if isinstance(who, str) else sum(map(listed, who.values()), [])
        return f"[{word}{', '.join(sorted(names))}] "
    return ""


def conditions(statement):
    """When a statement holds, such as ` if Bool aws:SecureTransport = false`."""
    tests = []
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            texts = (json.dumps(one) if isinstance(one, bool) else str(one) for one in listed(values))
            # The short ones first, so that a key's id comes before its ARN, whatever it is.
            texts = sorted(texts, key=lambda text: (len(text), text))
            tests.append(f"{operator} {key} = {', '.join(texts)}")
    return f" if {'; '.join(sorted(tests))}" if tests else ""


def grants(policy):
    """A policy, a line for each resource and condition, however it is divided into statements."""
    lines = {}
    for statement in listed(parsed(policy)["Statement"]):
        head = f"{statement['Effect']} {principal(statement)}"
        word = "not " if "NotAction" in statement else ""
        actions = listed(statement.get("Action", statement.get("NotAction")))
        other = "not " if "NotResource" in statement else ""
        for resource in listed(statement.get("Resource", statement.get("NotResource", "-"))):
            tail = f" on {other}{resource}{conditions(statement)}"
            lines.setdefault((head + word, tail), set()).update(actions)
    return [head + ", ".join(sorted(actions)) + tail for (head, tail), actions in lines.items()]


def parsed(text):
    """JSON in a text, such as a policy."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise NotSaid(f"invalid JSON: {error}") from error


class Functions(functions.Functions):
    """JMESPath's own functions, and ours."""

    @functions.signature({"types": ["string", "object", "array"]})
    def _func_json(self, text):
        return parsed(text)

    @functions.signature({"types": ["string", "object"]})
    def _func_grants(self, policy):
        return grants(policy)

    @functions.signature({"types": ["array"]})
    def _func_unique(self, values):
        return list({json.dumps(one, sort_keys=True, default=str): one for one in values}.values())

    @functions.signature({"types": ["string"]}, {"types": ["string"]})
    def _func_found(self, pattern, text):
        return re.search(pattern, text) is not None

    @functions.signature({"types": ["array-string"]})
    def _func_newest(self, versions):
        plain = [one for one in versions if re.fullmatch(r"[0-9]+(\.[0-9]+)*", one)]
        numbers = {tuple(map(int, one.split("."))): one for one in plain}
        return numbers[max(numbers)] if numbers else None

    @functions.signature({"types": ["string"]})
    def _func_decoded(self, text):
        return base64.b64decode(text).decode()


OPTIONS = jmespath.Options(custom_functions=Functions())


def compiled(query):
    return jmespath.compile(query)


def search(query, answer):
    """What `query` finds."""
    try:
        return compiled(query).search(answer, options=OPTIONS)
    except jmespath.exceptions.JMESPathTypeError as error:
        raise NotSaid(str(error)) from error


def tags_of(tags):
    """Tags as a map, of whatever form a service gives them."""
    if isinstance(tags, dict):
        return tags
    if not isinstance(tags, list):
        raise NotSaid("there are no tags")
    found = {}
    for tag in tags:
        tag = {key.lower(): value for key, value in tag.items()}
        found[tag.get("key", tag.get("tagkey"))] = tag.get("value", tag.get("tagvalue"))
    return found
