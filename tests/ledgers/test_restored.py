"""A backup taken as docs/backup.md says, restored: old and new ledgers verify, and no fork is signed."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.extension.building import build_services
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.kernel.settings import Settings
from lmscompliance.ledgers.service import export
from lmscompliance.services import Services
from lmscompliance.storage import migrate
from lmscompliance.storage.database import Database
from lmscompliance.storage.transaction import reading
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import build
from tests.support import postgres

ORIGIN = "example.com/log"


def _backed_up(url: str, folder: Path) -> str:
    """Take a backup of the database at ``url``, restore it into another one, and return its URL."""
    if url.startswith("sqlite"):
        path, copy = url.removeprefix("sqlite:///"), folder / "restored.sqlite3"
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)  # what the shell's .backup calls
        return f"sqlite:///{copy}"
    prefix, _, name = url.rpartition("/")
    bin_dir = postgres.binaries()
    assert bin_dir is not None
    where, dump = urlsplit(url.replace("+psycopg", "")), folder / "compliance.dump"
    of = [f"--host={where.hostname}", f"--port={where.port}", f"--username={where.username}"]
    subprocess.run([bin_dir / "pg_dump", *of, "--format=custom", f"--file={dump}", name], check=True)
    admin = create_engine(f"{prefix}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}_restored"))
        connection.execute(text(f"CREATE DATABASE {name}_restored"))
    into = [*of, "--exit-on-error", f"--dbname={name}_restored", str(dump)]
    subprocess.run([bin_dir / "pg_restore", *into], check=True)
    return f"{url}_restored"


def test_a_restored_platform_goes_on_and_an_older_one_is_refused(
    empty_database_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    """On both databases: guards, values and log are there; what was handed out before and after verifies."""
    settings = Settings.from_mapping(
        {
            "COMPLIANCE_DATA_DIR": tmp_path / "data",
            "SECRET_KEY": "test-secret",
            "COMPLIANCE_DATABASE_URL": empty_database_url,
        }
    )
    first = build_services(settings, clock)
    migrate.upgrade(first.database)
    signer = LocalSigner.load_or_create(tmp_path / "signer", ORIGIN)
    class_id = build(first, clock).class_id
    before = export(first, signer, class_id, tmp_path / "before")
    trust = before.trust.read_bytes()
    shutil.copytree(tmp_path / "signer", tmp_path / "kept")
    url = _backed_up(empty_database_url, tmp_path)
    first.database.dispose()
    second = replace(first, database=Database(url))
    try:
        _is_sound(second)
        kept = LocalSigner.load_or_create(tmp_path / "kept", ORIGIN)
        after = export(second, kept, class_id, tmp_path / "after")
        for one in (before, after):
            report = verify(one.bundle, trust)
            assert report.verdict is Verdict.VALID, "\n".join(report.lines("en"))
        # The class has not changed, so neither have the files that say so.
        assert after.workbook.read_bytes() == before.workbook.read_bytes()
        _is_sound(second)
        # The first one never saw what was signed since: whoever puts it back is refused.
        clock.advance(60)
        with pytest.raises(ComplianceError, match="signer"):
            export(first, kept, class_id, tmp_path / "fork")
    finally:
        first.database.dispose()
        second.database.dispose()


def _is_sound(services: Services) -> None:
    with reading(services.database) as session:
        report = fsck(session, services)
    assert report.sound, report.problems
