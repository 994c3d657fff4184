"""Options that are pictures, or have one beside their text, in words: where only text can stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lmscompliance.kernel.jcs import Json


def marked(digest: str) -> str:
    """Return how a text speaks of a picture: the ledger's wording."""
    return f"［附图 {digest}］"


def worded(options: Sequence[str], pictures: Sequence[str]) -> list[str]:
    """Return ``options`` with the picture of each behind it; ``pictures`` are digests, empty for none."""
    if not pictures:
        return list(options)
    return [
        f"{text}{marked(digest)}" if digest else text for text, digest in zip(options, pictures, strict=False)
    ]


def offered(frozen: Mapping[str, Json]) -> list[str]:
    """Return the options of a frozen choice so; nothing for a question that has none."""
    options, pictures = frozen.get("options"), frozen.get("option_pictures")
    if not isinstance(options, list):
        return []
    return worded(list(map(str, options)), list(map(str, pictures)) if isinstance(pictures, list) else [])
