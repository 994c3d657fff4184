"""Signs a PDF/A after PAdES (ETSI EN 319 142-1, B-B and B-T) with somebody's own PKCS#12 file.

The signature is invisible and appended: the bytes that were there stay, so earlier signatures hold and the
file stays PDF/A. Key and password live as long as the call and are never logged.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError

from lmscompliance.kernel.errors import InvalidInput, Unavailable

_FIELD = "Signature"
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """Whoever signs: a PKCS#12 file's bytes with its password."""

    pkcs12: bytes
    password: str

    def __repr__(self) -> str:
        return "Key(…)"


@dataclass(frozen=True, slots=True)
class Signed:
    """The signed file, and by whom: the certificate's name and its SHA-256 (hexadecimal)."""

    pdf: bytes
    signer: str
    certificate_sha256: str
    stamped: bool


def sign(pdf: bytes, key: Key, at: datetime, *, tsa_url: str = "", reason: str = "") -> Signed:
    """Return ``pdf`` with one more signature; with ``tsa_url`` it bears that authority's time (B-T).

    Raises ``InvalidInput`` for a wrong password, a file that is no PKCS#12 with a key, a certificate that is
    not valid ``at`` that instant or a file that is no PDF, and ``Unavailable`` when the authority does not
    answer.
    """
    certificate = _certificate(key, at)
    signer = SimpleSigner.load_pkcs12_data(key.pkcs12, [], key.password.encode("utf-8"))
    try:
        source = io.BytesIO(pdf)
        taken = len(list(enumerate_sig_fields(PdfFileReader(source))))
        source.seek(0)
        made = sign_pdf(
            IncrementalPdfFileWriter(source),
            PdfSignatureMetadata(
                field_name=f"{_FIELD}{taken + 1}",
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                reason=reason or None,
                name=_name(certificate),
            ),
            signer=signer,
            timestamper=HTTPTimeStamper(tsa_url, timeout=_TIMEOUT_SECONDS) if tsa_url else None,
            new_field_spec=SigFieldSpec(f"{_FIELD}{taken + 1}"),
        )
    except (TimestampRequestError, OSError, TimeoutError) as error:
        raise Unavailable("documents.no_timestamp", url=tsa_url) from error
    except (PdfError, SigningError) as error:
        raise InvalidInput("documents.not_signable") from error
    return Signed(
        pdf=made.getvalue(),
        signer=_name(certificate),
        certificate_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        stamped=bool(tsa_url),
    )


def _certificate(key: Key, at: datetime) -> x509.Certificate:
    try:
        private, certificate, _ = pkcs12.load_key_and_certificates(key.pkcs12, key.password.encode("utf-8"))
    except ValueError as error:
        # The library tells a wrong password and a damaged file alike, and so do we; neither is quoted.
        raise InvalidInput("documents.bad_key") from error
    if private is None or certificate is None:
        raise InvalidInput("documents.no_key")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise InvalidInput(
            "documents.certificate_expired",
            name=_name(certificate),
            first=certificate.not_valid_before_utc.date(),
            last=certificate.not_valid_after_utc.date(),
        )
    return certificate


def _name(certificate: x509.Certificate) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for one in certificate.subject.get_attributes_for_oid(kind):
            return str(one.value)
    return certificate.subject.rfc4514_string()
