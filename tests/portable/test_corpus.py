"""Each way of tampering is caught, and what was tampered with is named."""

from __future__ import annotations

from tests.portable.conftest import Judged


def test_every_case_is_caught_with_the_right_thing_named(judged: Judged) -> None:
    """The verdict, the step that finds it, and the entry, cell, file or value in that step's words."""
    wrong = [
        f"{case.name}: {missing}"
        for case, report in zip(judged.cases, judged.reports, strict=True)
        if (missing := case.expected.missing_in(report))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_report_says_what_is_still_owed_and_reads_in_both_languages(judged: Judged) -> None:
    """No sentence has an unfilled place, and whatever could be judged leaves something to its reader."""
    for case, report in zip(judged.cases, judged.reports, strict=True):
        numbers = [step["number"] for step in report["steps"]]
        assert numbers == list(range(1, len(numbers) + 1)), case.name
        said = report["findings"] + report["owes"] + report["unverifiable"]
        said += [problem for step in report["steps"] for problem in step["problems"]]
        assert all(remark["zh"] and remark["en"] for remark in said), case.name
        assert report["owes"] or case.trust is None or report["unverifiable"], case.name
