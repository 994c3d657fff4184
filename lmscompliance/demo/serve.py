"""``make demo``: fill an embedded database once, then serve the platform on loopback."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import waitress
from flask import Flask

from lmscompliance import Compliance
from lmscompliance.demo import month, running
from lmscompliance.demo.accounts import HostStore
from lmscompliance.demo.certified import certify, revoke_last
from lmscompliance.demo.headless import open_theatre
from lmscompliance.demo.places import address_of, claimed, clear, listening
from lmscompliance.demo.platform import create_app
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.kernel.messages import text
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.storage.migrate import upgrade

_NOTE = "accounts.txt"
_SEED = 2021
_THREADS = 8

Say = Callable[[str], None]
Bar = Callable[[], AbstractContextManager[month.Progress]]


def serve(data_dir: Path, port: int, trainees: int | None, *, bar: Bar, say: Say, locale: str) -> None:
    """Serve the demo from ``data_dir`` on 127.0.0.1 until interrupted, filling it first if need be.

    Raises ``Conflict`` or ``InvalidInput`` when the port or the directory cannot be used.
    """
    note = data_dir / _NOTE
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # kill stops it as Ctrl+C does
    with listening(port) as listener, claimed(data_dir):
        if not note.exists():
            # The note is written last: without it the directory is what an interrupted filling left.
            clear(data_dir)
            say(text("demo.first_start", locale))
            with bar() as progress:
                newcomers = fill(data_dir, trainees, address_of(listener), progress)
            aside = note.with_suffix(".tmp")
            aside.write_text(_note(newcomers), encoding="utf-8")
            aside.replace(note)
        compliance = Compliance()
        app = create_app(data_dir, compliance)
        upgrade(compliance.services(app).database)  # the data may be of an earlier release
        with suppress(KeyboardInterrupt):  # also where it comes before the server is up
            say(note.read_text(encoding="utf-8").format(url=address_of(listener)))
            ended = running.ended(compliance.services(app))
            if ended is not None:
                say(text("demo.window_over", locale, ended=ended, path=data_dir))
            run(app, compliance, listener)
    say(text("demo.stopped", locale, path=data_dir))


def run(app: Flask, compliance: Compliance, listener: socket.socket) -> None:
    """Answer requests at ``listener`` and run the periodic jobs until interrupted.

    Killed at any moment instead, the next start finds everything that was acknowledged.
    """
    scheduler = compliance.start_scheduler(app)
    try:
        # Its run ends at an interrupt, after the requests under way.
        waitress.create_server(app, sockets=[listener], threads=_THREADS, ident=None).run()
    finally:
        if scheduler is not None:
            scheduler.shutdown()
        compliance.services(app).database.dispose()


def fill(data_dir: Path, trainees: int | None, base: str, progress: month.Progress) -> list[running.Newcomer]:
    """Make the finished class, its certificates and ledger, and the running one, whose people are returned.

    Certificates lead to check pages below ``base``.
    """
    theatre = open_theatre(data_dir, _SEED)
    upgrade(theatre.services.database)
    add_staff(theatre.app.extensions["demo_store"])
    played = month.perform(theatre, month.Material(), trainees, data_dir, progress)
    progress("certificates", 0, 1)
    certify(theatre.services, played.class_id, base)
    progress("certificates", 1, 1)
    signer = theatre.compliance.signer(theatre.app)
    export_for_download(theatre.services, signer, played.class_id, progress, requested_by="admin")
    revoke_last(theatre.services, played.class_id)
    theatre.services.database.dispose()
    # From here on the machine's clock: this class is for people.
    compliance = Compliance()
    app = create_app(data_dir, compliance)
    services = compliance.services(app)
    progress("running", 0, 1)
    newcomers = running.begin(app, compliance, Ids(services.clock, SystemRandomness()), data_dir)
    progress("running", 1, 1)
    services.database.dispose()
    return newcomers


def add_staff(store: HostStore) -> None:
    """Give the enterprise's clerk, the bureau's inspector and the platform's administrator their accounts."""
    owner = month.ENTERPRISE
    secret = month.PASSWORD
    store.add_user("enterprise", name="企业经办人", password=secret, role="enterprise", enterprise=owner.uscc)
    store.add_user("inspector", name="检查人员", password=secret, role="inspector", districts=owner.district)
    store.add_user("admin", name="平台管理员", password=secret, role="administrator")


def _note(newcomers: list[running.Newcomer]) -> str:
    lines = [
        "",
        "演示平台 / the demo platform:  {url}",
        "",
        f"  所有账号的密码 / password of every account:  {month.PASSWORD}",
        "",
        "  企业经办人 / enterprise:     enterprise",
        "  检查人员 / inspector:        inspector",
        "  平台管理员 / administrator:  admin",
        "",
        "  学员与激活码 / trainees and their activation codes:",
        *(f"    {one.login}  {one.code}  {one.name}" for one in newcomers),
        "",
        "  按 Ctrl+C 停止 / Ctrl+C stops it.",
        "",
    ]
    return "\n".join(lines)
