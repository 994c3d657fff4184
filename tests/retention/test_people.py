"""One human under two records, and one who is in another class: kept or destroyed whole."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from lmscompliance.identity.models import Person, PersonLink
from lmscompliance.kernel.errors import Conflict
from lmscompliance.persons import merging
from lmscompliance.retention import holds, purging
from lmscompliance.storage.transaction import reading
from tests.persons.two_classes import twice
from tests.retention.test_purge import ANNA, destroy, release
from tests.support.app import administrator

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def united(services, tmp_path):
    """Return two classes whose trainees turned out to be one human."""
    made = twice(services, tmp_path)
    words = {"reason": "号码录错", "basis": "核对身份证原件"}
    merging.merge(services, administrator(), made.case_id, keep="second", **words)
    return made


def _records(services) -> int:
    with reading(services.database) as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


def test_both_records_stay_until_no_class_knows_the_human(services, united, later):
    """The first purge leaves the person to the other class; the second takes both records and their link."""
    later(4)
    assert destroy(services, united.wrong.class_id).body["persons"] == 0
    assert _records(services) == 2
    assert destroy(services, united.right.class_id).body["persons"] == 2
    assert _records(services) == 0
    with reading(services.database) as session:
        assert session.scalar(select(func.count()).select_from(PersonLink)) == 0


def test_a_hold_on_a_person_covers_each_of_their_classes(services, united, later):
    """Placed in one class, under one record, it stops the destruction of the other as well."""
    later(4)
    holds.place(services, ANNA, united.wrong.class_id, "举报调查", 1)
    for room in (united.wrong, united.right):
        with pytest.raises(Conflict, match="legal holds"):
            purging.order(services, ANNA, room.class_id)
    (elsewhere,) = holds.listed(services, united.right.class_id)
    assert (elsewhere.class_id, elsewhere.ordinal) == (united.wrong.class_id, 1)
    release(services, united.wrong.class_id)
    assert purging.order(services, ANNA, united.right.class_id)
