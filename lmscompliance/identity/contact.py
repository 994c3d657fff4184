"""Names, phone numbers, sexes and dates of birth as people type them."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from lmscompliance.identity.people import Sex
from lmscompliance.kernel.errors import InvalidInput

MIDDLE_DOT = "·"
_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･●˙．᛫⸱", MIDDLE_DOT))
"""What keyboards and spreadsheets put where the identity card prints U+00B7."""

_MAX_NAME = 64
_SEXES = {"男": Sex.MALE, "男性": Sex.MALE, "M": Sex.MALE, "MALE": Sex.MALE} | {
    "女": Sex.FEMALE,
    "女性": Sex.FEMALE,
    "F": Sex.FEMALE,
    "FEMALE": Sex.FEMALE,
}


def name(text: str) -> str:
    """Return the name with one kind of middle dot and no stray spaces.

    Raises ``InvalidInput`` when there is none, or when it is a spreadsheet formula: such a text is never a
    name, and kept it could run in whatever program opens an export.
    """
    plain = "".join(
        c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in {"Cf", "Cc"}
    )
    plain = " ".join(plain.split()).translate(_DOTS)
    if any(char >= "\u3400" for char in plain):
        # Between Chinese characters a space only aligns a column (张　三); between Latin words it matters.
        plain = plain.replace(" ", "")
    if not plain:
        raise InvalidInput("identity.name_missing")
    if plain[0] in "=+-@＝＋－＠":
        raise InvalidInput("identity.name_formula")
    if len(plain) > _MAX_NAME or not any(char.isalpha() for char in plain):
        raise InvalidInput("identity.name_bad")
    return plain


def same_name(first: str, second: str) -> bool:
    """Tell whether two cleaned names are one, letter case and spaces aside."""
    return first.replace(" ", "").casefold() == second.replace(" ", "").casefold()


def phone(text: str) -> str:
    """Return the 11 digits of a mainland mobile number; raises ``InvalidInput`` without repeating it."""
    digits = re.sub(r"[\s\-‐-―()'’]", "", unicodedata.normalize("NFKC", text))
    digits = "".join(c for c in digits if unicodedata.category(c) != "Cf")
    digits = re.sub(r"^(\+|00)?86(?=1[0-9]{10}$)", "", digits)
    if not digits:
        raise InvalidInput("identity.phone_missing")
    if not re.fullmatch(r"1[3-9][0-9]{9}", digits):
        raise InvalidInput("identity.phone_bad", length=len(digits))
    return digits


def sex(text: str) -> Sex | None:
    """Return the sex, ``None`` when the cell is empty; raises ``InvalidInput`` for anything else."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    if not plain:
        return None
    if plain not in _SEXES:
        raise InvalidInput("identity.sex_unknown")
    return _SEXES[plain]


_BIRTH = re.compile(
    r"([0-9]{4})(?:[-/.年]([0-9]{1,2})(?:[-/.月]([0-9]{1,2})日?|月)?|([0-9]{2})([0-9]{2})?|年)?"
)


def birth_agrees(cell: object, born: date) -> bool:
    """Tell whether what stands in a birth column can mean ``born``; a year or a month alone may.

    An empty cell says nothing and agrees; a text that is no date agrees with nobody.
    """
    if isinstance(cell, datetime):
        return cell.date() == born
    if isinstance(cell, date):
        return cell == born
    plain = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    plain = "".join(unicodedata.normalize("NFKC", plain).split())
    if not plain:
        return True
    # Exports write the midnight that belongs to no birth: 1990-01-02 00:00:00.
    found = _BIRTH.fullmatch(re.sub(r"(?<=[0-9])T?00:00(:00(\.0+)?)?$", "", plain))
    if found is None:
        return False
    parts = (found[1], found[2] or found[4], found[3] or found[5])
    said = (born.year, born.month, born.day)
    return all(part is None or int(part) == value for part, value in zip(parts, said, strict=True))
