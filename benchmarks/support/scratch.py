"""A throw-away platform to measure on: migrated, with the machine's clock, gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from lmscompliance.extension.building import build_services
from lmscompliance.kernel.clock import Clock
from lmscompliance.kernel.settings import Settings
from lmscompliance.services import Services
from lmscompliance.storage import migrate
from tests.support import postgres

SECRET = "benchmark"  # noqa: S105  # it protects nothing


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
