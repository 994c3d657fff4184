"""Frozen content: versions, what sessions saw, and lessons that close when a file changes."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmscompliance.content import fetching, grants, service, store
from lmscompliance.kernel.clock import ManualClock
from lmscompliance.kernel.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from lmscompliance.learning.origin import Origin
from lmscompliance.learning.service import start
from lmscompliance.outbound.exchange import Bounds
from lmscompliance.services import Services
from lmscompliance.storage.transaction import reading, transaction
from lmscompliance.training import queries
from tests.learning.school import School, open_school
from tests.support.app import administrator, client_for, inspector, make_app, trainee
from tests.support.peers import DRIPS, OK, peer, says
from tests.training.school import leaves

ONCE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def school(services: Services) -> School:
    """Return a class whose lessons are to be frozen."""
    return open_school(services, trainees=1)


def _code(school: School) -> str:
    with reading(school.services.database) as session:
        return queries.class_by_id(session, school.class_id).code


def _film(folder: Path, text: str = "film") -> Path:
    path = folder / f"{text}.mp4"
    path.write_text(text * 1000, encoding="utf-8")
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_W42_each_session_keeps_the_version_it_saw(
    school: School, tmp_path: Path, clock: ManualClock
) -> None:
    """On both databases: changed bytes are version 2, named with both digests; old sessions keep theirs."""
    first, second = _film(tmp_path, "one"), _film(tmp_path, "two")
    code = _code(school)
    assert service.freeze_file(school.services, code, 1, first).version == 1
    school.start()
    clock.advance(3600)
    done = service.freeze_file(school.services, code, 1, second, "更正第二节")
    assert (done.version, done.sha256) == (2, _sha256(second))
    assert service.freeze_file(school.services, code, 1, second).version == 2
    school.start()
    seen = [leaf.body["content_sha256"] for leaf in school.leaves() if leaf.t == "session.opened"]
    assert seen == [_sha256(first), _sha256(second)]
    changes = [
        leaf
        for _, type_, leaf in leaves(school.services, school.class_id)
        if type_ == "lesson.content_changed"
    ]
    assert [change["body"]["version"] for change in changes] == [1, 2]
    assert changes[1]["body"]["previous_sha256"] == _sha256(first)
    assert set(changes[1]["d"]) == {"name", "reason"}
    line = service.listing(school.services, school.class_id)[0]
    shown = [(one.version, one.sessions, one.intact, one.current, one.reason) for one in line.versions]
    assert shown == [(2, 1, True, True, "更正第二节"), (1, 1, True, False, "")]


@ONCE
def test_W42_an_inspector_plays_what_is_frozen(school: School, tmp_path: Path) -> None:
    """The inspectors of the class's district open each version by its digest; others find no such class."""
    first, second = _film(tmp_path, "one"), _film(tmp_path, "two")
    for film in (first, second):
        service.freeze_file(school.services, _code(school), 1, film)
    app = make_app(school.services)
    path = f"/compliance/classes/{school.class_id}/content"
    client = client_for(app, inspector("太仓高新区"))
    page = client.get(path).text
    assert all(_sha256(film) in page for film in (first, second))
    played = []
    for address in re.findall(r'href="(/compliance/content/[^"]+)"', page):
        with client.get(address) as answer:
            played.append(hashlib.sha256(answer.data).hexdigest())
    assert sorted(played) == sorted([_sha256(first), _sha256(second)])
    assert client_for(app, inspector("浏河镇")).get(path).status_code == 404


@ONCE
def test_a_file_that_is_not_what_was_frozen_closes_its_lesson(school: School, tmp_path: Path) -> None:
    """No session opens, page and staff list say so, the command finds it; the right bytes open it again."""
    film = _film(tmp_path)
    frozen = service.freeze_file(school.services, _code(school), 1, film)
    kept = store.path_of(school.services, frozen.sha256)
    kept.chmod(0o600)
    kept.write_text("another film", encoding="utf-8")
    with pytest.raises(Conflict, match="differs"):
        start(school.services, school.actor(), school.lessons[0], Origin("203.0.113.7", "Phone/1.0"))
    app = make_app(school.services)
    page = client_for(app, trainee()).get(f"/compliance/lessons/{school.class_id}/{school.lessons[0]}")
    assert "暂不能学习" in page.get_data(as_text=True)
    staff = client_for(app, administrator()).get(f"/compliance/classes/{school.class_id}/content")
    assert "已停止播放" in staff.get_data(as_text=True)
    assert [line.ordinal for line, _ in service.check(school.services, _code(school))] == [1]
    kept.write_bytes(film.read_bytes())
    assert service.check(school.services, _code(school)) == []
    school.start()


