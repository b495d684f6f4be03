"""Which resources a request names: the reference's ARN formats, filled from its parameters.

Where the reference demands a resource that nothing in the request names, it is one that is to be
made, or any: its ARN ends with `*`, as AWS's denials show it (`vpc/*`).
"""

import functools
import re
from urllib.parse import unquote

from . import lookups, reference
from .arns import SPECIAL
from .needs import at

PLACEHOLDER = reference.PLACEHOLDER
# Parameters that hold the last part of a resource's ARN, by prefix and resource type.
NAMES = {
    "acm": {"certificate": ("CertificateArn",)},
    "cloudtrail": {"trail": ("Name", "TrailName", "ResourceId", "ResourceIdList")},
    "cloudwatch": {
        "alarm": ("AlarmName", "AlarmNames"),
        "dashboard": ("DashboardName", "DashboardNames"),
    },
    "config": {"ConfigRule": ("ConfigRule.ConfigRuleName", "ConfigRuleName")},
    "autoscaling": {
        "autoScalingGroup": ("AutoScalingGroupName", "AutoScalingGroupNames", "Tags.ResourceId")
    },
    "dynamodb": {"table": ("TableName", "ResourceArn", "TableArn"), "index": ("IndexName",)},
    "elasticloadbalancing": {"loadbalancer": ("Name",), "targetgroup": ("Name",)},
    "events": {"rule-on-default-event-bus": ("Name", "Rule")},
    "guardduty": {"detector": ("DetectorId",)},
    "iam": {
        "role": ("RoleName",),
        "policy": ("PolicyName", "PolicyArn"),
        "instance-profile": ("InstanceProfileName",),
        "user": ("UserName",),
        "group": ("GroupName",),
    },
    "kms": {"key": ("KeyId", "TargetKeyId"), "alias": ("AliasName",)},
    "lambda": {"function": ("FunctionName",), "eventSourceMapping": ("UUID",)},
    "logs": {
        "log-group": ("logGroupName", "logGroupNames", "logGroupIdentifier", "resourceArn"),
        "log-stream": ("logStreamName",),
    },
    "rds": {
        "cluster": ("DBClusterIdentifier",),
        "db": ("DBInstanceIdentifier",),
        "subgrp": ("DBSubnetGroupName",),
        "cluster-pg": ("DBClusterParameterGroupName",),
        "pg": ("DBParameterGroupName",),
        "og": ("OptionGroupName",),
        "cluster-snapshot": ("DBClusterSnapshotIdentifier", "FinalDBSnapshotIdentifier"),
        "snapshot": ("DBSnapshotIdentifier",),
    },
    "s3": {"bucket": ("Bucket",), "object": ("Key",)},
    "secretsmanager": {"Secret": ("SecretId", "Name")},
    "sns": {"topic": ("TopicArn", "Name", "ResourceArn", "SubscriptionArn")},
    "sqs": {"queue": ("QueueUrl", "QueueName")},
    "ssm": {"parameter": ("Name", "Names", "ResourceId")},
    "sts": {"role": ("RoleArn",)},
    "wafv2": {"webacl": ("Name", "LoggingConfiguration.ResourceArn")},
}


def of(call, service, name, parameters, place):
    """The resources of one action of a request, as pairs of type and ARN."""
    if service == "apigateway":
        arn = place.arn("apigateway", _path(call.path), account="")
        return ((_kind_of("apigateway", arn), arn),)
    action = reference.action(service, name)
    if action is None or not action.resources:
        return (("", "*"),)
    if service == "ec2":
        return _ec2(action, parameters, place)
    found = []
    for kind in action.resources:
        for path in NAMES.get(service, {}).get(kind.name, ()):
            for value in at(parameters, path):
                arn = arn_of(service, kind.name, str(value), parameters, place, name)
                found.append((kind.name, arn))
        found += _by_arn(service, kind.name, parameters)
    found = _narrowed(service, name, parameters, list(dict.fromkeys(found)), place)
    if found:
        return tuple(found)
    required = [kind.name for kind in action.resources if kind.required]
    if service == "s3" and not required:
        required = ["bucket"]
    return ((required[0], _any(service, required[0], place)),) if required else (("", "*"),)


