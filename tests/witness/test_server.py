"""The witness as a process: over HTTP, under SIGKILL, and its page for people."""

import hashlib
import http.client
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from lmscompliance.tlog.notes import Note
from lmscompliance.verifier import ed25519
from lmscompliance.witness import Witness
from lmscompliance.witness.server import WitnessServer
from tests.support.patience import PATIENCE_SECONDS
from tests.tlog.keys import Key
from tests.witness.logs import ORIGIN, log_of

LOG = Key(ORIGIN, 1)
TREE = log_of(300)


@pytest.fixture
def served(tmp_path, clock):
    """Yield (witness, a keep-alive connection to it)."""
    witness = Witness.open(tmp_path / "w", "witness.example/<w1>", [LOG.vkey], clock)
    server = WitnessServer(("127.0.0.1", 0), witness)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE_SECONDS)
    yield witness, connection
    connection.close()
    server.shutdown()
    thread.join()
    server.server_close()


def ask(connection, method, path, body=None, **headers):
    """Return (status, content type, text)."""
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers["Content-Type"], answer.read().decode()


def test_one_connection_serves_the_whole_protocol(served):
    """Cosign, conflict, read back, refuse: all over one connection that stays open."""
    witness, connection = served
    status, _, line = ask(connection, "POST", "/add-checkpoint", TREE.request(0, 10))
    assert status == 200
    assert Note.parse(TREE.note(10) + line).verify([witness.vkey], ed25519.verify)
    socket = connection.sock
    conflict = ask(connection, "POST", "/add-checkpoint", TREE.request(0, 20))
    assert conflict == (409, "text/x.tlog.size", "10\n")
    place = hashlib.sha256(ORIGIN.encode()).hexdigest()
    assert ask(connection, "GET", f"/{place}/checkpoint")[2] == TREE.note(10) + line
    assert ask(connection, "GET", "/add-checkpoint")[0] == 405
    assert ask(connection, "GET", "/nothing")[0] == 404
    assert ask(connection, "POST", "/sign-subtree", b"x")[0] == 404
    assert ask(connection, "POST", "/add-checkpoint", b"x")[0] == 400
    assert connection.sock is socket
    assert ask(connection, "POST", "/add-checkpoint", b"x" * 70_000)[0] == 400


def test_the_page_tells_a_clerk_what_is_held(served):
    """In Chinese, each log with size and Beijing time, the key, and nothing unescaped."""
    witness, connection = served
    assert "尚未见证" in ask(connection, "GET", "/")[2]
    witness.add_checkpoint(TREE.request(0, 10))
    status, kind, page = ask(connection, "GET", "/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert ORIGIN in page
    assert "<td>10</td>" in page
    assert "2021-02-01 08:00:00" in page
    assert "不保存学员姓名" in page
    assert "&lt;w1&gt;" in page
    assert "<w1>" not in page


@pytest.fixture
def start(tmp_path):
    """Return a function that starts the command on a free port and returns (process, port)."""
    policy = tmp_path / "platform.policy"
    policy.write_text(f"log {LOG.vkey}\nquorum none\n")
    running = []

    def starter():
        code = "from lmscompliance.cli import main; main()"
        arguments = [
            str(tmp_path / "w"),
            "--name",
            "witness.example/w1",
            "--trust",
            str(policy),
            "--port",
            "0",
        ]
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", code, "witness", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"LC_ALL": "en_US.UTF-8"},
        )
        running.append(process)
        return process, int(re.search(r"127\.0\.0\.1:(\d+)/", process.stdout.readline())[1])

    yield starter
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_was_cosigned_survives_a_kill(start):
    """Killed under load ten times: whatever it answered it still knows, and a fork is still refused."""
    known, fork = 0, log_of(300, first=b"other")
    for turn in range(10):
        process, port = start()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        timer = threading.Timer(0.02 * (turn % 4), process.send_signal, (signal.SIGKILL,))
        status, _, said = ask(connection, "POST", "/add-checkpoint", TREE.request(known, known + 1))
        if status == 409:  # the kill came after it had remembered and before it could answer
            assert int(said) == known + 1
            known += 1
        elif status == 200:
            known += 1
        try:
            if turn < 9:
                timer.start()
            while known < 290 and turn < 9:
                status, _, said = ask(connection, "POST", "/add-checkpoint", TREE.request(known, known + 1))
                assert status == 200, said
                known += 1
        except (OSError, http.client.HTTPException):
            pass
        timer.cancel()
        if turn == 9:
            assert ask(connection, "POST", "/add-checkpoint", fork.request(known, known + 1))[0] == 422
        connection.close()
        process.kill()
        process.wait()
    assert known >= 10
