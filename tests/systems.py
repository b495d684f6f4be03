#!/usr/bin/env python3
"""Asks an emulator for every row of the systems' description: tests/systems/*.toml has the rows.

    systems.py ENDPOINT STACK SUFFIX POSTURE [FILE] < OUTPUTS

OUTPUTS is what `payctl output --json` printed, FILE has other rows than the stack's. Prints each row
that does not hold, with what was expected and what was seen, and ends with 1 if there is one.
tests/systems/README.md has the format.
"""

import json
import sys

from systems_list import ACCOUNT, ListError, filled, load, of_stack
from systems_query import NotSaid, search, tags_of

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

REGION = "us-east-1"
# What everything taggable carries, beside its name and its address.
TAGS = {
    "Environment": "{s}",
    "DataClassification": "HighlyConfidential",
    "ComplianceScope": "PCI-DSS",
    "ManagedBy": "payctl",
    "payctl:stack": "{stack}",
    "payctl:suffix": "{s}",
}


def canonical(value):
    """A text that is the same for the same value: a list is one in whatever order."""
    if isinstance(value, list):
        return "[" + ", ".join(sorted(map(canonical, value))) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(f"{key}: {canonical(one)}" for key, one in value.items())) + "}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, default=str)


class World:
    """What is asked, and what is known of it by now."""

    def __init__(self, endpoint, stack, suffix, posture, outputs):
        self.endpoint, self.posture, self.outputs = endpoint, posture, outputs
        self.names = {"s": suffix, "acct": ACCOUNT, "r": REGION, "stack": stack}
        self.clients, self.answers = {}, {}
        self.counts = {"asked": 0, "held": 0, "not yet": 0}
        self.addresses = {}

    def client(self, service):
        if service not in self.clients:
            config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=config,
            )
        return self.clients[service]

    def answer(self, call, parameters):
        """What the emulator says, all pages of it."""
        if call == "payctl.output":
            return self.outputs
        key = call + canonical(parameters)
        if key not in self.answers:
            service, operation = call.split(".")
            client = self.client(service)
            lists = operation.startswith(("describe_", "list_"))
            if lists and client.can_paginate(operation):
                pages = client.get_paginator(operation).paginate(**parameters)
                answer = pages.build_full_result()
            else:
                answer = getattr(client, operation)(**parameters)
                if "Payload" in answer:
                    answer["Payload"] = answer["Payload"].read().decode()
            self.answers[key] = answer
        return self.answers[key]

    def expected(self, ask):
        """What the answer has to hold: how to compare, where to look, what should be there."""
        strict = ask.get("strict", {}) if self.posture == "strict" else {}
        for query, value in {**ask.get("hold", {}), **strict}.items():
            yield "is", query, value
        for query, value in ask.get("has", {}).items():
            yield "has", query, value

    def tagged(self, query, name, answer, names):
        """The tags that differ."""
        tags = tags_of(search(filled(query, names), answer))
        wanted = {key: filled(value, names) for key, value in TAGS.items()}
        if name is not None:
            wanted["Name"] = filled(name, names)
        wrong = {key: tags.get(key) for key in wanted if tags.get(key) != wanted[key]}
        if not tags.get("Name"):
            wanted["Name"], wrong["Name"] = wanted.get("Name", "a name"), None
        address = tags.get("payctl:id", "")
        what = tags.get("Name"), query
        if ":" not in address:
            wanted["payctl:id"], wrong["payctl:id"] = "an address", address
        elif self.addresses.setdefault(address, what) != what:
            wanted["payctl:id"], wrong["payctl:id"] = "another than others have", address
        return {key: wanted[key] for key in wrong}, wrong

    def ask(self, ask, more):
        """What is not as expected of one call: where, what was expected, what was seen."""
        names = {**self.names, **more}
        call = ask["call"]
        wrong = []
        try:
            parameters = filled(ask.get("with", {}), names)
            answer = self.answer(call, parameters)
        except (ClientError, NotSaid) as error:
            answer, failed = None, f"({error})"
        except BotoCoreError as error:
            raise ListError(f"{call}: {error}") from error
        else:
            failed = None
        for how, query, value in self.expected(ask):
            self.counts["asked"] += 1
            value, seen = self.compared(how, query, value, answer, failed, names)
            if seen is not None:
                wrong.append((f"{call}: {query}", value, seen))
        if "tags" in ask:
            self.counts["asked"] += 1
            try:
                differs = ({}, failed) if failed else self.tagged(
                    ask["tags"], ask.get("name"), answer, names
                )
            except NotSaid as error:
                differs = {}, str(error)
            if any(differs):
                wrong.append((f"{call}: tags of {ask['tags']}", *differs))
        self.bind(ask, answer, names, wrong)
        return wrong

    def compared(self, how, query, value, answer, failed, names):
        """The value expected, and what was seen instead: nothing where they are the same."""
        try:
            value = filled(value, names)
            query = filled(query, names)
        except NotSaid as error:
            return value, f"({error})"
        if failed:
            return value, failed
        try:
            seen = search(query, answer)
        except NotSaid as error:
            return value, f"({error})"
        if how == "is" and canonical(seen) == canonical(value):
            return value, None
        if how == "has" and isinstance(seen, list):
            there = set(map(canonical, seen))
            value = [one for one in value if canonical(one) not in there]
            if not value:
                return value, None
        return value, "null" if seen is None else seen

    def bind(self, ask, answer, names, wrong):
        """Names what later rows ask about."""
        for name, query in ask.get("bind", {}).items():
            name = filled(name, names)
            try:
                value = None if answer is None else search(filled(query, names), answer)
            except NotSaid:
                value = None
            if value is None:
                wrong.append((f"{ask['call']}: {query}", f"something to call {name}", "null"))
            else:
                self.names[name] = value

    def each(self, ask):
        """The names that this is asked for, one set after the other."""
        try:
            return filled(ask.get("each", [{}]), self.names), None
        except NotSaid as error:
            return [], str(error)

    def row(self, row):
        """What is wrong with a row."""
        for ask in row.get("ask", []):
            if ask.get("only", self.posture) != self.posture:
                continue
            sets, missing = self.each(ask)
            wrong, before = [], self.counts["asked"]
            if missing:
                self.counts["asked"] += 1
                wrong.append((f"{ask['call']}", "to ask", missing))
            for more in sets:
                wrong += self.ask(ask, more)
            asked = self.counts["asked"] - before
            if "not_yet" in ask:
                self.counts["not yet"] += asked
                if len(wrong) < asked:
                    yield f"{ask['call']}: not_yet = {ask['not_yet']!r}", "not to hold", (
                        f"{asked - len(wrong)} of {asked} hold: take the mark off"
                    )
                continue
            self.counts["held"] += asked - min(len(wrong), asked)
            yield from wrong


