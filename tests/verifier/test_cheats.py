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


def test_a_presence_check_that_nobody_ever_decided(tmp_path: Path) -> None:
    """A platform that leaves the miss out keeps the time, and the open end of its check is named."""

    def asks(mini: Miniature) -> None:
        mini.ask(3, mini.watch(3, 1, 60), 0, passed=None, decide=False)

    def forgets(mini: Miniature) -> None:
        asks(mini)
        mini.clock.advance(3600)

    assert _verify(tmp_path / "just asked", asks).verdict is Verdict.VALID
    report = _verify(tmp_path / "forgotten", forgets)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS
    assert [(one.code, one.params["number"]) for one in report.findings] == [("check_undecided", 1)]


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


def test_beats_that_never_came(tmp_path: Path) -> None:
    """Numbers left out of a session are a finding; beats sent later fill their gap and are counted."""

    def lost(mini: Miniature, *, later: bool = False) -> None:
        stream = evidence.enrolment_stream(mini.enrolments[3])
        session, start = mini.watch(3, 1, 0, end=False), mini.now_us()
        mini.clock.advance(40)
        beats = [[seq, seq * 5000, seq * 5000, "playing"] for seq in range(1, 8)]
        body = {"session": session, "start_us": start, "end_us": mini.now_us()}
        mini.record(
            stream, "session.segment", body | {"n": 1, "closed_by": "length", "beats": beats[:2] + beats[5:]}
        )
        if later:
            mini.clock.advance(5)
            came = {"n": 2, "closed_by": "late", "beats": beats[1:6], "arrived_us": mini.now_us()}
            mini.record(stream, "session.segment", body | came)
        closed = {
            "session": session,
            "closed_us": mini.now_us(),
            "reason": "end",
            "segments": 3 if later else 2,
        }
        mini.record(stream, "session.closed", closed)

    report = _verify(tmp_path / "lost", lost)
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    [found] = report.findings
    assert (found.code, found.params["ordinal"]) == ("beats_missing", 4)
    assert [found.params[name] for name in ("count", "first", "last")] == [3, 3, 5]
    report = _verify(tmp_path / "later", lambda mini: lost(mini, later=True))
    assert report.verdict is Verdict.VALID_WITH_FINDINGS, "\n".join(report.lines("en"))
    [found] = report.findings
    assert (found.code, dict(found.params)) == ("late_beats", {"count": 1, "seconds": 40})


def test_more_findings_of_a_kind_than_can_be_read_are_counted(tmp_path: Path) -> None:
    """Twenty are listed, the rest is a number, in the report for people and in the one for programs."""

    def newer(mini: Miniature) -> None:
        for number in range(23):
            mini.record(evidence.enrolment_stream(mini.enrolments[0]), "face.compared", {"number": number})

    report = _verify(tmp_path, newer)
    assert len(report.findings) == 20
    assert "以上一类事实另有 3 项，未逐项列出" in "\n".join(report.lines("zh_CN"))
    assert report.to_json()["findings"][-1]["params"] == {"count": 3}


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


def test_a_paper_that_is_not_what_was_published(tmp_path: Path) -> None:
    """Another kind, other points, a question too few or twice, a version of later: each question is named."""
    forged = {
        "q001": {"kind": "true_false", "options": [], "key": [True]},
        "q002": {"points": "50"},
        "q003": {"question": "bank-0001", "points": "0"},
    }
    report = _verify(tmp_path, lambda mini: mini.sit(0, 2, 4, forged=forged, version=1))
    assert report.verdict is Verdict.INVALID
    assert [(named["item"], named["number"]) for named in said(report, "paper_differs")] == [
        (1, 2),
        (2, 2),
        (3, 2),
    ]
    assert [named["item"] for named in said(report, "paper_repeats")] == [3]


def test_a_paper_by_a_blueprint_that_nobody_published(tmp_path: Path) -> None:
    """A paper stands under a version that had been published when it began."""
    report = _verify(tmp_path, lambda mini: mini.sit(0, 2, 4, version=7))
    assert report.verdict is Verdict.INVALID
    assert [named["version"] for named in said(report, "paper_without_blueprint")] == [7]


def test_a_blueprint_that_leaves_a_topic_out(tmp_path: Path) -> None:
    """What the gate refuses cannot have been published: a missing topic, and a total of 75."""
    report = _verify(tmp_path, lambda mini: mini.publish(2, topics=TOPICS[:3]))
    assert report.verdict is Verdict.INVALID
    assert [named["problem"] for named in said(report, "blueprint_unfit")] == [
        "topic_missing",
        "total_differs",
    ]
