"""EC2: names, descriptions, networks, rules of groups and lists, user data."""

import ipaddress
import json

from .rule import Rule, longer, no_network, not_among, outside, unlike

# Malformed networks' words are those of public logs of deployments.
NO_NETWORK = "CIDR block {value} is malformed"
WORDS = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}"
GROUP_WORDS = ("255", "a-z, A-Z, 0-9, spaces", "._-:/()#,@[]+=")
INVALID = "InvalidParameterValue"
AUTHORIZE = "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress"
REVOKE = "RevokeSecurityGroupIngress RevokeSecurityGroupEgress"
DESCRIBE = "UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress"
SIZES = "Amazon VPC FAQs, VPCs and subnets alike; the codes and words are moto's"
ENTRIES = "CreateNetworkAclEntry ReplaceNetworkAclEntry"


def _not_sized(value):
    sized = not no_network(value) and ipaddress.ip_network(value, strict=False).prefixlen
    return not 16 <= sized <= 28


def _no_ports(permission):
    """A permission of TCP, UDP or ICMP that says nothing of ports."""
    named = permission.get("IpProtocol") in ("tcp", "udp", "icmp", "6", "17", "1")
    return named and not {"FromPort", "ToPort"} <= set(permission)


def _ports_wrong(permission):
    if permission.get("IpProtocol") not in ("tcp", "udp", "6", "17"):
        return False
    first, last = permission.get("FromPort", 0), permission.get("ToPort", 65535)
    return not 0 <= first <= last <= 65535


def _both_sources(permission):
    """A permission that allows nobody."""
    lists = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    return not any(permission.get(name) for name in lists)


def _entry_lacks(protocol, member):
    return lambda entry: entry.get("Protocol") in protocol and member not in entry


def _no_json(value):
    try:
        return not isinstance(json.loads(value), dict)
    except ValueError:
        return True


def _descriptions(operations):
    return [
        Rule(
            operations,
            f"IpPermissions.*.{where}.*.Description",
            "a rule's description has up to 255 of the allowed characters",
            unlike(WORDS),
            INVALID,
            "Invalid rule description. Valid descriptions are strings less than 256 characters "
            "from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
            documented=GROUP_WORDS,
        )
        for where in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    ]


