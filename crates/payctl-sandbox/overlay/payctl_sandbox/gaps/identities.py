"""Which role a session is of: one that is made anew under a name is another (IAM user guide, "IAM
identifiers": unique identifiers). And who calls: moto takes every key that it does not know for a
user of STS's, which no ARN of AWS's is (STS API reference, GetCallerIdentity: its examples).
"""

from moto.sts.models import STSBackend

from ..patching import replace
from ..strict.permissions import caller, lookups, place_of


def _role_id(backend, arn):
    role = lookups.role(place_of(backend.region_name, backend.account_id), arn)
    return role.id if role else ""


@replace(STSBackend, "assume_role")
def assume_role(original, self, region_name, role_session_name, role_arn, *more, **options):
    assumed = original(self, region_name, role_session_name, role_arn, *more, **options)
    assumed.role_id = _role_id(assumed, role_arn)
    return assumed


@replace(STSBackend, "get_caller_identity")
def get_caller_identity(original, self, access_key_id, region):
    try:
        who = caller.of(access_key_id, place_of(region, self.account_id))
    except caller.UnknownToken:
        return original(self, access_key_id, region)
    return who.user_id, who.arn, self.account_id
