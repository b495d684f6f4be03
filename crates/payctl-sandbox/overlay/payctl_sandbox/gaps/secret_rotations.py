"""Secrets Manager: rotations, by the functions that do them, and the labels that tell how far.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

import json
import re
import time
import uuid

from moto.awslambda.utils import get_backend
from moto.core.exceptions import JsonRESTError
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import (
    FakeSecret,
    ReplicaSecret,
    SecretsManagerBackend,
    secretsmanager_backends,
)

from ..functions import Refused
from ..functions.invocation import Invocation
from ..functions.outbox import jobs
from ..lock import lock
from ..patching import replace
from ..policy import ALLOW, decide

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
DAY = 24 * 60 * 60
# The secrets that a function is at work on, as (ARN, version).
_under_way = set()


class Denied(SecretsManagerClientError):
    """An AccessDeniedException."""

    def __init__(self):
        super().__init__(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function "
            "policy grants access to the principal secretsmanager.amazonaws.com.",
        )


@replace(SecretsManagerBackend, "rotate_secret")
def rotate_secret(
    original,
    self,
    secret_id,
    client_request_token=None,
    rotation_lambda_arn=None,
    rotation_rules=None,
    rotate_immediately=True,
):
    secret = self.describe_secret(secret_id)
    if isinstance(secret, ReplicaSecret):
        return original(self, secret_id)
    if secret.is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    arn = rotation_lambda_arn or secret.rotation_lambda_arn
    if not arn:
        raise InvalidRequestException(
            "No Lambda rotation function ARN is associated with this secret."
        )
    _check_rules(rotation_rules or {})
    _check_function(secret, arn)
    version = self._from_client_request_token(client_request_token or str(uuid.uuid4()))
    if (begun := _pending(secret)) and begun != version:
        # AWS tries that one again.
        _begin(secret, begun)
        raise InvalidRequestException(
            "A previous rotation isn't complete. That rotation will be reattempted."
        )
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn = arn
    if rotation_rules:
        secret.rotation_rules = dict(rotation_rules)
        secret.auto_rotate_after_days = rotation_rules.get("AutomaticallyAfterDays", 0)
    _schedule_next(secret)
    if version not in secret.versions:
        current = secret.versions.get(secret.default_version_id, {})
        value = {} if rotate_immediately else current
        _take(secret, PENDING)
        secret.versions[version] = {
            **{name: value[name] for name in ("secret_string", "secret_binary") if name in value},
            "createdate": int(time.time()),
            "version_id": version,
            "version_stages": [PENDING],
            "steps": STEPS if rotate_immediately else ("testSecret",),
        }
        _begin(secret, version)
    return json.dumps({"ARN": secret.arn, "Name": secret.name, "VersionId": version})


def _check_rules(rules):
    days = rules.get("AutomaticallyAfterDays")
    if days is not None and "ScheduleExpression" in rules:
        raise InvalidParameterException(
            "You can specify either AutomaticallyAfterDays or ScheduleExpression, but not both."
        )
    if days is not None and not 1 <= days <= 1000:
        raise InvalidParameterException(
            "RotationRules.AutomaticallyAfterDays must be within 1-1000."
        )
    if "Duration" in rules and not re.fullmatch(r"\d+h", rules["Duration"]):
        raise InvalidParameterException("The rotation window's duration is not valid.")


def _check_function(secret, arn):
    try:
        function = get_backend(secret.account_id, secret.region).get_function(arn)
    except JsonRESTError:
        raise ResourceNotFoundException(
            f"Secrets Manager can't find the specified Lambda function {arn}."
        ) from None
    context = {"aws:sourcearn": secret.arn, "aws:sourceaccount": secret.account_id}
    document = {"Statement": function.policy.statements}
    principal = ("Service", "secretsmanager.amazonaws.com")
    if decide(document, principal, "lambda:InvokeFunction", arn, context) != ALLOW:
        raise Denied()


def _schedule_next(secret):
    days = secret.auto_rotate_after_days
    secret.next_rotation_date = int(time.time()) + days * DAY if days else None


def _pending(secret):
    """The version that a rotation is to make the current one, if one is under way."""
    for version in secret.versions.values():
        labels = version["version_stages"]
        if PENDING in labels and CURRENT not in labels:
            return version["version_id"]
    return None


def _take(secret, label):
    """Takes the label off whatever version has it."""
    for version in secret.versions.values():
        if label in version["version_stages"]:
            version["version_stages"].remove(label)


# The steps, each an invocation of the function without moto's lock: it calls Secrets Manager.


def _begin(secret, version):
    # The function's own value for the version takes the place of what is noted there.
    steps = secret.versions[version].get("steps", STEPS)
    place = secret.account_id, secret.region, secret.arn
    if (secret.arn, version) not in _under_way:
        _under_way.add((secret.arn, version))
        jobs.append(lambda functions: _rotate(functions, place, version, steps))


def resume():
    """Goes on with what was under way when the sandbox ended, as AWS does after a failure."""
    for _, _, backend in secretsmanager_backends.iter_backends():
        for secret in backend.secrets.values():
            if isinstance(secret, FakeSecret) and secret.rotation_enabled:
                if version := _pending(secret):
                    _begin(secret, version)


def _rotate(functions, place, version, steps):
    account, region, arn = place
    try:
        for step in steps:
            with lock:
                secret = secretsmanager_backends[account][region].secrets.get(arn)
                if not secret or not secret.rotation_enabled or version not in secret.versions:
                    return
                function = secret.rotation_lambda_arn
            if problem := _step(functions, region, function, arn, version, step):
                print(f"the rotation of {arn} failed in {step}: {problem}", flush=True)
                return
    finally:
        with lock:
            _under_way.discard((arn, version))
            secret = secretsmanager_backends[account][region].secrets.get(arn)
            if secret and version in secret.versions:
                _end(secret, version, steps)
        functions.changed()


def _step(functions, region, function, arn, version, step):
    """Has the function do the step; why it did not, otherwise."""
    event = {"Step": step, "SecretId": arn, "ClientRequestToken": version}
    try:
        definition = functions.definition(region, function)
    except Refused as refused:
        return str(refused)
    invocation = Invocation(definition, json.dumps(event).encode())
    functions.run(definition, invocation, wait=float("inf"))
    return invocation.result.decode("utf-8", "replace") if invocation.error else None


def _end(secret, version, steps):
    if STEPS[0] not in steps:
        # A version that was only there to test the function with.
        if secret.default_version_id != version:
            del secret.versions[version]
    elif CURRENT in secret.versions[version]["version_stages"]:
        secret.last_rotation_date = int(time.time())
        _schedule_next(secret)


@replace(FakeSecret, "to_dict")
def to_dict(original, self):
    described = original(self)
    if "RotationRules" in described:
        described["RotationRules"] = getattr(self, "rotation_rules", {})
    if self.rotation_requested and not self.rotation_enabled:
        described.pop("NextRotationDate", None)
    return described


# Labels, where moto loses them or does not follow them:


@replace(SecretsManagerBackend, "update_secret_version_stage")
def update_secret_version_stage(
    original, self, secret_id, version_stage, remove_from_version_id, move_to_version_id
):
    answer = original(
        self, secret_id, version_stage, remove_from_version_id, move_to_version_id
    )
    if version_stage == CURRENT and move_to_version_id:
        self.secrets[secret_id].set_default_version_id(move_to_version_id)
    return answer


@replace(FakeSecret, "reset_default_version")
def reset_default_version(original, self, secret_version, version_id):
    moved = {CURRENT, PREVIOUS, *secret_version["version_stages"]}
    before = self.versions.get(self.default_version_id)
    kept = [label for label in before["version_stages"] if label not in moved] if before else []
    # The version itself may be there already, with the labels that are to move.
    secret_version = {**secret_version, "version_stages": list(secret_version["version_stages"])}
    for label in moved - {CURRENT, PREVIOUS}:
        _take(self, label)
    original(self, secret_version, version_id)
    if before and before["version_id"] != version_id:
        before["version_stages"] += kept
