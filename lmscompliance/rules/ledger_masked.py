"""The masked copy of a ledger, for public lists: the same verdicts, beside people who cannot be told whole.

What may be shown of a value is decided by its name in the evidence, and what is not listed here is hidden, so
that a new kind of value is not published by being forgotten. The verifier masks alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lmscompliance.kernel.jcs import Json
from lmscompliance.rules.ledger_facts import Record
from lmscompliance.rules.ledger_words import recognised
from lmscompliance.rules.masking import mask_address, mask_name, mask_number, mask_phone

TITLE = "职业技能培训学习台账（公示用，已脱敏）"
"""The first cell of a masked workbook, by which it is told from a whole one."""
HIDDEN = "〔不公示〕"
"""Stands for a text that no public list shows."""


def _whole(text: str) -> str:
    return text


def _agent(text: str) -> str:
    # A program may call itself anything, a name and a number as well.
    return text if recognised(text) else HIDDEN


_SHOWN: Mapping[str, Callable[[str], str]] = {
    "enterprise_name": _whole,
    "enterprise_uscc": _whole,
    "sex": _whole,
    "agent": _agent,
    "name": mask_name,
    "name_before": mask_name,
    "name_other": mask_name,
    "host": mask_name,
    "id_number": mask_number,
    "id_number_before": mask_number,
    "id_number_other": mask_number,
    "phone": mask_phone,
    "ip": mask_address,
}
_TEACHER = re.compile(r"teacher\d{3}")


def masked(record: Record) -> Record:
    """Return ``record`` as a public list may show it.

    Questions, answers and other values that are no text are left out, as if they had not been disclosed.
    """
    return Record(record.leaf, {name: _shown(name, value) for name, value in _texts(record)})


def _texts(record: Record) -> list[tuple[str, Json]]:
    return [(name, value) for name, value in record.values.items() if value is None or isinstance(value, str)]


def _shown(name: str, value: Json) -> Json:
    if not isinstance(value, str) or not value:
        return value
    show = mask_name if _TEACHER.fullmatch(name) else _SHOWN.get(name)
    return HIDDEN if show is None else show(value)
