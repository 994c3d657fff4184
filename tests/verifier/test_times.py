"""What a bundle shows of time: timestamps by an outside authority, lags, and where sessions began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.evidence.stamping import stamp_due
from lmscompliance.kernel.clock import SHANGHAI, ManualClock
from lmscompliance.ledgers.service import Export, export
from lmscompliance.policy import Catalogue
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import Leaf
from lmscompliance.verifier import Report, rfc3161, verify
from lmscompliance.verifier import bundle as layout
from lmscompliance.verifier.bundle import EarlierCheckpoint
from lmscompliance.verifier.report import Status
from lmscompliance.verifier.times import TimeCheck
from tests.ledgers.miniature import build, standalone
from tests.support.tsa import Authority
from tests.verifier.conftest import Exported
from tests.verifier.tamper import Files, check, take_apart


@dataclass(frozen=True)
class Stamped:
    """An export whose checkpoint was stamped, and one made while the authority was down."""

    authority: Authority
    without: Export
    export: Export

    @property
    def trust(self) -> str:
        """The trust file's text."""
        return self.export.trust.read_text(encoding="utf-8")

    @property
    def files(self) -> Files:
        """Every file of the stamped bundle."""
        return take_apart(self.export.bundle)


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stamped]:
    """Export the miniature class twice: with the authority down, then well again."""
    folder = tmp_path_factory.mktemp("stamped")
    clock = ManualClock(datetime(2021, 2, 1, 8, 0, tzinfo=SHANGHAI))
    plain = standalone(folder, clock)
    authority = Authority(folder / "tsa")
    settings = replace(plain.settings, tsa_url=authority.url, tsa_chain=authority.chain)
    services = replace(plain, settings=settings)
    signer = LocalSigner.load_or_create(folder / "signer", "example.com/log")
    miniature = build(services, clock)
    authority.mood = "down"
    without = export(services, signer, miniature.class_id, folder / "without")
    authority.mood = ""
    stamp_due(services)
    yield Stamped(authority, without, export(services, signer, miniature.class_id, folder / "out"))
    authority.close()
    services.database.dispose()


def step(report: Report, name: str = "time"):
    """Return one step of a report."""
    return next(one for one in report.steps if one.name == name)


def codes(report: Report) -> list[str]:
    """Return the codes of what was found."""
    return [one.code for one in report.findings]


def lines(files: Files) -> list[EarlierCheckpoint]:
    """Return the earlier checkpoints of a bundle."""
    return [EarlierCheckpoint.decode(line) for line in files[layout.CHECKPOINTS].splitlines()]


def with_lines(files: Files, changed: list[EarlierCheckpoint]) -> Files:
    """Return ``files`` with other earlier checkpoints."""
    return files | {layout.CHECKPOINTS: b"".join(one.encode() for one in changed)}


def test_a_stamped_export_verifies_and_openssl_agrees(stamped: Stamped) -> None:
    """Each checkpoint's text carries a timestamp that leads to the root in the trust file."""
    report = verify(stamped.export.bundle, stamped.trust)
    assert step(report).status is Status.PASS, report.lines("en")
    stamps = [(one, stamp) for one in lines(stamped.files) for stamp in one.stamps]
    assert len(stamps) == 2
    for one, stamp in stamps:
        assert stamped.authority.judge(stamp.response, one.checkpoint.encode())
    assert "owe_tsa" in [one.code for one in report.owes]
    # The class was played in 2021, the authority stamps now: that is what a lag is.
    assert codes(report) == ["lag"]


def test_an_authority_that_was_down_leaves_a_finding(stamped: Stamped) -> None:
    """The export was made all the same, says so, and holds the same workbook as the later one."""
    report = verify(stamped.without.bundle, stamped.trust)
    assert step(report).detail.code == "time_none"
    assert codes(report) == ["unstamped"]
    assert "owe_time" in [one.code for one in report.owes]
    assert stamped.without.workbook.read_bytes() == stamped.export.workbook.read_bytes()


