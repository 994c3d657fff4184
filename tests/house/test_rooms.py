"""The house's own rules, read from the source: what each room may import, call and be as long as."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT, calls, imports, modules, name_of

PLAIN_ROOMS = ("rules", "policy", "tlog", "kernel")
WEB_PACKAGES = {"flask", "flask_login", "werkzeug", "jinja2", "markupsafe"}
SERVICE_APP = "lmscompliance/service/app.py"
WEB_ROOMS = {"web", "extension", "cli", "demo"}


def _top(module: str) -> str:
    return module.partition(".")[0]


def _outside(path: Path) -> set[str]:
    return {_top(module) for module in imports(path)} - sys.stdlib_module_names - {"lmscompliance"}


@pytest.mark.parametrize("path", modules(*PLAIN_ROOMS), ids=name_of)
def test_plain_rooms_use_the_standard_library_alone(path: Path) -> None:
    """A verdict can be recomputed years later with nothing but Python."""
    assert _outside(path) == set()


def test_the_verifier_needs_nothing_but_cryptography() -> None:
    """An auditor's machine needs one library; no platform room is imported."""
    below = {"lmscompliance", *(f"lmscompliance.{room}" for room in (*PLAIN_ROOMS, "verifier"))}
    for path in modules("verifier"):
        extra = {"national": {"gmssl_pyx"}, "rfc3161": {"rfc3161_client"}}.get(path.stem, set())
        assert _outside(path) <= {"cryptography"} | extra, name_of(path)
        ours = {
            ".".join(module.split(".")[:2]) for module in imports(path) if _top(module) == "lmscompliance"
        }
        assert ours <= below, name_of(path)


def test_the_signer_needs_nothing_but_cryptography() -> None:
    """The signer's machine has formats and hashes of ours and asks as we do, and nothing of the platform."""
    rooms = ("kernel", "tlog", "verifier", "outbound", "signer")
    below = {"lmscompliance", *(f"lmscompliance.{room}" for room in rooms)}
    for path in modules("outbound", "signer"):
        extra = {"gmssl_pyx"} if path.stem == "national" else set()
        assert _outside(path) <= {"cryptography"} | extra, name_of(path)
        ours = {
            ".".join(module.split(".")[:2]) for module in imports(path) if _top(module) == "lmscompliance"
        }
        assert ours <= below, name_of(path)


def test_services_know_no_flask() -> None:
    """Only views, the web toolkit and what composes them know HTTP."""
    for path in modules():
        room = path.relative_to(ROOT / "lmscompliance").parts[0]
        if (
            room in WEB_ROOMS
            or "views" in path.stem
            or path.stem == "tracker"
            or name_of(path) == SERVICE_APP
        ):
            continue
        assert not _outside(path) & WEB_PACKAGES, name_of(path)
        assert not any(module.startswith("lmscompliance.web") for module in imports(path)), name_of(path)


def test_views_hold_no_query() -> None:
    """A view parses, calls one service and renders."""
    for path in modules():
        if "views" in path.stem:
            assert "sqlalchemy" not in _outside(path), name_of(path)


def test_the_scheduler_is_imported_in_one_place() -> None:
    """APScheduler belongs to the composition root."""
    users = {name_of(path) for path in modules() if "apscheduler" in _outside(path)}
    assert users == {"lmscompliance/extension/scheduler.py"}


def test_one_place_commits() -> None:
    """Only the transaction module commits; migrations, run by an operator, aside."""
    committers = {name_of(path) for path in modules() if any(c.endswith(".commit") for c in calls(path))}
    # The demo's host is a platform of its own, with a database of its own.
    assert {name for name in committers if "/demo/" not in name} <= {"lmscompliance/storage/migrate.py"}


def test_one_place_reads_the_clock() -> None:
    """Time comes from the injected clock."""
    clocks = {
        "datetime.now",
        "datetime.utcnow",
        "date.today",
        "time.time",
        "time.time_ns",
        "datetime.datetime.now",
    }
    readers = {name_of(path) for path in modules() if clocks & set(calls(path))}
    assert readers <= {"lmscompliance/kernel/clock.py"}


def test_chance_comes_from_one_place() -> None:
    """Ids and draws come from the injected source; nonces and key files from the operating system."""
    users = {
        name_of(path)
        for path in modules()
        if {"random", "secrets", "uuid"} & {_top(module) for module in imports(path)}
    }
    allowed = {
        "lmscompliance/kernel/ids.py",
        "lmscompliance/vault/keys.py",
        "lmscompliance/vault/sources.py",
        "lmscompliance/vault/vault.py",
        "lmscompliance/cli/environment.py",
        "lmscompliance/demo/platform.py",
        "lmscompliance/signer/box.py",
        "lmscompliance/signer/files.py",
    }
    assert users <= allowed


def test_loggers_come_from_one_place() -> None:
    """Every message of ours passes the mask of ``kernel.logs``."""
    askers = {name_of(path) for path in modules() if "logging.getLogger" in calls(path)}
    assert askers == {"lmscompliance/kernel/logs.py"}


def test_files_stay_short() -> None:
    """No file is over 500 lines and the median stays under 120."""
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: n for name, n in lengths.items() if n > 500} == {}
    assert statistics.median(lengths.values()) < 120


def test_every_public_module_says_what_it_is_for() -> None:
    """Each room's package has a docstring, so a newcomer can read the house from its doors."""
    import ast

    for path in modules():
        if path.name == "__init__.py":
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), name_of(path)
