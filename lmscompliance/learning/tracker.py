"""The tag that turns a page with a ``<video data-compliance>`` or an article into a tracked lesson."""

from __future__ import annotations

import json

from markupsafe import Markup

from lmscompliance.kernel.messages import codes
from lmscompliance.learning import limits
from lmscompliance.learning.progress import planned_seconds
from lmscompliance.web import csrf_token, current_services, t, url

_TEXTS = "learning.tracker_"
_TAG = Markup(
    '<div class="compliance-tracker" data-lesson="{lesson}" data-sessions="{sessions}" data-beats="{beats}"'
    ' data-end="{end}" data-steps="{steps}" data-planned="{planned}" data-idle="{idle_seconds}"'
    ' data-share="{share}" data-fastest="{fastest}" data-presence="{presence}" data-progress="{progress}"'
    ' data-csrf="{csrf}"'
    ' data-texts="{texts}">'
    # Hidden for as long as scripts usually take; a script that came removes it.
    "<style>@keyframes compliance-waiting{{from{{position:absolute;visibility:hidden}}}}</style>"
    '<p class="notice notice-wait" data-part="waiting" style="animation:compliance-waiting 2s step-end">'
    "{waiting}</p>"
    '<p style="display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.75rem 0 .25rem">'
    '<span class="badge" data-part="state" role="status">{idle}</span> <span data-part="credit"></span></p>'
    '<p class="notice" data-part="live" role="status" style="display:none" hidden></p>'
    '<progress value="0" max="1" aria-label="{credited}" style="width:100%"></progress>'
    '<p class="notice notice-wait" data-part="quiz" style="display:none" hidden><span></span> <a></a></p>'
    '<p class="notice notice-wait" data-part="message" role="alert" style="display:none" hidden></p>'
    '<button type="button" data-part="takeover" style="display:none;min-height:44px" hidden>'
    "{takeover}</button>"
    "</div>"
    '<script src="{video}" defer></script><script src="{reading}" defer></script>'
    '<script src="{simulation}" defer></script><script src="{presence_script}" defer></script>'
    '<script src="{outbox}" defer></script>'
    '<script src="{script}" defer></script>'
)


def compliance_tracker(class_id: str, lesson_id: str) -> Markup:
    """Return the tracker's HTML for one lesson, to be placed anywhere in a signed-in trainee's page.

    A Jinja global for host templates. The page holds a ``<video data-compliance>``, or an element with
    ``data-compliance`` that is read (without one the page itself is), or one with
    ``data-player="simulation"``.
    """
    services = current_services()
    terms = limits.of_class(services, class_id).terms
    texts = {code.removeprefix(_TEXTS): t(code) for code in codes("learning") if code.startswith(_TEXTS)}
    return _TAG.format(
        lesson=lesson_id,
        sessions=url("session_start"),
        beats=url("beat"),
        end=url("session_end"),
        steps=url("session_steps"),
        planned=planned_seconds(services, lesson_id),
        idle_seconds=terms.reading_idle_seconds,
        share=terms.reading_share_permille,
        fastest=terms.max_rate_permille,
        **{name: url("static", filename=f"players/{name}.js") for name in ("video", "reading", "simulation")},
        presence=url("presence"),
        presence_script=url("static", filename="presence.js"),
        progress=url("lesson_progress", class_id=class_id, lesson_id=lesson_id),
        csrf=csrf_token(),
        texts=json.dumps(texts, ensure_ascii=False),
        idle=texts["idle"],
        credited=texts["credited"],
        takeover=texts["takeover"],
        waiting=texts["waiting"],
        outbox=url("static", filename="outbox.js"),
        script=url("static", filename="tracker.js"),
    )