RULES = [
    Rule(
        "CreateSecurityGroup",
        "GroupName",
        "the name of a security group does not start with sg-",
        lambda value: value.lower().startswith("sg-"),
        INVALID,
        "Value ({value}) for parameter GroupName is invalid. Group names may not be in the format "
        "sg-*.",
        documented=("sg-",),
    ),
    Rule(
        "CreateSecurityGroup",
        "GroupName",
        "the name of a security group has up to 255 of the allowed characters",
        unlike(WORDS),
        INVALID,
        "Value ({value}) for parameter GroupName is invalid. Valid names are strings less than "
        "256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        documented=GROUP_WORDS,
    ),
    Rule(
        "CreateSecurityGroup",
        "Description",
        "the description of a security group has up to 255 of the allowed characters",
        unlike(WORDS),
        INVALID,
        "Invalid security group description. Valid descriptions are strings less than 256 "
        "characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        documented=GROUP_WORDS,
    ),
    *_descriptions(f"{AUTHORIZE} {DESCRIBE}"),
    Rule(
        f"{AUTHORIZE} {REVOKE}",
        "IpPermissions.*",
        "rules of TCP, UDP and ICMP say which ports",
        _no_ports,
        INVALID,
        "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
        documented=(),
        source="API reference (botocore 1.44.5), IpPermission.IpProtocol",
    ),
    Rule(
        f"{AUTHORIZE} {REVOKE}",
        "IpPermissions.*",
        "ports go from 0 to 65535, the first not above the last",
        _ports_wrong,
        INVALID,
        "Invalid value for portRange. Must be between 0 and 65535, from not above to.",
        source="API reference (botocore 1.44.5), IpPermission; the limits are TCP's",
    ),
    Rule(
        AUTHORIZE,
        "IpPermissions.*",
        "a rule names whom it lets in or out",
        _both_sources,
        "MissingParameter",
        "The request must contain the parameter cidrIp, sourceSecurityGroup or prefixListId",
        source="assumed",
    ),
    *[
        Rule(
            f"{AUTHORIZE} {REVOKE}",
            f"IpPermissions.*.{where}",
            "a rule's addresses are in CIDR notation",
            no_network,
            INVALID,
            NO_NETWORK,
            documented=("CIDR",),
        )
        for where in ("IpRanges.*.CidrIp", "Ipv6Ranges.*.CidrIpv6")
    ],
    Rule(
        f"CreateVpc CreateSubnet {ENTRIES}",
        "CidrBlock",
        "addresses are in CIDR notation",
        no_network,
        INVALID,
        "Value ({value}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        documented=("CIDR notation",),
    ),
    Rule(
        "CreateRoute ReplaceRoute DeleteRoute",
        "DestinationCidrBlock",
        "addresses are in CIDR notation",
        no_network,
        INVALID,
        "Value ({value}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR "
        "block.",
        documented=("CIDR",),
    ),
    Rule(
        "CreateVpc",
        "CidrBlock",
        "a VPC has between /16 and /28 of addresses",
        _not_sized,
        "InvalidVpc.Range",
        "The CIDR '{value}' is invalid.",
        source=SIZES,
    ),
    Rule(
        "CreateSubnet",
        "CidrBlock",
        "a subnet has between /16 and /28 of addresses",
        _not_sized,
        "InvalidSubnet.Range",
        "The CIDR '{value}' is invalid.",
        source=SIZES,
    ),
    Rule(
        ENTRIES,
        "RuleNumber",
        "entries of a network ACL are numbered 1 to 32766",
        outside(1, 32766),
        INVALID,
        "Value ({value}) for parameter ruleNumber is invalid. Must be between 1 and 32766.",
        documented=("32766",),
    ),
    Rule(
        ENTRIES,
        "",
        "an entry for TCP or UDP has a range of ports",
        _entry_lacks(("6", "17", "tcp", "udp"), "PortRange"),
        "MissingParameter",
        "The request must contain the parameter portRange",
        source="API reference (botocore 1.44.5), CreateNetworkAclEntry.PortRange",
    ),
    Rule(
        ENTRIES,
        "",
        "an entry for ICMP has a type and a code",
        _entry_lacks(("1", "icmp"), "IcmpTypeCode"),
        "MissingParameter",
        "The request must contain the parameter icmpTypeCode",
        source="API reference (botocore 1.44.5), CreateNetworkAclEntry.IcmpTypeCode",
    ),
    Rule(
        "CreateFlowLogs",
        "MaxAggregationInterval",
        "flow logs gather for 60 or 600 seconds",
        not_among(60, 600),
        INVALID,
        "Invalid Max Aggregation Interval: {value}. Valid values are 60 and 600.",
        documented=("60 seconds", "600 seconds"),
    ),
    Rule(
        "CreateVpcEndpoint ModifyVpcEndpoint",
        "PolicyDocument",
        "an endpoint's policy is JSON",
        _no_json,
        "InvalidPolicyDocument",
        "Invalid policy document. Please check the policy syntax and ensure that Principals are "
        "valid.",
        documented=("JSON",),
    ),
    Rule(
        "CreateTags DeleteTags",
        "Resources",
        "up to 1000 resources are tagged at once",
        longer(1000),
        INVALID,
        "Too many resources.",
        documented=("1000",),
    ),
    Rule(
        "CreateNatGateway",
        "ClientToken",
        "a NAT gateway's client token has up to 64 ASCII characters",
        unlike(r"[\x00-\x7f]{0,64}"),
        INVALID,
        "Invalid client token: {value}. Tokens have up to 64 ASCII characters.",
        documented=("64 ASCII",),
    ),
    Rule(
        "CreateLaunchTemplate CreateLaunchTemplateVersion",
        "ClientToken",
        "a launch template's client token has up to 128 ASCII characters",
        unlike(r"[\x00-\x7f]{0,128}"),
        INVALID,
        "Invalid client token: {value}. Tokens have up to 128 ASCII characters.",
        documented=("128 ASCII",),
    ),
    Rule(
        "CreateLaunchTemplate CreateLaunchTemplateVersion",
        "LaunchTemplateData.UserData",
        "user data has up to 16 KB before it is encoded",
        lambda value: len(value) * 3 // 4 - value.count("=") > 16384,
        "InvalidUserData.Malformed",
        "User data is limited to 16384 bytes",
        documented=("16 KB", "base64"),
    ),
]
