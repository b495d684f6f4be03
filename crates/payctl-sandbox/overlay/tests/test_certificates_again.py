"""What a certificate may be replaced by under its ARN."""

import unittest

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from support import SandboxTest, closes_gaps, no_gap
from test_certificates import made

SERVER, CLIENT = x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH
SIGNS = x509.ExtendedKeyUsageOID.CODE_SIGNING


def names(*domains):
    """The extension with these names."""
    return x509.SubjectAlternativeName([x509.DNSName(domain) for domain in domains])


def usage(*what):
    """The extension with these usages."""
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    every += ("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in what for name in every})


@closes_gaps
class Again(SandboxTest):
    def setUp(self):
        super().setUp()
        self.acm = self.aws("acm")
        self.arn = None

    def take(self, **options):
        """Imports a certificate, the second time under the first one's ARN."""
        again = {"CertificateArn": self.arn} if self.arn else {}
        answer = self.acm.import_certificate(**made(**options), **again)
        self.arn = answer["CertificateArn"]

    def test_one_name_stays(self):
        self.take(domain="a.internal", extensions=[names("a.internal", "b.internal")])
        self.take(domain="c.internal", extensions=[names("c.internal", "b.internal")])
        message = self.refused("ValidationException", self.take, domain="a.internal")
        self.assertIn("none of the domain names", message)

    def test_usages_stay(self):
        key = rsa.generate_private_key(65537, 2048)
        both = usage("digital_signature", "key_encipherment")
        self.take(key=key, extensions=[both, x509.ExtendedKeyUsage([SERVER, CLIENT])])
        # Who is a client as well may become a server only.
        self.take(key=key, extensions=[both, x509.ExtendedKeyUsage([SERVER, SIGNS])])
        fewer = [both, x509.ExtendedKeyUsage([SERVER])]
        self.refused("ValidationException", self.take, key=key, extensions=fewer)
        other = [usage("digital_signature"), x509.ExtendedKeyUsage([SERVER, SIGNS])]
        self.refused("ValidationException", self.take, key=key, extensions=other)

    @no_gap
    def test_elliptic_keys_need_not_encipher(self):
        self.take(extensions=[usage("digital_signature", "key_encipherment")])
        self.take(extensions=[usage("digital_signature")])


if __name__ == "__main__":
    unittest.main()
