"""Where the encrypted bytes lie: a directory, or a bucket. An object is written once and never again.

An object's name is the SHA-256 of its bytes, so a store can be checked without any key.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from lmscompliance.kernel.errors import Misconfigured, NotFound, Unavailable

if TYPE_CHECKING:
    from lmscompliance.kernel.settings import Settings

_PART = ".part"


class Store(Protocol):
    """Keeps bytes by name; every implementation passes the same tests."""

    def put(self, name: str, data: bytes) -> None:
        """Keep ``data`` durably under ``name``; nothing happens when the name is there already."""
        ...  # pragma: no cover  # a protocol

    def get(self, name: str) -> bytes:
        """Return what is kept under ``name``; raises ``NotFound``."""
        ...  # pragma: no cover  # a protocol

    def remove(self, name: str) -> None:
        """Forget ``name``; nothing happens when it is not there."""
        ...  # pragma: no cover  # a protocol

    def listed(self) -> Iterator[tuple[str, datetime]]:
        """Yield every name with the time of its writing."""
        ...  # pragma: no cover  # a protocol


class DiskStore:
    """A directory, two levels deep.

    The bytes are written and synced under a passing name in the same directory, then linked to their own:
    a link never replaces anything, and the name is there whole or not at all. If the process dies before
    that, restart finds a ``.part`` file, which the collector removes.
    """

    def __init__(self, root: Path) -> None:
        """Use ``root``, which is created with the first object."""
        self._root = root

    def put(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, passing = tempfile.mkstemp(_PART, name, path.parent)
        part = Path(passing)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(data)
                target.flush()
                os.fsync(target.fileno())
            try:
                os.link(part, path)
            except FileExistsError:
                return
            _sync_directory(path.parent)
        finally:
            part.unlink(missing_ok=True)

    def get(self, name: str) -> bytes:
        """Return the bytes of ``name``."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("files.missing") from error

    def remove(self, name: str) -> None:
        """Remove ``name``."""
        self._path(name).unlink(missing_ok=True)

    def listed(self) -> Iterator[tuple[str, datetime]]:
        """Yield every file, those left half-written included."""
        for path in sorted(self._root.glob("??/*")):
            try:
                yield path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except FileNotFoundError:  # somebody else's writing came to its end
                continue

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name


class BucketStore:
    """A bucket of an S3 service; a put is conditional, so an object is never replaced."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        """Use ``client`` (boto3's ``s3``) and what stands below ``prefix`` in ``bucket``."""
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def put(self, name: str, data: bytes) -> None:
        """Keep ``data`` under ``name``."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=data, IfNoneMatch="*")
        except self._client.exceptions.ClientError as error:
            if _status(error) not in {409, 412}:
                raise Unavailable("files.store_silent") from error

    def get(self, name: str) -> bytes:
        """Return the bytes of ``name``."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except self._client.exceptions.ClientError as error:
            if _status(error) == 404:  # noqa: PLR2004  # HTTP's own number
                raise NotFound("files.missing") from error
            raise Unavailable("files.store_silent") from error
        data: bytes = answer["Body"].read()
        return data

    def remove(self, name: str) -> None:
        """Remove ``name``."""
        self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def listed(self) -> Iterator[tuple[str, datetime]]:
        """Yield every object."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        for page in pages:
            for one in page.get("Contents", ()):
                yield one["Key"].removeprefix(self._prefix), one["LastModified"]


def store_of(settings: Settings) -> Store:
    """Return the store of ``COMPLIANCE_FILES_URL``; raises ``Misconfigured`` for one that cannot be used."""
    if not settings.files_url:
        return DiskStore(settings.data_dir / "files")
    parts = urlsplit(settings.files_url)
    if parts.scheme != "s3" or not parts.hostname:
        raise Misconfigured("files.store_url", url=settings.files_url)
    try:
        import boto3  # noqa: PLC0415  # an extra: only who keeps files in a bucket has it
    except ImportError as error:
        raise Misconfigured("files.no_boto3") from error
    prefix = parts.path.strip("/")
    return BucketStore(boto3.client("s3"), parts.hostname, f"{prefix}/" if prefix else "")


def name_of(data: bytes) -> str:
    """Return the name under which ``data`` is kept."""
    return sha256(data).hexdigest()


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _sync_directory(path: Path) -> None:
    # Without it a power cut could take the name though the bytes are on the disk.
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
