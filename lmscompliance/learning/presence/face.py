"""A photo compared with a reference, by whatever service the host uses. Off unless a host registers it.

It is never the only way: the trainee consents separately and may take that back, a policy names it before
others, and whoever did not consent is asked in the next way. We keep no photo.
"""

from __future__ import annotations

import base64
import binascii
from typing import ClassVar, Protocol

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.presence import Asking, Posed
from lmscompliance.learning.presence.methods import only_text

_log = logger(__name__)


class FaceComparer(Protocol):
    """A host's face comparison."""

    def same_person(self, enrolment_id: str, photo: bytes) -> bool:
        """Tell whether the JPEG ``photo`` shows the person of the enrolment. May be slow."""
        ...


class FaceCheck:
    """Asks for a photo of the face."""

    name: ClassVar[str] = "face"

    def __init__(self, comparer: FaceComparer, *, consent: str, consent_text: str) -> None:
        """Compare by ``comparer``; trainees agree to ``consent_text``, whose version is ``consent``."""
        if not consent or not consent_text.strip():
            msg = "comparing faces needs a separate consent: pass the version of its text, and the text"
            raise ValueError(msg)
        self._comparer = comparer
        self._consent = consent
        self._consent_text = consent_text

    @property
    def consent(self) -> str:
        """The version of the consent that is demanded."""
        return self._consent

    @property
    def consent_text(self) -> str:
        """What trainees agree to."""
        return self._consent_text

    def pose(self, asking: Asking) -> Posed:
        """Ask for a photo."""
        return Posed(form="photo")

    def same_person(self, enrolment_id: str, photo: bytes) -> bool:
        """Let the host's service compare a photo that was taken elsewhere; raises what the service raises."""
        return self._comparer.same_person(enrolment_id, photo)

    def passes(self, asking: Asking, key: Json, answer: Json) -> bool:
        """Let the host's service compare; a comparison that fails to run proves nothing."""
        try:
            photo = base64.b64decode(only_text(answer) or "", validate=True)
            return bool(photo) and self._comparer.same_person(asking.enrolment_id, photo)
        except binascii.Error:
            return False
        except Exception:  # noqa: BLE001  # a plug-in may raise anything
            _log.exception("the face comparison failed")
            return False
