"""Reading a plain beat fast: what the lanes in front of Flask do alike.

Taken is only what is written exactly as the tracker writes it; whoever writes a beat in another way is served
by the view. What a token says, and how its class is held, is remembered: neither can change.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hmac import compare_digest

from sqlalchemy.exc import SQLAlchemyError

from lmscompliance.kernel.errors import ComplianceError
from lmscompliance.learning import beats, limits, nonces, tokens
from lmscompliance.learning.beats import ACTIVE, BeatAck
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.segments import SentBeat
from lmscompliance.learning.tokens import Claims
from lmscompliance.services import Services
from lmscompliance.storage.rowwriter import Row

LONGEST = 1024
"""No plain beat has more bytes."""

_NONCE = "~"  # stands for one in the pattern of an answer
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
            page = self._of_token(token)
        except (ComplianceError, SQLAlchemyError):
            return None
        if not compare_digest(nonce, self._nonce(page, beat.seq - 1)):
            return None
        row = beats.plain_row(self._services, page.claims, page.held_to, beat, sender)
        # The number is answered as it was written: the expression lets one spelling of it through.
        return row, b"%b%b%b%b%b" % (page.before, seq, page.between, self._nonce(page, beat.seq), page.after)

    def _nonce(self, page: _Page, seq: int) -> bytes:
        # What is answered to a beat is what the next one shows, so most are derived once.
        known, nonce = page.answered
        if known != seq:
            nonce = nonces.after(self._services, page.claims.session_id, seq).encode()
            page.answered = seq, nonce
        return nonce

    def _ask(self, token: bytes) -> _Page:
        claims = tokens.read(self._services, token.decode("latin-1"))
        return _Page(claims, limits.of_class(self._services, claims.class_id))


class _Page:
    """What is remembered of a page's session: its claims, its terms, and the parts of its answers."""

    __slots__ = ("after", "answered", "before", "between", "claims", "held_to")

    def __init__(self, claims: Claims, held_to: Limits) -> None:
        self.claims = claims
        self.held_to = held_to
        self.answered: tuple[int, bytes] = -1, b""
        ack = BeatAck(0, ACTIVE, held_to.beat_seconds, _NONCE).to_json().encode()
        self.before, rest = ack.split(b"0", 1)
        self.between, self.after = rest.split(_NONCE.encode())
