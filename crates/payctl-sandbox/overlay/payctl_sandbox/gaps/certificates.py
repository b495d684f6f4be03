"""Certificate Manager: certificates in use, imported again, and listed."""

from moto.acm.exceptions import AWSValidationException
from moto.acm.models import AWSCertificateManagerBackend
from moto.core.exceptions import AWSError
from moto.elbv2.models import elbv2_backends

from ..patching import replace

# What is listed where no other is asked for.
LISTED = ("RSA_1024", "RSA_2048")


@replace(AWSCertificateManagerBackend, "get_certificate")
def get_certificate(original, self, arn):
    certificate = original(self, arn)
    # moto notes who takes it into use, and never who does no longer.
    certificate.in_use_by = _users(self, arn)
    return certificate


@replace(AWSCertificateManagerBackend, "delete_certificate")
def delete_certificate(original, self, arn):
    if _users(self, arn):
        raise AWSError(
            f"Certificate {arn} in account {self.account_id} is in use.",
            exception_type="ResourceInUseException",
        )
    return original(self, arn)


def _users(backend, arn):
    """The load balancers that show the certificate."""
    balancers = elbv2_backends[backend.account_id][backend.region_name].load_balancers.values()
    return [
        balancer.arn
        for balancer in balancers
        if any(arn in listener.certificates for listener in balancer.listeners.values())
    ]


@replace(AWSCertificateManagerBackend, "import_certificate")
def import_certificate(original, self, certificate, private_key, chain, arn, tags):
    if arn and tags:
        raise AWSValidationException("You can't add tags while reimporting a certificate.")
    before = self._certificates.get(arn)
    made = original(self, certificate, private_key, chain=chain, arn=arn, tags=tags)
    if before is not None:
        # moto forgets them.
        self._certificates[made].tags = before.tags
    return made


@replace(AWSCertificateManagerBackend, "list_certificates")
def list_certificates(original, self, statuses, includes):
    asked = (includes or {}).get("keyTypes") or LISTED
    return original(self, statuses, {**(includes or {}), "keyTypes": asked})
