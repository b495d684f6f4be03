"""Lambda: what moto forgets of a function's configuration, and its permissions."""

import uuid

from moto.awslambda.exceptions import GenericResourcNotFound, LambdaClientError
from moto.awslambda.models import LambdaFunction
from moto.awslambda.policy import Policy
from moto.core.utils import iso_8601_datetime_with_nanoseconds
from moto.ec2.models import ec2_backends

from ..functions.outbox import outbox
from ..patching import replace


class Conflict(LambdaClientError):
    """A ResourceConflictException."""

    code = 409

    def __init__(self, message):
        super().__init__("ResourceConflictException", message)


@replace(LambdaFunction, "__init__")
def initialise(original, self, account_id, spec, region, version=1):
    self.logging_config = spec.get("LoggingConfig")
    self.dead_letters = (spec.get("DeadLetterConfig") or {}).get("TargetArn") or None
    self.revision_id = str(uuid.uuid4())
    self.last_update = ("Successful", None, None)
    self.state_reason = (None, None)
    original(self, account_id, spec, region, version)


def vpc_of(function, subnet_ids):
    """The VPC the subnets are in."""
    backend = ec2_backends[function.account_id][function.region]
    return backend.get_subnet(subnet_ids[0]).vpc_id


def _vpc_config(self):
    if not self._vpc_config:
        return None
    subnets = self._vpc_config.get("SubnetIds") or []
    return {
        "Ipv6AllowedForDualStack": False,
        **self._vpc_config,
        "SubnetIds": subnets,
        "SecurityGroupIds": self._vpc_config.get("SecurityGroupIds") or [],
        "VpcId": vpc_of(self, subnets) if subnets else "",
    }


LambdaFunction.vpc_config = property(_vpc_config)


@replace(LambdaFunction, "get_configuration")
def get_configuration(original, self, on_create=False):
    configuration = original(self, on_create)
    group = f"/aws/lambda/{self.function_name}"
    logging = {"LogFormat": "Text", "LogGroup": group, **(self.logging_config or {})}
    configuration["LoggingConfig"] = logging
    if target := getattr(self, "dead_letters", None):
        configuration["DeadLetterConfig"] = {"TargetArn": target}
    configuration["RevisionId"] = self.revision_id
    status, reason, code = self.last_update
    if self.state == "Pending":
        reason, code = self.state_reason
        configuration.update(StateReason=reason, StateReasonCode=code)
        status, reason, code = "InProgress", None, None
    if not on_create:
        configuration["LastUpdateStatus"] = status
        if reason:
            configuration["LastUpdateStatusReason"] = reason
            configuration["LastUpdateStatusReasonCode"] = code
    return configuration


@replace(LambdaFunction, "update_configuration")
def update_configuration(original, self, config_updates):
    if "KMSKeyArn" in config_updates:
        self.kms_key_arn = config_updates["KMSKeyArn"] or None
    if "LoggingConfig" in config_updates:
        self.logging_config = config_updates["LoggingConfig"]
    if "DeadLetterConfig" in config_updates:
        self.dead_letters = config_updates["DeadLetterConfig"].get("TargetArn") or None
    if "TracingConfig" in config_updates:
        self.tracing_config = config_updates["TracingConfig"]
    if "EphemeralStorage" in config_updates:
        self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
    known = dict(config_updates)
    if "Environment" in known:
        known["Environment"] = {"Variables": known["Environment"].get("Variables", {})}
    original(self, known)
    changed(self)
    return self.get_configuration()


@replace(LambdaFunction, "update_function_code")
def update_function_code(original, self, updated_spec):
    if not updated_spec.get("DryRun") and updated_spec.get("Architectures"):
        self.architectures = updated_spec["Architectures"]
    original(self, updated_spec)
    if not updated_spec.get("DryRun"):
        changed(self)
    return self.get_configuration()


def changed(function):
    """Notes that the function is another one now."""
    function.revision_id = str(uuid.uuid4())
    function.last_modified = iso_8601_datetime_with_nanoseconds()


@replace(Policy, "add_statement")
def add_statement(original, self, raw, qualifier=None):
    before = list(self.statements)
    statement, revision = original(self, raw, qualifier)
    if any(each.get("Sid") == statement.get("Sid") for each in before):
        self.statements = before
        raise Conflict(
            f"The statement id ({statement['Sid']}) provided already exists. Please provide a "
            "new statement id, or remove the existing statement."
        )
    # An account is written as its root (Lambda developer guide, "Granting Lambda function access to
    # other accounts": the policy that its example returns).
    principal = statement.get("Principal")
    if isinstance(principal, str) and principal != "*":
        if principal.isdigit():
            principal = f"arn:aws:iam::{principal}:root"
        written = self.statements[-1]["Principal"] = {"AWS": principal}
        statement = {**statement, "Principal": written}
    return statement, revision


@replace(Policy, "wire_format")
def wire_format(original, self):
    if not self.statements:
        raise GenericResourcNotFound()
    return original(self)


@replace(LambdaFunction, "invoke")
def invoke(original, self, body, request_headers, response_headers):
    # From inside moto (a queue, a schedule), under its lock: the function runs afterwards.
    outbox.append((self.function_arn, body.encode() if isinstance(body, str) else body))
    return b""
