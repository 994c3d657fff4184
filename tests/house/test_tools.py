"""The linters and the import contracts hold, also when somebody runs pytest alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.house.sources import ROOT, name_of, tree

BIN = Path(sys.executable).parent


def test_the_rooms_import_only_downwards() -> None:
    """The layers of the house are exhaustive and their arrows run one way."""
    done = subprocess.run([BIN / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_browsers_are_handed_functions_to_wait_for() -> None:
    """Our pages forbid to evaluate a bare expression, which fails only where it does not hold at once."""
    bare = [
        f"{name_of(path)}:{call.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if "wait_for_function(" in path.read_text(encoding="utf-8")
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".wait_for_function")
        if isinstance(call.args[0], ast.Constant) and "=>" not in str(call.args[0].value)
    ]
    assert bare == []


def test_the_lock_names_exact_versions_only() -> None:
    """Each line is name==version: no address, no hash, so any index serves it."""
    for line in (ROOT / "requirements.lock").read_text(encoding="ascii").splitlines():
        name, separator, version = line.partition("==")
        assert separator, line
        assert name, line
        assert version.replace(".", "").replace("post", "").isalnum(), line


def test_the_lock_holds_everything_that_is_asked_for() -> None:
    """Every dependency of pyproject.toml is locked, so an installation asks the index for nothing else."""
    import re
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *(one for extra in project["project"]["optional-dependencies"].values() for one in extra),
        *project["dependency-groups"]["dev"],
    ]

    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    locked = {
        plain(line.partition("==")[0])
        for line in (ROOT / "requirements.lock").read_text(encoding="ascii").splitlines()
    }
    assert {plain(re.split(r"[\[<>=!~ ;]", one)[0]) for one in asked} <= locked
