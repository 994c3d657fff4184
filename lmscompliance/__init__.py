"""Training-subsidy compliance for online learning platforms.

The public face: ``Compliance`` (the Flask extension) with ``Actor`` and ``Role``, the values a host's
``actor_loader`` answers with, and what a host plugs in: ``FaceCheck``, ``SmsCode`` and its own
``PresenceMethod``. Everything else is reached through HTTP or the ``lmscompliance`` command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmscompliance.kernel.actor import Actor, Role
from lmscompliance.kernel.presence import PresenceMethod

if TYPE_CHECKING:
    from lmscompliance.extension import Compliance
    from lmscompliance.learning.presence.face import FaceCheck
    from lmscompliance.learning.presence.sms import SmsCode

__all__ = ["Actor", "Compliance", "FaceCheck", "PresenceMethod", "Role", "SmsCode"]


def __getattr__(name: str) -> object:
    # Deferred so that the offline verifier imports neither Flask nor SQLAlchemy.
    if name == "Compliance":
        from lmscompliance.extension import Compliance  # noqa: PLC0415

        return Compliance
    if name == "FaceCheck":
        from lmscompliance.learning.presence.face import FaceCheck  # noqa: PLC0415

        return FaceCheck
    if name == "SmsCode":
        from lmscompliance.learning.presence.sms import SmsCode  # noqa: PLC0415

        return SmsCode
    raise AttributeError(name)
