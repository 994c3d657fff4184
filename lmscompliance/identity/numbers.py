"""Identity numbers: what they say, and the few reasons for which one is impossible.

Only length, characters, calendar date, a birth in the future and the check digit make a number impossible.
The area code is a hint: retired and very new codes stand on real cards, so an unknown one only warns.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from lmscompliance.identity import areas
from lmscompliance.identity.people import Sex
from lmscompliance.kernel.errors import InvalidInput

RESIDENT = "resident"
"""居民身份证; its 15-digit form is normalised to the 18-digit one."""
PERMIT = "hk-mo-tw-permit"
"""港澳台居民居住证 (810000, 820000, 830000)."""
FOREIGN = "foreign-permanent"
"""外国人永久居留身份证 of the form in use since 2023-12-01 (begins with 9)."""
FOREIGN_OLD = "foreign-permanent-old"
"""Its old form: 3 letters + 12 digits, still valid."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_LENGTHS = (15, 18)
_LEGACY = 15
_PERMIT_AREAS = ("810000", "820000", "830000")
_OLDEST = date(1900, 1, 1)
_YOUNGEST_AGE = 16


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A possible number. ``normal`` identifies the person, ``raw`` is what was handed in, cleaned.

    ``sex`` is ``None`` where the number does not tell. ``warnings`` are codes of ``identity`` messages.
    """

    kind: str
    normal: str
    raw: str
    birth: date
    sex: Sex | None
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Keep the number out of logs and tracebacks."""
        return f"IdNumber({self.kind})"


def parse(text: str, today: date) -> IdNumber:
    """Return what ``text`` says; raises ``InvalidInput`` (which never repeats the number).

    ``today`` is the Shanghai day against which a birth lies in the future.
    """
    raw = clean(text)
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", raw):
        return _foreign_old(raw, today)
    if len(raw) not in _LENGTHS:
        raise InvalidInput("identity.number_length", length=len(raw))
    if not re.fullmatch(r"[0-9]{17}[0-9X]|[0-9]{15}", raw):
        raise InvalidInput("identity.number_characters")
    warnings: list[str] = []
    normal = raw
    if len(raw) == _LEGACY:
        body = raw[:6] + "19" + raw[6:]
        normal = body + check_digit(body)
        warnings.append("identity.warn_legacy")
    birth = _birth(normal[6:10], normal[10:12], normal[12:14], today)
    if check_digit(normal[:17]) != normal[17]:
        raise InvalidInput("identity.number_check")
    kind, area_known = _kind(normal)
    if not area_known:
        warnings.append("identity.warn_area")
    if birth < _OLDEST:
        warnings.append("identity.warn_old")
    sex = Sex.MALE if int(normal[16]) % 2 else Sex.FEMALE
    return IdNumber(kind, normal, raw, birth, sex, tuple(warnings))


def check_digit(body: str) -> str:
    """Return the MOD 11-2 check digit (GB 11643, ISO 7064) of 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))
    return _CHECK[total % 11]


def clean(text: str) -> str:
    """Return ``text`` half-width, upper-case, without spaces, invisible characters, a leading apostrophe."""
    wide = unicodedata.normalize("NFKC", text)
    kept = "".join(c for c in wide if not c.isspace() and unicodedata.category(c) not in {"Cf", "Cc"})
    return kept.lstrip("'’‘`").upper()


def _kind(normal: str) -> tuple[str, bool]:
    if normal[:6] in _PERMIT_AREAS:
        return PERMIT, True
    if normal[0] == "9":
        return FOREIGN, areas.is_province(normal[1:3])
    return RESIDENT, areas.is_known(normal[:6])


def _foreign_old(raw: str, today: date) -> IdNumber:
    # Nationality (3 letters), place of application (4), birth YYMMDD, sequence, check digit. Its check
    # rule is not published, so nothing is refused by it; the century is the one that makes an adult.
    year = 2000 + int(raw[7:9])
    if today.year - year < _YOUNGEST_AGE:
        year -= 100
    birth = _birth(str(year), raw[9:11], raw[11:13], today)
    return IdNumber(FOREIGN_OLD, raw, raw, birth, None, ("identity.warn_old_foreign",))


def _birth(year: str, month: str, day: str, today: date) -> date:
    try:
        birth = date(int(year), int(month), int(day))
    except ValueError as error:
        raise InvalidInput("identity.number_date") from error
    if birth > today:
        raise InvalidInput("identity.number_future")
    return birth