def test_without_the_client_timestamps_are_said_to_be_unchecked(
    stamped: Stamped, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The findings stay the same, so that a zipapp's verdict is that of the command."""
    before = verify(stamped.export.bundle, stamped.trust)
    monkeypatch.setattr(rfc3161, "AVAILABLE", False)
    report = verify(stamped.export.bundle, stamped.trust)
    assert step(report).because.code == "time_unchecked"
    assert (report.verdict, codes(report)) == (before.verdict, codes(before))


def test_a_trust_file_without_roots_believes_no_timestamp(stamped: Stamped) -> None:
    """Certificates in the bundle are no reason to believe it."""
    trust = "".join(line for line in stamped.trust.splitlines(keepends=True) if not line.startswith("# tsa"))
    report = verify(stamped.export.bundle, trust)
    assert step(report).because.code == "time_untrusted"
    assert codes(report) == []


def each_stamp(line: EarlierCheckpoint, **changed: object) -> EarlierCheckpoint:
    """Return the line with every timestamp changed."""
    return replace(line, stamps=tuple(replace(one, **changed) for one in line.stamps))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda one: each_stamp(one, time_us=1), "time_differs"),
        (lambda one: each_stamp(one, chain=()), "time_bad"),
        (lambda one: replace(one, stamps=one.stamps * 2), "time_bad"),
        (lambda one: replace(one, proof=one.proof[:-1]), "time_not_consistent"),
    ],
    ids=["another time", "no chain", "a copy for a renewal", "a shorter proof"],
)  # fmt: skip
def test_a_tampered_timestamp_is_invalid(stamped: Stamped, tmp_path: Path, change, code: str) -> None:
    """Whatever is changed in a line is named, and the bundle is invalid."""
    files = stamped.files
    changed = [change(one) if one.stamps and one.proof else one for one in lines(files)]
    report = check(with_lines(files, changed), stamped.trust, tmp_path)
    assert code in {one.code for one in step(report).problems}


def test_a_timestamp_of_another_checkpoint_is_invalid(stamped: Stamped, tmp_path: Path) -> None:
    """A timestamp holds for the text it was made of."""
    files = stamped.files
    found = [one for one in lines(files) if one.stamps]
    swapped = {one.checkpoint: other.stamps for one, other in zip(found, reversed(found), strict=True)}
    changed = [replace(one, stamps=swapped.get(one.checkpoint, ())) for one in lines(files)]
    report = check(with_lines(files, changed), stamped.trust, tmp_path)
    assert {one.code for one in step(report).problems} == {"time_bad"}


def test_a_dropped_timestamp_can_only_lose(stamped: Stamped, tmp_path: Path) -> None:
    """Taking timestamps out makes no verdict better: a trust file that names an authority misses them."""
    bare = [replace(one, stamps=()) for one in lines(stamped.files)]
    report = check(with_lines(stamped.files, bare), stamped.trust, tmp_path)
    assert "unstamped" in codes(report)


@pytest.fixture(scope="module")
def renewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stamped]:
    """Export a class whose first timestamp was stamped in turn before its certificate expired."""
    folder = tmp_path_factory.mktemp("renewed")
    clock = ManualClock(datetime.now(UTC))
    plain = standalone(folder, clock)
    authority = Authority(folder / "tsa", days=30)
    settings = replace(plain.settings, tsa_url=authority.url, tsa_chain=authority.chain)
    services = replace(plain, settings=settings)
    signer = LocalSigner.load_or_create(folder / "signer", "example.com/log")
    miniature = build(services, clock)
    first = export(services, signer, miniature.class_id, folder / "first")
    clock.advance(2 * 86_400)
    assert stamp_due(services).renewed == 1
    yield Stamped(authority, first, export(services, signer, miniature.class_id, folder / "out"))
    authority.close()
    services.database.dispose()


def test_a_renewed_timestamp_verifies_as_a_chain(renewed: Stamped) -> None:
    """The second is of the whole answer before; the step says until when the last of them holds."""
    report = verify(renewed.export.bundle, renewed.trust)
    assert step(report).status is Status.PASS, report.lines("en")
    (chained,) = [one for one in lines(renewed.files) if len(one.stamps) > 1]
    first, second = chained.stamps
    assert renewed.authority.judge(first.response, chained.checkpoint.encode())
    assert renewed.authority.judge(second.response, first.response)


