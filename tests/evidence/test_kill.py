"""SIGKILL while recording and sealing: nothing acknowledged is lost, and the log goes on as one log."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from lmscompliance.evidence.fsck import fsck
from lmscompliance.evidence.models import Checkpoint, Entry
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.storage.transaction import reading
from lmscompliance.tlog.checkpoint import Checkpoint as Head
from lmscompliance.tlog.notes import Note
from tests.evidence.logs import signer_in
from tests.judge import gojudge

ROOT = Path(__file__).parents[2]


def run_and_kill(url, directory, seconds):
    """Let a victim work for ``seconds`` after its first sealing, kill it, and return what it acknowledged."""
    victim = subprocess.Popen(
        [sys.executable, "-m", "tests.evidence.victim", url, str(directory), "both"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    lines = []
    for line in victim.stdout:
        lines.append(line)
        if line.startswith("sealed"):
            break
    time.sleep(seconds)
    victim.send_signal(signal.SIGKILL)
    rest, complaints = victim.communicate()
    assert complaints == ""
    assert victim.returncode == -signal.SIGKILL
    return [line.split() for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith("\n")]


def killed_again_and_again(services, tmp_path, kills, seed):
    """Kill ``kills`` victims in turn over one log, then check that everything acknowledged is there."""
    chance = random.Random(seed)
    url = services.database.engine.url.render_as_string(hide_password=False)
    signer = signer_in(tmp_path)
    recorded, sealed = {}, set()
    for _ in range(kills):
        for words in run_and_kill(url, tmp_path, chance.uniform(0, 0.4)):
            if words[0] == "recorded":
                recorded[words[1], int(words[2])] = words[3]
            else:
                sealed.add(int(words[1]))
        # What was signed, published or not, is a promise: the log must still grow from it.
        assert signer.mark().size >= max(sealed)
        assert_sound_log(services, signer)
    size = seal_all(services, signer).size
    assert_sound_log(services, signer, waiting=0)
    with reading(services.database) as session:
        stored = {
            (stream, n): hashed.hex()
            for stream, n, hashed in session.execute(select(Entry.stream, Entry.n, Entry.leaf_hash))
        }
        heads = {Head.parse(Note.parse(note).text).size for note in session.scalars(select(Checkpoint.note))}
    assert recorded.items() <= stored.items()
    assert sealed <= heads
    assert size == len(stored)
    gojudge.assert_accepts(services, signer.vkey)


def assert_sound_log(services, signer, waiting=None):
    """Re-check everything stored, disclosures aside (their keys belong to the victims)."""
    mark = signer.mark()
    with reading(services.database) as session:
        report = fsck(session, None, signer.vkeys, mark)
    assert report.problems == []
    assert waiting in {None, report.waiting}


@pytest.mark.judge
def test_killed_while_recording_and_sealing(services, tmp_path):
    """Six processes in a row die at random moments; the seventh finishes their work."""
    killed_again_and_again(services, tmp_path, 6, seed=20210201)


@pytest.mark.judge
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed_two_hundred_times(services, tmp_path):
    """The same, a hundred times on each database."""
    killed_again_and_again(services, tmp_path, 100, seed=time.time_ns())
