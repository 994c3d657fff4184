"""Pictures of questions: made safe, small and always the same, so that a digest tells whether two are one."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from PIL import Image

from lmscompliance.files.cleaning import clean
from lmscompliance.kernel.errors import InvalidInput
from lmscompliance.questions.draft import Draft, reason
from lmscompliance.rules.pictured import worded

_MAX_BYTES = 20 * 1024 * 1024
_MAX_PIXELS = 40_000_000
_SIDE = 1200
"""No phone shows more pixels of a side, and a paper carries its pictures with it."""


def png(raw: bytes) -> bytes | None:
    """Return a picture as it is kept, ``None`` for what is none, is broken, or of a kind no browser shows.

    It is decoded and encoded anew without loss, so doing it again gives the same bytes.
    """
    try:
        cleaned = clean(raw, max_bytes=_MAX_BYTES, max_pixels=_MAX_PIXELS)
    except InvalidInput:
        return None
    if not cleaned.kind.is_image:
        return None
    picture = Image.open(io.BytesIO(cleaned.data))
    picture.thumbnail((_SIDE, _SIDE))
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def digests(pictures: Iterable[bytes]) -> list[str]:
    """Return what pictures are known by, in their order."""
    return [sha256(one).hexdigest() for one in pictures]


def settled(draft: Draft) -> Draft:
    """Return a draft with its pictures as they are kept; one that cannot be shown leaves a doubt."""
    if not draft.pictures and not draft.option_pictures:
        return draft
    made = [png(raw) for raw in draft.pictures]
    offered = [png(raw) if raw else b"" for raw in draft.option_pictures]
    shown = replace(
        draft,
        pictures=tuple(one for one in made if one is not None),
        option_pictures=tuple(one or b"" for one in offered) if any(offered) else (),
    )
    return shown if None not in (*made, *offered) else shown.flagged(reason("picture"))


def options_worded(draft: Draft) -> list[str]:
    """Return the options as two questions are compared by them: their pictures by digest."""
    return worded(draft.options, [digests([one])[0] if one else "" for one in draft.option_pictures])