@pytest.mark.parametrize(
    "order", [(1,), (1, 0), (0, 0), (0, 1, 1)], ids=["alone", "turned", "twice", "thrice"]
)
def test_a_renewal_out_of_its_place_is_invalid(
    renewed: Stamped, tmp_path: Path, order: tuple[int, ...]
) -> None:
    """A renewal without what it renews, or before it, is of something else."""
    changed = [
        replace(one, stamps=tuple(one.stamps[n] for n in order)) if len(one.stamps) > 1 else one
        for one in lines(renewed.files)
    ]
    report = check(with_lines(renewed.files, changed), renewed.trust, tmp_path)
    assert {one.code for one in step(report).problems} == {"time_bad"}


def test_sessions_name_checkpoints_that_the_bundle_proves(exported: Exported, tmp_path: Path) -> None:
    """Without the proof of one, the sessions that name it are refused; the export's own must be there."""
    files = take_apart(exported.export.bundle)
    *earlier, export_own = lines(files)
    assert len(earlier) == 4
    report = check(with_lines(files, [*earlier[1:], export_own]), exported.trust, tmp_path)
    assert {one.code for one in step(report).problems} == {"after_differs"}
    report = check(with_lines(files, earlier), exported.trust, tmp_path)
    assert {one.code for one in step(report).problems} == {"time_no_export"}


def checking(head: Checkpoint) -> TimeCheck:
    """Return a check with one checkpoint whose time is vouched for."""
    notice = Catalogue.builtin().get("demo-short")
    one = TimeCheck(archive=None, policy=None, roots=(b"root",), head=head, notice=notice)  # type: ignore[arg-type]
    one.known |= {0: b"", 5: b"5" * 32, head.size: head.root}
    one.times[10] = 1_000_000_000
    one._index()
    return one


def leaf(at_us: int, type_: str = "trainee.activated", **body: object) -> Leaf:
    """Return a leaf of that time."""
    return Leaf(type_, "k" * 26, "enrolment/x", 3, "", at_us, body)  # type: ignore[arg-type]


def test_lag_is_from_the_entry_to_the_first_outside_time_above_it() -> None:
    """Within the limit it is printed; over it, or before its own time, it is a finding with its entry."""
    limit = Catalogue.builtin().get("demo-short").evidence
    one, report = checking(Checkpoint("o", 20, b"h" * 32)), Report()
    one.see(9, leaf(1_000_000_000 - 7_000_000))
    one.see(10, leaf(0))
    assert (one.longest.seconds, one.open) == (7, 1)
    one.end(report, 10)
    assert codes(report) == ["unstamped"]
    one.see(3, leaf(1_000_000_000 - (limit.max_lag_seconds + 1) * 1_000_000))
    one.see(3, leaf(1_000_000_000 + (limit.max_ahead_seconds + 1) * 1_000_000))
    report = Report()
    one.end(report, None)
    assert codes(report) == ["lag", "ahead"]
    assert report.findings[0].params["seconds"] == limit.max_lag_seconds + 1


@pytest.mark.parametrize(
    ("index", "after", "code"),
    [
        (5, {"size": 5, "root": "NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU="}, None),
        (4, {"size": 5, "root": "NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU="}, "after_differs"),
        (9, {"size": 5, "root": "AAAA"}, "after_differs"),
        (9, {"size": 6, "root": "NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU1NTU="}, "after_differs"),
        (9, None, "after_missing"),
    ],
)
def test_a_session_begins_after_the_checkpoint_it_names(index: int, after: object, code: str | None) -> None:
    """The checkpoint must be of this log and below the session's own entry."""
    one = checking(Checkpoint("o", 20, b"h" * 32))
    body = {} if after is None else {"after": after}
    one.see(index, leaf(1_000_000_000, "session.opened", **body))
    assert [problem.code for problem in one.step.problems] == ([code] if code else [])
