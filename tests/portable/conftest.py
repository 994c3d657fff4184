"""The tamper corpus, made once, with what the installed verifier says of each case."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from lmscompliance.tlog.proof import TlogProof
from lmscompliance.verifier import verify
from tests.verifier import busy, conftest, corpus
from tests.verifier.corpus_case import Case


@dataclass(frozen=True)
class Judged:
    """The cases and the installed verifier's reports, in one order."""

    cases: list[Case]
    reports: list[dict]


@dataclass(frozen=True)
class Receipts:
    """A receipt, the same with a shorter proof, the trust file, and a word of the entry."""

    good: bytes
    bad: bytes
    trust: str
    says: str


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> conftest.Exported:
    """Return the untouched export."""
    return conftest.make(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def judged(exported: conftest.Exported, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Return every case with the report that the others must come to as well."""
    full = conftest.make(tmp_path_factory.mktemp("busy"), busy.happenings)
    cases = corpus.build(exported, full, tmp_path_factory.mktemp("corpus"))
    return Judged(cases, [verify(one.bundle, one.trust, one.workbook).to_json() for one in cases])


@pytest.fixture(scope="session")
def receipts(exported: conftest.Exported) -> Receipts:
    """Return the receipt of the untouched export."""
    good = TlogProof.parse(exported.export.receipt.read_text(encoding="utf-8"))
    bad = replace(good, hashes=good.hashes[:-1])
    return Receipts(good.encode().encode(), bad.encode().encode(), exported.trust, "exports/ledger.xlsx")
