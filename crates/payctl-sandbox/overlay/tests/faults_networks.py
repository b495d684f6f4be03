"""Planted faults for the rules of EC2 and load balancers, each beside a good request."""

import json

LONG = "x" * 256
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/0123456789abcdef"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/0123456789abcdef"
CERTIFICATE = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"}


def permission(**more):
    base = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    base["IpRanges"] = [{"CidrIp": "10.0.0.0/8", "Description": "all of ours"}]
    kept = {name: value for name, value in {**base, **more}.items() if value is not None}
    return {"GroupId": "sg-1", "IpPermissions": [kept]}


def tags(number=1, key="k"):
    return [{"Key": f"{key}{at}", "Value": "v"} for at in range(number)]


SECURITY_GROUP = {"GroupName": "db", "Description": "the database (5432)", "VpcId": "vpc-1"}
ENTRY = {"NetworkAclId": "acl-1", "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow"}
ENTRY |= {"Egress": False, "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 1, "To": 2}}
FLOW_LOG = {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "MaxAggregationInterval": 60}
ENDPOINT = {"VpcId": "vpc-1", "ServiceName": "s", "PolicyDocument": POLICY}
TEMPLATE = {"LaunchTemplateName": "one", "ClientToken": "t"}
TEMPLATE |= {"LaunchTemplateData": {"UserData": "AAAA"}}
BALANCER = {"Name": "payments", "Subnets": ["subnet-1", "subnet-2"]}
TARGETS = {"Name": "blue", "Port": 80, "Protocol": "HTTP", "VpcId": "vpc-1"}
LISTENER = {"LoadBalancerArn": ARN, "Protocol": "HTTPS", "Port": 443}
LISTENER |= {"Certificates": [CERTIFICATE], "DefaultActions": [{"Type": "forward"}]}

# Service, operation, a good request, what makes a fault of it (None: left out), AWS's code.
FAULTS = [
    ("ec2", "CreateSecurityGroup", SECURITY_GROUP, {"GroupName": "sg-db"}, "InvalidParameterValue"),
    ("ec2", "CreateSecurityGroup", SECURITY_GROUP, {"GroupName": LONG}, "InvalidParameterValue"),
    (
        "ec2",
        "CreateSecurityGroup",
        SECURITY_GROUP,
        {"Description": "it's"},
        "InvalidParameterValue",
    ),
    *[
        (
            "ec2",
            "AuthorizeSecurityGroupIngress",
            permission(),
            permission(**{where: [{"Description": "a > b"}]}),
            "InvalidParameterValue",
        )
        for where in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    ],
    (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        permission(),
        permission(FromPort=None),
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        permission(),
        permission(FromPort=444),
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        permission(),
        permission(IpRanges=None),
        "MissingParameter",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        permission(),
        permission(IpRanges=[{"CidrIp": "10.0.0.0"}]),
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        permission(),
        permission(Ipv6Ranges=[{"CidrIpv6": "::/129"}]),
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "CreateVpc",
        {"CidrBlock": "10.0.0.0/16"},
        {"CidrBlock": "10.0/16"},
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "CreateVpc",
        {"CidrBlock": "10.0.0.0/16"},
        {"CidrBlock": "10.0.0.0/15"},
        "InvalidVpc.Range",
    ),
    (
        "ec2",
        "CreateSubnet",
        {"VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"},
        {"CidrBlock": "10.0.1.0/29"},
        "InvalidSubnet.Range",
    ),
    (
        "ec2",
        "CreateRoute",
        {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
        {"DestinationCidrBlock": "0.0.0.0"},
        "InvalidParameterValue",
    ),
    ("ec2", "CreateNetworkAclEntry", ENTRY, {"RuleNumber": 32767}, "InvalidParameterValue"),
    ("ec2", "CreateNetworkAclEntry", ENTRY, {"PortRange": None}, "MissingParameter"),
    ("ec2", "CreateNetworkAclEntry", ENTRY, {"Protocol": "1"}, "MissingParameter"),
    ("ec2", "CreateFlowLogs", FLOW_LOG, {"MaxAggregationInterval": 300}, "InvalidParameterValue"),
    ("ec2", "CreateVpcEndpoint", ENDPOINT, {"PolicyDocument": "{"}, "InvalidPolicyDocument"),
    (
        "ec2",
        "CreateTags",
        {"Resources": ["vpc-1"], "Tags": tags()},
        {"Resources": [f"vpc-{at}" for at in range(1001)]},
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "CreateNatGateway",
        {"SubnetId": "subnet-1", "ClientToken": "t"},
        {"ClientToken": "ü"},
        "InvalidParameterValue",
    ),
    ("ec2", "CreateLaunchTemplate", TEMPLATE, {"ClientToken": LONG}, "InvalidParameterValue"),
    (
        "ec2",
        "CreateLaunchTemplate",
        TEMPLATE,
        {"LaunchTemplateData": {"UserData": "A" * 22_000}},
        "InvalidUserData.Malformed",
    ),
    (
        "ec2",
        "CreateTags",
        {"Resources": ["vpc-1"], "Tags": tags()},
        {"Tags": tags(51)},
        "TagLimitExceeded",
    ),
    (
        "ec2",
        "CreateTags",
        {"Resources": ["vpc-1"], "Tags": tags()},
        {"Tags": tags(1, "AWS:")},
        "InvalidParameterValue",
    ),
    (
        "ec2",
        "CreateInternetGateway",
        {"TagSpecifications": [{"ResourceType": "internet-gateway", "Tags": tags()}]},
        {"TagSpecifications": [{"ResourceType": "internet-gateway", "Tags": tags(1, LONG)}]},
        "InvalidParameterValue",
    ),
    ("elbv2", "CreateLoadBalancer", BALANCER, {"Name": "a_b"}, "ValidationError"),
    ("elbv2", "CreateLoadBalancer", BALANCER, {"Name": "a-"}, "ValidationError"),
    ("elbv2", "CreateLoadBalancer", BALANCER, {"Name": "internal-a"}, "ValidationError"),
    (
        "elbv2",
        "CreateLoadBalancer",
        BALANCER,
        {"SubnetMappings": [{"SubnetId": "subnet-1"}]},
        "ValidationError",
    ),
    ("elbv2", "CreateTargetGroup", TARGETS, {"Name": "x" * 33}, "ValidationError"),
    ("elbv2", "CreateTargetGroup", TARGETS, {"Name": "-a"}, "ValidationError"),
    *[
        ("elbv2", "CreateTargetGroup", TARGETS, {member: None}, "ValidationError")
        for member in ("Port", "Protocol", "VpcId")
    ],
    ("elbv2", "CreateListener", LISTENER, {"Certificates": [CERTIFICATE] * 2}, "ValidationError"),
    ("elbv2", "CreateListener", LISTENER, {"Certificates": None}, "ValidationError"),
    *[
        (
            "elbv2",
            operation,
            {name: arn, "Attributes": [{"Key": key, "Value": value}]},
            {"Attributes": [{"Key": wrong_key, "Value": wrong}]},
            "ValidationError",
        )
        for operation, name, arn, key, value, wrong_key, wrong in (
            (
                "ModifyLoadBalancerAttributes",
                "LoadBalancerArn",
                ARN,
                "idle_timeout.timeout_seconds",
                "60",
                "idle_timeout.timeout_seconds",
                "4001",
            ),
            (
                "ModifyLoadBalancerAttributes",
                "LoadBalancerArn",
                ARN,
                "routing.http2.enabled",
                "true",
                "routing.http3.enabled",
                "true",
            ),
            (
                "ModifyTargetGroupAttributes",
                "TargetGroupArn",
                GROUP,
                "stickiness.enabled",
                "true",
                "stickyness.enabled",
                "true",
            ),
        )
    ],
]
