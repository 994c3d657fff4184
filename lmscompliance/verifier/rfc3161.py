"""Checks one RFC 3161 timestamp with its chain, offline, by the time it names itself.

Needs ``rfc3161-client`` and ``cryptography``; where they are missing, callers say "not checked".
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lmscompliance.kernel.clock import to_micros

try:
    import rfc3161_client
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = True

_SHA256 = "2.16.840.1.101.3.4.2.1"


class BadTimestamp(ValueError):
    """The answer is no timestamp of this message by an authority that is believed; the text says why."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a timestamp says: when it was made, and when the first certificate it rests on expires."""

    time_us: int
    expires_us: int


def read(response: bytes, message: bytes, chain: Sequence[bytes], nonce: int | None = None) -> Stamped:
    """Return what a response (DER) says, after checking that it is a grant for ``message`` and ``nonce``.

    Not its signature: that needs roots (``check``). Raises ``BadTimestamp``.
    """
    try:
        answer = rfc3161_client.decode_timestamp_response(response)
        status, why = answer.status, " ".join(answer.status_string)
        told = answer.tst_info if status == rfc3161_client.PKIStatus.GRANTED else None
        embedded = answer.signed_data.certificates if told else ()
        certificates = [x509.load_der_x509_certificate(one) for one in (*embedded, *chain)]
    except Exception as error:  # the library raises whatever its parser met
        msg = f"not a timestamp: {error}"
        raise BadTimestamp(msg) from error
    if told is None:
        msg = f"not granted (status {status}): {why}"
        raise BadTimestamp(msg)
    imprint = told.message_imprint
    if imprint.hash_algorithm.dotted_string != _SHA256:
        raise BadTimestamp("the imprint is not SHA-256")
    if imprint.message != hashlib.sha256(message).digest():
        raise BadTimestamp("the timestamp is of something else")
    if nonce is not None and told.nonce != nonce:
        raise BadTimestamp("the nonce is not the one that was sent")
    made = told.gen_time.replace(tzinfo=told.gen_time.tzinfo or UTC)
    expires = min((one.not_valid_after_utc for one in certificates), default=datetime.max.replace(tzinfo=UTC))
    return Stamped(to_micros(made), to_micros(expires))


def check(
    response: bytes, message: bytes, chain: Sequence[bytes], roots: Sequence[bytes], nonce: int | None = None
) -> Stamped:
    """Check a response (DER) with ``chain`` up to one of ``roots``, as of the time it names.

    ``chain`` comes with what is judged and only helps to find the way: a certificate of it counts if a root,
    or one that already counts, has issued it. Raises ``BadTimestamp``.
    """
    stamped = read(response, message, chain, nonce)
    try:
        trusted = [x509.load_der_x509_certificate(one) for one in roots]
        verifier = rfc3161_client.VerifierBuilder(
            roots=trusted, intermediates=_issued(trusted, [x509.load_der_x509_certificate(c) for c in chain])
        ).build()
        verifier.verify_message(rfc3161_client.decode_timestamp_response(response), message)
    except Exception as error:  # as above; whatever it is, this timestamp is not believed
        msg = f"the timestamp's signature or chain is not right: {error}"
        raise BadTimestamp(msg) from error
    return stamped


def _issued(roots: list[x509.Certificate], chain: list[x509.Certificate]) -> list[x509.Certificate]:
    # The library believes every certificate it is given, so only what leads to a root may reach it.
    known, waiting = list(roots), [one for one in chain if one not in roots]
    grown = True
    while grown:
        good = [one for one in waiting if _is_authority(one) and any(_by(one, issuer) for issuer in known)]
        known += good
        waiting = [one for one in waiting if one not in good]
        grown = bool(good)
    return known[len(roots) :]


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def request(message: bytes) -> tuple[bytes, int]:
    """Return a request (DER) for a timestamp of ``message`` with the signer's certificate, and its nonce."""
    builder = rfc3161_client.TimestampRequestBuilder().data(message)
    asked = (
        builder.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).cert_request(cert_request=True).build()
    )
    return asked.as_bytes(), asked.nonce or 0


def certificates(pem: str) -> list[bytes]:
    """Return the certificates (DER) in ``pem``; raises ``ValueError``."""
    if not pem.strip():
        return []
    found = x509.load_pem_x509_certificates(pem.encode("ascii"))
    return [one.public_bytes(Encoding.DER) for one in found]


def self_signed(chain: Sequence[bytes]) -> list[bytes]:
    """Return those of ``chain`` that are roots."""
    found = [(one, x509.load_der_x509_certificate(one)) for one in chain]
    return [one for one, certificate in found if certificate.issuer == certificate.subject]
