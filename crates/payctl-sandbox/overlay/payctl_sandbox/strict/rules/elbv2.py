"""Load balancers: names, certificates, targets and what their attributes may be."""

import functools
import re

from moto.core.utils import get_service_model

from .rule import Rule, unlike

NAME = r"[A-Za-z0-9-]{1,32}"
EDGES = r"[^-]|[^-].*[^-]"
# What attributes may be, by the reference of LoadBalancerAttribute and TargetGroupAttribute.
RANGES = {
    "client_keep_alive.seconds": (60, 604_800),
    "deregistration_delay.timeout_seconds": (0, 3600),
    "idle_timeout.timeout_seconds": (1, 4000),
    "slow_start.duration_seconds": (30, 900),
}
ATTRIBUTES = "ModifyLoadBalancerAttributes ModifyTargetGroupAttributes"


@functools.cache
def attributes(shape):
    """The attributes that the reference of a shape lists, each with what it says of it."""
    model = get_service_model("elbv2").shape_for(shape)._shape_model["members"]["Key"]
    listed = re.split(r"<li>\s*<p>\s*<code>([a-z0-9_.]+)</code> - ", model["documentation"])
    return dict(zip(listed[1::2], listed[2::2], strict=True))


def _unknown(shape):
    return lambda attribute: attribute.get("Key") not in attributes(shape)


def _wrong(attribute):
    key, value = attribute.get("Key"), attribute.get("Value", "")
    if key in RANGES and not (key == "slow_start.duration_seconds" and value == "0"):
        least, most = RANGES[key]
        return not value.isdecimal() or not least <= int(value) <= most
    if key == "load_balancing.cross_zone.enabled":
        return value not in ("true", "false", "use_load_balancer_configuration")
    return bool(key) and key.endswith(".enabled") and value not in ("true", "false")


def _no_certificate(listener):
    """A TLS listener that has none."""
    return listener.get("Protocol") in ("HTTPS", "TLS") and not listener.get("Certificates")


def _needs(member):
    return lambda group: group.get("TargetType") != "lambda" and member not in group


def _twice(balancer):
    return bool(balancer.get("Subnets")) and bool(balancer.get("SubnetMappings"))


def _names(operation, kind):
    """The rules of a load balancer's or target group's name; the words are moto's as well."""
    return [
        Rule(
            operation,
            "Name",
            f"a {kind}'s name has up to 32 letters, digits and hyphens",
            unlike(NAME),
            "ValidationError",
            f"The {kind} name '{{value}}' cannot be longer than '32' characters, and can only "
            "contain characters that are alphanumeric characters and hyphens(-)",
            documented=("32 characters", "alphanumeric"),
        ),
        Rule(
            operation,
            "Name",
            f"a {kind}'s name has no hyphen at its edges",
            unlike(EDGES),
            "ValidationError",
            f"The {kind} name '{{value}}' cannot begin or end with a hyphen(-)",
            documented=("begin or end with a hyphen",),
        ),
    ]


RULES = [
    *_names("CreateLoadBalancer", "load balancer"),
    *_names("CreateTargetGroup", "target group"),
    Rule(
        "CreateLoadBalancer",
        "Name",
        "a load balancer's name does not begin with internal-",
        lambda value: value.startswith("internal-"),
        "ValidationError",
        "The load balancer name '{value}' cannot begin with 'internal-'",
        documented=("internal-",),
    ),
    Rule(
        "CreateLoadBalancer",
        "",
        "a load balancer has subnets or subnet mappings, not both",
        _twice,
        "ValidationError",
        "You must specify either subnets or subnet mappings, not both",
        source="API reference (botocore 1.44.5), CreateLoadBalancer.Subnets",
    ),
    Rule(
        "CreateListener ModifyListener",
        "Certificates",
        "a listener has exactly one default certificate",
        lambda value: len(value) != 1,
        "ValidationError",
        "Exactly one certificate must be specified for a listener",
        documented=("exactly one certificate",),
    ),
    Rule(
        "CreateListener",
        "",
        "a listener of HTTPS or TLS has a certificate",
        _no_certificate,
        "ValidationError",
        "A certificate must be specified for HTTPS listeners",
        source="API reference (botocore 1.44.5), CreateListener.Certificates",
    ),
    *[
        Rule(
            "CreateTargetGroup",
            "",
            f"a target group that is not Lambda's has a {name}",
            _needs(member),
            "ValidationError",
            f"A {name} must be specified",
            source="awsdocs/aws-cloudformation-user-guide#467 (2019-09-15)",
        )
        for member, name in (("Port", "port"), ("Protocol", "protocol"), ("VpcId", "VPC ID"))
    ],
    *[
        Rule(
            f"Modify{kind}Attributes",
            "Attributes.*",
            "attributes are those that the reference lists",
            _unknown(f"{kind}Attribute"),
            "ValidationError",
            "Attribute is not recognized: {value}",
            source=f"API reference (botocore 1.44.5), {kind}Attribute.Key",
        )
        for kind in ("LoadBalancer", "TargetGroup")
    ],
    Rule(
        ATTRIBUTES,
        "Attributes.*",
        "attributes have the values that the reference lists",
        _wrong,
        "ValidationError",
        "Attribute value is not valid: {value}",
        source="API reference (botocore 1.44.5), LoadBalancerAttribute and TargetGroupAttribute",
    ),
]
