"""The tag that turns a page with a ``<video data-compliance>`` or an article into a tracked lesson."""

from __future__ import annotations

import json

from markupsafe import Markup

from lmscompliance.kernel.messages import codes
from lmscompliance.web import csrf_token, t, url

_TEXTS = "learning.tracker_"
_TAG = Markup(
    '<div class="compliance-tracker" data-lesson="{lesson}" data-sessions="{sessions}" data-beats="{beats}"'
    ' data-end="{end}" data-progress="{progress}" data-csrf="{csrf}" data-texts="{texts}">'
    '<p style="display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.75rem 0 .25rem">'
    '<span class="badge" data-part="state" role="status">{idle}</span> <span data-part="credit"></span></p>'
    '<progress value="0" max="1" aria-label="{credited}" style="width:100%"></progress>'
    '<p class="notice notice-wait" data-part="message" role="alert" style="display:none" hidden></p>'
    '<button type="button" data-part="takeover" style="display:none;min-height:44px" hidden>'
    "{takeover}</button>"
    "</div>"
    '<script src="{script}" defer></script>'
)


def compliance_tracker(class_id: str, lesson_id: str) -> Markup:
    """Return the tracker's HTML for one lesson, to be placed anywhere in a signed-in trainee's page.

    A Jinja global for host templates. The page holds either a ``<video data-compliance>`` or, for a text
    lesson, an element with ``data-compliance`` (without one the page itself counts as the text).
    """
    texts = {code.removeprefix(_TEXTS): t(code) for code in codes("learning") if code.startswith(_TEXTS)}
    return _TAG.format(
        lesson=lesson_id,
        sessions=url("session_start"),
        beats=url("beat"),
        end=url("session_end"),
        progress=url("lesson_progress", class_id=class_id, lesson_id=lesson_id),
        csrf=csrf_token(),
        texts=json.dumps(texts, ensure_ascii=False),
        idle=texts["idle"],
        credited=texts["credited"],
        takeover=texts["takeover"],
        script=url("static", filename="tracker.js"),
    )
