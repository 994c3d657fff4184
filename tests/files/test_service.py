"""Keeping files: encrypted, once, nothing lost and nothing left over."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from lmscompliance.files import jobs, scanning, service
from lmscompliance.files.models import StoredFile
from lmscompliance.files.scanning import Clamd, scanner_of
from lmscompliance.kernel.errors import ComplianceError, InvalidInput, Misconfigured, NotFound, Unavailable
from lmscompliance.storage.transaction import reading, transaction
from tests.files import samples
from tests.support.peers import drips, peer, silent


def _keep(services, data):
    ready = service.prepare(services, data)
    with transaction(services.database) as session:
        return service.keep(session, services, ready)


def _objects(services):
    return sorted((services.settings.data_dir / "files").glob("??/*"))


def test_what_was_kept_comes_back(services):
    """The content is there again; the disk and the database hold no byte of it in the clear."""
    sent = samples.document()
    digest = _keep(services, sent)
    with reading(services.database) as session:
        assert service.read(session, services, digest).data == sent
        row = session.get(StoredFile, digest)
    [path] = _objects(services)
    assert path.name == row.object == service.name_of(path.read_bytes())
    assert sent[:40] not in path.read_bytes()
    with reading(services.database) as session, pytest.raises(NotFound):
        service.read(session, services, "0" * 64)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_same_content_twice_is_one_file(services):
    """The second copy belongs to nobody and is collected a day later; the first stays."""
    sent = samples.picture()
    assert _keep(services, sent) == _keep(services, sent)
    assert len(_objects(services)) == 2
    assert jobs.collect(services) == 0
    _age(services)
    assert jobs.collect(services) == 1
    assert list(service.check(services)) == []
    assert len(_objects(services)) == 1


def _age(services):
    then = (services.clock.now() - timedelta(days=2)).timestamp()
    for path in _objects(services):
        os.utime(path, (then, then))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_damage_is_found(services):
    """A missing object and an altered one are named by the digest that was recorded."""
    first, second = _keep(services, samples.picture()), _keep(services, samples.document())
    assert list(service.check(services)) == []
    by_digest = {}
    with reading(services.database) as session:
        for digest in (first, second):
            by_digest[digest] = session.get(StoredFile, digest).object
    root = services.settings.data_dir / "files"
    (root / by_digest[first][:2] / by_digest[first]).unlink()
    path = root / by_digest[second][:2] / by_digest[second]
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    found = {one.sha256: one.reason for one in service.check(services)}
    assert found == {first: "files.missing", second: "files.altered"}
    with reading(services.database) as session, pytest.raises(ComplianceError) as refused:
        service.read(session, services, second)
    assert refused.value.code == "files.altered"


UPLOAD = """
import sys
from tests.files.test_service import victim
victim(*sys.argv[1:])
"""


def victim(url: str, data_dir: str) -> None:
    """Store a file and say so, then wait for the end before its row is written."""
    import time

    from lmscompliance.extension.building import build_services
    from lmscompliance.kernel.settings import Settings

    settings = Settings.from_mapping(
        {"COMPLIANCE_DATA_DIR": data_dir, "COMPLIANCE_DATABASE_URL": url, "SECRET_KEY": "x"}
    )
    service.prepare(build_services(settings), samples.picture())
    print("stored", flush=True)
    time.sleep(60)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_between_store_and_row(services, database_url, tmp_path: Path):
    """Nothing refers to what was stored, nothing half-written stands under a name, and it is collected."""
    command = [sys.executable, "-c", UPLOAD, database_url, str(services.settings.data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as upload:
        assert upload.stdout.readline() == "stored\n"
        upload.kill()
    [path] = _objects(services)
    assert path.name == service.name_of(path.read_bytes())
    assert list(service.check(services)) == []
    _age(services)
    assert jobs.collect(services) == 1
    assert _objects(services) == []


class _Clamd(threading.Thread):
    """Answers one INSTREAM as clamd does."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(daemon=True)
        self.answer, self.got = answer, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"clamd://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        with self.listener:
            link, _ = self.listener.accept()
        with link, link.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while size := int.from_bytes(stream.read(4), "big"):
                self.got += stream.read(size)
            link.sendall(self.answer)


@pytest.mark.parametrize(("answer", "found"), [(b"stream: OK\0", False), (b"stream: Eicar FOUND\0", True)])
def test_clamd(answer, found):
    """The whole file is handed over in parts, and the answer believed."""
    daemon = _Clamd(answer)
    daemon.start()
    data = bytes(200_000)
    assert Clamd(daemon.url).infected(data) is found
    assert daemon.got == data


@pytest.mark.parametrize("behave", [silent, drips(), drips(step=bytes([65]) * 3000)])
def test_a_scanner_that_never_ends_is_given_up(monkeypatch, behave):
    """Silence, a drip and a flood are no answer, so the upload is refused for now."""
    monkeypatch.setattr(scanning, "SECONDS", 0.3)
    with peer(behave) as slow, pytest.raises(Unavailable):
        Clamd(slow.url.replace("http:", "clamd:")).infected(b"data")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_scanner_that_finds_or_fails_keeps_nothing(services, caplog):
    """An infected file is refused, a silent or odd scanner refuses for now; nothing is stored."""
    import dataclasses

    for answer, error in ((b"stream: Eicar FOUND\0", InvalidInput), (b"UNKNOWN COMMAND\0", Unavailable)):
        daemon = _Clamd(answer)
        daemon.start()
        guarded = dataclasses.replace(
            services, settings=dataclasses.replace(services.settings, scanner_url=daemon.url)
        )
        with pytest.raises(error):
            service.prepare(guarded, samples.picture())
    silent = dataclasses.replace(services.settings, scanner_url="clamd:///nowhere.socket")
    with pytest.raises(Unavailable):
        service.prepare(dataclasses.replace(services, settings=silent), samples.picture())
    assert _objects(services) == []
    service.prepare(services, samples.picture())
    assert "COMPLIANCE_SCANNER_URL" in caplog.text


def test_a_scanner_that_is_none():
    """Another address than clamd's is refused with what to write."""
    with pytest.raises(Misconfigured):
        scanner_of("http://127.0.0.1")
