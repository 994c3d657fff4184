"""SIGKILL of worker, sealer and signer, each a process of its own, at random moments under load."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from lmscompliance.evidence.models import Checkpoint, Entry
from lmscompliance.evidence.sealer import seal_all
from lmscompliance.storage.transaction import reading
from tests.evidence.test_kill import assert_sound_log
from tests.judge import gojudge
from tests.signer import served
from tests.signer.heads import signer_in
from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
ROLES = ("worker", "sealer", "signer")


class Cast:
    """The three processes, restarted whenever one was killed, and what they have acknowledged."""

    def __init__(self, url, directory):
        """Prepare; nothing runs yet."""
        self.url, self.directory = url, directory
        self.listen = f"unix://{directory}/signer.sock"
        self.running = {}
        self.recorded, self.sealed = {}, set()
        self.complaints = []

    def start(self, role):
        """Start one of them."""
        if role == "signer":
            self.running[role] = served.start(self.directory / "signer", self.listen)[0], None
            return
        what = ["record"] if role == "worker" else ["seal", self.listen]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.evidence.victim", self.url, str(self.directory), *what],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        threads = [threading.Thread(target=hear, args=(process,)) for hear in (self._hear, self._complain)]
        for thread in threads:
            thread.start()
        self.running[role] = process, threads

    def kill(self, role):
        """End one of them as a power switch would, and take in what it had acknowledged."""
        process, threads = self.running.pop(role)
        served.end(process, signal.SIGKILL) if threads is None else process.kill()
        process.wait()
        for thread in threads or ():
            thread.join()
        assert process.returncode == -signal.SIGKILL

    def acknowledged(self):
        """Return how much was acknowledged."""
        return len(self.recorded), max(self.sealed, default=0)

    def _hear(self, process):
        with process.stdout:
            for line in process.stdout:
                words = line.split()
                if not line.endswith("\n"):
                    continue  # cut off while it was written
                if words[0] == "recorded":
                    self.recorded[words[1], int(words[2])] = words[3]
                else:
                    self.sealed.add(int(words[1]))

    def _complain(self, process):
        with process.stderr:
            self.complaints += process.stderr.readlines()


@contextmanager
def playing(url, directory):
    """Yield the three at work, and end them."""
    cast = Cast(url, directory)
    try:
        for role in reversed(ROLES):
            cast.start(role)
        yield cast
    finally:
        for role in list(cast.running):
            cast.kill(role)


def until_more(cast, index, than):
    """Wait until more was recorded (0) or sealed (1) ``than`` before: the load is on again."""
    end = time.monotonic() + PATIENCE_SECONDS
    while cast.acknowledged()[index] <= than:
        assert time.monotonic() < end, (cast.acknowledged(), cast.complaints)
        time.sleep(0.01)


def killed_one_by_one(services, tmp_path, kills, seed, check_every=1):
    """Kill ``kills`` times one of the three, chosen and timed by chance; check each time and at the end."""
    chance = random.Random(seed)
    url = services.database.engine.url.render_as_string(hide_password=False)
    signer = signer_in(tmp_path)
    with playing(url, tmp_path) as cast:
        order = [ROLES[number % len(ROLES)] for number in range(kills)]
        chance.shuffle(order)
        for number, role in enumerate(order, start=1):
            recorded, sealed = cast.acknowledged()
            until_more(cast, 0, recorded)
            until_more(cast, 1, sealed)
            time.sleep(chance.uniform(0, 0.3))
            cast.kill(role)
            if number % check_every == 0:
                assert_sound_log(services, signer)
            cast.start(role)
        recorded, sealed = cast.acknowledged()
        until_more(cast, 1, sealed)
    assert cast.complaints == []
    size = seal_all(services, signer).size
    assert_sound_log(services, signer, waiting=0)
    with reading(services.database) as session:
        stored = {
            (stream, n): hashed.hex()
            for stream, n, hashed in session.execute(select(Entry.stream, Entry.n, Entry.leaf_hash))
        }
        heads = set(session.scalars(select(Checkpoint.size)))
        assert session.scalar(select(func.count()).select_from(Entry)) == size
    assert cast.recorded.items() <= stored.items()
    assert cast.sealed <= heads
    gojudge.assert_accepts(services, signer.vkey)
    return size


@pytest.mark.judge
def test_killed_one_by_one(services, tmp_path):
    """Two of each are killed while the others work on; nothing acknowledged is lost, one log is left."""
    killed_one_by_one(services, tmp_path, 6, seed=20230117)


@pytest.mark.judge
@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_killed_one_by_one_two_hundred_times(services, tmp_path):
    """The same, a hundred times on each database (LMSCOMPLIANCE_KILLS sets another number)."""
    kills = int(os.environ.get("LMSCOMPLIANCE_KILLS", "100"))
    size = killed_one_by_one(services, tmp_path, kills, seed=time.time_ns(), check_every=5)
    print(f"{kills} kills, {size} entries")
