"""Loads every room's tables so that metadata is complete, without naming the rooms above this one."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from pathlib import Path

from lmscompliance.storage.base import Base

_ROOMS = Path(__file__).resolve().parent.parent


def load_all() -> type[Base]:
    """Import each ``lmscompliance.<room>.models`` there is and return the base that holds them all."""
    for room in pkgutil.iter_modules([str(_ROOMS)]):
        if room.ispkg:
            name = f"lmscompliance.{room.name}.models"
            if importlib.util.find_spec(name) is not None:
                importlib.import_module(name)
    return Base
