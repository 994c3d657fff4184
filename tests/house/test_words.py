"""Words for people stand in the catalogues; the Chinese in Python is what documents say or files hold."""

from __future__ import annotations

import ast
import fnmatch
import re
from collections.abc import Iterator

from lmscompliance.claims import list_rows
from lmscompliance.filing import projects, standards
from lmscompliance.identity import roster
from lmscompliance.identity.headings import label
from lmscompliance.kernel.messages import LOCALES, text
from lmscompliance.training import plan_file
from tests.house.sources import modules, name_of, tree

WORDS = re.compile("[\u3400-\u9fff]")
WORDS_AND_MARKS = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
TELLS = re.compile(r"_?(?:say|note|echo|secho|problem|fault|refuse|fail|find|skip)|.*(?:Fault|Remark|Reason)")
"""Calls whose arguments somebody is told, as ``raise`` tells its own."""

PAPER = "what a document or an exported table says, in the language of the notices"
READ = "what other people's files are recognised by, and what stands in them"
BESIDE = "one language of a text whose other stands beside it, or in the library that says it"
MADE_UP = "the demo platform's own people and lessons"
KEPT: dict[str, tuple[str, ...]] = {
    PAPER: (
        "certificates/content.py",
        "claims/pack.py",
        "cli/rosters.py",
        "documents/docx.py",
        "documents/look.py",
        "documents/pdf_numbers.py",
        "documents/xlsx.py",
        "filing/forms.py",
        "filing/notices.py",
        "filing/pack.py",
        "kernel/settings.py",
        "learning/presence/posing.py",
        "ledgers/paper.py",
        "questions/formats/exported_sheet.py",
        "rules/attendance.py",
        "rules/ledger.py",
        "rules/ledger_*.py",
        "rules/pictured.py",
        "rules/subsidy_rows.py",
        "supervision/statistics.py",
        "verifier/certificates.py",
        "verifier/styles.py",
    ),
    READ: (
        "claims/judging.py",
        "cli/exams.py",
        "filing/projects.py",
        "identity/contact.py",
        "identity/people.py",
        "identity/roster.py",
        "policy/schema.py",
        "questions/formats/*.py",
        "records/moodle.py",
        "records/moodle_time.py",
        "rules/levels.py",
        "training/plan_file.py",
        "training/timetable.py",
    ),
    BESIDE: ("cli/helping.py", "cli/mistakes.py", "ledgers/assemble.py", "policy/notice.py"),
    MADE_UP: ("demo/*.py",),
}
"""Files with Chinese words in Python, by why they are not in a catalogue."""


APART = ("lmscompliance/demo/", "lmscompliance/rules/ledger", "lmscompliance/cli/mistakes.py")
"""The demo is a platform of its own that speaks its people's language; a ledger's cells say what they say; a
wrong call is explained in Chinese where click has said it in English."""


def _holds(node: ast.AST, wanted: re.Pattern[str]) -> Iterator[ast.Constant]:
    """Yield the text constants within ``node``, docstrings and patterns aside."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and wanted.search(node.value):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _holds(child, wanted)


def _tells(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return TELLS.fullmatch(ast.unparse(node.func).rpartition(".")[2]) is not None
    return isinstance(node, ast.Raise)


def test_nobody_is_told_anything_in_one_language() -> None:
    """What is raised, said or listed as a fault is a code, and lists are joined in the reader's language."""
    found = {
        f"{name_of(path)}:{one.lineno}: {one.value}"
        for path in modules()
        if not name_of(path).startswith(APART)
        for node in ast.walk(tree(path))
        if _tells(node)
        for one in _holds(node, WORDS_AND_MARKS)
    }
    assert found == set()


def test_chinese_words_in_python_are_a_documents_or_a_files() -> None:
    """A file that holds any says why, and no reason outlives its words."""
    used: set[str] = set()
    for path in modules():
        name = name_of(path).removeprefix("lmscompliance/")
        reasons = {glob for globs in KEPT.values() for glob in globs if fnmatch.fnmatch(name, glob)}
        words = [one.value for one in _holds(tree(path), WORDS)]
        assert reasons or not words, f"{name}: {words}: move them into the room's messages.toml"
        used |= reasons if words else set()
    assert used == {glob for globs in KEPT.values() for glob in globs}


def test_the_columns_a_list_is_asked_for_are_found_under_these_names() -> None:
    """Whoever adds the column that a refusal names, in either language, is understood."""
    asked = [
        (patterns, f"{prefix}{name}", name)
        for patterns, prefix, names in (
            (roster.COLUMNS, "identity.column_", roster.REQUIRED),
            (plan_file.COLUMNS, "training.plan_", plan_file.REQUIRED),
            (list_rows.COLUMNS, "claims.column_", {"id_number", *sum(list_rows.NEEDS.values(), ())}),
            (projects.COLUMNS, "filing.catalogue_", projects.NEEDED),
            (standards.ITEMS, "filing.item_", standards.ITEM_COLUMNS),
            (standards.MAPPING, "filing.mapping_", standards.MAPPING_COLUMNS),
        )
        for name in names
    ]
    for patterns, code, name in asked:
        for locale in LOCALES:
            assert patterns[name].fullmatch(label(text(code, locale))), (code, locale)
