"""The newest published tree head, as a leaf embeds it to show that it is not older."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lmscompliance.evidence.models import Log
from lmscompliance.evidence.tree import FIRST_LOG
from lmscompliance.kernel.jcs import Json
from lmscompliance.storage.statements import table
from lmscompliance.tlog.encoding import to_base64
from lmscompliance.tlog.merkle import EMPTY_ROOT

# Built once: compiling a statement costs more than running it.
_HEAD = select(table(Log).c.size, table(Log).c.root).where(table(Log).c.id == FIRST_LOG)


def newest_head(session: Session) -> dict[str, Json]:
    """Return ``{"size", "root"}`` of the published tree: who signs this cannot have done so before it was.

    One row by its key. The empty tree before the first checkpoint.
    """
    found = session.connection().execute(_HEAD).one_or_none()
    size, root = (found.size, found.root) if found is not None and found.size else (0, EMPTY_ROOT)
    return {"size": size, "root": to_base64(root)}
