"""Training-subsidy compliance for online learning platforms.

Public face: ``Compliance`` (the Flask extension); everything else is reached through HTTP or the
``lmscompliance`` command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmscompliance.extension import Compliance

__all__ = ["Compliance"]


def __getattr__(name: str) -> object:
    # Deferred so that the offline verifier imports neither Flask nor SQLAlchemy.
    if name == "Compliance":
        from lmscompliance.extension import Compliance  # noqa: PLC0415

        return Compliance
    raise AttributeError(name)
