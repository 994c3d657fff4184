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
from lmscompliance.learning import beats, limits, nonces, origin, tokens
from lmscompliance.learning.beats import ACTIVE, BeatAck
from lmscompliance.learning.instants import instant_us
from lmscompliance.learning.limits import Limits
from lmscompliance.learning.origin import Origin
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

    def read(self, sent: bytes, sender: Origin) -> PlainBeat | None:
        """Return row and answer, or ``None`` for what is the view's. May ask the database once a class."""
        plain = _BEAT.fullmatch(sent)
        if plain is None:
            return None
        token, said, position, state, nonce = plain.groups()
        seq = int(said)
        if seq >= _TOO_LARGE:
            return None
        try:
            page = self._of_token(token)
        except (ComplianceError, SQLAlchemyError):
            return None
        if not compare_digest(nonce, page.nonce(seq - 1)):
            return None
        if page.sender != sender:
            page.sender, page.blinds = sender, origin.blinds(self._services, sender)
        beat = seq, int(position), state.decode()
        row = beats.plain_row(page.claims, page.held_to, instant_us(self._services), beat, page.blinds)
        # The number is answered as it was written: the expression lets one spelling of it through.
        return row, page.answer % (said, page.nonce(seq)), page

    def _ask(self, token: bytes) -> Page:
        claims = tokens.read(self._services, token.decode("latin-1"))
        return Page(self._services, claims, limits.of_class(self._services, claims.class_id))


class Page:
    """What is remembered of a page's session: its claims, its terms, and how it is answered.

    Also where it sends from, with the digests that were the database's when it last did. They are not
    derived anew with each beat, because that would look at the key ring each time.
    """

    __slots__ = (
        "_run",
        "_run_number",
        "_services",
        "answer",
        "blinds",
        "claims",
        "held_to",
        "sender",
    )

    def __init__(self, services: Services, claims: Claims, held_to: Limits) -> None:
        """Remember that a valid token says ``claims``."""
        self._services = services
        self.claims = claims
        self.held_to = held_to
        self.sender: Origin | None = None
        self.blinds = "", ""
        self.answer = _answer(held_to.beat_seconds)
        self._run_number, self._run = -1, b""

    def nonce(self, seq: int) -> bytes:
        """Return what is answered to the beat ``seq``."""
        number = seq // nonces.PER_RUN
        if number != self._run_number:
            self._run = nonces.run(self._services, self.claims.session_id, number).encode()
            self._run_number = number
        place = seq % nonces.PER_RUN * nonces.LENGTH
        return self._run[place : place + nonces.LENGTH]

    def missed(self) -> None:
        """Forget where it sends from: its row holds other digests, and perhaps of the same place."""
        self.sender = None


PlainBeat = tuple[Row, bytes, Page]
"""What to write, what to answer once that is committed, and whom to tell if nothing matched."""


@lru_cache(maxsize=64)
def _answer(beat_seconds: int) -> bytes:
    """Return what a plain beat is answered, with gaps for its number and the next one's nonce."""
    ack = BeatAck(0, ACTIVE, beat_seconds, "~").to_json().encode()
    return ack.replace(b"%", b"%%").replace(b"0", b"%b", 1).replace(b"~", b"%b")
