"""A code sent to the registered phone, by whatever gateway the host has."""

from __future__ import annotations

import hmac
from typing import ClassVar, Protocol

from lmscompliance.kernel.jcs import Json
from lmscompliance.kernel.logs import logger
from lmscompliance.kernel.presence import Asking, Posed
from lmscompliance.learning.presence.methods import only_text

_log = logger(__name__)
_DIGITS = 6


class SmsSender(Protocol):
    """A host's SMS gateway."""

    def send(self, phone: str, code: str) -> None:
        """Send ``code`` to ``phone`` (eleven digits). May be slow; raising means it was not sent."""
        ...


class NullSms:
    """Sends nothing, and says so each time: for trying out, never for a class that counts."""

    def send(self, phone: str, code: str) -> None:
        """Log that the code was not sent, and the code, but not the number."""
        _log.warning("no SMS gateway is configured: the code %s was NOT sent to anybody", code)


class SmsCode:
    """Asks for a code that was sent to the trainee's phone."""

    name: ClassVar[str] = "sms"
    consent: ClassVar[str] = ""
    consent_text: ClassVar[str] = ""

    def __init__(self, sender: SmsSender | None = None) -> None:
        """Send through ``sender``; without one nothing is sent, and a warning says so."""
        self._sender = sender or NullSms()
        if sender is None:
            _log.warning("presence checks by SMS have no gateway: pass SmsCode(sender=…)")

    def pose(self, asking: Asking) -> Posed:
        """Draw a code; it is sent once the check is durable."""
        code = "".join(str(asking.ids.below(10)) for _ in range(_DIGITS))
        phone = asking.phone()

        def send() -> None:
            try:
                self._sender.send(phone, code)
            except Exception:  # noqa: BLE001  # a gateway may raise anything
                # The trainee is told to ask for another check; nothing else hangs on the gateway.
                _log.exception("the SMS gateway refused a presence code")

        return Posed(form="code", key=code, send=send)

    def passes(self, asking: Asking, key: Json, answer: Json) -> bool:
        """Compare the code, spaces aside."""
        text = (only_text(answer) or "").replace(" ", "")
        return isinstance(key, str) and hmac.compare_digest(text.encode(), key.encode())
