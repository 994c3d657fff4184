"""Loggers that give nobody away: what looks like an ID number or a phone is masked before a handler sees it.

Our own messages never hold one. What a library, a plug-in or a gateway puts into an exception is not ours to
choose, and a traceback is logged whole.
"""

from __future__ import annotations

import logging
import re

_PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15}|[A-Z]{3}[0-9]{12})(?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9A-Za-z])(?:(?:\+|00)?86[- ]?)?1[3-9][0-9]{9}(?![0-9A-Za-z])")
_MASK = "***"
_FORMATTER = logging.Formatter()


def logger(name: str) -> logging.Logger:
    """Return the logger ``name``, masking what it is told. Every module of ours gets its logger here."""
    made = logging.getLogger(name)
    made.addFilter(_discreet)
    return made


def masked(text: str) -> str:
    """Return ``text`` with every number of an identity document and every mobile phone replaced."""
    return _PHONE.sub(_MASK, _PERSONAL.sub(_MASK, text))


def _discreet(record: logging.LogRecord) -> bool:
    record.msg, record.args = masked(record.getMessage()), None
    if record.exc_info and record.exc_info[0] is not None:
        # The exception itself would be formatted anew by a handler of another kind; its text is enough.
        record.exc_text = masked(_FORMATTER.formatException(record.exc_info))
        record.exc_info = None
    return True
