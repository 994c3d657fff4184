"""What the guides promise is what the code does: policies, reasons, leaf types, the README's commands."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import click
import pytest

from lmscompliance.cli.main import main
from lmscompliance.identity import uscc
from lmscompliance.policy import schema
from lmscompliance.policy.loader import load_text
from lmscompliance.policy.quotes import missing_quotes
from lmscompliance.policy.terms import REASONS
from lmscompliance.rules import reasons
from tests.house.sources import PACKAGE, ROOT, modules, tree

READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _guide(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _block(text: str, after: str) -> str:
    """Return the first fenced block behind ``after``."""
    return text.partition(after)[2].partition("```")[2].partition("\n")[2].partition("```")[0]


def _first_cells(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def test_the_example_of_a_policy_loads_and_quotes_its_notice() -> None:
    """Whoever starts from the worked example starts from a policy that is accepted."""
    guide = _guide("policies.md")
    notice = load_text("example.toml", _block(guide, "<!-- the policy -->"))
    assert missing_quotes(notice, _block(guide, "<!-- the notice -->")) == []
    assert (notice.exam.pass_mark, notice.subsidy.per_person, notice.retention.years) == (70, 800, 5)
    assert notice.hours.minutes_per_class_hour == 45


def test_every_parameter_is_in_the_guide_with_its_kind_and_house_value() -> None:
    """The table of parameters is the schema's; plain house values are those of the first edition."""
    guide = _guide("policies.md")
    table = guide.partition("## All parameters")[2]
    assert _first_cells(table) == list(schema.PARAMETERS)
    house = _house_values()
    for line in table.splitlines():
        if not line.startswith("| `"):
            continue
        key, kind, value, _ = (cell.strip().strip("`") for cell in line.strip("|").split("|"))
        parameter = schema.PARAMETERS[key]
        assert kind == parameter.kind, key
        assert value.startswith("if absent") == (parameter.absent is not schema.REQUIRED), key
        if re.fullmatch(r"[0-9]+|true|false", value):
            assert str(house[key]).lower() == value, key


def _house_values() -> dict[str, object]:
    sections = tomllib.loads((PACKAGE / "policy" / "defaults.toml").read_text(encoding="utf-8"))
    sections.pop("edition")
    return {
        f"{section}.{name}": given["value"]
        for section, content in sections.items()
        for name, given in content.items()
    }


def test_every_reason_is_explained_in_order_with_its_label_and_what_it_rests_on() -> None:
    """docs/learning.md names each reason as ledgers do."""
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in _guide("learning.md").splitlines()
        if line.startswith("| `")
    ]
    assert [row[0] for row in rows] == list(REASONS)
    for reason, label, _, term in rows:
        assert label == reasons.label(reason)
        assert term == reasons.TERM[reason]


def _recorded_types() -> set[str]:
    """Return every leaf type that the product records: ``record(…, type=…)``, by literal or constant."""
    found = set()
    kind = re.compile(
        r"(class|certificate|plan|exam|enrolment|platform|export|trainee|session|presence|attempt|attendance|live|log|records?"
        r"|claim|filing|notice|proof|auditor|details|correction|identity|consent|anomaly|network|retention|credit|dispute|lesson|quiz)\.[a-z_]+"
    )
    for path in modules():
        if path.parent.name in {"demo", "rules", "verifier", "cli"}:
            continue
        for node in ast.walk(tree(path)):
            # Policy keys and message codes look alike, so only arguments that are types count.
            if isinstance(node, ast.keyword) and node.arg == "type" and isinstance(node.value, ast.Constant):
                found.add(node.value.value)
            elif (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "_record"
                and any(isinstance(one, ast.Constant) for one in node.args)
            ):
                found |= {one.value for one in node.args if isinstance(one, ast.Constant)}
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DECLARED":
                found.add(ast.literal_eval(node.value))
    return {one for one in found if isinstance(one, str) and kind.fullmatch(one)}


def test_every_leaf_type_is_described() -> None:
    """docs/evidence.md has a row for each type of leaf that is recorded, and for no other."""
    assert set(_first_cells(_guide("evidence.md"))) == _recorded_types()


@pytest.mark.parametrize("name", READMES)
def test_every_command_of_the_readme_exists_with_its_options(name: str) -> None:
    """A newcomer who pastes a command is not told that there is no such option."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    called = re.findall(r"^ *(?:\.venv/bin/)?lmscompliance +(.*)$", text, re.MULTILINE)
    assert called
    for line in called:
        words = line.partition("#")[0].split()
        command: click.Command = main
        context = click.Context(main)
        while isinstance(command, click.Group):
            word = words.pop(0)
            found = command.get_command(context, word)
            assert found is not None, line
            command = found
        known = {option for one in command.params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("name", READMES)
def test_the_example_of_a_credit_code_is_a_valid_one(name: str) -> None:
    """Filing a class with the README's example is not refused."""
    codes = re.findall(r"--uscc (\S+)", (ROOT / name).read_text(encoding="utf-8"))
    assert codes
    for code in codes:
        assert uscc.check(code) == code


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda one: one.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Documents refer to files that are there."""
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target
