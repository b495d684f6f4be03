"""Certificate Manager's gaps."""

import datetime
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support import SandboxTest, closes_gaps


def made(key=None, domain="payments.internal", extensions=()):
    """A self-signed certificate and its key, as an import takes them."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 100 * day)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    return {"Certificate": certificate.public_bytes(pem), "PrivateKey": private}


def imported(acm, **options):
    """The ARN of an imported certificate."""
    return acm.import_certificate(**made(), **options)["CertificateArn"]


@closes_gaps
class Certificates(SandboxTest):
    def setUp(self):
        super().setUp()
        self.acm = self.aws("acm")

    def test_one_that_a_listener_shows_stays(self):
        # Made here, as that module takes from this one.
        from test_load_balancers import Balanced

        balanced, arn = Balanced(self.aws), imported(self.acm)
        listener = balanced.listen(arn)
        delete = self.acm.delete_certificate
        self.refused("ResourceInUseException", delete, CertificateArn=arn)
        describe = self.acm.describe_certificate
        self.assertEqual(
            describe(CertificateArn=arn)["Certificate"]["InUseBy"], [balanced.arn]
        )
        other = {"CertificateArn": imported(self.acm)}
        modify = self.aws("elbv2").modify_listener
        modify(ListenerArn=listener, Certificates=[other])
        self.assertEqual(describe(CertificateArn=arn)["Certificate"]["InUseBy"], [])
        delete(CertificateArn=arn)
        self.aws("elbv2").delete_load_balancer(**balanced.of_balancer)
        delete(**other)

    def test_one_that_is_imported_again_keeps_its_tags(self):
        tags = [{"Key": "one", "Value": "1"}]
        arn = {"CertificateArn": imported(self.acm, Tags=tags)}
        serial = self.acm.describe_certificate(**arn)["Certificate"]["Serial"]
        self.acm.import_certificate(**made(), **arn)
        told = self.acm.describe_certificate(**arn)["Certificate"]
        self.assertNotEqual(told["Serial"], serial)
        self.assertEqual(self.acm.list_tags_for_certificate(**arn)["Tags"], tags)
        again = {**made(), **arn, "Tags": tags}
        self.refused("ValidationException", self.acm.import_certificate, **again)

    def test_unless_asked_those_with_keys_of_rsa_are_listed(self):
        elliptic = imported(self.acm)
        key = rsa.generate_private_key(65537, 2048)
        other = self.acm.import_certificate(**made(key))["CertificateArn"]
        found = [self.listed(), self.listed(Includes={"keyTypes": ["EC_prime256v1"]})]
        self.assertTrue(other in found[0] and elliptic in found[1])
        self.assertFalse(other in found[1] or elliptic in found[0])

    def listed(self, **options):
        """The ARNs in the list."""
        found = self.acm.list_certificates(**options)["CertificateSummaryList"]
        return [each["CertificateArn"] for each in found]


if __name__ == "__main__":
    unittest.main()
