"""What a request needs besides its own action: what services do in the caller's name.

Roles that are passed on, service-linked roles at a service's first use, deliveries of logs, and
calls that a service makes with the caller's rights. Each row names its source.
"""

import json

from moto.ec2.models import ec2_backends

from . import lookups, resources
from .needs import Need, at

SUFFIX = "amazonaws.com"
# Roles in requests: where, and the service that is to assume them. IAM user guide, "Granting a user
# permissions to pass a role to an AWS service", and for each service its own guide's page.
PASSED = {
    ("lambda", "CreateFunction"): (("Role", "lambda"),),
    ("lambda", "UpdateFunctionConfiguration"): (("Role", "lambda"),),
    # VPC user guide, "Publish flow logs to CloudWatch Logs": permissions to pass a role.
    ("ec2", "CreateFlowLogs"): (("DeliverLogsPermissionArn", "vpc-flow-logs"),),
    # API reference of AddRoleToInstanceProfile: the caller needs iam:PassRole.
    ("iam", "AddRoleToInstanceProfile"): (("RoleName", "ec2"),),
    # API Gateway developer guide, "Set up CloudWatch logging": permissions.
    ("apigateway", "UpdateAccount"): (("patchOperations.value", "apigateway"),),
    ("apigateway", "PutIntegration"): (("credentials", "apigateway"),),
    ("apigateway", "CreateIntegration"): (("CredentialsArn", "apigateway"),),
    # RDS user guide, "Setting up and enabling Enhanced Monitoring".
    ("rds", "CreateDBInstance"): (("MonitoringRoleArn", "monitoring.rds"),),
    ("rds", "ModifyDBInstance"): (("MonitoringRoleArn", "monitoring.rds"),),
    ("rds", "CreateDBCluster"): (("MonitoringRoleArn", "monitoring.rds"),),
    ("rds", "AddRoleToDBCluster"): (("RoleArn", "rds"),),
    # EventBridge API reference of PutTargets and PutRule: iam:PassRole for a RoleArn.
    ("events", "PutRule"): (("RoleArn", "events"),),
    ("events", "PutTargets"): (("Targets.RoleArn", "events"),),
    ("cloudtrail", "CreateTrail"): (("CloudWatchLogsRoleArn", "cloudtrail"),),
    ("cloudtrail", "UpdateTrail"): (("CloudWatchLogsRoleArn", "cloudtrail"),),
    ("config", "PutConfigurationRecorder"): (("ConfigurationRecorder.roleARN", "config"),),
    ("s3", "PutBucketReplication"): (("ReplicationConfiguration.Role", "s3"),),
    ("logs", "PutSubscriptionFilter"): (("roleArn", "logs"),),
}
# Service-linked roles that a first use makes with the caller's right to: (service, role's name).
LINKED = {
    # Elastic Load Balancing user guide, "Service-linked role for Elastic Load Balancing".
    ("elasticloadbalancing", "CreateLoadBalancer"): (
        "elasticloadbalancing",
        "AWSServiceRoleForElasticLoadBalancing",
    ),
    # EC2 Auto Scaling user guide, "Service-linked roles for Amazon EC2 Auto Scaling".
    ("autoscaling", "CreateAutoScalingGroup"): ("autoscaling", "AWSServiceRoleForAutoScaling"),
    # RDS user guide, "Using service-linked roles for Amazon RDS"; terraform-aws-modules/
    # terraform-aws-rds#364 (2021) saw it with the subnet group.
    ("rds", "CreateDBSubnetGroup"): ("rds", "AWSServiceRoleForRDS"),
    ("rds", "CreateDBCluster"): ("rds", "AWSServiceRoleForRDS"),
    ("rds", "CreateDBInstance"): ("rds", "AWSServiceRoleForRDS"),
    # GuardDuty user guide, "Using service-linked roles for GuardDuty".
    ("guardduty", "CreateDetector"): ("guardduty", "AWSServiceRoleForAmazonGuardDuty"),
    # API Gateway developer guide, "Using service-linked roles for API Gateway": VPC links.
    ("apigateway", "CreateVpcLink"): ("ops.apigateway", "AWSServiceRoleForAPIGateway"),
}
# Actions that a service takes with the caller's rights, on everything.
BESIDES = {
    # WAF developer guide, "Sending web ACL traffic logs to a CloudWatch Logs log group".
    ("wafv2", "PutLoggingConfiguration"): (
        "logs:CreateLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:PutResourcePolicy",
    ),
    ("wafv2", "DeleteLoggingConfiguration"): ("logs:DeleteLogDelivery",),
}
# API Gateway developer guide, "Configure logging for HTTP APIs": permissions. Which of them each
# call needs is assumed.
ACCESS_LOG = (
    "logs:CreateLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
)
# Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC": user
# permissions.
IN_VPC = ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")
ANY = (("", "*"),)


def of(call, service, place):
    """The needs that come with a request."""
    asked = (service, call.operation)
    needs = [Need(action, ANY) for action in BESIDES.get(asked, ())]
    for path, to in PASSED.get(asked, ()):
        for value in at(call.parameters, path):
            needs += _passed(value, to, place)
    needs += linked(asked, place)
    special = SPECIAL.get(asked)
    return needs + (special(call, place) if special else [])


def _passed(value, to, place):
    if not isinstance(value, str) or not value:
        return []
    arn = resources.arn_of("iam", "role", value, {}, place, "PassRole")
    if ":role/" not in arn:
        return []
    return [Need("iam:PassRole", (("role", arn),), {"iam:passedtoservice": f"{to}.{SUFFIX}"})]


