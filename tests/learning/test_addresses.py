"""Addresses on their way from a request into segments and sheet ②, by each way a beat arrives over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from lmscompliance.extension.signing import signer_of
from lmscompliance.learning.models import ClosedSegment
from lmscompliance.learning.origin import Origin, ip_blind
from lmscompliance.ledgers.service import export
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from tests.completion.classroom import Classroom, open_classroom
from tests.learning.lanes import BEATS, HTTP_LANES, app_with
from tests.learning.school import Player

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PROXY = "10.0.0.9"
HOME = "203.0.113.7"
AGENT = "Phone/1.0"


def _beat(app: Flask, player: Player, forwarded: str) -> None:
    player.wait(5)
    player.seq += 1
    sent = {
        "token": player.started.token,
        "seq": player.seq,
        "position_ms": player.position_ms,
        "state": "playing",
    }
    answer = app.test_client().post(
        BEATS,
        data=json.dumps(sent, separators=(",", ":")),
        content_type="application/json",
        headers={"User-Agent": AGENT, "X-Forwarded-For": forwarded, "Forwarded": "for=6.6.6.6"},
        environ_base={"REMOTE_ADDR": PROXY},
    )
    assert (answer.status_code, answer.json["state"]) == (200, "active")


def _behind_a_proxy(services: Services) -> Services:
    return replace(services, settings=replace(services.settings, trusted_proxies=1))


def _learnt(room: Classroom, lane: str, *forwarded: str) -> None:
    app = app_with(lane, room.services)
    started = room.school.start(sender=Origin(HOME, AGENT))
    player = Player(room.school, started, Origin(HOME, AGENT))
    for one in forwarded:
        _beat(app, player, one)
    player.end()


@pytest.mark.parametrize("lane", HTTP_LANES)
def test_one_address_in_many_spellings_is_one_segment(services: Services, tmp_path: Path, lane: str) -> None:
    """What a client forges, and how a proxy spells the address it saw, closes no segment."""
    room = open_classroom(_behind_a_proxy(services), tmp_path)
    spellings = (HOME, f"6.6.6.6, {HOME}", f"{HOME}:5678", f"unknown, ::ffff:{HOME}", f"x,[::ffff:{HOME}]:1")
    _learnt(room, lane, *spellings)
    with reading(services.database) as session:
        (segment,) = session.scalars(select(ClosedSegment))
    assert (segment.closed_by, segment.ip_blind) == ("end", ip_blind(services, HOME))


@pytest.mark.parametrize("lane", HTTP_LANES)
def test_T10_every_address_of_a_session_stands_in_the_ledger(
    services: Services, tmp_path: Path, lane: str
) -> None:
    """A change closes the segment, and sheet ② lists the session's addresses in the order they appeared."""
    room = open_classroom(_behind_a_proxy(services), tmp_path)
    _learnt(room, lane, HOME, "198.51.100.9", "[2001:DB8::1]:443", "198.51.100.9")
    with reading(services.database) as session:
        closed_by = session.scalars(select(ClosedSegment.closed_by).order_by(ClosedSegment.n)).all()
    assert closed_by == ["address", "address", "address", "address", "end"]  # the end came from home again
    done = export(room.services, signer_of(room.services), room.class_id, tmp_path / "out")
    sheet = openpyxl.load_workbook(done.workbook)["②学习记录明细"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    (heading,) = [row for row in rows if "记录编号" in row]
    (first,) = [row for row in rows if row[0] == 1]
    assert first[heading.index("IP")] == f"{HOME}；198.51.100.9；2001:db8::1"
