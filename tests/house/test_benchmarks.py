"""Benchmarks end in time and print lines that programs can compare."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITHOUT_A_DATABASE = {"beat_growth", "beat_connections", "verify_bundle", "verify_proofs"}
SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))


@pytest.mark.soak
@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_a_quick_run_prints_comparable_lines(script: Path) -> None:
    """Each line has a name (with its database), a value, a bound of the same run, and how both came about."""
    done = subprocess.run(
        [sys.executable, script, "--quick", "--db", "sqlite"],
        check=True,
        timeout=50,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    for line in lines:
        assert {"name", "value", "unit", "limit", "ratio", "how"} <= line.keys()
        assert line["name"].endswith("_sqlite") or line["name"] in WITHOUT_A_DATABASE
        assert line["value"] > 0
        assert line["ratio"] == pytest.approx(line["value"] / line["limit"], rel=0.01)
