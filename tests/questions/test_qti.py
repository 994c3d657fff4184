"""QTI items of both versions, alone and in packages."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import FileReading
from lmscompliance.questions.formats import archive as archives
from lmscompliance.questions.service import check_files, import_paths
from lmscompliance.questions.sources import read_all
from lmscompliance.services import Services
from tests.questions.books import codes, one, refused

V2 = 'xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="甲" adaptive="false"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _correct(*values: str) -> str:
    return "<correctResponse>" + "".join(f"<value>{value}</value>" for value in values) + "</correctResponse>"


def _mapping(**worth: int) -> str:
    entries = "".join(f'<mapEntry mapKey="{key}" mappedValue="{one}"/>' for key, one in worth.items())
    return f"<mapping>{entries}</mapping>"


def _item(key: str, body: str, *, many: str = "single", base: str = "identifier", after: str = "") -> str:
    declared = f'<responseDeclaration identifier="R" cardinality="{many}" baseType="{base}">{key}'
    return (
        f"{HEAD}<assessmentItem {V2}>{declared}</responseDeclaration>"
        f"<itemBody>{body}</itemBody>{after}</assessmentItem>"
    )


def _choice(*options: str) -> str:
    offered = "".join(
        f'<simpleChoice identifier="{chr(65 + at)}">{text}</simpleChoice>' for at, text in enumerate(options)
    )
    prompt = "<prompt>哪个？</prompt>"
    return f'<p>看：</p><choiceInteraction responseIdentifier="R">{prompt}{offered}</choiceInteraction>'


def _sides(tag: str, *sides: str) -> str:
    offered = "".join(
        f'<simpleAssociableChoice identifier="{text}" matchMax="1">{text}</simpleAssociableChoice>'
        for text in sides
    )
    return f"<{tag}>{offered}</{tag}>" if tag else offered


def _match(left: str, right: str) -> str:
    sets = _sides("simpleMatchSet", *left) + _sides("simpleMatchSet", *right)
    return f'<p>连线</p><matchInteraction responseIdentifier="R">{sets}</matchInteraction>'


def _associate(*names: str) -> str:
    return (
        f'<p>连线</p><associateInteraction responseIdentifier="R">{_sides("", *names)}</associateInteraction>'
    )


ENTRY = '<p>水在<b>标准</b>气压下\n  <textEntryInteraction responseIdentifier="R"/> 度沸腾。</p>'
GAP = "水在标准气压下 _____ 度沸腾。"


def _equal(mode: str, tolerance: str) -> str:
    inside = '<variable identifier="R"/><correct identifier="R"/>'
    equal = f'<equal toleranceMode="{mode}" tolerance="{tolerance}">{inside}</equal>'
    return f"<responseProcessing><responseIf>{equal}</responseIf></responseProcessing>"


def _third(item: str) -> str:
    """Return a version 2 item as version 3 writes it."""

    def kebab(name: str) -> str:
        return re.sub(r"([A-Z])", lambda found: "-" + found[1].lower(), name)

    tagged = re.sub(r"(</?)(?!b\b|p\b|img\b|\?)(\w+)", lambda found: f"{found[1]}qti-{kebab(found[2])}", item)
    return re.sub(r"\b([a-z]+[A-Z]\w*)=", lambda found: f"{kebab(found[1])}=", tagged)


def _read(tmp_path: Path, item: str) -> FileReading:
    path = tmp_path / "item.xml"
    path.write_text(item, encoding="utf-8")
    ((_, reading),) = read_all([path])
    return reading


KINDS = [
    (_item(_correct("B"), _choice("一", "<p>二</p>")), ("single", "看：\n哪个？", ("一", "二"), [1])),
    (
        _item(_correct("A", "C"), _choice("一", "二", "三"), many="multiple"),
        ("multiple", "看：\n哪个？", ("一", "二", "三"), [0, 2]),
    ),
    (
        _item(_mapping(A=1, B=2), _choice("一", "二")),
        ("single", "看：\n哪个？", ("一", "二"), [1]),
    ),
    (_item(_correct("A"), _choice("正确", "错误")), ("true_false", "看：\n哪个？", (), [True])),
    (_item(_correct("A"), _choice("False", "True")), ("true_false", "看：\n哪个？", (), [False])),
    (
        _item(_correct("一百") + _mapping(**{"100": 1}), ENTRY, base="string"),
        ("fill_in", GAP, (), ["一百", "100"]),
    ),
    (_item("", '<p>试论</p><extendedTextInteraction responseIdentifier="R"/>'), ("essay", "试论", (), [])),
    (
        _item(_correct("先断电"), '<p>试论</p><extendedTextInteraction responseIdentifier="R"/>'),
        ("essay", "试论", (), ["先断电"]),
    ),
    (_item(_correct("100"), ENTRY, base="integer"), ("numeric", GAP, (), [["100", "0"]])),
    (
        _item(_correct("100"), ENTRY, base="float", after=_equal("absolute", "0.5 0.5")),
        ("numeric", GAP, (), [["100", "0.5"]]),
    ),
    (
        _item(_correct("100"), ENTRY, base="float", after=_equal("relative", "1 3")),
        ("numeric", GAP, (), [["101", "2"]]),
    ),
    (
        _item(_correct("甲 1", "乙 2"), _match("甲乙", "213"), many="multiple", base="directedPair"),
        ("matching", "连线", ("1", "2", "3"), [["甲", "1"], ["乙", "2"]]),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("item", "expected"), KINDS)
@pytest.mark.parametrize("version", [2, 3])
def test_kinds(tmp_path: Path, item: str, expected: tuple[object, ...], version: int):
    """Both versions give the same kind, stem, options and key."""
    draft = one(_read(tmp_path, item if version == 2 else _third(item)))
    assert (draft.kind, draft.stem, draft.options, draft.key) == expected
    assert (draft.title, codes(draft), draft.source.row) == ("甲", [], 2)


PICTURE = _choice("一", "二").replace("看：", "").replace("哪个？", "<img/>")


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (_item("", _choice("一", "二")), "qti_no_key"),
        (_item(_correct("A"), _choice("一", "二").replace('"R"', '"S"')), "qti_no_key"),
        (_item(_correct("Z"), _choice("一", "二")), "answer_beyond_options"),
        (_item(_correct("A"), _choice("一")), "one_option"),
        (_item(_correct("A"), "<p>读。</p>"), "description"),
        (_item(_correct("A"), ENTRY + ENTRY), "cloze"),
        (_item("", '<orderInteraction responseIdentifier="R"/>'), "unsupported_kind"),
        (_item(_correct("A"), _choice("一", "二")).replace('"false"', '"true"'), "unsupported_kind"),
        (_item(_correct("多"), ENTRY, base="float"), "gift_not_a_number"),
        (_item(_correct("1"), ENTRY, base="float", after=_equal("absolute", "{T}")), "gift_not_a_number"),
        (_item(_correct("甲 1"), _match("甲乙", "12"), many="multiple"), "qti_pairing"),
        (_item(_correct("甲 1", "甲 2", "乙 1"), _match("甲乙", "12"), many="multiple"), "qti_pairing"),
        (_item(_correct("A"), PICTURE), "stem_is_picture"),
        (_item(_correct("A"), _choice("一<img src='a.png'/>", "二")), "picture_missing"),
    ],
)  # fmt: skip
def test_refusals(tmp_path: Path, item: str, code: str):
    """An item that no key describes is refused with its reason."""
    assert refused(_read(tmp_path, item)) == {2: code}


def test_doubts(tmp_path: Path):
    """Pictures, and pairs that have no left and right, make a person look first."""
    pictured = _read(tmp_path, _item(_correct("A"), _choice("一<math/>", "二")))
    assert codes(one(pictured)) == ["picture"]
    pairs = _item(_correct("甲 乙", "丙 丁"), _associate(*"甲乙丙丁戊"), many="multiple", base="pair")
    draft = one(_read(tmp_path, pairs))
    assert (draft.key, draft.options) == ([["甲", "乙"], ["丙", "丁"]], ("乙", "丁", "戊"))
    assert codes(draft) == ["associate_sides"]


def _package(path: Path, items: dict[str, str], listed: list[str] | None = None) -> Path:
    resources = "".join(
        f'<resource identifier="r{at}" type="imsqti_item_xmlv2p1" href="{name}"/>'
        for at, name in enumerate(items if listed is None else listed)
    )
    inside = f"<resources>{resources}</resources>"
    manifest = f'<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1">{inside}</manifest>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("imsmanifest.xml", manifest)
        for name, item in items.items():
            archive.writestr(name, item)
    return path


def test_a_package(tmp_path: Path):
    """Each listed item is a row under its own file; what is missing or no item is refused."""
    items = {f"items/{at}.xml": item for at, (item, _) in enumerate(KINDS)}
    listed = [*items, "items/0.xml", "items/no.xml", "./other%20one.xml"]
    path = _package(tmp_path / "题库.zip", {**items, "other one.xml": "<assessmentTest/>"}, listed)
    ((_, reading),) = read_all([path])
    assert [(d.kind, d.stem, d.options, d.key) for d in reading.drafts] == [kind for _, kind in KINDS]
    assert [(r.source.sheet, r.reason.code) for r in reading.refusals] == [
        ("items/no.xml", "item_missing"),
        ("other one.xml", "unsupported_kind"),
    ]
    assert (reading.bank, reading.rows) == ("题库", len(KINDS) + 2)


def test_an_import_of_a_package(services: Services, tmp_path: Path):
    """A package in a directory goes in, and again unchanged; other ZIP files there are let be."""
    _package(tmp_path / "a.zip", {"1.xml": KINDS[0][0], "2.xml": KINDS[3][0]})
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    first = import_paths(services, [tmp_path], topic="岗位技能")
    again = import_paths(services, [tmp_path], topic="岗位技能")
    assert (first.added, again.added, again.changed, again.unchanged) == (2, 0, 0, 2)


BOMB = '<!DOCTYPE q [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><assessmentItem>&b;</assessmentItem>'


def test_packages_that_are_refused_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Bombs, broken items, damaged archives and those without items are one clear error each."""
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(_package(tmp_path / "whole.zip", {"1.xml": KINDS[0][0]}).read_bytes()[:-30])
    bare = tmp_path / "bare.zip"
    with zipfile.ZipFile(bare, "w") as archive:
        archive.writestr("notes.md", "x")
    expected = {
        damaged: "questions.package_unreadable",
        bare: "questions.package_without_items",
        _package(tmp_path / "none.zip", {}): "questions.package_without_items",
        _package(tmp_path / "bomb.zip", {"1.xml": BOMB}): "questions.xml_entities",
        _package(tmp_path / "broken.zip", {"1.xml": "<assessmentItem>"}): "questions.xml_broken",
    }
    for path, code in expected.items():
        with pytest.raises(InvalidInput) as raised:
            check_files([path])
        assert raised.value.code == code
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(InvalidInput) as raised:
        check_files([_package(tmp_path / "huge.zip", {"1.xml": "<a>" + " " * 2000 + "</a>"})])
    assert raised.value.code == "documents.file_too_large"
