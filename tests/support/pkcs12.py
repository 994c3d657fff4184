"""Key files (PKCS#12) with certificates of their own, as enterprises sign with."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from lmscompliance.documents.pdf_signature import Key

PASSWORD = "只有本人知道-1"


def key_of(name: str, at: datetime, *, days: int = 30) -> tuple[Key, bytes]:
    """Return a key whose certificate began 60 days before ``at`` and ends ``days`` after; and that (PEM)."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=60))
        .not_valid_after(at + timedelta(days=days))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(private, hashes.SHA256())
    )
    encrypted = BestAvailableEncryption(PASSWORD.encode())
    data = pkcs12.serialize_key_and_certificates(name.encode(), private, certificate, None, encrypted)
    return Key(data, PASSWORD), certificate.public_bytes(Encoding.PEM)
