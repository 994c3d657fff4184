"""The dispatch log, the bureau's clock, and reminders that come once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime

import pytest

from lmscompliance.completion import closing
from lmscompliance.filing import dispatches, reminders, service
from lmscompliance.filing.dispatches import Recipient, Sending
from lmscompliance.kernel.clock import SHANGHAI
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound
from lmscompliance.storage.transaction import reading
from lmscompliance.training import queries
from tests.files.samples import picture
from tests.support.app import administrator, clerk, client_for, inspector, make_app
from tests.training import school
from tests.training.school import USCC

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = date(2021, 2, 1)


@pytest.fixture
def class_id(services):
    """Return a filed class with one document."""
    made = school.file_class(services)
    _draft_again(services, made)
    service.add_document(services, made, "plan", picture(), by="clerk-1", ip="203.0.113.7")
    return made


def _draft_again(services, class_id):
    closing.step(services, inspector("城厢镇"), class_id, "draft", reason="补材料")


class Notifier:
    """Keeps what it is handed; refuses while told to."""

    def __init__(self) -> None:
        self.messages = []
        self.refuses = False

    def notify(self, message):
        """Take it, or not."""
        if self.refuses:
            msg = "no network"
            raise OSError(msg)
        self.messages.append(message)


def test_T12_a_dispatch_is_kept_with_the_digest_of_what_was_sent(services, class_id):
    """On both databases: whom, how, when, what; the receipt once, and no earlier than the sending."""
    given = Sending("太仓市人力资源培训指导中心", "email", TODAY, "office@example.org", "mail-7")
    number, _, data = dispatches.send(services, class_id, given, by="clerk-1")
    (line,) = dispatches.log(services, class_id)
    assert (line.row.n, line.row.sha256) == (number, hashlib.sha256(data).hexdigest())
    assert (line.address, line.row.reference) == ("office@example.org", "mail-7")
    assert "plan" in line.row.listing
    services.clock.set(datetime(2021, 2, 3, 9, tzinfo=SHANGHAI))
    for wrong in (date(2021, 1, 31), date(2021, 2, 4)):
        with pytest.raises(InvalidInput):
            dispatches.acknowledge(services, class_id, number, received_on=wrong, by="i")
    dispatches.acknowledge(services, class_id, number, received_on=date(2021, 2, 2), receipt="收7", by="i")
    with pytest.raises(Conflict):
        dispatches.acknowledge(services, class_id, number, received_on=date(2021, 2, 2), by="i")
    with pytest.raises(NotFound):
        dispatches.acknowledge(services, class_id, 5, received_on=date(2021, 2, 2), by="i")
    kinds = school.types(services, class_id)
    assert (kinds.count("filing.dispatched"), kinds.count("filing.acknowledged")) == (1, 1)


@ONCE
@pytest.mark.parametrize(
    "wrong",
    [
        Sending(" ", "email", TODAY),
        Sending("某局", "pigeon", TODAY),
        Sending("某局", "email", date(2021, 2, 2)),
        Sending("某局", "email", TODAY, reference="x" * 129),
    ],
)
def test_bad_particulars_are_refused(services, class_id, wrong):
    """Nothing is logged of a dispatch that cannot have been."""
    with pytest.raises(InvalidInput):
        dispatches.send(services, class_id, wrong, by="c")
    assert dispatches.log(services, class_id) == []


@ONCE
def test_T11_the_recipient_is_the_districts_the_policys_or_the_notices(services, class_id):
    """The nearest one holds."""

    def recipient():
        with reading(services.database) as session:
            class_ = queries.class_by_id(session, class_id)
            return dispatches.recipient_of(session, class_, queries.notice_of(session, class_)).name

    policy = "liusu-youji-2021"
    assert recipient() == "太仓市人力资源培训指导中心"
    dispatches.set_recipient(services, policy, Recipient("全市受理点", "a@example.org"), by="admin")
    assert recipient() == "全市受理点"
    dispatches.set_recipient(services, policy, Recipient("城厢镇受理点"), district="城厢镇", by="admin")
    assert recipient() == "城厢镇受理点"
    with pytest.raises(InvalidInput):
        dispatches.set_recipient(services, "no-such-policy", Recipient("某局"), by="admin")


@ONCE
def test_T13_the_bureaus_term_runs_from_the_acknowledged_receipt(services):
    """Filed on the 8th, received on the 9th: due on the 19th, with the day itself not counted."""
    services.clock.set(datetime(2021, 2, 8, 9, tzinfo=SHANGHAI))
    class_id = school.file_class(services)
    _draft_again(services, class_id)
    service.add_document(services, class_id, "plan", picture(), by="clerk-1", ip="203.0.113.7")
    other = school.file_class(services, code="K2")
    sent = dispatches.send(services, class_id, Sending("某局", "paper", date(2021, 2, 8)), by="c")
    services.clock.set(datetime(2021, 2, 9, 9, tzinfo=SHANGHAI))
    dispatches.acknowledge(services, class_id, sent[0], received_on=date(2021, 2, 9), by="i")
    assert closing.life_of(services, administrator(), class_id).review_due == date(2021, 2, 19)
    assert closing.life_of(services, administrator(), other).review_due == date(2021, 2, 18)


def test_T13_a_reminder_comes_once_and_a_refused_one_again(services):
    """On both databases: the notifier gets each reminder until it takes it, and then never more."""
    notifier = Notifier()
    services = replace(services, notifier=notifier)
    services.clock.set(datetime(2021, 2, 9, 9, tzinfo=SHANGHAI))
    class_id = school.file_class(services)
    assert reminders.remind_due(services) == 0
    services.clock.set(datetime(2021, 2, 18, 9, tzinfo=SHANGHAI))
    notifier.refuses = True
    assert reminders.remind_due(services) == 1
    notifier.refuses = False
    for _ in range(2):
        assert reminders.remind_due(services) == 0
    (message,) = notifier.messages
    assert message.key == f"{class_id}/review/2021-02-19"
    assert "inspector" in message.roles
    assert "2021-02-19" in message.text
    assert (message.enterprise, message.district) == (USCC, "城厢镇")
    services.clock.set(datetime(2021, 2, 20, 9, tzinfo=SHANGHAI))
    assert reminders.remind_due(services) == 1
    assert [one.kind for one in notifier.messages] == ["review", "review_overdue"]


@ONCE
def test_the_pages_log_a_dispatch_and_list_reminders_for_whom_they_are(services, class_id):
    """The clerk logs, the inspector acknowledges; a draft's deadline is the clerk's alone."""
    app = make_app(services)
    own, bureau = client_for(app, clerk(USCC)), client_for(app, inspector("城厢镇"))
    base = f"/compliance/classes/{class_id}/filing/dispatches"
    assert "太仓市人力资源培训指导中心" in own.get(base).text
    sent = {"recipient": "某局", "means": "hand", "sent_on": "2021-02-01", "reference": "EMS1"}
    assert own.post(base, data=sent | {"sent_on": "昨天"}).status_code == 422
    assert bureau.post(base, data=sent).status_code == 403
    assert own.post(base, data=sent).status_code == 303
    assert bureau.post(f"{base}/0/receipt", data={"received_on": "2021-02-01"}).status_code == 303
    assert "2021-02-01 已签收" in own.get(base).text
    services.clock.set(datetime(2021, 2, 21, 9, tzinfo=SHANGHAI))
    reminders.remind_due(services)
    assert "培训申请于 2021-02-23 截止" in own.get(f"/compliance/classes/{class_id}/filing").text
    assert "培训申请于 2021-02-23 截止" in own.get("/compliance/reminders").text
    assert "没有提醒" in bureau.get("/compliance/reminders").text