def shortened(expected, seen):
    """Of two long lists what only one of them has."""
    if not (isinstance(expected, list) and isinstance(seen, list)) or len(expected + seen) < 5:
        return expected, seen
    ours, theirs = set(map(canonical, expected)), set(map(canonical, seen))
    if ours == theirs:
        return expected, seen
    return (
        [one for one in expected if canonical(one) not in theirs],
        [one for one in seen if canonical(one) not in ours],
    )


def main(arguments):
    """Prints what does not hold; answers the exit code."""
    endpoint, stack, suffix, posture, *files = arguments
    world = World(endpoint, stack, suffix, posture, json.load(sys.stdin))
    failed = 0
    rows = load(files or of_stack(stack))
    for row in rows:
        wrong = list(world.row(row))
        failed += bool(wrong)
        if wrong:
            print(f"{stack}, {posture}: {filled(row['says'], world.names, lenient=True)}")
        for what, expected, seen in wrong:
            print(f"  {what}")
            expected, seen = shortened(expected, seen)
            print(f"    expected {json.dumps(expected, default=str)}")
            print(f"    seen     {json.dumps(seen, default=str)}")
    counts = ", ".join(f"{count} {name}" for name, count in world.counts.items())
    print(f"{stack}, {posture}: {len(rows)} rows, {failed} do not hold; expectations: {counts}")
    return min(failed, 1)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ListError as error:
        sys.exit(f"the list itself is wrong: {error}")
