"""Invented questions of frozen papers, and their answers as a page saves them."""

from __future__ import annotations

from lmscompliance.kernel.jcs import Json


def enumerated(answers: list[Json]) -> list[tuple[str, Json]]:
    """Return the given answers by question number, as a save has them."""
    return [(str(number), answer) for number, answer in enumerate(answers, 1) if answer is not None]


def question(topic: str, place: int, shift: int) -> Json:
    """Return a frozen question; ``shift`` turns its options, as another paper would."""
    options = ["甲", "乙", "丙", "丁"]
    turned: list[Json] = [*options[shift % 4 :], *options[: shift % 4]]
    return {
        "question": f"bank-{place:04}",
        "version": 1,
        "topic": topic,
        "kind": "single",
        "stem": f"关于{topic}，下列说法正确的是？",
        "options": turned,
        "key": [turned.index("乙")],
        "points": "25",
    }
