"""Training-subsidy compliance for online learning platforms.

The public face: ``Compliance`` (the Flask extension) with ``Actor`` and ``Role``, the values a host's
``actor_loader`` answers with. Everything else is reached through HTTP or the ``lmscompliance`` command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmscompliance.kernel.actor import Actor, Role

if TYPE_CHECKING:
    from lmscompliance.extension import Compliance

__all__ = ["Actor", "Compliance", "Role"]


def __getattr__(name: str) -> object:
    # Deferred so that the offline verifier imports neither Flask nor SQLAlchemy.
    if name == "Compliance":
        from lmscompliance.extension import Compliance  # noqa: PLC0415

        return Compliance
    raise AttributeError(name)
