"""Lambda: functions that AWS refuses to create or to change, and moto does not."""

import time

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend
from moto.iam.exceptions import IAMException
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends

from ..patching import replace
from ..policy import any_like, statements
from .functions import Conflict
from .iam import trusts

RESERVED = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "TZ",
}
# What the role needs before Lambda puts a function into a VPC.
INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
)
# An account's limits, as far as they are checked here.
LONGEST_NAME = 64


@replace(LambdaBackend, "create_function")
def create_function(original, self, spec):
    name = spec.get("FunctionName", "").rsplit(":", 1)[-1]
    if len(name) > LONGEST_NAME:
        raise LambdaClientError(
            "ValidationException",
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy "
            f"constraint: Member must have length less than or equal to {LONGEST_NAME}",
        )
    _check(self, spec)
    return original(self, spec)


@replace(LambdaBackend, "update_function_configuration")
def update_function_configuration(original, self, function_name, qualifier, body):
    function = self.get_function(function_name, qualifier)
    refuse_busy(function)
    _check(self, {"Role": function.role, **body})
    return original(self, function_name, qualifier, body)


@replace(LambdaBackend, "update_function_code")
def update_function_code(original, self, function_name, qualifier, body):
    refuse_busy(self.get_function(function_name, qualifier))
    return original(self, function_name, qualifier, body)


def refuse_busy(function):
    """Refuses while the function is being made or changed."""
    if function.state == "Pending":
        raise Conflict(
            "The operation cannot be performed at this time. The function is currently in the "
            "following state: Pending"
        )
    if function.last_update[0] == "InProgress":
        raise Conflict(
            "The operation cannot be performed at this time. An update is in progress for "
            f"resource: {function.function_arn}"
        )


def _check(self, spec):
    variables = (spec.get("Environment") or {}).get("Variables") or {}
    if reserved := sorted(RESERVED & set(variables)):
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    role = role_of(self, spec.get("Role", ""))
    if role is not None and not _assumable(role):
        raise InvalidParameterValueException(
            "The role defined for the function cannot be assumed by Lambda."
        )
    _check_vpc(self, spec.get("VpcConfig") or {}, role)


def _check_vpc(self, vpc, role):
    backend = ec2_backends[self.account_id][self.region_name]
    known = {identifier for subnets in backend.subnets.values() for identifier in subnets}
    for identifier in vpc.get("SubnetIds") or ():
        if identifier not in known:
            raise InvalidParameterValueException(
                "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
                f"EC2 Error Message: The subnet ID '{identifier}' does not exist"
            )
    for identifier in vpc.get("SecurityGroupIds") or ():
        if backend.get_security_group_from_id(identifier) is None:
            raise InvalidParameterValueException(
                "Error occurred while DescribeSecurityGroups. EC2 Error Code: "
                "InvalidGroup.NotFound. EC2 Error Message: The security group "
                f"'{identifier}' does not exist"
            )
    if not vpc.get("SubnetIds") or role is None:
        return
    for action in INTERFACES:
        if not role_allows(role, action):
            raise InvalidParameterValueException(
                "The provided execution role does not have permissions to call "
                f"{action.removeprefix('ec2:')} on EC2"
            )


def role_of(self, arn):
    """The role of an ARN; None when there is none, which moto refuses itself."""
    try:
        return iam_backends[self.account_id][self.partition].get_role_by_arn(arn)
    except (IAMException, KeyError):
        return None


def _assumable(role):
    return time.time() >= getattr(role, "visible_at", 0) and trusts(role, "lambda.amazonaws.com")


def role_allows(role, action):
    """Whether any policy of the role allows the action on anything at all.

    Resources and conditions are not looked at: what they are compared with (an interface to be
    made) may not exist yet.
    """
    documents = [*role.policies.values()]
    documents += [_document(policy) for policy in role.managed_policies.values()]
    return any(
        statement.get("Effect") == "Allow"
        and any_like(statement.get("Action", []), action, ignore_case=True)
        for document in documents
        for statement in statements(document)
    )


def _document(policy):
    default = policy.default_version_id
    return next(each.document for each in policy.versions if each.version_id == default)
