"""Services for a verb, from ``COMPLIANCE_*`` environment variables and ``--data-dir``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from lmscompliance.extension.building import build_services
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.settings import PREFIX, Settings
from lmscompliance.services import Services
from lmscompliance.storage.migrate import require_current

_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def settings_from(environ: Mapping[str, str], data_dir: Path | None) -> Settings:
    """Read the settings from ``environ``; raises ``Misconfigured`` naming the variable.

    Without a secret key a random one serves: what it signs (sessions, forms) no verb ever hands out.
    """
    config: dict[str, Any] = {key: value for key, value in environ.items() if key.startswith(PREFIX)}
    if data_dir is not None:
        config["COMPLIANCE_DATA_DIR"] = str(data_dir)
    for key, parse in (
        ("COMPLIANCE_TRUSTED_PROXIES", int),
        ("COMPLIANCE_VERIFICATION_ELEMENTS", int),
        ("COMPLIANCE_UPLOAD_MAX_BYTES", int),
        ("COMPLIANCE_UPLOAD_MAX_PIXELS", int),
        ("COMPLIANCE_SCHEDULER", _boolean),
        ("COMPLIANCE_FAST_LANE", _boolean),
    ):
        if key in config:
            try:
                config[key] = parse(config[key])
            except (ValueError, KeyError):
                raise Misconfigured("kernel.bad_setting", key=key) from None
    config.setdefault("COMPLIANCE_SECRET_KEY", secrets.token_hex(32))
    return Settings.from_mapping(config)


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


def _boolean(text: str) -> bool:
    return _BOOLEANS[text.strip().lower()]
