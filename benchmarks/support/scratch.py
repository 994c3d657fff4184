"""A throw-away platform to measure on: migrated, with the machine's clock, gone afterwards."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median

from sqlalchemy import text

from lmscompliance.extension.building import build_services
from lmscompliance.kernel.clock import Clock
from lmscompliance.kernel.settings import Settings
from lmscompliance.services import Services
from lmscompliance.storage import migrate
from tests.support import postgres

SECRET = "benchmark"  # noqa: S105  # it protects nothing
_SYNCS = 21
_PAGE = 8192


@contextmanager
def platform(database: str, clock: Clock | None = None) -> Iterator[Services]:
    """Yield services over an empty database of that kind, as durable as in production."""
    cluster = postgres.cluster(durable=True) if database == "postgresql" else nullcontext("")
    with tempfile.TemporaryDirectory(prefix="lmscompliance-bench-") as folder, cluster as prefix:
        config: dict[str, object] = {"COMPLIANCE_DATA_DIR": Path(folder), "SECRET_KEY": SECRET}
        if prefix:
            config["COMPLIANCE_DATABASE_URL"] = prefix + "postgres"
        services = build_services(Settings.from_mapping(config), clock)
        migrate.upgrade(services.database)
        try:
            yield services
        finally:
            services.database.dispose()


def analyze(services: Services) -> None:
    """Let PostgreSQL look at what it was filled with, as its autovacuum does within minutes on a platform.

    Without that it plans for empty tables, and what is measured is the plan.
    """
    if not services.database.is_sqlite:
        with services.database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def sync_ms() -> float:
    """Return how long the disk under the platforms takes to keep one page (median of some)."""
    took: list[float] = []
    with tempfile.TemporaryFile() as file:
        for _ in range(_SYNCS):
            file.write(bytes(_PAGE))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return round(median(took) * 1000, 2)
