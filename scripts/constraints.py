#!/usr/bin/env python3
"""What AWS's service models say of the properties that kinds send: ranges, lengths, patterns, words.

    payctl kinds --json | scripts/constraints.py    fails where a kind takes what a model does not
    scripts/constraints.py --list                   prints what the models say, by kind and property

The way from a property to a model's member is tests/src/conformance/members.txt, which the conformance
test holds against what is really sent. The models are botocore's, of the version that the sandbox pins.
A property that a kind computes with (a set of rules from a list, a text around an id) has none here.
"""

import json
import re
import sys
from pathlib import Path

import botocore.loaders
import botocore.model

ROOT = Path(__file__).resolve().parent.parent
MEMBERS = ROOT / "tests/src/conformance/members.txt"
# Where botocore calls a service otherwise than payctl does.
SERVICES = {"eventbridge": "events"}


def plain(name):
    return name.replace("_", "").lower()


class Models:
    """botocore's service models, read once."""

    def __init__(self):
        self.loader = botocore.loaders.Loader()
        self.known = {}

    def of(self, service):
        name = SERVICES.get(service, service)
        if name not in self.known:
            model = self.loader.load_service_model(name, "service-2")
            self.known[name] = botocore.model.ServiceModel(model)
        return self.known[name]


def member(models, service, operation, path):
    """The shape that `path` names in the operation's request, if it names one."""
    model = models.of(service)
    by_name = {plain(name): name for name in model.operation_names}
    if plain(operation) not in by_name:
        return None
    shape = model.operation_model(by_name[plain(operation)]).input_shape
    for part in path.split("."):
        if shape is None or shape.type_name != "structure":
            return None
        names = {plain(name): name for name in shape.members}
        if plain(part) not in names:
            return None
        shape = shape.members[names[plain(part)]]
    return shape


def constraint(shape):
    """What a scalar shape has to be, in the words of a kind."""
    found = {}
    said = shape.metadata
    # `-` is what the models write where anything is taken.
    least, most = said.get("min"), said.get("max")
    if shape.type_name in ("integer", "long", "float", "double") and (least, most) != (None, None):
        found["range"] = [least, most]
    if shape.type_name == "string":
        if said.get("enum"):
            found["one_of"] = list(said["enum"])
        elif (least or None, most) != (None, None):
            found["length"] = [least or None, most]
        if said.get("pattern") and not said.get("enum"):
            found["pattern"] = said["pattern"]
    return found


def lines():
    """Each property of each kind with the members that carry it and nothing else."""
    kind = None
    for line in MEMBERS.read_text().splitlines():
        if heading := re.fullmatch(r"\[(.+)\]", line):
            kind = heading[1]
        elif kind and " property " in line:
            sent, about = line.split(" property ")
            operations, _, path = sent.partition(".")
            if "," not in about and "*" not in path:
                for operation in operations.split("|"):
                    yield kind, about, operation, path


def said():
    """By kind and property: what the models say, and where."""
    models, found = Models(), {}
    for kind, name, operation, path in lines():
        service = kind.split(".")[0]
        shape = member(models, service, operation, path)
        if shape is not None and (says := constraint(shape)):
            found.setdefault(kind, {}).setdefault(name, []).append(
                {"member": f"{operation}.{path}", "shape": shape.name, **says}
            )
    return found


def wider(ours, models):
    """What a kind takes though a model does not, in words."""
    for word in ("range", "length"):
        least, most = models.get(word, (None, None))
        our_least, our_most = ours[word]
        if least is not None and (our_least is None or our_least < least):
            yield f"{word} from {our_least}, and the model says {least}"
        if most is not None and (our_most is None or our_most > most):
            yield f"{word} to {our_most}, and the model says {most}"
    for word in set(ours["one_of"]) - set(models.get("one_of", ours["one_of"])):
        yield f"{word}, which the model does not know"
    pattern = models.get("pattern")
    if pattern and ours["pattern"] and ours["pattern"] != pattern:
        yield f"pattern {ours['pattern']}, and the model says {pattern}"


def check(kinds, models):
    """What is wrong with the constraints that name a model's member as their source."""
    compared = 0
    for kind in kinds:
        for ours in kind["properties"]:
            for says in models.get(kind["kind"], {}).get(ours["name"], []):
                if ours["source"] != says["member"]:
                    continue
                compared += 1
                # Nothing is not sent, so that the least length binds what is sent alone.
                if ours["length"][0] is None and "Empty for none" in ours["doc"]:
                    says = {**says, "length": [None, says["length"][1]], "pattern": None}
                for why in wider(ours, says):
                    yield f"{kind['kind']} {ours['name']}: {why} ({says['member']})"
            if ours["source"] and not re.fullmatch(r"\w+\.[\w.]+", ours["source"]):
                continue
            if ours["source"] and not models.get(kind["kind"], {}).get(ours["name"]):
                yield f"{kind['kind']} {ours['name']}: no model has {ours['source']}"
    print(f"constraints compared with botocore's models: {compared}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print(json.dumps(said(), indent=1))
        sys.exit(0)
    wrong = list(check(json.load(sys.stdin)["kinds"], said()))
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)
