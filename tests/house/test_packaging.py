"""A wheel and an editable install carry the same product: resources, commands, migrations."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.sources import ROOT
from tests.support.patience import PATIENCE_SECONDS


def _run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("COMPLIANCE_", "PYTHON"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=plain | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=10 * PATIENCE_SECONDS,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built from the checkout by the locked hatchling, without a network."""
    out = tmp_path_factory.mktemp("wheel")
    build = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    done = _run(sys.executable, "-c", build, out, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that holds the wheel's content and nothing of the checkout."""
    target = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def _product(installed: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess:
    # The environment's own (editable) install comes later on the path; the assertion proves it lost.
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); "
        f"import lmscompliance; assert lmscompliance.__file__.startswith(sys.path[0]); "
        "from lmscompliance.cli import main; main()"
    )
    return _run(sys.executable, "-I", "-c", code, *arguments, cwd=cwd, LANG="C.UTF-8")


def test_the_wheel_carries_templates_migrations_static_files_and_policies(wheel: Path) -> None:
    """Everything that is found at run time is inside the package."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "lmscompliance/templates/lmscompliance/base.html",
        "lmscompliance/migrations/env.py",
        "lmscompliance/web/static/compliance.css",
        "lmscompliance/policy/notices/liusu-youji-2021.toml",
        "lmscompliance/web/messages.toml",
        "lmscompliance/py.typed",
    ):
        assert needed in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"lmscompliance"}


def test_the_wheel_lists_policies_and_migrates(installed: Path, tmp_path: Path) -> None:
    """A wheel works from any directory: commands, resources and migrations are found."""
    listed = _product(installed, "policy", "list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "liusu-youji-2021" in listed.stdout
    upgraded = _product(installed, "--data-dir", tmp_path / "data", "db", "upgrade", cwd=tmp_path)
    assert upgraded.returncode == 0, upgraded.stderr
    checked = _product(installed, "--data-dir", tmp_path / "data", "db", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_the_wheel_serves_a_page(installed: Path, tmp_path: Path) -> None:
    """Templates are found from a wheel."""
    code = f"""
import sys
sys.path[:0] = [{str(installed)!r}]
from flask import Flask
from lmscompliance import Compliance
import lmscompliance
assert lmscompliance.__file__.startswith({str(installed)!r})
app = Flask("host")
app.config.update(SECRET_KEY="x", COMPLIANCE_DATA_DIR={str(tmp_path / "data")!r})
compliance = Compliance()
compliance.init_app(app, lambda: None)
from lmscompliance.storage.migrate import upgrade
upgrade(compliance.services(app).database)
answer = app.test_client().get("/compliance/")
assert answer.status_code == 401, answer.status
assert "compliance.css" in answer.text
"""
    done = _run(sys.executable, "-I", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_an_editable_install_copies_nothing_that_could_go_stale(tmp_path: Path) -> None:
    """An editable wheel points at the checkout and carries no copy of templates or migrations."""
    build = "import sys, hatchling.build; print(hatchling.build.build_editable(sys.argv[1]))"
    done = _run(sys.executable, "-c", build, tmp_path, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert not [name for name in names if "templates" in name or "migrations" in name]
    pointer = next(name for name in names if name.endswith(".pth"))
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        assert archive.read(pointer).decode().strip() == str(ROOT)


def test_the_editable_install_finds_its_resources_from_anywhere(tmp_path: Path) -> None:
    """The installed command works outside the checkout."""
    command = Path(sys.executable).parent / "lmscompliance"
    listed = _run(command, "policy", "list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    upgraded = _run(command, "--data-dir", tmp_path / "data", "db", "upgrade", cwd=tmp_path)
    assert upgraded.returncode == 0, upgraded.stderr
