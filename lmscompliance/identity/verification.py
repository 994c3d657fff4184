"""How names are verified on this platform: offline, by people, by a provider, or by the host's plug-in."""

from __future__ import annotations

from lmscompliance.kernel.settings import Settings
from lmscompliance.services import Services

OFFLINE = "offline"
"""Structure, uniqueness and cross-checks, all of them done when the roster was read. It attests that the
details agree with each other, not that the state knows such a person, and says so wherever it is shown."""
MANUAL = "manual"
"""People compare a photo with the details."""
PLUGIN = "plugin"
"""The setting of a platform whose host hands in a verifier of its own."""
HTTP = "http"


def method_of(services: Services) -> str:
    """Return the method by which this platform verifies."""
    if services.verifier is not None:
        return services.verifier.method
    setting = services.settings.verification
    # A process without the verifier (a command beside the platform) leaves the question to one that has it.
    return HTTP if by_provider(services.settings) else setting


def by_provider(settings: Settings) -> bool:
    """Tell whether the setting names a provider's address."""
    return settings.verification.startswith(("http://", "https://"))
