"""The bundle for public mirrors, and the masked workbook, of a class in which nearly everything happened."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmscompliance.kernel.jcs import Json
from lmscompliance.ledgers.models import PUBLIC
from lmscompliance.ledgers.service import Export, export
from lmscompliance.rules import ledger_masked
from lmscompliance.verifier import Verdict, bundle, verify
from tests.ledgers.miniature import TOPICS
from tests.verifier import busy, conftest
from tests.verifier.tamper import take_apart

_SAID_ANYHOW = {*TOPICS, "single", "essay", "text", "phone", "迟到", "{}"}
"""Words that some value holds and that the plan, the paper's blueprint, or a heading says as well."""

_BY_CHANCE = re.compile(r"[0-9A-Za-z+/.]{1,5}")
"""So short a text may stand in any digest."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Export, Export]:
    """Return the whole and the public export."""
    folder = tmp_path_factory.mktemp("mirrored")
    made = conftest.make(folder, busy.happenings)
    miniature = made.miniature
    public = export(miniature.services, made.signer, miniature.class_id, folder / "public", form=PUBLIC)
    return made.export, public


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _workbook(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def _shown(path: Path) -> str:
    """Return every text of a bundle, that of its workbook as well."""
    files = take_apart(path)
    workbook = _workbook(files.pop(bundle.LEDGER))
    return "\n".join([workbook, *(data.decode("utf-8") for data in files.values())])


def _secrets(whole: Export) -> Iterator[tuple[str, str]]:
    """Yield salts, and the texts in every value about people and questions, with the values' names."""
    for line in take_apart(whole.bundle)[bundle.DISCLOSURES].splitlines():
        one = json.loads(line)
        if one["name"] in {"enterprise_name", "enterprise_uscc"}:
            continue
        yield one["name"], one["salt"]
        for text in _texts(one["value"]):
            if text and text not in _SAID_ANYHOW and not _BY_CHANCE.fullmatch(text):
                yield one["name"], text


def test_no_value_of_any_kind_of_fact_is_in_a_mirror(both: tuple[Export, Export]) -> None:
    """Neither plain nor escaped, in no file and no cell; and what remains verifies with findings."""
    whole, public = both
    shown = _shown(public.bundle)
    everything = _shown(whole.bundle)
    secrets = set(_secrets(whole))
    assert len({name for name, _ in secrets}) > 20
    for name, text in secrets:
        escaped = json.dumps(text, ensure_ascii=False)[1:-1]
        assert escaped in everything, name
        assert text not in shown, name
        assert escaped not in shown, name
    report = verify(public.bundle, public.trust.read_bytes())
    assert (report.verdict, report.problems) == (Verdict.VALID_WITH_FINDINGS, [])
    assert report.verdict.exit == 3


def test_a_masked_workbook_shows_no_value_whole(both: tuple[Export, Export]) -> None:
    """What the public copy shows of people is masked; a device's own words about itself are left out."""
    whole, public = both
    shown = _workbook(public.workbook.read_bytes())
    for name, text in _secrets(whole):
        assert text not in shown, name
    assert "微信 8 / Android" in shown
    assert ledger_masked.HIDDEN in shown
