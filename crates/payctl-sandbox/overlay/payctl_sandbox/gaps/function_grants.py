"""KMS grants that Lambda makes for functions whose environment has a key: they are a role's, not a
name's.

That it makes one, and that a role made again does not have it: lastweekinaws.com, "The sneaky
weakness behind AWS managed KMS keys" (with a stack to see it by), terraform-provider-aws #9703 and
#6352; that it alone suffices for a customer's key: dev.classmethod.jp, "tsnote kms when using a
CMK". That only another role or key renews it: serverless/examples#279 (another role, saved, and
this one again), re:Post "lambda-kmsaccessdeniedexception-errors". Its context is in CloudTrail's
records of Lambda's Decrypt. Which operations it allows beside Decrypt, that it ends with the
function, and that a grantee that is gone is told of by its unique id, as IAM's guide has it of the
principals of policies, is assumed.
"""

from moto.awslambda.models import LambdaBackend
from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from moto.kms.models import Grant, kms_backends

from ..lax import rule
from ..patching import replace
from .function_checks import role_of
from .services_using_keys import find_key

OPERATIONS = ["Decrypt", "RetireGrant"]


def is_for(grant, role):
    """Whether the grant is the role's; one that names its grantee by an ARN only goes by that."""
    of = getattr(grant, "grantee_id", None)
    return of == role.id if of else grant.grantee_principal == role.arn


@rule(LambdaBackend, "create_function")
def create_function(original, self, spec):
    function = original(self, spec)
    _grant(self, self.get_function(function.function_name))
    return function


@rule(LambdaBackend, "update_function_configuration")
def update_function_configuration(original, self, function_name, qualifier, body):
    function = self.get_function(function_name, qualifier)
    before = _wanted(function)
    answer = original(self, function_name, qualifier, body)
    if _wanted(function) != before:
        _end(function)
        _grant(self, function)
    return answer


@rule(LambdaBackend, "delete_function")
def delete_function(original, self, function_name, qualifier=None):
    try:
        function = self.get_function(function_name)
    except JsonRESTError:
        function = None
    original(self, function_name, qualifier)
    try:
        self.get_function(function_name)
    except JsonRESTError:
        if function is not None:
            _end(function)


def _wanted(function):
    """Role and key that a grant is made for; the role by name, which is all an update looks at."""
    return bool(function.environment_vars), function.kms_key_arn, function.role


def _grant(backend, function):
    key = _key(function)
    role = role_of(backend, function.role)
    if key is None or role is None or not function.environment_vars:
        return
    context = {"aws:lambda:FunctionArn": _unqualified(function)}
    constraints = {"EncryptionContextEquals": context}
    grant = key.add_grant("", role.arn, OPERATIONS, constraints, retiring_principal="")
    grant.grantee_id = role.id
    grant.of_function = _unqualified(function)


def _end(function):
    for key in kms_backends[function.account_id][function.region].keys.values():
        for grant in list(key.grants.values()):
            if getattr(grant, "of_function", None) == _unqualified(function):
                key.revoke_grant(grant.id)


def _key(function):
    arn = function.kms_key_arn
    return find_key(function.account_id, function.region, arn) if arn else None


def _unqualified(function):
    return ":".join(function.function_arn.split(":")[:7])


@replace(Grant, "to_json")
def to_json(original, self):
    told = {name: value for name, value in original(self).items() if value}
    of = getattr(self, "grantee_id", None)
    if of and of not in {role.id for role in _roles(self.grantee_principal)}:
        told["GranteePrincipal"] = of
    return told


def _roles(arn):
    _, partition, _, _, account, _ = arn.split(":")
    return iam_backends[account][partition].roles.values()
