"""The processor's own certificate authority, and the certificate its webhooks are signed with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "messageverificationcerts.sandbox.paypal.com"
LASTS = timedelta(days=365)


@dataclass(frozen=True)
class Authority:
    """Who certifies signers."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True)
class Signer:
    """A key, and its certificate as PEM."""

    key: rsa.RSAPrivateKey
    pem: bytes

    def sign(self, said: bytes) -> bytes:
        """RSA-SHA256 over the text."""
        return self.key.sign(said, padding.PKCS1v15(), hashes.SHA256())


def named(name: str) -> x509.Name:
    """A subject of one name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def new_authority(name: str = "Sandbox gateway authority") -> Authority:
    """A new authority that certifies itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def new_signer(authority: Authority, host: str = HOST, *, lasts: timedelta = LASTS) -> Signer:
    """A key that the authority certifies for one host name."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    issuer = authority.certificate
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named(host))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Signer(key, certificate.public_bytes(serialization.Encoding.PEM))


def kept_signer(store: Path) -> Signer:
    """The signer that lives beside a store, made once; the authority's certificate lies there for receivers."""
    file = store.with_suffix(".signer.pem")
    if not file.exists():
        authority = new_authority()
        signer = new_signer(authority)
        private = signer.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        store.with_suffix(".ca.pem").write_bytes(
            authority.certificate.public_bytes(serialization.Encoding.PEM)
        )
        file.touch(mode=0o600)
        file.write_bytes(private + signer.pem)
    text = file.read_bytes()
    key = serialization.load_pem_private_key(text, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{file} holds no RSA key")
    return Signer(key, text[text.index(b"-----BEGIN CERTIFICATE-----") :])
