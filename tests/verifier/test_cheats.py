"""A platform that holds the log's own key: what it recorded must still follow from what it recorded."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from lmscompliance import evidence
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import TOPICS, Miniature
from tests.verifier.conftest import make
from tests.verifier.tamper import codes, said


def _verify(folder: Path, change):
    made = make(folder, change)
    return verify(made.export.bundle, made.trust)


def test_a_score_that_the_answers_do_not_earn(tmp_path: Path) -> None:
    """The paper is marked again, and the attempt is named with both scores."""

    def cheat(mini: Miniature) -> None:
        mini.watch(3, 0, 90)
        for lesson in (1, 2, 3):
            mini.watch(3, lesson, 90)
        mini.unlock(3)
        mini.sit(3, 1, 2, graded=Decimal(60))

    report = _verify(tmp_path, cheat)
    assert report.verdict is Verdict.INVALID
    [named] = said(report, "score_differs")
    assert (named["ordinal"], str(named["expected"]), str(named["found"])) == (4, "50", "60")


def test_a_third_attempt(tmp_path: Path) -> None:
    """More attempts than the notice allows are named, whatever they scored."""
    report = _verify(tmp_path, lambda mini: mini.sit(2, 3, 4))
    assert report.verdict is Verdict.INVALID
    assert said(report, "too_many_attempts")[0]["ordinal"] == 3


def test_an_exam_before_it_was_unlocked(tmp_path: Path) -> None:
    """An attempt without completed training is named."""
    report = _verify(tmp_path, lambda mini: mini.sit(3, 1, 4))
    assert said(report, "attempt_before_unlock")[0]["ordinal"] == 4


def test_an_exam_unlocked_without_the_training(tmp_path: Path) -> None:
    """Unlocking does not make a training complete."""

    def cheat(mini: Miniature) -> None:
        mini.unlock(3)
        mini.sit(3, 1, 4)

    report = _verify(tmp_path, cheat)
    assert said(report, "unlocked_incomplete")[0]["ordinal"] == 4


def test_a_session_that_never_ended(tmp_path: Path) -> None:
    """Long silence without an end is a finding; a session running just now is not."""

    def running(mini: Miniature) -> None:
        mini.watch(3, 1, 60, end=False)

    def lost(mini: Miniature) -> None:
        mini.watch(3, 1, 60, end=False)
        mini.clock.advance(3600)

    assert _verify(tmp_path / "running", running).verdict is Verdict.VALID
    report = _verify(tmp_path / "lost", lost)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS
    assert [remark.code for remark in report.findings] == ["session_without_end"]


def test_a_type_of_leaf_that_is_not_known(tmp_path: Path) -> None:
    """It is shown as a finding and never interpreted."""

    def newer(mini: Miniature) -> None:
        mini.record(evidence.enrolment_stream(mini.enrolments[0]), "face.compared", {"result": "same"})

    report = _verify(tmp_path, newer)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS
    assert report.findings[0].params["type"] == "face.compared"


def test_a_snapshot_that_lists_less_than_an_earlier_one(tmp_path: Path) -> None:
    """A stream never gets shorter: what one snapshot listed, a later one cannot leave out."""

    def longer(mini: Miniature) -> None:
        stream = evidence.enrolment_stream(mini.enrolments[2])
        body = {"snapshot": "0" * 26, "purpose": "export", "page": 1, "pages": 1}
        mini.record(
            evidence.class_stream(mini.class_id),
            "class.heads",
            body | {"heads": [[stream, 99, "A" * 43 + "="]]},
        )

    report = _verify(tmp_path, longer)
    assert report.verdict is Verdict.INVALID
    assert said(report, "tail_omitted")[0]["last"] == 98


def test_a_paper_without_a_required_topic(tmp_path: Path) -> None:
    """Each paper must cover what was taught."""

    def cheat(mini: Miniature) -> None:
        mini.topics = (*TOPICS[:3], TOPICS[0])
        mini.sit(0, 2, 4)

    report = _verify(tmp_path, cheat)
    assert {named["topic"] for named in said(report, "topic_missing")} == {TOPICS[3]}


def test_a_malformed_leaf_of_a_known_type(tmp_path: Path) -> None:
    """An export that cannot be built is refused with the entry's name, before anything is written."""
    import pytest

    from lmscompliance.rules.ledger_body import BadFact

    def broken(mini: Miniature) -> None:
        mini.record(evidence.enrolment_stream(mini.enrolments[0]), "session.opened", {"session": 7})

    with pytest.raises(BadFact, match=r"session\.opened"):
        make(tmp_path, broken)
    assert list((tmp_path / "out").iterdir()) == []


def test_every_problem_has_both_languages(tmp_path: Path) -> None:
    """Reports can be read in Chinese and English."""
    report = _verify(tmp_path, lambda mini: mini.sit(2, 3, 4))
    assert codes(report) == {"too_many_attempts"}
    for locale in ("zh_CN", "en"):
        assert "{" not in "".join(report.lines(locale))
