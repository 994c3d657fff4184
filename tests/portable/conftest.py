"""The tamper corpus, made once, with what the installed verifier says of each case."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lmscompliance.verifier import verify
from tests.verifier import busy, conftest, corpus
from tests.verifier.corpus_case import Case


@dataclass(frozen=True)
class Judged:
    """The cases and the installed verifier's reports, in one order."""

    cases: list[Case]
    reports: list[dict]


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Return every case with the report that the others must come to as well."""
    exported = conftest.make(tmp_path_factory.mktemp("exported"))
    full = conftest.make(tmp_path_factory.mktemp("busy"), busy.happenings)
    cases = corpus.build(exported, full, tmp_path_factory.mktemp("corpus"))
    return Judged(cases, [verify(one.bundle, one.trust, one.workbook).to_json() for one in cases])
