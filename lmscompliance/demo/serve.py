"""``make demo``: fill an embedded database once, then serve the platform on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import waitress

from lmscompliance import Compliance
from lmscompliance.demo import month, running
from lmscompliance.demo.accounts import HostStore
from lmscompliance.demo.headless import open_theatre
from lmscompliance.demo.platform import create_app
from lmscompliance.kernel.ids import Ids, SystemRandomness
from lmscompliance.ledgers.service import export_for_download
from lmscompliance.storage.migrate import upgrade

_NOTE = "accounts.txt"
_THREADS = 8

Say = Callable[[str], None]


def serve(data_dir: Path, port: int, progress: month.Progress, say: Say) -> None:
    """Serve the demo from ``data_dir`` on 127.0.0.1 until interrupted, filling it first if need be."""
    note = data_dir / _NOTE
    if not note.exists():
        # The note is written last: without it the directory is what an interrupted filling left behind.
        if data_dir.exists():
            shutil.rmtree(data_dir)
        say("第一次启动,正在生成演示数据 / first start, making the demo's data …")
        note_text = _fill(data_dir, progress)
        aside = note.with_suffix(".tmp")
        aside.write_text(note_text, encoding="utf-8")
        aside.replace(note)
    compliance = Compliance()
    app = create_app(data_dir, compliance)
    compliance.start_scheduler(app)
    say(note.read_text(encoding="utf-8").format(url=f"http://127.0.0.1:{port}"))
    waitress.serve(app, host="127.0.0.1", port=port, threads=_THREADS, ident=None)


def _fill(data_dir: Path, progress: month.Progress) -> str:
    theatre = open_theatre(data_dir, seed=2021)
    upgrade(theatre.services.database)
    store = theatre.app.extensions["demo_store"]
    clerk, district = month.ENTERPRISE.uscc, month.ENTERPRISE.district
    store.add_user(
        "enterprise", name="企业经办人", password=month.PASSWORD, role="enterprise", enterprise=clerk
    )
    store.add_user(
        "inspector", name="检查人员", password=month.PASSWORD, role="inspector", districts=district
    )
    store.add_user("admin", name="平台管理员", password=month.PASSWORD, role="administrator")
    played = month.perform(theatre, month.Material(), None, data_dir, progress)
    export_for_download(theatre.services, theatre.compliance.signer(theatre.app), played.class_id)
    theatre.services.database.dispose()
    compliance = Compliance()
    app = create_app(data_dir, compliance)
    newcomers = running.begin(app, compliance, Ids(theatre.clock, SystemRandomness()), data_dir)
    compliance.services(app).database.dispose()
    return _note(newcomers)


def _add_staff(store: HostStore) -> None:
    owner = month.ENTERPRISE
    secret = month.PASSWORD
    store.add_user("enterprise", name="企业经办人", password=secret, role="enterprise", enterprise=owner.uscc)
    store.add_user("inspector", name="检查人员", password=secret, role="inspector", districts=owner.district)
    store.add_user("admin", name="平台管理员", password=secret, role="administrator")


def _note(newcomers: list[running.Newcomer]) -> str:
    lines = [
        "",
        "演示平台已启动 / the demo platform is running:  {url}",
        "",
        f"  密码 / password for everyone:  {month.PASSWORD}",
        "  企业 / enterprise:     enterprise",
        "  检查人员 / inspector:  inspector",
        "  管理员 / administrator: admin",
        "  学员及激活码 / trainees and their activation codes:",
        *(f"    {one.login}  {one.code}  ({one.name})" for one in newcomers),
        "",
        "  Ctrl+C 停止 / stops it.",
    ]
    return "\n".join(lines)
