"""Reading a plain beat fast: what the lanes in front of Flask do alike.

Taken is only what is written exactly as the tracker writes it; whoever writes a beat in another way is served
by the view. What a token says, and how its class is held, is remembered: neither can change.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sqlalchemy.exc import SQLAlchemyError

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.learning import beats, limits, nonces, tokens
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.segments import SentBeat
from lmscompliance.learning.tokens import Claims
from lmscompliance.services import Services
from lmscompliance.storage.rowwriter import Row

LONGEST = 1024
"""No plain beat has more bytes."""

_TOO_LARGE = 2**31
_REMEMBERED = 65_536  # as many as learn at once on one machine
# What the tracker sends, member for member, with or without a blank after each separator. The token is read
# as it stands: one that was written with escapes is none of ours, and so the view's.
_BEAT = re.compile(
    rb'\{"token": ?"([^"]{1,512})", ?"seq": ?([1-9][0-9]{0,9}), ?'
    rb'"position_ms": ?(0|[1-9][0-9]{0,11}), ?"state": ?"(playing|paused|hidden|ended)", ?'
    rb'"nonce": ?"([0-9a-f]{16})"\}'
)


class PlainBeats:
    """Turns what was sent into the row to write and the answer to give once that is committed."""

    def __init__(self, services: Services) -> None:
        """Remember nothing yet."""
        self._services = services
        self._of_token = lru_cache(maxsize=_REMEMBERED)(self._ask)

    def read(self, sent: bytes, sender: Origin) -> tuple[Row, bytes] | None:
        """Return row and answer, or ``None`` for what is the view's. May ask the database once a class."""
        plain = _BEAT.fullmatch(sent)
        if plain is None:
            return None
        token, seq, position, state, nonce = plain.groups()
        beat = SentBeat(int(seq), int(position), state.decode(), nonce.decode())
        if beat.seq >= _TOO_LARGE:
            return None
        try:
            claims, held_to = self._of_token(token)
        except (ComplianceError, SQLAlchemyError):
            return None
        if not nonces.is_after(self._services, claims.session_id, beat.seq - 1, beat.nonce):
            return None
        row = beats.plain_row(self._services, claims, held_to, beat, sender)
        ack = beats.acknowledge(self._services, claims.session_id, beat.seq, held_to, active=True)
        return row, ack.to_json().encode()

    def _ask(self, token: bytes) -> tuple[Claims, Limits]:
        claims = tokens.read(self._services, token.decode("latin-1"))
        return claims, limits.of_class(self._services, claims.class_id)
