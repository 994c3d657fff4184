"""SIGKILL in the middle of a purge leaves all of it or nothing of it, and what is left over goes later."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from lmscompliance.evidence.sealer import seal_all
from lmscompliance.files.stores import store_of
from lmscompliance.retention import certificates, purging
from tests.house.sources import ROOT
from tests.retention.test_purge import ANNA, BERT, everything, release

INSIDE = ("rows", "gone")


def _kill(services, class_id, point):
    url = services.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.retention.victim", url, str(services.settings.data_dir), class_id]
    victim = subprocess.Popen([*command, point], stdout=subprocess.PIPE, cwd=ROOT)
    with victim:
        assert victim.stdout.readline() == b"here\n"
        victim.send_signal(signal.SIGKILL)
    assert victim.returncode == -signal.SIGKILL


@pytest.fixture
def ordered(services, signer, world, later):
    """Return a class whose destruction waits to be confirmed."""
    mine = world.mine.objects["class_id"]
    release(services, mine)
    seal_all(services, signer)
    later(4)
    purging.order(services, ANNA, mine)
    return mine


def test_before_the_commit_nothing_is_gone(services, ordered):
    """Neither a row nor a file is missing; the order still waits, and can be confirmed after all."""
    before, objects = everything(services), {name for name, _ in store_of(services.settings).listed()}
    for point in INSIDE:
        _kill(services, ordered, point)
        assert everything(services) == before
        assert {name for name, _ in store_of(services.settings).listed()} == objects
    assert purging.confirm(services, BERT, ordered).counts


def test_after_the_commit_the_job_removes_the_rest(services, ordered):
    """The purge is done and its files are still there; clearing again removes them and says when."""
    _kill(services, ordered, "committed")
    found, _ = certificates.listed(services, ordered)
    assert found.cleared_at is None
    objects = {name for name, _ in store_of(services.settings).listed()}
    assert purging.clear(services) == 1
    left = {name for name, _ in store_of(services.settings).listed()}
    assert left < objects
    found, _ = certificates.listed(services, ordered)
    assert found.cleared_at is not None
    assert purging.clear(services) == 0
