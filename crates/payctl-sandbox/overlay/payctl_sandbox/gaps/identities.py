"""Which role a session is of: one that is made anew under a name is another (IAM user guide, "IAM
identifiers": unique identifiers)."""

from moto.sts.models import STSBackend

from ..patching import replace
from ..strict.permissions import lookups, place_of


def _role_id(backend, arn):
    role = lookups.role(place_of(backend.region_name, backend.account_id), arn)
    return role.id if role else ""


@replace(STSBackend, "assume_role")
def assume_role(original, self, region_name, role_session_name, role_arn, *more, **options):
    assumed = original(self, region_name, role_session_name, role_arn, *more, **options)
    assumed.role_id = _role_id(assumed, role_arn)
    return assumed
