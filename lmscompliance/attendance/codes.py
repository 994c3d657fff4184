"""Sign-in codes: short-lived, signed, bound to a lesson and to coming or leaving.

A teacher's screen shows a code for everybody; a trainee's own page one that is bound to them as well. Codes
are made from the time alone, so any process shows and accepts the same ones and no table is asked. A
forwarded picture is worthless after the policy's ``attendance.code_seconds``.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import segno
from itsdangerous import BadData, URLSafeSerializer

from lmscompliance.kernel.clock import to_micros
from lmscompliance.kernel.errors import Gone, InvalidInput
from lmscompliance.policy.terms import AttendanceTerms
from lmscompliance.rules.attendance import PURPOSES, SECOND_US
from lmscompliance.services import Services

LONGEST = 512
"""More characters than any code of ours has."""

_SALT = "lmscompliance.attendance.code"
_MEMBERS = 4


class Code(NamedTuple):
    """What a code says; ``shown_s`` is the second it was first shown, ``enrolment_id`` may be empty."""

    lesson_id: str
    purpose: str
    shown_s: int
    enrolment_id: str


def present(
    services: Services, lesson_id: str, purpose: str, terms: AttendanceTerms, enrolment_id: str = ""
) -> str:
    """Return the code to show now; it stays the same for ``attendance.rotate_seconds``."""
    now_s = to_micros(services.clock.now()) // SECOND_US
    shown_s = now_s // terms.rotate_seconds * terms.rotate_seconds
    return _serializer(services).dumps([lesson_id, purpose, shown_s, enrolment_id])


def read(services: Services, token: str) -> Code:
    """Return what ``token`` says, however old; raises ``InvalidInput`` when we did not sign it."""
    try:
        members = _serializer(services).loads(token) if len(token) <= LONGEST else None
    except BadData:
        members = None
    if (
        not isinstance(members, list)
        or len(members) != _MEMBERS
        or [type(one) for one in members] != [str, str, int, str]
        or members[1] not in PURPOSES
    ):
        raise InvalidInput("attendance.code_unreadable")
    return Code(*members)


def require_fresh(services: Services, code: Code, terms: AttendanceTerms) -> None:
    """Raise ``Gone`` when the code is too old, or is from a clock far ahead of ours."""
    now_s = to_micros(services.clock.now()) // SECOND_US
    if not code.shown_s - terms.rotate_seconds <= now_s <= code.shown_s + terms.code_seconds:
        raise Gone("attendance.code_expired", seconds=terms.code_seconds)


def picture(text: str) -> str:
    """Return ``text`` as a QR code (ISO/IEC 18004, error correction M), an SVG that fills its box."""
    svg: str = segno.make(text, error="m", micro=False).svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff"
    )
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _serializer(services: Services) -> URLSafeSerializer:
    secret = services.settings.secret_key
    return URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})