def _path(path):
    """API Gateway's resources are its paths (API Gateway developer guide, "Actions, resources, and
    condition keys"), without the version of HTTP APIs; an ARN in a path stays URL-encoded."""
    path = path.removeprefix("/v2").rstrip("/") or "/"
    return path if path.startswith("/tags/") else unquote(path)


@functools.lru_cache(maxsize=4096)
def _kind_of(service, arn):
    """The resource type that an ARN is of, by the reference's forms; "" for none."""
    kinds = reference.types(service)
    return next((kind for kind in kinds if _matcher(service, kind).fullmatch(arn)), "")


def _by_arn(service, kind, parameters):
    """ARNs among the parameters that are of the resource type."""
    if kind == "object":
        return []
    pattern = _matcher(service, kind)
    values = (
        value
        for each in parameters.values()
        for value in (each if isinstance(each, list) else [each])
        if isinstance(value, str) and value.startswith("arn:")
    )
    return [(kind, value) for value in values if pattern.fullmatch(value)]


@functools.lru_cache(maxsize=None)
def _matcher(service, kind):
    forms = reference.formats(service, kind)
    # A path's names have no slash.
    name = "[^:/]*" if service == "apigateway" else "[^:]*"
    texts = [name.join(re.escape(part) for part in _parts(form)) for form in forms]
    # What ends an ARN may go on, but not in another resource's way.
    return re.compile("|".join(f"(?:{text})" for text in texts) or r"\Z.")


def _parts(form):
    return PLACEHOLDER.split(form)


def arn_of(service, kind, value, parameters, place, action):
    """The ARN of the resource that a parameter names."""
    special = SPECIAL.get((service, kind))
    if special:
        return special(value, parameters, place, action)
    if value.startswith("arn:"):
        return value
    return _filled(service, kind, value, place)


def _filled(service, kind, value, place):
    form = reference.formats(service, kind)[0]
    known = {
        "${Partition}": place.partition,
        "${Region}": place.region,
        "${Account}": place.account,
    }
    names = [name for name in PLACEHOLDER.findall(form) if name not in known]
    for name, text in known.items():
        form = form.replace(name, text)
    for index, name in enumerate(names):
        form = form.replace(name, value if index == 0 else "*", 1)
    return form


def _any(service, kind, place):
    special = SPECIAL.get((service, kind))
    return special("*", {}, place, "") if special else _filled(service, kind, "*", place)


def _narrowed(service, action, parameters, found, place):
    """What an action names together: not the bucket of an object, not the table of an index."""
    kinds = {kind for kind, _ in found}
    if service == "dynamodb" and "index" in kinds:
        return [each for each in found if each[0] == "index"]
    if service == "kms" and action in ("CreateAlias", "DeleteAlias", "UpdateAlias"):
        return found + lookups.keys_of_alias(parameters, place, found)
    if service == "wafv2" and any(at(parameters, "Rules.Statement.ManagedRuleGroupStatement")):
        # "…arn:aws:wafv2:REGION:ACCOUNT:regional/managedruleset/*/*" in public reports.
        scope = parameters.get("Scope", "REGIONAL").lower()
        return [*found, ("managedruleset", place.arn("wafv2", f"{scope}/managedruleset/*/*"))]
    return found


# EC2: the id itself tells what it is of.
EC2 = {
    "acl": "network-acl",
    "ami": "image",
    "dopt": "dhcp-options",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
EC2_ID = re.compile(rf"({'|'.join(sorted(EC2, key=len, reverse=True))})-[0-9a-f]+")


def _ec2(action, parameters, place):
    kinds = {kind.name: kind for kind in action.resources}
    found = []
    for text in _texts(parameters):
        if match := EC2_ID.fullmatch(text):
            kind = EC2[match[1]]
            if kind in kinds:
                found.append((kind, _filled("ec2", kind, text, place)))
        elif text.startswith("rtbassoc-"):
            # An association is its route table's.
            table = lookups.route_table(place, text)
            found += [("route-table", _filled("ec2", "route-table", table, place))] if table else []
    named = {kind for kind, _ in found}
    # Tags may be asked for on what is to be made: then that is needed too.
    made = set(at(parameters, "TagSpecifications.ResourceType"))
    for kind in action.resources:
        if kind.name not in named and (kind.required or kind.name in made):
            found.append((kind.name, _filled("ec2", kind.name, "*", place)))
    return tuple(dict.fromkeys(found)) or (("", "*"),)


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
