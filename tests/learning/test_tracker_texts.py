"""The tracker's tag and the texts it hands to the script."""

from __future__ import annotations

import re
from pathlib import Path

from lmscompliance import web
from lmscompliance.kernel.messages import codes


def test_the_tracker_finds_every_text_it_uses() -> None:
    """Each text that tracker.js names exists, and each state it shows has one."""
    source = (Path(web.__file__).parent / "static" / "tracker.js").read_text(encoding="utf-8")
    known = {code.removeprefix("learning.tracker_") for code in codes("learning")}
    used = set(re.findall(r"texts\.(\w+)", source))
    assert used >= {"superseded", "closed", "offline"}
    asked = (Path(web.__file__).parent / "static" / "presence.js").read_text(encoding="utf-8")
    named = {f"presence_{name}" for name in re.findall(r"\btext\(\"(\w+)\"", asked)}
    assert named >= {"presence_title", "presence_passed"}
    used |= named | {
        f"presence_{name}" for name in ("about", "about_longer", "missed", "missed_late", "missed_used")
    }
    assert used | {"idle", "playing", "paused", "hidden", "ended", "done", "takeover"} <= known
