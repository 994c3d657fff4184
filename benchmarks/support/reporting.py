"""How a benchmark is called and what it prints: one JSON object a line.

``name, value, unit, limit, ratio, how``: ``limit`` is a bound measured in the same run, on the same machine
under the same load, so ``ratio`` (value / limit) can be compared between machines where ``value`` cannot.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass

from tests.support import postgres

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked for: a run of less than 50 seconds or a long one, and on which databases."""

    quick: bool
    databases: tuple[str, ...]
    history: int | None = None


def called(about: str | None) -> Call:
    """Read the command line; without ``--db`` every database that is installed is measured."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="end within 50 seconds")
    parser.add_argument("--db", choices=DATABASES, help="measure on this database only")
    parser.add_argument(
        "--history", type=int, help="closed sessions of a long history, where one is measured"
    )
    given = parser.parse_args()
    if given.db is not None:
        return Call(given.quick, (given.db,), given.history)
    if postgres.binaries() is None:
        print("PostgreSQL is not installed, so only SQLite is measured.", file=sys.stderr)
        return Call(given.quick, ("sqlite",), given.history)
    return Call(given.quick, DATABASES, given.history)


def say(name: str, *, value: float, unit: str, limit: float, how: str, **more: float) -> None:
    """Print one result."""
    line = {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "limit": round(limit, 1),
        "ratio": float(f"{value / limit:.4g}"),
        "how": how,
        **more,
    }
    print(json.dumps(line, ensure_ascii=False), flush=True)
