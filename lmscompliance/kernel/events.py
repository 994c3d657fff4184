"""In-process notices between rooms that may not import each other.

A lower room says that something happened; ``extension`` connects a higher room that cares. A notice is
sent after the commit and only saves waiting: the receiving room also has a job that finds the same work,
because a process may die between the commit and the notice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from lmscompliance.kernel.logs import logger

_log = logger(__name__)

Handler = Callable[[str], None]


class Events:
    """Names and their handlers; one instance per app."""

    def __init__(self) -> None:
        """Start with nobody listening."""
        self._handlers: dict[str, list[Handler]] = defaultdict(list)

    def connect(self, name: str, handler: Handler) -> None:
        """Call ``handler`` with the subject's id each time ``name`` is sent."""
        self._handlers[name].append(handler)

    def send(self, name: str, subject: str) -> None:
        """Tell every handler of ``name`` about ``subject``; a failing one is logged, the rest run."""
        for handler in self._handlers[name]:
            try:
                handler(subject)
            except Exception:  # noqa: BLE001  # one deaf handler must not keep the others from hearing
                _log.exception("handler of %s failed for %s; its job will catch up", name, subject)
