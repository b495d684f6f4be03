"""WAF, CloudTrail and Auto Scaling: statements that are one, names of trails, bounds of groups."""

import regex

from .rule import Rule

TRAIL = regex.compile(r"[A-Za-z0-9](?:[._-]?[A-Za-z0-9])*")
GROUPS = ("RuleGroupReferenceStatement", "ManagedRuleGroupStatement")
ACLS = "CreateWebACL UpdateWebACL"
INVALID = "WAFInvalidParameterException"
# The words: aws/aws-cli#5571 (2020-09-24), hashicorp/terraform-provider-aws#42217 (2025-04-14).
ONE = (
    "Error reason: You have used none or multiple values for a field that requires exactly one "
    "value., field: RULE, parameter: Rule"
)


def _not_one(value):
    return len(value) != 1


def _wrong_action(rule):
    """A rule has an action, or, where it refers to a group, one that overrides."""
    refers = any(name in rule.get("Statement", {}) for name in GROUPS)
    return ("Action" in rule, "OverrideAction" in rule) != (not refers, refers)


def _same_priority(rules):
    return len({rule["Priority"] for rule in rules}) < len(rules)


def _no_name(name):
    fits = 3 <= len(name) <= 128 and TRAIL.fullmatch(name)
    return not fits or bool(regex.fullmatch(r"\d+\.\d+\.\d+\.\d+", name))


def _upside_down(group):
    return "MinSize" in group and "MaxSize" in group and group["MinSize"] > group["MaxSize"]


def _out_of_bounds(group):
    wanted = group.get("DesiredCapacity")
    if wanted is None:
        return False
    return not group.get("MinSize", 0) <= wanted <= group.get("MaxSize", wanted)


WAF = [
    Rule(
        ACLS,
        "Rules.*.Statement",
        "a rule has exactly one statement",
        _not_one,
        INVALID,
        ONE,
        source="API reference (botocore 1.44.5), Rule: one top-level Statement",
    ),
    Rule(
        ACLS,
        "Rules.*",
        "a rule has an action, or overrides that of a group that it refers to, not both",
        _wrong_action,
        INVALID,
        ONE,
        source="API reference (botocore 1.44.5), Rule.Action",
    ),
    Rule(
        ACLS,
        "Rules",
        "the priorities of a web ACL's rules are all different",
        _same_priority,
        INVALID,
        "Error reason: The priority is used more than once., field: RULE, parameter: Priority",
        source="API reference (botocore 1.44.5), Rule.Priority",
    ),
    Rule(
        ACLS,
        "DefaultAction",
        "a web ACL's default action is one",
        _not_one,
        INVALID,
        ONE.replace("RULE, parameter: Rule", "DEFAULT_ACTION, parameter: DefaultAction"),
        source="API reference (botocore 1.44.5), DefaultAction: Allow or Block",
    ),
]

TRAILS = [
    Rule(
        "CreateTrail",
        "Name",
        "a trail's name has 3 to 128 letters, digits and single ._-, and is no IP address",
        _no_name,
        "InvalidTrailNameException",
        "Invalid trail name: {value}",
        documented=("between 3 and 128", "no adjacent periods", "IP address format"),
    ),
    Rule(
        "CreateTrail UpdateTrail",
        "S3KeyPrefix",
        "a trail's prefix has up to 200 characters",
        lambda value: len(value) > 200,
        "InvalidS3PrefixException",
        "S3 key prefix is longer than 200 characters.",
        documented=("200",),
    ),
]

SCALING = [
    Rule(
        "CreateAutoScalingGroup UpdateAutoScalingGroup",
        "",
        "a group's minimum is not above its maximum",
        _upside_down,
        "ValidationError",
        "Max bound must be greater than or equal to min bound",
        source="assumed, from what follows for the desired capacity",
    ),
    Rule(
        "CreateAutoScalingGroup UpdateAutoScalingGroup",
        "",
        "a group's desired capacity is between its minimum and its maximum",
        _out_of_bounds,
        "ValidationError",
        "Desired capacity must be between the specified min size and max size",
        source="API reference (botocore 1.44.5), CreateAutoScalingGroup.DesiredCapacity; words: "
        "convox/praxis#258 (2017-06-27)",
    ),
]
