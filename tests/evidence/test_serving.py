"""The log over HTTP: as tlog-tiles says to the letter, hashes for anyone, entries only with a grant."""

import gzip

import pytest

from lmscompliance.evidence.reader import checkpoint
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog import tiles
from lmscompliance.tlog.checkpoint import Checkpoint
from lmscompliance.tlog.leaf import leaf_hash
from lmscompliance.tlog.notes import Note
from tests.evidence.logs import signer_in, write
from tests.judge import gojudge
from tests.support.app import administrator, clerk, client_for, inspector, make_app, trainee

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SIZE = 300
LOG = "/compliance/log"


@pytest.fixture
def sealed(services, tmp_path):
    """Return services over a log of 300 entries, sealed at 40 and at 300."""
    write(services, count=40)
    seal_all(services, signer_in(tmp_path))
    write(services, count=SIZE - 40)
    seal_all(services, signer_in(tmp_path))
    return services


@pytest.fixture
def anybody(sealed):
    """Return a client that nobody has signed in with."""
    return client_for(make_app(sealed), None)


def test_the_checkpoint_is_the_newest_and_is_hardly_cached(anybody, sealed):
    """It is a signed note as text, and may be kept for seconds only."""
    answer = anybody.get(f"{LOG}/checkpoint")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=2"
    with reading(sealed.database) as session:
        assert answer.text == checkpoint(session)
    assert Checkpoint.parse(Note.parse(answer.data).text).size == SIZE


def test_there_is_no_checkpoint_before_the_first(services):
    """An empty platform answers 404 and not an error."""
    client = client_for(make_app(services), None)
    assert client.get(f"{LOG}/checkpoint").status_code == 404
    assert client.get(f"{LOG}/tile/0/000.p/1").status_code == 404


@pytest.mark.parametrize(
    ("place", "hashes"),
    [("0/000", 256), ("0/001.p/44", 44), ("1/000.p/1", 1), ("0/000.p/40", 40), ("0/001.p/3", 3)],
)
def test_hash_tiles_may_be_kept_for_ever(anybody, place, hashes):
    """Full and partial tiles, also those of earlier sizes, are the plain hashes and immutable."""
    answer = anybody.get(f"{LOG}/tile/{place}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert len(answer.data) == hashes * 32
    whole = anybody.get(f"{LOG}/tile/0/000").data
    assert not place.startswith("0/000") or whole.startswith(answer.data)


@pytest.mark.parametrize(
    "place",
    [
        *("0/001", "0/001.p/45", "0/002", "0/002.p/1", "1/000", "1/000.p/2", "2/000.p/1", "63/000.p/1"),
        *("64/000", "00/000", "-1/000", "x/000", "0/0", "0/00", "0/0000", "0/000.p/0", "0/000.p/256"),
        *("0/000.p/04", "0/000.p/", "0/000.p", "0/x000/000", "0/x001", "0/000/000", "0/٠٠٠", "0/000%0A"),
        "0/" + "x999/" * 12 + "999",
    ],
)
def test_any_other_place_is_not_there(anybody, place):
    """What the log has not reached, and every other spelling of what it has, is 404."""
    assert anybody.get(f"{LOG}/tile/{place}").status_code == 404


def _entries(client, place, **headers):
    return client.get(f"{LOG}/tile/entries/{place}", headers=headers)


def _split(data):
    found = []
    while data:
        length = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    return found


@pytest.mark.parametrize("actor", [inspector("城厢镇"), administrator()], ids=lambda actor: actor.role.value)
def test_entries_are_served_to_those_with_a_grant(sealed, actor):
    """Each entry of a bundle hashes to what stands for it in the lowest tiles; nobody else may keep it."""
    client = client_for(make_app(sealed), actor)
    for place, count in (("000", 256), ("001.p/44", 44), ("000.p/7", 7)):
        answer = _entries(client, place)
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        leaves = _split(answer.data)
        assert len(leaves) == count
        assert b"".join(map(leaf_hash, leaves)) == client.get(f"{LOG}/tile/0/{place}").data
    packed = _entries(client, "000", **{"Accept-Encoding": "gzip, identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == _entries(client, "000").data
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert _entries(client, "001").status_code == 404
    assert _entries(client, "001.p/45").status_code == 404


def test_entries_need_a_grant(sealed):
    """Nobody, a trainee and an enterprise's clerk get none."""
    app = make_app(sealed)
    assert _entries(client_for(app, None), "000").status_code == 401
    assert _entries(client_for(app, trainee()), "000").status_code == 403
    assert _entries(client_for(app, clerk("91320585MA1MABCD1X")), "000").status_code == 403


@pytest.mark.judge
def test_another_implementation_accepts_what_is_served(sealed, tmp_path):
    """Go's sumdb takes checkpoint, tiles and entries as they come over HTTP."""
    app = make_app(sealed)
    client, auditor = client_for(app, None), client_for(app, administrator())
    paths = [
        tiles.path(level, index, tiles.WIDTH if index < full else partial)
        for level, full, partial in tiles.widths(SIZE)
        for index in range(full + (partial > 0))
    ]
    leaves = _split(_entries(auditor, "000").data + _entries(auditor, "001.p/44").data)
    accepted, said = gojudge.ask(
        leaves,
        Origin=signer_in(tmp_path).vkey.name,
        VKey=str(signer_in(tmp_path).vkey),
        Notes=[client.get(f"{LOG}/checkpoint").text],
        Tiles=[{"Path": path, "Data": gojudge.encoded(client.get(f"{LOG}/{path}").data)} for path in paths],
    )
    assert accepted, said
    assert "300 leaves 1 notes" in said
    assert "3 tiles" in said
