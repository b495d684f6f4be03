"""Certificate Manager: what a certificate may be replaced by under its ARN.

ACM guide, "Reimport a certificate" (read on 2026-11-28): names may be added and removed, but not
all of them; values of key usage and of extended key usage may be added and not removed, but for a
certificate's clientAuth and, with a key of elliptic curves, keyEncipherment. The code is that of
other imports that are refused; the words are assumed.
"""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from moto.acm.exceptions import AWSValidationException
from moto.acm.models import AWSCertificateManagerBackend

from ..lax import rule

USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
MAY_GO = {x509.ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string}


@rule(AWSCertificateManagerBackend, "import_certificate")
def import_certificate(original, self, certificate, private_key, chain, arn, tags):
    before = self._certificates.get(arn)
    try:
        now = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        now = None
    # What is no certificate is refused as that.
    if before is not None and now is not None:
        _refuse_another(x509.load_pem_x509_certificate(before.cert), now)
    return original(self, certificate, private_key, chain=chain, arn=arn, tags=tags)


def _refuse_another(before, now):
    if not _names(before) & _names(now):
        raise AWSValidationException(
            "The certificate has none of the domain names of the certificate that it replaces."
        )
    for what, values in (("key usage", _usages), ("extended key usage", _purposes)):
        if missing := values(before) - values(now):
            raise AWSValidationException(
                f"The certificate lacks {what} values of the certificate that it replaces: "
                f"{', '.join(sorted(missing))}"
            )


def _names(certificate):
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    names = {name.value.lower() for name in common}
    if more := _extension(certificate, x509.SubjectAlternativeName):
        names |= {name.lower() for name in more.get_values_for_type(x509.DNSName)}
    return names


def _usages(certificate):
    usage = _extension(certificate, x509.KeyUsage)
    found = {name for name in USAGES if usage and getattr(usage, name)}
    elliptic = isinstance(certificate.public_key(), EllipticCurvePublicKey)
    return found - ({"key_encipherment"} if elliptic else set())


def _purposes(certificate):
    purposes = _extension(certificate, x509.ExtendedKeyUsage) or ()
    return {purpose.dotted_string for purpose in purposes} - MAY_GO


def _extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
