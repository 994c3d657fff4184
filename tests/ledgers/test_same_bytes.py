"""One class at one data checkpoint is one set of bytes, whatever the database and the process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.kernel.ids import Ids, SeededRandomness
from lmscompliance.ledgers.service import Export, export
from lmscompliance.services import Services
from lmscompliance.verifier import bundle
from tests.house.sources import PACKAGE
from tests.ledgers.miniature import Miniature, build, standalone
from tests.verifier.tamper import take_apart

BEGINNING = datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI)
SAME = (*bundle.DATA_FILES, bundle.LEDGER, bundle.LEDGER_PDF)
_ELSEWHERE = """
import sys
from datetime import timedelta
from pathlib import Path
from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.ledgers.service import export
from tests.ledgers.miniature import standalone
from tests.ledgers.test_same_bytes import BEGINNING
folder, class_id, days = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
services = standalone(folder, ManualClock(BEGINNING + timedelta(days=days)))
signer = LocalSigner.load_or_create(folder / "signer", "example.com/log")
export(services, signer, class_id, folder / f"out-{days}", pdf=True)
"""


def _files(done: Export) -> dict[str, bytes]:
    found = take_apart(done.bundle)
    return {name: found[name] for name in SAME}


def _world(folder: Path, change: Callable[[Services], Services]) -> tuple[Miniature, LocalSigner]:
    clock = ManualClock(BEGINNING)
    services = change(replace(standalone(folder, clock), ids=Ids(clock, SeededRandomness(1))))
    return build(services, clock), LocalSigner.load_or_create(folder / "signer", "example.com/log")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_databases_and_processes_make_no_difference(services: Services, tmp_path: Path) -> None:
    """SQLite and PostgreSQL; other time zones, languages and hash seeds, days later: byte for byte."""
    shutil.copytree(_signer(tmp_path / "keys"), tmp_path / "sqlite" / "signer")
    mini, signer = _world(tmp_path / "sqlite", lambda one: one)
    first = _files(export(mini.services, signer, mini.class_id, tmp_path / "one", pdf=True))
    shutil.copytree(tmp_path / "keys", tmp_path / "postgresql" / "signer")
    other, its_signer = _world(tmp_path / "postgresql", lambda one: replace(one, database=services.database))
    second = _files(export(other.services, its_signer, other.class_id, tmp_path / "two", pdf=True))
    assert [name for name in SAME if second[name] != first[name]] == []
    mini.services.database.dispose()
    for days, around in enumerate(
        (
            {"TZ": "America/New_York", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
            {"TZ": "Asia/Shanghai", "LC_ALL": "zh_CN.UTF-8", "LANG": "zh_CN.UTF-8", "PYTHONHASHSEED": "2"},
        ),
        1,
    ):
        arguments = [str(tmp_path / "sqlite"), mini.class_id, str(days)]
        subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, *arguments],
            env={**os.environ, **around},
            cwd=PACKAGE.parent,
            check=True,
        )
        (made,) = (tmp_path / "sqlite" / f"out-{days}").glob("*.lmsev.zip")
        again = take_apart(made)
        assert [name for name in SAME if again[name] != first[name]] == []


def _signer(folder: Path) -> Path:
    """Make the log's key, which both worlds sign with."""
    LocalSigner.load_or_create(folder, "example.com/log")
    return folder
