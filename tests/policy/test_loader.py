"""The loader refuses everything that is not exactly right, and says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.kernel.errors import Misconfigured, NotFound
from lmscompliance.policy import Catalogue, PolicyInvalid, load_file

GOOD = """\
id = "mine"
version = 1
status = "in-force"
title = "T"
document = "D[2026]1号"
effective_from = 2026-01-01
defaults = 1

[topics.required]
value = ["安全生产"]
source = "clause"
clause = "一"
quote = "应学习安全生产"

[hours]
min_total = { value = "24.5", source = "house", rationale = "r" }
"""

BACKWARDS = """\
[window]
starts_on = { value = 2026-02-02, source = "house", rationale = "r" }
ends_on = { value = 2026-02-01, source = "house", rationale = "r" }
"""


def _load(tmp_path: Path, text: str):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_file(path)


def _problems(tmp_path: Path, text: str):
    with pytest.raises(PolicyInvalid) as caught:
        _load(tmp_path, text)
    return [(one.line, one.key, one.code.removeprefix("policy.")) for one in caught.value.problems]


def test_a_good_file_loads(tmp_path):
    """Long and inline tables mean the same; silence is filled from the named edition of house values."""
    notice = _load(tmp_path, GOOD)
    assert str(notice.hours.min_total) == "24.5"
    assert notice.exam.attempts == 2
    assert notice.cite("topics.required") == "D[2026]1号 一"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("[hours]", "[hour]", (15, "hour", "unknown_section")),
        ("min_total =", "min_totals =", (16, "hours.min_totals", "unknown_key")),
        ('value = "24.5"', "value = 24.5", (16, "hours.min_total.value", "not_a_decimal")),
        ('value = "24.5"', "value = true", (16, "hours.min_total.value", "not_a_decimal")),
        ('value = "24.5"', 'value = "1e3"', (16, "hours.min_total.value", "not_a_decimal")),
        ('value = "24.5"', 'value = "0"', (16, "hours.min_total.value", "too_small")),
        ('value = "24.5", ', "", (16, "hours.min_total", "no_value")),
        ('source = "house", ', "", (16, "hours.min_total.source", "no_source")),
        ('source = "house"', 'source = "ours"', (16, "hours.min_total.source", "bad_source")),
        (', rationale = "r"', "", (16, "hours.min_total.rationale", "no_rationale")),
        ('rationale = "r"', 'rationale = " "', (16, "hours.min_total.rationale", "no_rationale")),
        ('quote = "应学习安全生产"\n', "", (9, "topics.required.quote", "no_quote")),
        ('clause = "一"\n', "", (9, "topics.required.clause", "no_clause")),
        (
            'clause = "一"\n',
            'clause = "一"\nrationale = "r"\n',
            (13, "topics.required.rationale", "unknown_field"),
        ),
        ('["安全生产"]', '"安全生产"', (10, "topics.required.value", "not_texts")),
        ('["安全生产"]', '["a", "a"]', (10, "topics.required.value", "repeated")),
        ("2026-01-01", '"2026-01-01"', (6, "effective_from", "not_a_date")),
        ("2026-01-01", "2026-01-01T00:00:00Z", (6, "effective_from", "not_a_date")),
        ("defaults = 1", "defaults = 9", (7, "defaults", "unknown_edition")),
        ("version = 1", "version = 0", (2, "version", "bad_version")),
        ("version = 1", "version = true", (2, "version", "bad_version")),
        ('"in-force"', '"final"', (3, "status", "bad_status")),
        ('"mine"', '"Mine"', (1, "id", "bad_id")),
        ('title = "T"\n', "", (1, "title", "no_header")),
        (
            "defaults = 1",
            "defaults = 1\neffective_to = 2025-12-31",
            (8, "effective_to", "ends_before_it_begins"),
        ),
        ("defaults = 1", "defaults = 1\nsupersede = 'x'", (8, "supersede", "unknown_section")),
        ("2026-01-01", "2026-13-01", (6, "", "not_toml")),
        ("[hours]", "[topics.required]", (15, "", "not_toml")),
        ('source = "house", rationale = "r" }', "", (16, "", "not_toml")),
    ],
)
def test_a_mistake_is_named_with_its_line_and_key(tmp_path, before, after, expected):
    """Each kind of mistake is reported at the line an editor would jump to."""
    assert before in GOOD
    assert expected in _problems(tmp_path, GOOD.replace(before, after))


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ('[window]\nstarts_on = { value = 2026-02-01, source = "house", rationale = "r" }', "half_a_window"),
        (
            BACKWARDS,
            "ends_before_it_begins",
        ),
        ('[window]\nstarts_on = { value = "2026-02-01", source = "house", rationale = "r" }', "not_a_date"),
        ('[exam]\npass_mark = { value = 101, source = "house", rationale = "r" }', "pass_above_full"),
        ('[credit]\nmax_gap_seconds = { value = 59, source = "house", rationale = "r" }', "gap_below_beat"),
        (
            '[credit]\nsegment_seconds = { value = 59, source = "house", rationale = "r" }',
            "segment_below_beat",
        ),
        (
            '[credit]\nlesson_cap_permille = { value = 999, source = "house", rationale = "r" }',
            "cap_below_ratio",
        ),
        (
            '[credit]\nprecedence = { value = ["repeat"], source = "house", rationale = "r" }',
            "reason_missing",
        ),
        ('[credit]\nprecedence = { value = ["boredom"], source = "house", rationale = "r" }', "not_a_choice"),
        ('[credit]\nbeat_seconds = { value = "60", source = "house", rationale = "r" }', "not_an_integer"),
        ('[credit]\nbeat_seconds = { value = 601, source = "house", rationale = "r" }', "too_large"),
        ('[credit]\nafter_approval = { value = 1, source = "house", rationale = "r" }', "not_a_boolean"),
        ('[credit]\ncountable_states = { value = [], source = "house", rationale = "r" }', "empty"),
        ('[consent]\nversion = { value = "", source = "house", rationale = "r" }', "not_a_text"),
        (
            '[subsidy]\ninsured_months = { value = ["2026-13"], source = "house", rationale = "r" }',
            "bad_form",
        ),
        ("[exam]\nattempts = 2", "no_source"),
        ("exam = 2", "not_a_table"),
    ],
)
def test_values_that_cannot_be_meant_are_refused(tmp_path, extra, expected):
    """Bounds, choices and contradictions between parameters are caught when the file is read."""
    text = GOOD.replace("[topics.required]", extra + "\n\n[topics.required]", 1)
    assert expected in [code for _, _, code in _problems(tmp_path, text)]


def test_all_mistakes_are_reported_at_once_in_the_files_order(tmp_path):
    """Nobody has to correct a file one run at a time."""
    text = (
        GOOD.replace("version = 1", "version = 0")
        .replace('"24.5"', "24.5")
        .replace("value = [", "values = [")
    )
    found = _problems(tmp_path, text)
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    assert {code for _, _, code in found} == {"bad_version", "no_value", "unknown_field", "not_a_decimal"}


def test_a_required_parameter_nobody_states_is_missing(tmp_path):
    """What neither notice nor house gives is asked for, unless it is there and wrong."""
    without = GOOD[: GOOD.index("[hours]")]
    assert _problems(tmp_path, without) == [(1, "hours.min_total", "missing")]
    wrong = _problems(tmp_path, GOOD.replace('"24.5"', "24.5"))
    assert [code for _, _, code in wrong] == ["not_a_decimal"]


def test_messages_carry_file_line_key_and_remedy_in_both_languages(tmp_path):
    """The text tells where to look and what to write."""
    with pytest.raises(PolicyInvalid) as caught:
        _load(tmp_path, GOOD.replace('"24.5"', "24.5"))
    assert f"{tmp_path / 'mine.toml'}:16: hours.min_total.value: 应为整数" in caught.value.message()
    assert "quoted decimal" in caught.value.message("en")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    """Bytes that are not UTF-8 and paths that cannot be read are errors of the file, not tracebacks."""
    path = tmp_path / "mine.toml"
    path.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(PolicyInvalid) as caught:
        load_file(path)
    assert caught.value.problems[0].code == "policy.not_utf8"
    with pytest.raises(PolicyInvalid) as caught:
        load_file(tmp_path / "nowhere.toml")
    assert caught.value.problems[0].code == "policy.unreadable"


def test_a_platform_adds_its_bureaus_notice_by_a_directory(tmp_path):
    """A third notice works with TOML alone, beside the built-in ones."""
    _load(tmp_path, GOOD)
    catalogue = Catalogue.builtin().with_directory(tmp_path)
    assert [one.id for one in catalogue.all()] == [
        "demo-short",
        "liusu-youji-2021",
        "mine",
        "wudi-gongjiang-draft",
    ]
    assert catalogue.by_digest(catalogue.get("mine").digest).id == "mine"


def test_a_version_has_one_text(tmp_path):
    """Versions live side by side, the latest is the default, and one version with two texts is refused."""
    _load(tmp_path, GOOD)
    (tmp_path / "mine-2.toml").write_text(GOOD.replace("version = 1", "version = 2"), encoding="utf-8")
    catalogue = Catalogue([]).with_directory(tmp_path)
    assert catalogue.get("mine").version == 2
    assert catalogue.get("mine", 1).version == 1
    (tmp_path / "mine-3.toml").write_text(GOOD.replace('"24.5"', "25"), encoding="utf-8")
    with pytest.raises(Misconfigured, match="two different texts"):
        Catalogue([]).with_directory(tmp_path)


def test_what_a_catalogue_does_not_know_is_not_found(tmp_path):
    """Unknown ids, versions, digests and directories are named together with what there is."""
    catalogue = Catalogue.builtin()
    with pytest.raises(NotFound, match="liusu-youji-2021"):
        catalogue.get("nothing")
    with pytest.raises(NotFound, match="no version 7"):
        catalogue.get("liusu-youji-2021", 7)
    with pytest.raises(NotFound):
        catalogue.by_digest("00")
    with pytest.raises(Misconfigured, match="does not exist"):
        catalogue.with_directory(tmp_path / "nowhere")


def test_the_mistakes_of_all_files_of_a_directory_are_reported_together(tmp_path):
    """One start tells everything that is wrong with the platform's own notices."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(GOOD.replace("[hours]", "[hour]"), encoding="utf-8")
    with pytest.raises(PolicyInvalid) as caught:
        Catalogue([]).with_directory(tmp_path)
    assert {Path(one.path).name for one in caught.value.problems} == {"a.toml", "b.toml"}
