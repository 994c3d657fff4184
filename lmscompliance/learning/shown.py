"""How a lesson is put before the learner: which player, and where it fetches what."""

from __future__ import annotations

from dataclasses import dataclass

from lmscompliance.content import grants, pages, store
from lmscompliance.learning.progress import LessonView
from lmscompliance.services import Services

_MEDIA = (".mp4", ".m4v", ".webm", ".ogv", ".mov", ".m3u8")


@dataclass(frozen=True, slots=True)
class Shown:
    """``player`` is ``video``, ``text``, ``pages``, ``simulation``, ``elsewhere`` or ``own`` (no content).

    What we keep ourselves is fetched with ``grant``: ``name`` is the file, ``pages`` how many a PDF has.
    Otherwise ``address`` is the host's.
    """

    player: str
    address: str = ""
    grant: str = ""
    name: str = ""
    pages: int = 0
    broken: bool = False


def of(services: Services, view: LessonView) -> Shown:
    """Return how the lesson of ``view`` is shown."""
    frozen = view.frozen
    if frozen is None:
        return _of_host(view)
    if not store.intact(services, frozen.sha256):
        return Shown("own", broken=True)
    grant = grants.issue(services, grants.Grant(frozen.sha256, frozen.kind, frozen.name))
    if frozen.kind == "pdf":
        count = pages.count(store.path_of(services, frozen.sha256))
        return Shown("pages", grant=grant, pages=count)
    name = "index.html" if frozen.kind == "simulation" else frozen.name
    return Shown(frozen.kind, grant=grant, name=name)


def _of_host(view: LessonView) -> Shown:
    path = view.content_url.partition("?")[0].lower()
    if not view.content_url:
        return Shown("own")
    if view.content_kind in {"text", "simulation"}:
        return Shown(view.content_kind, address=view.content_url)
    return Shown("video" if path.endswith(_MEDIA) else "elsewhere", address=view.content_url)
