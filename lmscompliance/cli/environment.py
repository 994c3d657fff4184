"""Services for a verb, from ``COMPLIANCE_*`` environment variables and ``--data-dir``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from lmscompliance.extension.building import build_services
from lmscompliance.kernel.settings import PREFIX, Settings
from lmscompliance.services import Services
from lmscompliance.storage.migrate import require_current


def settings_from(environ: Mapping[str, str], data_dir: Path | None) -> Settings:
    """Read the settings from ``environ``; raises ``Misconfigured`` naming the variable.

    Without a secret key a random one serves: what it signs (sessions, forms) no verb ever hands out.
    """
    given: dict[str, object] = {} if data_dir is None else {"data_dir": data_dir}
    if not environ.get(PREFIX + "SECRET_KEY"):
        given["secret_key"] = secrets.token_hex(32)
    return Settings.from_environment(environ, **given)


@contextmanager
def services(*, migrated: bool = True) -> Iterator[Services]:
    """Yield services for the present verb; refuses a database that is not up to date."""
    built = build_services(settings_from(os.environ, click.get_current_context().find_root().obj))
    try:
        if migrated:
            require_current(built.database)
        yield built
    finally:
        built.database.dispose()
