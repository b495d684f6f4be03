"""Which role it is: one that is made anew under a name is another, and what was lent to the old one
is lent to nobody (IAM user guide, "IAM identifiers": unique identifiers)."""

from moto.awslambda.models import LambdaBackend
from moto.sts.models import STSBackend

from ..patching import replace
from ..strict.permissions import lookups, place_of


def _role_id(backend, arn):
    role = lookups.role(place_of(backend.region_name, backend.account_id), arn)
    return role.id if role else ""


@replace(LambdaBackend, "create_function")
def create_function(original, self, spec):
    function = original(self, spec)
    _grant(self, function)
    return function


@replace(LambdaBackend, "update_function_configuration")
def update_function_configuration(original, self, function_name, qualifier, body):
    function = self.get_function(function_name, qualifier)
    before = function.role, function.kms_key_arn
    answer = original(self, function_name, qualifier, body)
    # An update with the role and the key that are there already renews no grant
    # (hashicorp/terraform-provider-aws#9703, 2019).
    if before != (function.role, function.kms_key_arn):
        _grant(self, function)
    return answer


def _grant(self, function):
    """Notes what Lambda was granted to decrypt the environment with, for whom."""
    place = place_of(self.region_name, self.account_id)
    key = lookups.find_key(place, function.kms_key_arn) if function.kms_key_arn else None
    function.environment_grant = (key.arn, _role_id(self, function.role)) if key else ()


@replace(STSBackend, "assume_role")
def assume_role(original, self, region_name, role_session_name, role_arn, *more, **options):
    assumed = original(self, region_name, role_session_name, role_arn, *more, **options)
    assumed.role_id = _role_id(assumed, role_arn)
    return assumed
