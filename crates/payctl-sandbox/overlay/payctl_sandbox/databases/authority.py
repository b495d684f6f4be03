"""The certificate authority of a sandbox: made once, and trusted by its functions."""

import ipaddress
import os
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=3650)


class Authority:
    """Signs the servers' certificates."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "authority.pem")
        self.key_path = os.path.join(folder, "authority.key")
        if not os.path.exists(self.path):
            os.makedirs(folder, exist_ok=True)
            self._make()

    def _make(self):
        key, name = ec.generate_private_key(ec.SECP256R1()), _name("payctl sandbox")
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(self.key_path, _pem(key))
        # The certificate last: with it, the authority is whole.
        _write(self.path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)

    def certify(self, address):
        """A certificate for the address and its key, as PEM."""
        with open(self.path, "rb") as file:
            own = x509.load_pem_x509_certificate(file.read())
        with open(self.key_path, "rb") as file:
            own_key = serialization.load_pem_private_key(file.read(), None)
        key = ec.generate_private_key(ec.SECP256R1())
        for_address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        servers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        certificate = (
            _builder(_name(address), own.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(for_address, critical=False)
            .add_extension(servers, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(own_key.public_key()),
                critical=False,
            )
            .sign(own_key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)


def _builder(subject, issuer, key):
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # From yesterday on, for clocks that are a little behind.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key):
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(*form, serialization.NoEncryption())


def _write(path, content, mode=0o600):
    temporary = f"{path}.tmp"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    os.replace(temporary, path)