def linked(asked, place):
    """The service-linked role that a first use makes, where it is not there yet."""
    service, name = LINKED.get(asked, (None, None))
    if service is None:
        return []
    path = f"aws-service-role/{service}.{SUFFIX}/{name}"
    arn = place.arn("iam", f"role/{path}", region="")
    if lookups.role(place, arn) is not None:
        return []
    keys = {"iam:awsservicename": f"{service}.{SUFFIX}"}
    needs = [Need("iam:CreateServiceLinkedRole", (("role", arn),), keys)]
    if service == "elasticloadbalancing":
        # An account's first load balancer (terraform-aws-eks#900, alb-controller#748, CAPA#629).
        needs.append(Need("ec2:DescribeAccountAttributes", ANY))
    return needs


def make_linked(call, service, place):
    """Makes the service-linked role of a first use; it stays when what it was made for fails."""
    name, role = LINKED.get((service, call.operation), (None, None))
    # RDS refuses the call that makes its own: see `gaps.first_use`.
    if name in (None, "rds") or not linked((service, call.operation), place):
        return
    trust = {"Effect": "Allow", "Principal": {"Service": f"{name}.{SUFFIX}"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    lookups.iam(place).create_role(
        role_name=role,
        assume_role_policy_document=json.dumps(document),
        path=f"/aws-service-role/{name}.{SUFFIX}/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
        linked_service=f"{name}.{SUFFIX}",
    )


def _group(call, place):
    """EC2 Auto Scaling user guide, "Control Amazon EC2 launch template usage in Auto Scaling
    groups": who names a template has to be allowed to start instances by it, to pass its profile's
    role on, and to set its tags."""
    data = _template(call.parameters.get("LaunchTemplate"), place)
    if data is None:
        return []
    kinds = ("image", "instance", "network-interface", "security-group", "subnet", "volume")
    arns = [(kind, place.arn("ec2", f"{kind}/*")) for kind in kinds[1:]]
    image = place.arn("ec2", f"image/{data.get('ImageId', '*')}", account="")
    needs = [Need("ec2:RunInstances", (("image", image), *arns))]
    tagged = [each["ResourceType"] for each in at(data, "TagSpecifications") if each.get("Tags")]
    if tagged:
        made = {"ec2:createaction": "RunInstances"}
        arns = tuple((kind, place.arn("ec2", f"{kind}/*")) for kind in tagged)
        needs.append(Need("ec2:CreateTags", arns, made))
    profile = data.get("IamInstanceProfile") or {}
    for each in lookups.iam(place).get_instance_profiles():
        if profile and each.roles and (each.name, each.arn).count(_named(profile)):
            needs += _passed(each.roles[0].arn, "ec2", place)
    return needs


def _named(profile):
    return profile.get("Arn") or profile.get("Name")


def _template(named, place):
    if not named:
        return None
    backend = ec2_backends[place.account][place.region]
    for template in backend.launch_templates.values():
        if named.get("LaunchTemplateId", template.id) == template.id and (
            named.get("LaunchTemplateName", template.name) == template.name
        ):
            return template.versions[-1].data
    return None


def _function(call, place):
    return [Need(name, ANY) for name in IN_VPC if at(call.parameters, "VpcConfig.SubnetIds")]


def _rotation(call, place):
    """Secrets Manager API reference of RotateSecret: lambda:InvokeFunction on the function."""
    return [
        Need("lambda:InvokeFunction", (("function", arn),))
        for arn in at(call.parameters, "RotationLambdaARN")
    ]


def _access_log(call, place):
    return [Need(name, ANY) for name in ACCESS_LOG if "AccessLogSettings" in call.parameters]


def _web_acl(call, place):
    """WAF developer guide, "Permissions for AssociateWebACL": SetWebACL of what is protected."""
    needs = []
    for arn in at(call.parameters, "ResourceArn"):
        service = arn.split(":")[2]
        if service == "apigateway":
            needs.append(Need("apigateway:SetWebACL", (("Stage", arn),)))
        if service == "elasticloadbalancing":
            needs.append(Need("elasticloadbalancing:SetWebACL", (("loadbalancer/app/", arn),)))
    return needs


def _api_policy(call, place):
    """API Gateway developer guide, "IAM policy examples for API Gateway permissions": whoever sets a
    REST API's resource policy needs UpdateRestApiPolicy besides."""
    paths = at(call.parameters, "patchOperations.path")
    if "/policy" not in paths and not call.parameters.get("policy"):
        return []
    api = call.parameters.get("restApiId", "")
    arn = place.arn("apigateway", f"/restapis/{api}".rstrip("/"), account="")
    return [Need("apigateway:UpdateRestApiPolicy", (("RestApi", arn),))]


def _endpoint(call, place):
    """VPC user guide, "Identity and access management for VPC endpoints": private DNS names."""
    if str(call.parameters.get("PrivateDnsEnabled", False)).lower() != "true":
        return []
    return [Need("route53:AssociateVPCWithHostedZone", ANY)]


SPECIAL = {
    ("autoscaling", "CreateAutoScalingGroup"): _group,
    ("autoscaling", "UpdateAutoScalingGroup"): _group,
    ("lambda", "CreateFunction"): _function,
    ("lambda", "UpdateFunctionConfiguration"): _function,
    ("secretsmanager", "RotateSecret"): _rotation,
    ("apigateway", "CreateRestApi"): _api_policy,
    ("apigateway", "UpdateRestApi"): _api_policy,
    ("apigateway", "CreateStage"): _access_log,
    ("apigateway", "UpdateStage"): _access_log,
    ("wafv2", "AssociateWebACL"): _web_acl,
    ("wafv2", "DisassociateWebACL"): _web_acl,
    ("ec2", "CreateVpcEndpoint"): _endpoint,
    ("ec2", "ModifyVpcEndpoint"): _endpoint,
}
