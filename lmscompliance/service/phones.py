"""A trainee's way in: the phone of the roster proves who they are, at first and when the password is lost.

Whoever asks gets the same answer, whether or not such a person is registered. Codes are counted by phone,
by person and by address in the database, so a restart forgets nothing.
"""

from __future__ import annotations

import hmac
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from lmscompliance.identity import contact, people
from lmscompliance.identity.models import Person
from lmscompliance.kernel.actor import Role
from lmscompliance.kernel.errors import Conflict, InvalidInput
from lmscompliance.kernel.logs import logger
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.presence.sms import SmsSender
from lmscompliance.service import directory, journal, passwords, sessions, signing_in, throttle
from lmscompliance.service.models import Login, PhoneCode
from lmscompliance.storage.transaction import reading, transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from lmscompliance.service.signing_in import Opened
    from lmscompliance.services import Services

_log = logger(__name__)
_DOMAIN = "service.phone_code"
LIFETIME = timedelta(minutes=10)
MOST_OF_PHONE = 3
"""Messages to one phone within 15 minutes."""
MOST_TRIES = 5
"""Tries at one code."""
DIGITS = 6
TAIL = 4
"""Last characters of the ID number, which tell apart people who share a phone."""


def ask(services: Services, sms: SmsSender, *, phone: str, tail: str, sender: Origin) -> None:
    """Send a code to ``phone`` if it is of a registered person whose ID number ends in ``tail``.

    Raises ``InvalidInput`` for what is no phone number, ``TooMany`` for too many messages; whether there
    is such a person is not told.
    """
    number = contact.phone(phone)
    code = "".join(str(services.ids.below(10)) for _ in range(DIGITS))
    with transaction(services.database) as session:
        key = f"phone/{services.vault.blind('service.phone', number)}"
        refused = throttle.count_address(session, services, sender.ip) or throttle.limited(
            session, services, key, MOST_OF_PHONE
        )
        person = None if refused is not None else _person(session, services, number, tail)
        if person is not None:
            _keep(session, services, person.id, code)
        journal.note(session, services, "phone.asked", ip=sender.ip)
    if refused is not None:
        raise refused
    if person is not None:
        # After the commit, so a code that arrives is one that works; and aside, because a gateway's slow
        # answer would tell that there is such a person. If the process dies here, they ask once more.
        threading.Thread(target=_send, args=(sms, number, code), daemon=True).start()


def redeem(services: Services, *, phone: str, tail: str, code: str, password: str, sender: Origin) -> Opened:
    """Set the password by the code that was sent, and sign in; makes the account where there is none.

    Raises ``InvalidInput`` for a wrong or old code, in the same words as for somebody unknown, and for a
    password that may not be one; ``Conflict`` where another trainee signs in with this phone.
    """
    number = contact.phone(phone)
    hashed = passwords.hashed(services.settings, password, login=number)
    refused = None
    with transaction(services.database) as session:
        refused = throttle.count_address(session, services, sender.ip)
        person = None if refused is not None else _person(session, services, number, tail)
        if person is not None and _right(session, services, person.id, code):
            account = _account(session, services, person, number)
            account.password_hash = hashed
            throttle.forget(session, services, directory.login_of(services, account))
            sessions.end_all(session, services, login_id=account.id)
            journal.note(session, services, "phone.proved", login_id=account.id, by=account.id, ip=sender.ip)
            return signing_in.open_whole(session, services, account, sender)
        journal.note(session, services, "phone.failed", ip=sender.ip)
    raise refused or InvalidInput("service.wrong_phone_code")


def person_of(services: Services, login_id: str) -> str | None:
    """Return which registered person an account is."""
    with reading(services.database) as session:
        return session.scalar(select(Login.person_id).where(Login.id == login_id))


def _send(sms: SmsSender, number: str, code: str) -> None:
    try:
        sms.send(number, code)
    except Exception:  # noqa: BLE001  # a gateway may raise anything
        _log.exception("the SMS gateway refused a sign-in code")


def _account(session: Session, services: Services, person: Person, number: str) -> Login:
    found = session.scalars(select(Login).where(Login.person_id == person.id).with_for_update()).one_or_none()
    if found is not None:
        return found
    if directory.find(session, services, number) is not None:
        raise Conflict("service.phone_taken")
    name = people.open_name(services.vault, person)
    made = directory.make(session, services, login=number, name=name, person_id=person.id)
    directory.give(session, services, made, role=Role.TRAINEE, scope="", by=made.id)
    return made


def _person(session: Session, services: Services, number: str, tail: str) -> Person | None:
    wanted = tail.strip().upper().encode()
    found = None
    for one in people.persons_by_phone(session, services.vault, number):
        known = people.open_person(services.vault, one).id_number[-TAIL:].encode()
        if hmac.compare_digest(known, wanted):
            found = one
    return found


def _keep(session: Session, services: Services, person_id: str, code: str) -> None:
    session.merge(
        PhoneCode(
            person_id=person_id,
            code_blind=services.vault.blind(_DOMAIN, _plain(person_id, code)),
            expires_at=services.clock.now() + LIFETIME,
            tries=0,
        )
    )


def _right(session: Session, services: Services, person_id: str, code: str) -> bool:
    row = session.get(PhoneCode, person_id, with_for_update=True)
    if row is None or row.expires_at <= services.clock.now() or row.tries >= MOST_TRIES:
        return False
    row.tries += 1
    if not services.vault.matches(_DOMAIN, _plain(person_id, code), row.code_blind):
        return False
    session.delete(row)
    return True


def _plain(person_id: str, code: str) -> str:
    return f"{person_id}/{''.join(code.split())}"
