"""What is wrong with a damaged file is said in the reader's language, down to the reason."""

from __future__ import annotations

import ast
import json
import re

import pytest

from lmscompliance.kernel import jcs
from lmscompliance.tlog.trust import BadPolicy, TrustPolicy
from lmscompliance.verifier.reasons import in_chinese
from lmscompliance.verifier.report import Remark
from tests.house.sources import PACKAGE

READERS = (
    "kernel/jcs",
    "tlog/checkpoint",
    "tlog/encoding",
    "tlog/leaf",
    "tlog/merkle",
    "tlog/national",
    "tlog/notes",
    "tlog/proof",
    "tlog/trust",
    "verifier/archive",
    "verifier/bundle",
    "verifier/contents",
    "verifier/loose",
    "verifier/opened",
    "verifier/package",
    "verifier/parts",
    "verifier/receipt",
    "verifier/recorded",
    "verifier/rfc3161",
    "verifier/shape",
    "verifier/sheets",
    "verifier/styles",
)
_CHINESE = re.compile("[\u4e00-\u9fff]")


def _sentences(name: str) -> set[str]:
    """Return what a module raises, each value in it replaced by a mark."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))):
        said = None
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "msg":
            said = node.value
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            said = node.exc.args[0]
        if isinstance(said, ast.Constant) and isinstance(said.value, str) and " " in said.value:
            found.add(said.value)
        elif isinstance(said, ast.JoinedStr):
            parts = (str(one.value) if isinstance(one, ast.Constant) else "X1" for one in said.values)
            found.add("".join(parts))
    return found


@pytest.mark.parametrize("name", READERS)
def test_every_reason_has_its_chinese(name: str) -> None:
    """A new sentence of a reader needs a line in verifier/reasons.toml."""
    sentences = _sentences(name)
    assert sentences
    missing = [one for one in sentences if not _CHINESE.search(in_chinese(one)) and one.strip("X1: ")]
    assert missing == []


@pytest.mark.parametrize(
    "text", ["{", '{"a":}', '{"a":1,}', "[1 2]", '"x', "1 2", '{"a" 1}', '"\\x"', "\x00"]
)
def test_damaged_json_is_explained_in_chinese(text: str) -> None:
    """Python's own words about JSON among them."""
    with pytest.raises(json.JSONDecodeError) as said:
        json.loads(text)
    assert not re.search("[A-Za-z]{3,}", in_chinese(str(said.value)))
    with pytest.raises(ValueError, match="JSON") as wrapped:
        jcs.decode(text.encode())
    assert not re.search("[A-Za-z]{5,}", in_chinese(str(wrapped.value)))
    assert in_chinese(f"甲.ndjson: {wrapped.value}") == f"甲.ndjson：{in_chinese(str(wrapped.value))}"


def test_a_reason_within_a_reason_is_told_as_well() -> None:
    """A trust file's line, with what is wrong with it."""
    with pytest.raises(BadPolicy) as said:
        TrustPolicy.parse("quorum nobody\n")
    told = Remark("bad_trust", {"reason": str(said.value)})
    assert "没有在前面的行中定义" in told.message()
    assert "第 1 行" in told.message()
    assert "not defined" in told.message("en")


def test_what_nobody_foresaw_stays_as_it_is() -> None:
    """A library's own words are better than none."""
    assert in_chinese("something else") == "something else"
