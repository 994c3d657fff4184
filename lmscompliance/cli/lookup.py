"""A class by its code, as people name it."""

from __future__ import annotations

from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.training.queries import class_by_code


def class_id_of(services: Services, code: str) -> str:
    """Return the id of the class with ``code``; raises ``NotFound``."""
    with reading(services.database) as session:
        return class_by_code(session, code).id
