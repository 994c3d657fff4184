"""Stores: the directory and the bucket behave alike, and neither ever replaces an object."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lmscompliance.files.stores import BucketStore, DiskStore, name_of, store_of
from lmscompliance.kernel.errors import Misconfigured, NotFound, Unavailable
from lmscompliance.kernel.settings import Settings


class _Bucket:
    """An S3 client of one process: what ``BucketStore`` asks of boto3, with its conditional put."""

    class exceptions:  # noqa: N801  # boto3's own name
        class ClientError(Exception):
            def __init__(self, status: int) -> None:
                self.response = {"ResponseMetadata": {"HTTPStatusCode": status}}

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.down = False

    def put_object(self, **asked):
        assert (asked["Bucket"], asked["IfNoneMatch"]) == ("proofs", "*")
        if self.down:
            raise self.exceptions.ClientError(500)
        if asked["Key"] in self.kept:
            raise self.exceptions.ClientError(412)
        self.kept[asked["Key"]] = asked["Body"]

    def get_object(self, **asked):
        if self.down or asked["Key"] not in self.kept:
            raise self.exceptions.ClientError(500 if self.down else 404)
        return {"Body": io.BytesIO(self.kept[asked["Key"]])}

    def delete_object(self, **asked):
        self.kept.pop(asked["Key"], None)

    def get_paginator(self, name):
        return self

    def paginate(self, **asked):
        moment = datetime(2021, 2, 1, tzinfo=UTC)
        keys = sorted(key for key in self.kept if key.startswith(asked["Prefix"]))
        yield {"Contents": [{"Key": key, "LastModified": moment} for key in keys[:1]]}
        yield {"Contents": [{"Key": key, "LastModified": moment} for key in keys[1:]]}


@pytest.fixture(params=["disk", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path):
    """Return each kind of store."""
    return (
        DiskStore(tmp_path / "files") if request.param == "disk" else BucketStore(_Bucket(), "proofs", "a/")
    )


def test_put_get_remove(store):
    """What was put is there, whole; what was removed is not."""
    one, two = name_of(b"one"), name_of(b"two")
    store.put(one, b"one")
    store.put(two, b"two")
    assert store.get(one) == b"one"
    assert sorted(name for name, _ in store.listed()) == sorted([one, two])
    store.remove(one)
    store.remove(one)
    with pytest.raises(NotFound):
        store.get(one)
    assert [name for name, _ in store.listed()] == [two]


def test_an_object_is_never_replaced(store):
    """A second put under one name changes nothing."""
    store.put("a" * 64, b"first")
    store.put("a" * 64, b"second")
    assert store.get("a" * 64) == b"first"
    assert len(list(store.listed())) == 1


def test_a_bucket_that_does_not_answer():
    """It is said as a passing condition, not as a missing file."""
    client = _Bucket()
    client.down = True
    for ask in (lambda one: one.put("x", b""), lambda one: one.get("x")):
        with pytest.raises(Unavailable):
            ask(BucketStore(client, "proofs", ""))


def test_only_the_owner_reads_the_directory(tmp_path: Path):
    """Files and directories are closed to other users of the machine."""
    DiskStore(tmp_path / "files").put("ab" * 32, b"x")
    [path] = (tmp_path / "files").glob("??/*")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_full_disk_leaves_nothing_under_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A write that fails half-way leaves no object and no remains."""

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    store = DiskStore(tmp_path / "files")
    with pytest.raises(OSError, match="No space"):
        store.put("ab" * 32, b"x")
    assert list(store.listed()) == []


def test_the_setting(tmp_path: Path):
    """Empty is the data directory; anything but s3:// is refused with what to write."""

    def settings(url: str) -> Settings:
        return Settings.from_mapping(
            {"COMPLIANCE_DATA_DIR": tmp_path, "SECRET_KEY": "x", "COMPLIANCE_FILES_URL": url}
        )

    assert isinstance(store_of(settings("")), DiskStore)
    for url in ("ftp://x/y", "s3://", "/var/files"):
        with pytest.raises(Misconfigured) as refused:
            store_of(settings(url))
        assert refused.value.code == "files.store_url"


def test_a_bucket_by_its_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The real client is built from the setting, with the endpoint and keys of its own environment."""
    for name, value in (
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    settings = Settings.from_mapping(
        {"COMPLIANCE_DATA_DIR": tmp_path, "SECRET_KEY": "x", "COMPLIANCE_FILES_URL": "s3://bureau/proofs/"}
    )
    store = store_of(settings)
    assert isinstance(store, BucketStore)
    assert (store._bucket, store._prefix) == ("bureau", "proofs/")