@ONCE
def test_only_the_bearer_of_an_address_gets_the_content(
    school: School, tmp_path: Path, clock: ManualClock
) -> None:
    """Byte ranges work; another name, a forged or an old address opens nothing."""
    film = _film(tmp_path)
    frozen = service.freeze_file(school.services, _code(school), 1, film)
    grant = grants.issue(school.services, grants.Grant(frozen.sha256, frozen.kind, frozen.name))
    client = client_for(make_app(school.services), None)
    with client.get(f"/compliance/content/{grant}/film.mp4", headers={"Range": "bytes=2-5"}) as part:
        assert (part.status_code, part.data, part.mimetype) == (206, b"lmfi", "video/mp4")
    assert client.get(f"/compliance/content/{grant}/other.mp4").status_code == 404
    assert client.get(f"/compliance/content/{grant}x/film.mp4").status_code == 401
    clock.advance(13 * 3600)
    with pytest.raises(Unauthenticated):
        grants.read(school.services, grant)


@ONCE
def test_a_simulation_runs_without_an_origin(school: School, tmp_path: Path) -> None:
    """Its files come out of the package, under a policy that keeps its scripts to themselves."""
    path = tmp_path / "sim.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("index.html", "<script src=a.js></script>")
        package.writestr("a.js", "1")
        package.writestr("simulation.json", '{"steps": ["off", {"name": "lock", "title": "上锁"}]}')
    frozen = service.freeze_file(school.services, _code(school), 1, path)
    assert frozen.steps == (("off", "off"), ("lock", "上锁"))
    grant = grants.issue(school.services, grants.Grant(frozen.sha256, frozen.kind, frozen.name))
    client = client_for(make_app(school.services), None)
    answer = client.get(f"/compliance/content/{grant}/index.html")
    assert "sandbox allow-scripts" in answer.headers["Content-Security-Policy"]
    assert client.get(f"/compliance/content/{grant}/a.js").data == b"1"
    assert client.get(f"/compliance/content/{grant}/../vault.json").status_code == 404


@ONCE
def test_what_no_player_can_show_is_refused(school: School, tmp_path: Path) -> None:
    """Each refusal names the file, and nothing is kept of it."""
    code = _code(school)
    for name, data in (("a.exe", b"x"), ("a.pdf", b"no pdf"), ("a.zip", b"no zip"), ("a.txt", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InvalidInput):
            service.freeze_file(school.services, code, 1, tmp_path / name)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as package:
        package.writestr("index.html", "")
        package.writestr("simulation.json", '{"steps": ["a b"]}')
    with pytest.raises(InvalidInput, match="steps"):
        service.freeze_file(school.services, code, 1, tmp_path / "b.zip")
    with pytest.raises(NotFound, match="no_lesson"):
        service.freeze_file(school.services, code, 99, _film(tmp_path))
    with pytest.raises(InvalidInput, match="digest"):
        service.freeze_stated(school.services, code, 1, "abc")


class _Site(http.server.BaseHTTPRequestHandler):
    content = b"first"

    def do_GET(self) -> None:
        """Answer with the content of the moment."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Return a host's site that plays a film."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@ONCE
def test_content_at_the_hosts_address_is_read_on_command(
    school: School, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digest is that of what came; a check on command finds what changed; freezing again is a version.

    A part of it, another page in its place or a drip without an end are never taken for it.
    """
    code = _code(school)
    with transaction(school.services.database) as session:
        queries.lesson(session, school.lessons[0]).content_url = "/media/film.mp4"
    done = service.freeze_fetched(school.services, code, 1, address)
    assert (done.sha256, done.size) == (hashlib.sha256(b"first").hexdigest(), 5)
    assert service.check(school.services, code, address) == []
    _Site.content = b"second"
    try:
        ((line, found),) = service.check(school.services, code, address)
        assert (line.ordinal, found) == (1, hashlib.sha256(b"second").hexdigest())
        assert service.freeze_fetched(school.services, code, 1, address).version == 2
    finally:
        _Site.content = b"first"
    with pytest.raises(InvalidInput, match="not_fetched"):
        service.freeze_fetched(school.services, code, 1, "http://127.0.0.1:1")
    not_it = (OK + b"Content-Length: 10\r\n\r\nhalf", OK + b"Broken", b"HTTP/1.1 404 Not Found\r\n\r\nsorry")
    for answer in not_it:
        with peer(says(answer)) as other, pytest.raises(InvalidInput, match="not_fetched"):
            service.freeze_fetched(school.services, code, 1, other.url)
    monkeypatch.setattr(fetching, "BOUNDS", Bounds(0.3, 1000))
    with peer(DRIPS["body"]) as slow, pytest.raises(InvalidInput, match="not_fetched"):
        service.freeze_fetched(school.services, code, 1, slow.url)
    school.start()
