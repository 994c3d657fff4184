"""The verifier needs nothing but Python: whatever else is installed may be missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
OPTIONAL = ("cryptography", "cffi", "_cffi_backend", "rfc3161_client")

BLOCKED = """
import importlib, pkgutil, sys
from pathlib import Path

class Block:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in {"lmscompliance", *sys.stdlib_module_names, *sys.argv[3:]}:
            raise ModuleNotFoundError(f"blocked: {name}", name=name)

sys.meta_path.insert(0, Block())
import lmscompliance
for room in ("kernel", "policy", "rules", "tlog", "verifier"):
    package = importlib.import_module(f"lmscompliance.{room}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
from lmscompliance.verifier import ed25519, verify

report = verify(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes())
print(report.verdict, ed25519.BACKEND)
"""


@pytest.mark.parametrize(("allowed", "backend"), [((), "edwards"), (OPTIONAL, "cryptography")])
def test_every_third_party_module_may_be_missing(allowed: tuple[str, ...], backend: str) -> None:
    """Its modules load and a bundle is judged with all packages blocked, or all but the optional ones."""
    files = [str(GOLDEN / f"edition-1.{kind}") for kind in ("lmsev.zip", "trust")]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *files, *allowed], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["valid", backend]
