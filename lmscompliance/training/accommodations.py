"""More time for a trainee who needs it: granted or withdrawn by staff with a reason, which stays sealed.

It holds for presence checks and for exams alike; how much more is for the notice to say.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from lmscompliance.training.models import Accommodation

__all__ = ["Accommodation", "is_accommodated"]


def is_accommodated(session: Session, enrolment_id: str) -> bool:
    """Tell whether the trainee was granted more time."""
    found = session.get(Accommodation, enrolment_id)
    return found is not None and found.granted
