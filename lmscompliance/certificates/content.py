"""What a certificate says: one value, made once, kept as it is, and how it is printed."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime

import segno

from lmscompliance.documents.font import Typeface
from lmscompliance.documents.typeset import typeset
from lmscompliance.kernel.jcs import Json

TEMPLATE = 1
"""The edition of the document's look; a later one stands beside it, and what was issued keeps its own."""


@dataclass(frozen=True, slots=True)
class Content:
    """The words of a certificate. Days are Shanghai days in ISO form, decimals their digits."""

    number: str
    name: str
    sex: str
    id_number: str
    label: str
    title: str
    code: str
    enterprise: str
    policy: str
    first_day: str
    last_day: str
    hours: str
    topics: tuple[str, ...]
    score: str
    issued_on: str
    platform: str
    recognition_number: str
    replaces: str = ""
    """The number of the revoked certificate that this one stands in for."""
    template: int = TEMPLATE

    def encode(self) -> str:
        """Return the JSON that is kept."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def decode(cls, text: str) -> Content:
        """Read what ``encode`` wrote."""
        value = json.loads(text)
        return cls(**{**value, "topics": tuple(value["topics"])})


def typeset_certificate(content: Content, address: str, issued_at: datetime, typeface: Typeface) -> bytes:
    """Return the document as PDF/A with a QR code of ``address``.

    Raises ``InvalidInput`` with the character where ``typeface`` cannot show one.
    """
    data: dict[str, Json] = {
        **{key: value for key, value in asdict(content).items() if isinstance(value, str)},
        "topics": list(content.topics),
        "period": f"{chinese_day(content.first_day)}至{chinese_day(content.last_day)}",
        "day": chinese_day(content.issued_on),
        "qr": {"svg": _qr(address)},
    }
    return typeset(template_name(content.template), data, issued_at, typeface)


def template_name(edition: int) -> str:
    """Return the name of the template that an edition of the document's look is."""
    return f"certificate-{edition}"


def chinese_day(day: str) -> str:
    """Return an ISO day as people write it."""
    given = date.fromisoformat(day)
    return f"{given.year}年{given.month}月{given.day}日"


def _qr(address: str) -> str:
    target = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        target, kind="svg", border=2, scale=4, dark="#1f1f1f", light="#ffffff", xmldecl=False
    )
    return target.getvalue().decode("utf-8")
