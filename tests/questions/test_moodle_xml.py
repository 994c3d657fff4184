"""Moodle XML as Moodle exports it, and as attackers would."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import FileReading
from lmscompliance.questions.service import check_files, import_paths
from lmscompliance.questions.sources import read_all
from lmscompliance.services import Services
from tests.questions.books import codes, one, refused

CATEGORY = (
    '<question type="category"><category><text>$course$/top/职业道德/第一章</text></category></question>'
)
STEM = '<questiontext format="html"><text><![CDATA[<p>一加一<br>是&nbsp;几？</p>]]></text></questiontext>'


def _read(
    tmp_path: Path, *questions: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>'
) -> FileReading:
    path = tmp_path / "bank.xml"
    path.write_text(f"{head}\n<quiz>\n" + "\n".join(questions) + "\n</quiz>\n", encoding="utf-8")
    ((_, reading),) = read_all([path])
    return reading


def _question(kind: str, inside: str, stem: str = STEM) -> str:
    name = "<name><text>甲</text></name>"
    return f'<question type="{kind}">{name}{stem}{inside}</question>'


def _answer(fraction: str, text: str, extra: str = "") -> str:
    return f'<answer fraction="{fraction}" format="html"><text>{text}</text>{extra}</answer>'


def _match(left: str, right: str) -> str:
    told = f"<text>{left}</text>" if left else "<text/>"
    return f'<subquestion format="html">{told}<answer><text>{right}</text></answer></subquestion>'


PICTURE = STEM.replace("一加一<br>是&nbsp;几？", '<img src="a">')
SINGLE, SEVERAL = "<single>true</single>", "<single>false</single>"


@pytest.mark.parametrize(
    ("kind", "inside", "expected"),
    [
        (
            "multichoice",
            SINGLE + _answer("0", "<![CDATA[<p>1 &lt; 2</p>]]>") + _answer("100", "2"),
            ("single", ("1 < 2", "2"), [1]),
        ),
        (
            "multichoice",
            SEVERAL + _answer("33.33333", "a") + _answer("66.66667", "b") + _answer("-100", "c"),
            ("multiple", ("a", "b", "c"), [0, 1]),
        ),
        ("truefalse", _answer("100", "true") + _answer("0", "false"), ("true_false", (), [True])),
        ("truefalse", _answer("0", "true") + _answer("100", "false"), ("true_false", (), [False])),
        (
            "shortanswer",
            _answer("100", "二") + _answer("100", "&lt;2&gt;") + _answer("50", "两"),
            ("fill_in", (), ["二", "<2>"]),
        ),
        (
            "numerical",
            _answer("100", "37.3", "<tolerance>0.2</tolerance>") + _answer("0", "*"),
            ("numeric", (), [["37.3", "0.2"]]),
        ),
        (
            "matching",
            _match("猫", "叫") + _match("狗", "吠") + _match("", "鸣"),
            ("matching", ("叫", "吠", "鸣"), [["猫", "叫"], ["狗", "吠"]]),
        ),
        ("essay", _answer("0", ""), ("essay", (), [])),
        (
            "essay",
            "<graderinfo format='html'><text>&lt;p&gt;先断电&lt;/p&gt;</text></graderinfo>",
            ("essay", (), ["先断电"]),
        ),
    ],
)  # fmt: skip
def test_kinds(tmp_path: Path, kind: str, inside: str, expected: tuple[object, ...]):
    """Each kind that a machine can mark comes out with the options and key that Moodle would mark by."""
    draft = one(_read(tmp_path, CATEGORY, _question(kind, inside)))
    assert ((draft.kind, draft.options, draft.key), codes(draft)) == (expected, [])
    assert (draft.stem, draft.title, draft.source.row) == ("一加一\n是 几？", "甲", 4)
    assert (draft.category, draft.chapter) == (("职业道德", "第一章"), "职业道德/第一章")


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (_question("description", ""), "description"),
        (_question("cloze", ""), "cloze"),
        (_question("calculated", _answer("100", "{a}+{b}")), "unsupported_kind"),
        (_question("multichoice", _answer("100", "一")), "one_option"),
        (_question("multichoice", _answer("50", "一") + _answer("0", "二")), "gift_no_right_answer"),
        (_question("truefalse", _answer("0", "true") + _answer("0", "false")), "gift_no_right_answer"),
        (_question("shortanswer", _answer("90", "一")), "gift_no_right_answer"),
        (_question("numerical", _answer("100", "一")), "gift_not_a_number"),
        (_question("matching", _match("猫", "叫")), "gift_few_pairs"),
        (_question("matching", _match("猫", "") + _match("狗", "吠")), "gift_empty_match"),
        (_question("shortanswer", _answer("100", "一"), stem=""), "no_stem"),
        (
            _question("shortanswer", _answer("100", "一"), PICTURE),
            "stem_is_picture",
        ),
        (
            _question("shortanswer", _answer("100", "一"), STEM.replace("<br>", "<img src='x'>")),
            "picture_missing",
        ),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, question: str, code: str):
    """What cannot be marked is refused with its reason and its line, and the next question still counts."""
    reading = _read(
        tmp_path, question, _question("truefalse", _answer("100", "true") + _answer("0", "false"))
    )
    assert refused(reading) == {3: code}
    assert (reading.rows, len(reading.drafts)) == (2, 1)


FILE = '<file name="a.png" path="/" encoding="base64">iVBORw0KGgo=</file>'


@pytest.mark.parametrize(
    ("question", "flags"),
    [
        (
            _question("shortanswer", _answer("100", "一"), STEM.replace("</q", FILE + "</q")),
            ["picture"],
        ),
        (
            _question("multichoice", _answer("100", "<![CDATA[<img>]]>a", FILE) + _answer("0", "b")),
            ["embedded_file", "picture"],
        ),
        (_question("shortanswer", _answer("100", "一"), STEM.replace("<br>", "<img>")), ["picture"]),
        (
            _question("shortanswer", _answer("100", "一", f"<feedback><text>好</text>{FILE}</feedback>")),
            [],
        ),
        (_question("shortanswer", _answer("100", "a*b")), ["gift_wildcard"]),
        (
            _question("numerical", _answer("100", "3") + "<units><unit/></units>"),
            ["numeric_units"],
        ),
        (_question("multichoice", SINGLE + _answer("100", "a") + _answer("100", "b")), ["gift_several_full"]),
        (_question("multichoice", SEVERAL + _answer("50", "a") + _answer("0", "b")), ["gift_weights"]),
    ],
)  # fmt: skip
def test_doubts(tmp_path: Path, question: str, flags: list[str]):
    """Files of answers, pictures and answers that mean more here than there make a person look first."""
    assert codes(one(_read(tmp_path, question))) == flags


def test_feedback_is_kept(tmp_path: Path):
    """Feedback and weights are kept beside the question, although nothing marks by them."""
    feedback = '<feedback format="html"><text><![CDATA[<b>对</b>了]]></text></feedback>'
    remark = "<generalfeedback><text>总的</text></generalfeedback>"
    draft = one(_read(tmp_path, _question("shortanswer", _answer("100", "二", feedback) + remark)))
    assert draft.extras == {
        "answers": [{"text": "二", "weight": "100", "feedback": "对了"}],
        "general_feedback": "总的",
    }


BOMB = '<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BOMB + "<quiz>&b;</quiz>", "questions.xml_entities"),
        (OUTSIDE + "<quiz>&a;</quiz>", "questions.xml_entities"),
        ("<quiz>" + "<a>" * 200_000, "questions.xml_broken"),
        ("<quiz><question></quiz>", "questions.xml_broken"),
        ("<quiz>&nbsp;</quiz>", "questions.xml_broken"),
        ("", "questions.xml_broken"),
        ("\x00\x01", "questions.xml_broken"),
        ("<book/>", "questions.xml_unknown"),
    ],
)
def test_files_that_are_refused_as_a_whole(tmp_path: Path, content: str, code: str):
    """Entity bombs, foreign files, broken and bottomless documents are one clear error each."""
    path = tmp_path / "bank.xml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput) as raised:
        check_files([path])
    assert raised.value.code == code


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "utf-8-sig"])
def test_the_declared_encoding_may_lie(tmp_path: Path, encoding: str):
    """A file that was saved anew in another encoding is read by what it holds."""
    path = tmp_path / "bank.xml"
    question = _question("truefalse", _answer("100", "true") + _answer("0", "false"))
    path.write_bytes(f'<?xml version="1.0" encoding="UTF-8"?><quiz>{question}</quiz>'.encode(encoding))
    ((_, reading),) = read_all([path])
    assert one(reading).title == "甲"


def test_an_import_takes_topics_from_categories(services: Services, tmp_path: Path):
    """Questions go in under their category, again unchanged; other XML in a directory is let be."""
    _read(tmp_path, CATEGORY, _question("truefalse", _answer("100", "true") + _answer("0", "false")))
    (tmp_path / "settings.xml").write_text("<settings/>", encoding="utf-8")
    first, again = import_paths(services, [tmp_path]), import_paths(services, [tmp_path])
    assert (first.added, again.added, again.changed, again.unchanged) == (1, 0, 0, 1)
