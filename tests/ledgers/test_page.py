"""The ledger page: ask, wait, download, and who may."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lmscompliance.evidence.signer import LocalSigner
from lmscompliance.jobs import queue
from lmscompliance.ledgers import jobs
from lmscompliance.ledgers.models import LedgerDownload, LedgerExport
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading
from lmscompliance.verifier import Verdict, verify
from tests.ledgers.miniature import Miniature
from tests.support.app import administrator, clerk, client_for, inspector, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


PURPOSE = {"purpose": "报送主管部门"}


def _url(miniature: Miniature, *more: str) -> str:
    return "/".join(["/compliance/classes", miniature.class_id, "ledger", *more])


def _export_id(services: Services) -> str:
    with reading(services.database) as session:
        return session.scalars(select(LedgerExport.id)).one()


def test_T24_asking_waiting_and_downloading(
    services: Services, signer: LocalSigner, miniature: Miniature, tmp_path
) -> None:
    """The button queues one job however often it is pressed; the finished files verify."""
    client = client_for(make_app(services), clerk("91320585MA1XXXXX0N"))
    assert "还没有生成过台账" in client.get(_url(miniature)).text
    for _ in range(2):
        assert client.post(_url(miniature)).status_code == 303
    page = client.get(_url(miniature)).text
    assert "学习台账正在排队" in page
    assert 'http-equiv="refresh"' in page
    assert jobs.build_asked(services, signer) == 1
    page = client.get(_url(miniature)).text
    assert "refresh" not in page
    assert "没有配置时间戳服务" in page
    export_id = _export_id(services)
    paths = {}
    for file in ("workbook", "bundle", "trust"):
        answer = client.post(_url(miniature, export_id, file), data=PURPOSE, follow_redirects=True)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "attachment" in answer.headers["Content-Disposition"]
        paths[file] = tmp_path / file
        paths[file].write_bytes(answer.data)
        answer.close()
    assert verify(paths["bundle"], paths["trust"].read_bytes()).verdict is Verdict.VALID


def test_T37_each_download_is_recorded(services: Services, signer: LocalSigner, miniature: Miniature) -> None:
    """Who, what and when is known for every file handed out."""
    app = make_app(services)
    client_for(app, administrator()).post(_url(miniature))
    jobs.build_asked(services, signer)
    export_id = _export_id(services)
    link = ""
    for actor in (administrator(), inspector("浏河镇")):
        link = client_for(app, actor).post(_url(miniature, export_id, "workbook"), data=PURPOSE).location
        client_for(app, None).get(link).close()
    answer = client_for(app, administrator()).get(link)
    assert answer.status_code == 403  # the inspector's, opened by somebody who is signed in as another
    assert "另一个账号" in answer.text
    with reading(services.database) as session:
        rows = session.scalars(select(LedgerDownload).order_by(LedgerDownload.role)).all()
    assert [(row.account, row.role, row.file) for row in rows] == [
        ("admin-1", "administrator", "workbook"),
        ("inspector-1", "inspector", "workbook"),
    ]
    miniature.clock.advance(services.settings.link_minutes * 60 + 1)
    for stale in (link, "/compliance/ledger-files/unsigned"):
        answer = client_for(app, administrator()).get(stale)
        assert answer.status_code == 401
        assert "重新点击下载" in answer.text


def test_what_a_ledger_is_for_has_to_be_said(
    services: Services, signer: LocalSigner, miniature: Miniature
) -> None:
    """Without a purpose nothing whole is handed out; with one it is recorded and no new ledger is due."""
    app = make_app(services)
    client = client_for(app, administrator())
    client.post(_url(miniature))
    jobs.build_asked(services, signer)
    export_id = _export_id(services)
    for answer in (
        client.get(_url(miniature, export_id, "bundle")),
        client.post(_url(miniature, export_id, "bundle")),
    ):
        assert answer.status_code == 422
    client.get(_url(miniature, export_id, "trust")).close()
    assert "报送主管部门" not in client.get(f"/compliance/classes/{miniature.class_id}/reveals").text
    client.post(_url(miniature, export_id, "bundle"), data=PURPOSE).close()
    page = client.get(f"/compliance/classes/{miniature.class_id}/reveals").text
    assert "报送主管部门" in page
    with reading(services.database) as session:
        first = session.scalars(select(LedgerExport.snapshot)).one()
    client.post(_url(miniature))
    jobs.build_asked(services, signer)
    with reading(services.database) as session:
        assert set(session.scalars(select(LedgerExport.snapshot))) == {first}


def test_who_may(services: Services, signer: LocalSigner, miniature: Miniature) -> None:
    """Foreign staff find nothing, trainees are refused, and an unknown file is not there."""
    app = make_app(services)
    client_for(app, administrator()).post(_url(miniature))
    jobs.build_asked(services, signer)
    own = _url(miniature, _export_id(services), "bundle")
    for actor, expected in (
        (trainee(), 403),
        (inspector("沙溪镇"), 404),
        (clerk("9" * 18), 404),
        (None, 401),
    ):
        for url in (_url(miniature), own):
            assert client_for(app, actor).get(url).status_code == expected
    admin = client_for(app, administrator())
    for url in (_url(miniature, "0" * 26, "bundle"), _url(miniature, _export_id(services), "..%2fkey")):
        assert admin.get(url).status_code == 404


def test_progress_and_failure_are_shown(services: Services, miniature: Miniature) -> None:
    """A running job shows how far it is, a failed one why, and the button is back."""
    client = client_for(make_app(services), administrator())
    client.post(_url(miniature))
    taken = queue.claim(services, [jobs.KIND])
    assert taken is not None
    queue.progress(services, taken, 42, 100)
    assert "42%" in client.get(_url(miniature)).text
    from lmscompliance.storage.transaction import transaction

    outcome = {"code": "ledgers.not_sealed", "params": {"stream": "class/x", "sealed": "1", "recorded": "2"}}
    with transaction(services.database) as session:
        queue.fail(session, taken, outcome)
    page = client.get(_url(miniature)).text
    assert "class/x" in page
    assert "生成台账</button>" in page


def test_a_removed_file_says_what_to_do(
    services: Services, signer: LocalSigner, miniature: Miniature
) -> None:
    """A file that an operator removed is reported with the remedy."""
    client = client_for(make_app(services), administrator())
    client.post(_url(miniature))
    jobs.build_asked(services, signer)
    export_id = _export_id(services)
    for path in (services.settings.export_dir / miniature.class_id / export_id).iterdir():
        path.unlink()
    answer = client.post(_url(miniature, export_id, "workbook"), data=PURPOSE)
    assert answer.status_code == 404
    assert "重新生成" in answer.text
