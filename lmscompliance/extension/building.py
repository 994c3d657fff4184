"""Builds the one ``Services`` value of an app from its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lmscompliance.documents.font import Typeface
from lmscompliance.identity.provider import HttpVerifier
from lmscompliance.identity.verification import PLUGIN, by_provider
from lmscompliance.kernel.clock import Clock, SystemClock
from lmscompliance.kernel.errors import Misconfigured
from lmscompliance.kernel.ids import Ids, Randomness, SystemRandomness
from lmscompliance.kernel.notification import Notifier
from lmscompliance.kernel.presence import PresenceMethod
from lmscompliance.kernel.reading import DayReader
from lmscompliance.kernel.settings import Settings
from lmscompliance.kernel.verification import Verifier
from lmscompliance.policy import Catalogue
from lmscompliance.services import Services
from lmscompliance.storage.database import Database
from lmscompliance.vault import Vault
from lmscompliance.vault.sources import CommandKeys, FileKeys, Keys


def build_services(
    settings: Settings,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    *,
    presence: Sequence[PresenceMethod] = (),
    day_reader: DayReader | None = None,
    verifier: Verifier | None = None,
    notifier: Notifier | None = None,
) -> Services:
    """Return services for ``settings``; creates the data directory and the vault's key file if missing.

    Raises ``Misconfigured`` for an unreadable key file or a folder without fonts, and the policy room's
    errors for a bad policy.
    """
    Typeface(settings.fonts_dir).check()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = clock or SystemClock()
    catalogue = Catalogue.builtin()
    if settings.policy_dir is not None:
        catalogue = catalogue.with_directory(settings.policy_dir)
    return Services(
        clock=clock,
        ids=Ids(clock, randomness or SystemRandomness()),
        settings=settings,
        database=Database(settings.effective_database_url),
        vault=Vault(_keys(settings)),
        policies=catalogue,
        presence=_by_name(presence),
        day_reader=day_reader,
        verifier=_verifier(settings, verifier),
        notifier=notifier,
    )


def _verifier(settings: Settings, plugged: Verifier | None) -> Verifier | None:
    if plugged is not None and settings.verification != PLUGIN:
        raise Misconfigured("extension.verifier_setting")
    if not by_provider(settings):
        return plugged
    try:
        secret = (
            settings.verification_secret_file.read_bytes().strip()
            if settings.verification_secret_file
            else b""
        )
    except OSError:
        secret = b""
    return HttpVerifier(settings.verification, secret, elements=settings.verification_elements)


def _keys(settings: Settings) -> Keys:
    if settings.vault_keys_command:
        return CommandKeys(settings.vault_keys_command)
    return FileKeys(settings.vault_keys_file or settings.data_dir / "vault.json", settings.vault_cipher)


def _by_name(methods: Sequence[PresenceMethod]) -> Mapping[str, PresenceMethod]:
    found: dict[str, PresenceMethod] = {}
    for method in methods:
        if method.name in found:
            raise Misconfigured("extension.presence_twice", name=method.name)
        found[method.name] = method
    return found
