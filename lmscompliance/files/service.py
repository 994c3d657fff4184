"""Keeps uploaded files: looked into, encrypted, by digest, written once."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lmscompliance.files.cleaning import Cleaned, clean
from lmscompliance.files.models import StoredFile
from lmscompliance.files.scanning import scanner_of
from lmscompliance.files.sniffing import Kind
from lmscompliance.files.stores import Store, name_of, store_of
from lmscompliance.kernel.errors import ComplianceError, InvalidInput, NotFound
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading

_PLACE = "compliance_file.key_sealed"
_NONCE = bytes(12)
"""Each key encrypts one file and nothing else, so no nonce can be used twice."""
_KEY_BITS = 256


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that was looked into and lies in the store, but that no row knows yet (``keep``)."""

    cleaned: Cleaned
    sha256: str
    original_sha256: str
    object: str
    key_sealed: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """A kept file's bytes and what they are."""

    kind: Kind
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Damage:
    """A kept file that cannot be read any more; ``reason`` is a code of this room's messages."""

    sha256: str
    reason: str


def prepare(services: Services, data: bytes) -> Ready:
    """Look into ``data`` and put it into the store, before any transaction.

    Writing a file may take long, so no database lock is held meanwhile. If the process dies before ``keep``
    has committed, the object has no row, and ``collect`` removes it after a day.

    Raises ``InvalidInput`` for what may not be kept, ``Unavailable`` when scanner or store do not answer.
    """
    settings = services.settings
    cleaned = clean(data, max_bytes=settings.upload_max_bytes, max_pixels=settings.upload_max_pixels)
    if scanner_of(settings.scanner_url).infected(data):
        raise InvalidInput("files.infected")
    digest = sha256(cleaned.data).hexdigest()
    key = AESGCM.generate_key(_KEY_BITS)
    sealed = AESGCM(key).encrypt(_NONCE, cleaned.data, digest.encode())
    name = name_of(sealed)
    store_of(settings).put(name, sealed)
    wrapped = services.vault.seal(_PLACE, base64.b64encode(key).decode())
    return Ready(cleaned, digest, sha256(data).hexdigest(), name, wrapped)


def keep(session: Session, services: Services, ready: Ready) -> str:
    """Write the row of a prepared file and return its digest, in the transaction of whoever refers to it.

    The same content kept twice is one row; the second copy in the store is then nobody's and is collected.
    """
    row = {
        "sha256": ready.sha256,
        "object": ready.object,
        "key_sealed": ready.key_sealed,
        "media_type": ready.cleaned.kind.value,
        "size": len(ready.cleaned.data),
        "width": ready.cleaned.width,
        "height": ready.cleaned.height,
        "pages": ready.cleaned.pages,
        "stored_at": services.clock.now(),
    }
    dialect = sqlite if services.database.is_sqlite else postgresql
    session.execute(
        dialect.insert(StoredFile).values(row).on_conflict_do_nothing(index_elements=[StoredFile.sha256])
    )
    return ready.sha256


def read(session: Session, services: Services, digest: str) -> Content:
    """Return a kept file's content; raises ``NotFound``, or ``ComplianceError`` when it is damaged."""
    row = session.get(StoredFile, digest)
    if row is None:
        raise NotFound("files.missing")
    data = _open(services, store_of(services.settings), row)
    return Content(Kind(row.media_type), data)


def check(services: Services) -> Iterator[Damage]:
    """Read every kept file again and yield those whose bytes are missing or altered."""
    store = store_of(services.settings)
    with reading(services.database) as session:
        for row in session.scalars(
            select(StoredFile).order_by(StoredFile.sha256).execution_options(yield_per=100)
        ):
            try:
                _open(services, store, row)
            except ComplianceError as error:
                yield Damage(row.sha256, error.code)


def _open(services: Services, store: Store, row: StoredFile) -> bytes:
    sealed = store.get(row.object)
    key = base64.b64decode(services.vault.open(_PLACE, row.key_sealed))
    try:
        data = AESGCM(key).decrypt(_NONCE, sealed, row.sha256.encode())
    except (InvalidTag, ValueError) as error:
        raise ComplianceError("files.altered", digest=row.sha256) from error
    if sha256(data).hexdigest() != row.sha256:
        raise ComplianceError("files.altered", digest=row.sha256)
    return data
