"""Whose certificates HTTP APIs trust on their way to a load balancer: those of public authorities.

Skipping the check, meant for certificates that are self-signed or of a private authority, is for
REST APIs only; an HTTP API has the name to expect and no more (API Gateway developer guide,
"x-amazon-apigateway-integration.tlsConfig object", read on 2026-11-28). A self-signed certificate
fails (re:Post "api-gateway-ssl-certificate-errors", 2022-12-15), as does another name (terraform-
provider-aws#15768, 2020: the caller gets an internal server error). That Mozilla's list of
authorities stands for API Gateway's own is assumed.
"""

import functools
import warnings
from datetime import datetime, timezone

import certifi
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from moto.acm.exceptions import CertificateNotFound
from moto.acm.models import acm_backends
from moto.core import DEFAULT_ACCOUNT_ID

from . import lax


def is_trusted(region, listener, name):
    """Whether the listener shows a certificate of that name that anybody would trust."""
    if "behaviour" in lax.parts:
        return True
    return any(_proves(region, arn, name) for arn in listener.certificates or ())


def _proves(region, arn, name):
    try:
        certificate = acm_backends[DEFAULT_ACCOUNT_ID][region].get_certificate(arn)
    except CertificateNotFound:
        return False
    if certificate.type == "AMAZON_ISSUED":
        # Made by moto, and signed by nobody: what AWS would have issued.
        return certificate.status == "ISSUED" and any(_is(name, san) for san in certificate.sans)
    if certificate.type != "IMPORTED":
        return False
    leaf, *between = x509.load_pem_x509_certificates(certificate.cert)
    between += x509.load_pem_x509_certificates(certificate.chain)
    policy = PolicyBuilder().store(_authorities()).time(datetime.now(timezone.utc))
    try:
        policy.build_server_verifier(x509.DNSName(name)).verify(leaf, between)
    except (VerificationError, ValueError):
        return False
    return True


def _is(name, pattern):
    """Whether a certificate's name stands for this one: a star is one label, the first."""
    first, _, rest = name.partition(".")
    return name == pattern or (pattern.startswith("*.") and bool(first) and pattern[2:] == rest)


@functools.cache
def _authorities():
    with open(certifi.where(), "rb") as bundle, warnings.catch_warnings():
        # Some have numbers that a later version of the library will not take.
        warnings.simplefilter("ignore")
        return Store(x509.load_pem_x509_certificates(bundle.read()))
